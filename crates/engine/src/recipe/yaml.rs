//! Settings as YAML: pairs, lists, and lists of maps, each with comments before it. Texts are always in
//! double quotes, with the escapes that JSON and YAML share, so that no text becomes a number, a date or
//! markup. Floats have a point, without which YAML 1.1 reads `1e-5` as a text.

use std::fmt::Write as _;

/// What a setting may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Count(u64),
    Number(f64),
    Flag(&'static str),
    List(Vec<Value>),
    /// Settings of their own.
    Map(Vec<(&'static str, Value)>),
    /// A list of settings of their own.
    Maps(Vec<Vec<(&'static str, Value)>>),
}

/// `true`, for a setting that is on.
pub(super) const ON: Value = Value::Flag("true");
/// `false`, for one that is off.
pub(super) const OFF: Value = Value::Flag("false");

/// A text's value.
pub(super) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// A file that is written from above downwards.
#[derive(Debug, Default)]
pub(super) struct Yaml {
    out: String,
}

impl Yaml {
    /// A comment, on lines of its own.
    pub(super) fn comment(&mut self, comment: &str) {
        for line in comment.lines() {
            let line: String = line.chars().filter(|c| !c.is_control()).collect();
            let _ = writeln!(self.out, "# {line}");
        }
    }

    /// An empty line, and what the settings after it are about.
    pub(super) fn section(&mut self, title: &str) {
        self.out.push('\n');
        self.comment(title);
    }

    /// A setting.
    pub(super) fn set(&mut self, key: &str, value: &Value) {
        pair(&mut self.out, 0, key, value);
    }

    /// The file's text.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

fn pair(out: &mut String, indent: usize, key: &str, value: &Value) {
    let _ = write!(out, "{:indent$}{key}:", "");
    match value {
        Value::List(values) if !values.is_empty() => {
            out.push('\n');
            for value in values {
                let _ = writeln!(out, "{:indent$}  - {}", "", scalar(value));
            }
        }
        Value::Map(pairs) => {
            out.push('\n');
            for (key, value) in pairs {
                pair(out, indent + 2, key, value);
            }
        }
        Value::Maps(maps) => {
            out.push('\n');
            for pairs in maps {
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let mut one = String::new();
                    pair(&mut one, indent + 4, key, value);
                    if index == 0 {
                        let begin = format!("{:indent$}  - ", "");
                        one.replace_range(..begin.len(), &begin);
                    }
                    out.push_str(&one);
                }
            }
        }
        value => {
            let _ = writeln!(out, " {}", scalar(value));
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Count(count) => count.to_string(),
        Value::Number(number) => float(*number),
        Value::Flag(flag) => (*flag).to_owned(),
        // Only empty lists come here: the others have lines of their own.
        Value::List(_) | Value::Map(_) | Value::Maps(_) => "[]".to_owned(),
    }
}

/// In double quotes. What YAML does not print goes as an escape: control characters, line separators, the
/// byte order mark.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn float(number: f64) -> String {
    let shown = format!("{number:?}");
    match shown.split_once('e') {
        Some((mantissa, exponent)) => {
            let point = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{point}e{sign}{exponent}")
        }
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::{ON, Value, Yaml, float, text};

    #[test]
    fn a_float_has_a_point_and_a_signed_exponent_as_yaml_1_1_wants() {
        for (number, shown) in [
            (1e-5, "1.0e-5"),
            (2.5e-7, "2.5e-7"),
            (0.0002, "0.0002"),
            (1.0, "1.0"),
            (1e20, "1.0e+20"),
        ] {
            assert_eq!(float(number), shown);
        }
    }

    #[test]
    fn whatever_a_text_holds_it_stays_one_value() {
        let mut yaml = Yaml::default();
        yaml.comment("two\nlines");
        yaml.set("name", &text("yes: \"no\" # \\ \n- x\u{2028}"));
        yaml.set("targets", &Value::List(vec![text("q_proj")]));
        yaml.set(
            "datasets",
            &Value::Maps(vec![vec![("path", text("a")), ("on", ON)]]),
        );
        assert_eq!(
            yaml.finish(),
            "# two\n# lines\nname: \"yes: \\\"no\\\" # \\\\ \\n- x\\u2028\"\ntargets:\n  - \"q_proj\"\ndatasets:\n  - path: \"a\"\n    on: true\n"
        );
    }
}
