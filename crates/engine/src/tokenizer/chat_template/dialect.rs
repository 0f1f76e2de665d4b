//! Jinja as chat templates are written in: Jinja2 in Python, with what transformers adds to it.

use super::python;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;
use std::borrow::Cow;

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
    environment.add_filter(FILTER, generation);
    environment.add_test("iterable", is_iterable);
    environment.add_test("sequence", is_sequence);
    environment.add_function("raise_exception", |said: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, said))
    });
    environment
}

/// Python iterates over no `None`; minijinja takes it for an empty list.
fn is_iterable(value: &Value) -> bool {
    !value.is_none() && value.try_iter().is_ok()
}

/// What has a length and items by key, in Python texts and dictionaries too.
fn is_sequence(value: &Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::Seq | ValueKind::String | ValueKind::Map
    )
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

/// What the filter [`FILTER`] asks for in what a template sees.
pub(super) const MARKS: &str = "amoozgar_marks";
/// The filter that `{% generation %}` becomes.
const FILTER: &str = "amoozgar_generation";
/// Stand at the beginning and at the end of what a template says that a model writes.
pub(in crate::tokenizer) const GENERATED: [char; 2] = ['\u{F_FFFD}', '\u{10_FFFD}'];

/// The template with line feeds alone, as Jinja2 reads it.
pub(super) fn with_line_feeds(source: &str) -> Cow<'_, str> {
    if source.contains('\r') {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(source)
    }
}

/// What stands between `{% generation %}` and its end, between two marks where they are asked for.
fn generation(state: &State<'_, '_>, text: &str) -> String {
    let is_marked = state.lookup(MARKS).is_some_and(|marks| marks.is_true());
    let [begin, end] = GENERATED;
    if is_marked {
        format!("{begin}{text}{end}")
    } else {
        text.to_owned()
    }
}

/// The template with `{% generation %}` and its end, which mark an answer for transformers, as a filter over
/// what stands between them. The white space around them is treated as before.
pub(super) fn with_generation_as_filter(source: &str) -> String {
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
        "generation" => format!("filter {FILTER}"),
        "endgeneration" => "endfilter".to_owned(),
        _ => return None,
    };
    Some((format!("{{%{before} {tag} {after}%}}"), end + 2))
}
