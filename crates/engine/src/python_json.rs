//! The JSON files beside a model's weights, as Python writes them: its `json` module writes the numbers
//! `NaN`, `Infinity` and `-Infinity` bare, which JSON does not know.

use crate::EngineError;
use crate::files;
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;

/// Bytes of a settings file that no real one reaches.
const LONGEST_SETTINGS: u64 = 16 << 20;

/// What the file `name` in `folder` says. A number that JSON does not know becomes transformers' own
/// writing of it, `{"__float__": "Infinity"}`: no field that is used takes it for a number.
///
/// # Errors
/// Where the file is missing or is no JSON; the error names it and the line.
pub(crate) fn read(folder: &Path, name: &str) -> Result<Value, EngineError> {
    let bytes = files::read_at_most(&folder.join(name), LONGEST_SETTINGS)?;
    serde_json::from_slice(&known_numbers(&bytes)).map_err(|source| EngineError::InvalidModel {
        path: folder.to_path_buf(),
        detail: format!("{name}: {source}"),
    })
}

/// The text with the numbers replaced that JSON does not know. Lines stay lines.
fn known_numbers(text: &[u8]) -> Cow<'_, [u8]> {
    const UNKNOWN: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    let mut known = Vec::new();
    let (mut n_copied, mut at, mut in_string) = (0, 0, false);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => in_string = !in_string,
            // What is escaped ends no string.
            b'\\' => at += 1,
            b'N' | b'I' | b'-' if !in_string => {
                let rest = text.get(at..).unwrap_or_default();
                let word = UNKNOWN
                    .iter()
                    .find(|word| rest.starts_with(word.as_bytes()));
                if let Some(word) = word {
                    known.extend(text.get(n_copied..at).unwrap_or_default());
                    known.extend(format!(r#"{{"__float__":"{word}"}}"#).bytes());
                    at += word.len();
                    n_copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if n_copied == 0 {
        return Cow::Borrowed(text);
    }
    known.extend(text.get(n_copied..).unwrap_or_default());
    Cow::Owned(known)
}

/// The word, where the value is a number that JSON does not know.
pub(crate) fn unknown_number(value: &Value) -> Option<&str> {
    value.get("__float__").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read;
    use serde_json::json;
    use tempfile::TempDir;

    #[test]
    fn numbers_that_python_alone_knows_are_read() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("config.json");
        let text = r#"{"a": [0.0, Infinity], "b": -Infinity, "c": NaN, "d": "NaN \" Infinity\\", "e": -1}"#;
        std::fs::write(&path, text).unwrap();
        let float = |word: &str| json!({ "__float__": word });
        assert_eq!(
            read(folder.path(), "config.json").unwrap(),
            json!({
                "a": [0.0, float("Infinity")], "b": float("-Infinity"), "c": float("NaN"),
                "d": "NaN \" Infinity\\", "e": -1
            }),
            "bare words are numbers, those in a text are text"
        );
        std::fs::write(&path, "{\"a\": NaN,\n\"b\": Infinite}").unwrap();
        let said = read(folder.path(), "config.json").unwrap_err().to_string();
        assert!(
            said.contains("config.json") && said.contains("line 2"),
            "another word is refused: {said}"
        );
    }
}
