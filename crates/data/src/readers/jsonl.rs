//! JSON Lines: a row a line. Of a row only the fields that are asked for are kept, whatever else it holds.

use super::lines::Lines;
use crate::DataError;
use crate::shape::{LABEL_FIELD, TEXT_FIELD};
use amoozgar_text::is_blank;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use std::fmt;

/// A line's fields; of a line that is no object they are absent. Of a field that stands twice the last
/// one counts.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) text: Field,
    pub(crate) label: Field,
}

/// The value of a field.
#[derive(Default)]
pub(crate) enum Field {
    /// Absent, null, a list or an object.
    #[default]
    Unusable,
    /// A string.
    Text(String),
    /// A number or a truth value, as JSON writes it.
    Scalar(String),
}

/// The next row, or `None` at the file's end; blank lines are skipped.
pub(crate) fn next_row(lines: &mut Lines) -> Result<Option<Row>, DataError> {
    while let Some(line) = lines.next_line()? {
        if is_blank(&line) {
            continue;
        }
        let row = serde_json::from_str(&line).map_err(|source| DataError::InvalidJson {
            path: lines.path().to_path_buf(),
            line: lines.line(),
            detail: source.to_string(),
        })?;
        return Ok(Some(row));
    }
    Ok(None)
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

/// Reads an object's fields, and of any other value nothing.
struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Row, A::Error> {
        let mut row = Row::default();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                TEXT_FIELD => row.text = fields.next_value()?,
                LABEL_FIELD => row.label = fields.next_value()?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(row)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Row, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Row::default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Row, E> {
        Ok(Row::default())
    }
}

/// Reads a string, a number or a truth value, and of any other value nothing.
struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Field, E> {
        Ok(Field::Text(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Field, E> {
        Ok(Field::Scalar(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Field, E> {
        Ok(Field::Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Field, E> {
        Ok(Field::Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Field, E> {
        Ok(Field::Scalar(serde_json::Value::from(value).to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Field, E> {
        Ok(Field::Unusable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Field, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Unusable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Field, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Unusable)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Field, Row};

    fn label(line: &str) -> Option<String> {
        match serde_json::from_str::<Row>(line).unwrap().label {
            Field::Unusable => None,
            Field::Text(text) | Field::Scalar(text) => Some(text),
        }
    }

    #[test]
    fn a_field_is_read_as_json_writes_it() {
        let of = |value: &str| label(&format!("{{\"label\":{value}}}"));
        for written in ["3", "-3", "0.5", "1e100", "true", "18446744073709551615"] {
            let expected = serde_json::from_str::<serde_json::Value>(written).unwrap();
            assert_eq!(of(written), Some(expected.to_string()), "{written}");
        }
        assert_eq!(of("\"\\u062e\\n\""), Some("خ\n".to_owned()), "escapes");
        for unusable in ["null", "[1,\"label\"]", "{\"label\":1}"] {
            assert_eq!(of(unusable), None, "{unusable}");
        }
        assert_eq!(
            label("{\"label\":1,\"other\":[{\"label\":2}],\"label\":\"3\"}"),
            Some("3".to_owned()),
            "the last one counts, and only the row's own"
        );
    }

    #[test]
    fn a_line_may_be_any_value_but_must_be_one() {
        for line in ["[1,2]", "\"text\"", "3", "-1", "0.5", "true", "null"] {
            assert_eq!(label(line), None, "{line} is JSON without fields");
        }
        for line in ["{", "{\"label\":1}{", "[1,", "{\"a\":tru}", "text"] {
            assert!(serde_json::from_str::<Row>(line).is_err(), "{line}");
        }
    }
}
