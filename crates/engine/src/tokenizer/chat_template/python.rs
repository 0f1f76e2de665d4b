//! Python's own behaviour that templates count on: `json.dumps`, and methods of strings that
//! minijinja-contrib lacks.

use minijinja::value::{ValueKind, from_args};
use minijinja::{Error, ErrorKind, Value};
use std::fmt::Write;

/// Nesting beyond which nothing is written.
const DEEPEST: usize = 64;

/// How `json.dumps` writes.
pub(super) struct Json {
    /// Characters beyond ASCII as `\uXXXX`.
    pub(super) ensure_ascii: bool,
    /// Spaces of one level; everything on one line where absent.
    pub(super) indent: Option<usize>,
    /// What stands between items, and after a key.
    pub(super) separators: Option<Vec<String>>,
    pub(super) sort_keys: bool,
}

impl Json {
    /// The value's text.
    pub(super) fn text(&self, value: &Value) -> Result<String, Error> {
        let mut text = String::new();
        self.write(&mut text, value, 0)?;
        Ok(text)
    }

    fn write(&self, out: &mut String, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(invalid("nested too deep for tojson"));
        }
        match value.kind() {
            ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => out.push_str(&value.to_string()),
            ValueKind::String => self.string(out, value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                self.list(out, ['[', ']'], items.len(), depth, |out, index| {
                    items
                        .get(index)
                        .map_or(Ok(()), |item| self.write(out, item, depth + 1))
                })?;
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sort_keys {
                    keys.sort();
                }
                self.list(out, ['{', '}'], keys.len(), depth, |out, index| {
                    let Some(key) = keys.get(index) else {
                        return Ok(());
                    };
                    self.string(out, &key.to_string());
                    out.push_str(self.separator(1).unwrap_or(": "));
                    self.write(out, &value.get_item(key)?, depth + 1)
                })?;
            }
            kind => {
                return Err(invalid(&format!(
                    "tojson cannot write a value of kind {kind}"
                )));
            }
        }
        Ok(())
    }

    fn separator(&self, index: usize) -> Option<&str> {
        let given = self.separators.as_ref()?;
        given.get(index).map(String::as_str)
    }

    /// `n` items between brackets, each written by `item`.
    fn list(
        &self,
        out: &mut String,
        [open, close]: [char; 2],
        n: usize,
        depth: usize,
        item: impl Fn(&mut String, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let between = if self.indent.is_some() { "," } else { ", " };
        let between = self.separator(0).unwrap_or(between);
        let new_line = |out: &mut String, level: usize| {
            if let Some(spaces) = self.indent {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', spaces * level));
            }
        };
        out.push(open);
        for index in 0..n {
            if index > 0 {
                out.push_str(between);
            }
            new_line(out, depth + 1);
            item(out, index)?;
        }
        if n > 0 {
            new_line(out, depth);
        }
        out.push(close);
        Ok(())
    }

    fn string(&self, out: &mut String, text: &str) {
        out.push('"');
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                _ if character < ' ' || (self.ensure_ascii && !character.is_ascii()) => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        // Writing to a string cannot fail.
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
                _ => out.push(character),
            }
        }
        out.push('"');
    }
}

/// A method of Python's strings; `None` where minijinja-contrib has it, or nobody.
pub(super) fn method(text: &str, name: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    let found = match name {
        "removeprefix" | "removesuffix" => from_args(args).map(|(affix,): (&str,)| {
            let rest = if name == "removeprefix" {
                text.strip_prefix(affix)
            } else {
                text.strip_suffix(affix)
            };
            Value::from(rest.unwrap_or(text))
        }),
        "partition" | "rpartition" => from_args(args).map(|(part,): (&str,)| {
            let [head, middle, tail] = if name == "partition" {
                text.split_once(part)
                    .map_or([text, "", ""], |(head, tail)| [head, part, tail])
            } else {
                text.rsplit_once(part)
                    .map_or(["", "", text], |(head, tail)| [head, part, tail])
            };
            [head, middle, tail].map(Value::from).into_iter().collect()
        }),
        "rsplit" => from_args(args).and_then(|(part, most): (&str, Option<i64>)| {
            if part.is_empty() {
                return Err(invalid("empty separator"));
            }
            let most = most.and_then(|most| usize::try_from(most).ok());
            let mut parts: Vec<&str> = match most {
                Some(most) => text.rsplitn(most + 1, part).collect(),
                None => text.rsplit(part).collect(),
            };
            parts.reverse();
            Ok(parts.into_iter().map(Value::from).collect())
        }),
        _ => return None,
    };
    Some(found)
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.to_owned())
}
