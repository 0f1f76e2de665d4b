//! Jinja as chat templates are written in: Jinja2 in Python, with what transformers adds to it.

use super::python;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

/// Work that one rendering may do: about one unit an instruction and one for every 64 bytes that it writes,
/// so that it takes a second or two at most and 128 MB.
const FUEL: u64 = 2_000_000;

/// What templates are compiled in and see.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("BUG: the delimiters are Jinja's own");
    environment.set_syntax(syntax);
    environment.set_fuel(Some(FUEL));
    // What is written is no markup.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", tojson);
    environment.add_function("raise_exception", |said: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, said))
    });
    environment
}

/// Methods of Python's strings, lists and dictionaries.
fn method(
    state: &mut State<'_, '_>,
    value: &Value,
    name: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match value
        .as_str()
        .and_then(|text| python::method(text, name, args))
    {
        Some(found) => found,
        None => pycompat::unknown_method_callback(state, value, name, args),
    }
}

/// `json.dumps` with transformers' defaults: characters as they are.
fn tojson(value: Value, ensure_ascii: Option<bool>, more: Kwargs) -> Result<String, Error> {
    let ensure_ascii = match ensure_ascii {
        Some(given) => given,
        None => more.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
    };
    let indent: Option<usize> = more.get("indent")?;
    let separators: Option<Vec<String>> = more.get("separators")?;
    let sort_keys: Option<bool> = more.get("sort_keys")?;
    more.assert_all_used()?;
    python::Json {
        ensure_ascii,
        indent,
        separators,
        sort_keys: sort_keys.unwrap_or(false),
    }
    .text(&value)
}

/// The template with `{% generation %}` and its end, which mark an answer for transformers and write nothing,
/// as a condition that always holds. The white space around them is treated as before.
pub(super) fn without_generation_tags(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        rest = if let Some((replaced, n_bytes)) = generation_tag(tag) {
            text.push_str(&replaced);
            tag.get(n_bytes..).unwrap_or_default()
        } else {
            text.push_str("{%");
            tag.get(2..).unwrap_or_default()
        };
    }
    text + rest
}

/// What stands for the tag that `text` begins with, and how long that is; `None` where it is another one.
fn generation_tag(text: &str) -> Option<(String, usize)> {
    let end = text.find("%}")?;
    let inner = text.get(2..end)?;
    let (before, inner) = match inner.strip_prefix(['-', '+']) {
        Some(rest) => (inner.get(..1)?, rest),
        None => ("", inner),
    };
    let (after, inner) = match inner.strip_suffix(['-', '+']) {
        Some(rest) => (inner.get(rest.len()..)?, rest),
        None => ("", inner),
    };
    let tag = match inner.trim() {
        "generation" => "if true",
        "endgeneration" => "endif",
        _ => return None,
    };
    Some((format!("{{%{before} {tag} {after}%}}"), end + 2))
}
