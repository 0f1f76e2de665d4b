//! Single fields of a `config.json`, each within its limit: what a file claims decides how much memory a
//! model takes, so nothing is believed that no model has.

use crate::python_json::unknown_number;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// The most that a configuration may claim, each well above the largest models known.
pub(crate) mod limits {
    use std::ops::RangeInclusive;

    /// Tokens of a vocabulary.
    pub(crate) const VOCABULARY: usize = 1 << 22;
    /// Width of the residual stream.
    pub(crate) const WIDTH: usize = 1 << 16;
    /// Width of the hidden layer.
    pub(crate) const HIDDEN_LAYER: usize = 1 << 20;
    /// Transformer blocks.
    pub(crate) const BLOCKS: usize = 1024;
    /// Query heads; key and value heads.
    pub(crate) const HEADS: usize = 1024;
    /// Width of a head.
    pub(crate) const HEAD_WIDTH: usize = 4096;
    /// Tokens that a model sees at once.
    pub(crate) const POSITIONS: usize = 1 << 20;
    /// Cosines and sines of rotary angles.
    pub(crate) const ANGLES: usize = 1 << 28;
    /// Kinds of segments.
    pub(crate) const SEGMENT_KINDS: usize = 1024;
    /// Classes.
    pub(crate) const LABELS: usize = 1 << 16;
    /// Weights in all.
    pub(crate) const WEIGHTS: u64 = 1 << 40;
    /// What is added under a norm's root.
    pub(crate) const NORM_EPS: RangeInclusive<f64> = 0.0..=1.0;
    /// Base of the rotary angles.
    pub(crate) const ROPE_THETA: RangeInclusive<f64> = 1.0..=1e15;
    /// Share of a head's values that are rotated.
    pub(crate) const ROTATED_SHARE: RangeInclusive<f64> = 1e-3..=1.0;
    /// What rotary angles are divided by, and the bounds between which some are.
    pub(crate) const ROPE_FACTOR: RangeInclusive<f64> = 1e-3..=1e6;
    /// Taps of a convolution.
    pub(crate) const TAPS: usize = 64;
    /// Values of the states of a block of linear attention.
    pub(crate) const STATE: usize = 1 << 26;
    /// Share of a head that is rotated.
    pub(crate) const ROPE_SHARE: RangeInclusive<f64> = 1e-3..=1.0;
    /// What scores are divided by the root of.
    pub(crate) const QUERY_SCALAR: RangeInclusive<f64> = 1e-6..=1e9;
}

/// The object that a `config.json` is, or one within it. It remembers the fields that were asked for.
pub(crate) struct Fields<'a> {
    value: &'a Value,
    /// Names of the objects that lead to it, each with a dot behind.
    path: String,
    asked: Asked,
}

/// Paths of what was asked for in a file, and whether it was opened as an object.
type Asked = Rc<RefCell<BTreeMap<String, Opened>>>;

/// Whether a field was opened as an object, whose fields are asked for one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    Yes,
    No,
}

impl<'a> Fields<'a> {
    /// The fields of a file.
    pub(crate) fn new(value: &'a Value) -> Self {
        Self {
            value,
            path: String::new(),
            asked: Asked::default(),
        }
    }

    /// A count from 1 to `most`.
    pub(crate) fn count(&self, name: &str, most: usize) -> Result<usize, String> {
        self.optional_count(name, most)?
            .ok_or_else(|| format!("config.json lacks `{}`", self.path_of(name)))
    }

    /// A count from 1 to `most`; `None` where the field is absent or null.
    pub(crate) fn optional_count(&self, name: &str, most: usize) -> Result<Option<usize>, String> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        value
            .as_u64()
            .and_then(|value| usize::try_from(value).ok())
            .filter(|value| (1..=most).contains(value))
            .map(Some)
            .ok_or_else(|| outside(name, value, 1, most))
    }

    /// A number within `range`; `None` where the field is absent or null.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, String> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        value
            .as_f64()
            .filter(|value| range.contains(value))
            .map(Some)
            .ok_or_else(|| outside(name, value, range.start(), range.end()))
    }

    /// The value of an object within, as fields of its own; `None` where the field is absent or null.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, String> {
        match self.present(name) {
            None => Ok(None),
            Some(value) if value.is_object() => {
                let path = self.path_of(name);
                self.asked.borrow_mut().insert(path.clone(), Opened::Yes);
                Ok(Some(self.within(value, &path)))
            }
            Some(other) => Err(self.unlike(name, other, "no object")),
        }
    }

    /// The base of the rotary angles, in whichever place the version of transformers puts it.
    pub(crate) fn rope_theta(&self) -> Result<Option<f64>, String> {
        const THETA: &str = "rope_theta";
        let mut found = None;
        for name in ["rope_parameters", "rope_scaling"] {
            if let Some(rope) = self.object(name)? {
                found = self.one_of(THETA, found, rope.number(THETA, limits::ROPE_THETA)?)?;
            }
        }
        self.one_of(THETA, found, self.number(THETA, limits::ROPE_THETA)?)
    }

    /// How many values of a head are rotated, where a share of them is; `otherwise` where none is named.
    pub(crate) fn rotated_of(&self, head_dim: usize, otherwise: f64) -> Result<usize, String> {
        const SHARE: &str = "partial_rotary_factor";
        let share = |fields: &Self| fields.number(SHARE, limits::ROTATED_SHARE);
        let mut found = share(self)?;
        for name in ["rope_parameters", "rope_scaling"] {
            if let Some(rope) = self.object(name)? {
                found = self.one_of(SHARE, found, share(&rope)?)?;
            }
        }
        // Rounded down, as transformers does.
        let rotated = (head_dim as f64 * found.unwrap_or(otherwise)) as usize;
        if rotated == 0 || !rotated.is_multiple_of(2) {
            return Err(format!(
                "`{SHARE}` leaves {rotated} of {head_dim} values of a head, which are no pairs"
            ));
        }
        Ok(rotated)
    }

    /// One of two values of `name`; both where they are the same.
    fn one_of(
        &self,
        name: &str,
        found: Option<f64>,
        other: Option<f64>,
    ) -> Result<Option<f64>, String> {
        match (found, other) {
            (Some(one), Some(other)) if one.to_bits() != other.to_bits() => Err(format!(
                "`{}` is {one} in one place and {other} in another",
                self.path_of(name)
            )),
            (one, other) => Ok(one.or(other)),
        }
    }

    /// Texts of a list; `None` where the field is absent or null.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&'a str>>, String> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let texts = value
            .as_array()
            .and_then(|list| list.iter().map(Value::as_str).collect());
        texts
            .map(Some)
            .ok_or_else(|| format!("`{name}` is no list of texts"))
    }

    /// A text; `None` where the field is absent or null.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => match value.as_str() {
                Some(text) => Ok(Some(text)),
                None => Err(self.unlike(name, value, "no text")),
            },
        }
    }

    /// Refuses another activation than `expected`; where none is named it is that.
    pub(crate) fn must_be(&self, name: &str, expected: &str) -> Result<(), String> {
        match self.text(name)? {
            Some(found) if found != expected => {
                Err(format!("the activation `{found}` is not supported"))
            }
            _ => Ok(()),
        }
    }

    /// Yes or no; `None` where the field is absent or null.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.unlike(name, other, "neither true nor false")),
        }
    }

    /// A token's id; `None` where the field is absent or null.
    pub(crate) fn token(&self, name: &str) -> Result<Option<u32>, String> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => match token_id(value) {
                Some(id) => Ok(Some(id)),
                None => Err(self.unlike(name, value, "no token's id")),
            },
        }
    }

    /// One token or several; none where the field is absent or null.
    pub(crate) fn tokens(&self, name: &str) -> Result<Vec<u32>, String> {
        match self.present(name) {
            Some(value @ Value::Array(ids)) => ids
                .iter()
                .map(|id| token_id(id).ok_or_else(|| self.unlike(name, value, "no tokens' ids")))
                .collect(),
            _ => Ok(self.token(name)?.into_iter().collect()),
        }
    }

    /// Names of classes, by their ids.
    pub(crate) fn labels(&self, name: &str) -> Result<Vec<String>, String> {
        let named = self.present(name).and_then(Value::as_object);
        let mut labels: Vec<(u64, String)> = named
            .into_iter()
            .flatten()
            .filter_map(|(id, label)| Some((id.parse().ok()?, label.as_str()?.to_owned())))
            .collect();
        if labels.len() > limits::LABELS {
            let (n, most) = (labels.len(), limits::LABELS);
            return Err(format!("`{name}` names {n} classes, more than {most}"));
        }
        labels.sort();
        Ok(labels.into_iter().map(|(_, label)| label).collect())
    }

    /// Numbers of a list, each from 0 to `most`; `None` where the field is absent or null.
    pub(crate) fn counts(&self, name: &str, most: u64) -> Result<Option<Vec<u64>>, String> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let count = |item: &Value| item.as_u64().filter(|count| *count <= most);
        let counts = value
            .as_array()
            .and_then(|list| list.iter().map(count).collect());
        counts
            .map(Some)
            .ok_or_else(|| format!("`{name}` is no list of numbers from 0 to {most}"))
    }

    /// Whether the file says nothing of the field, and be it null.
    pub(crate) fn is_absent(&self, name: &str) -> bool {
        self.value.get(name).is_none()
    }

    /// Every field with its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.value.as_object().into_iter().flatten()
    }

    /// The fields of `name`, where it was opened as an object.
    pub(super) fn opened(&self, name: &str) -> Option<Self> {
        let path = self.path_of(name);
        let opened = self.asked.borrow().get(&path) == Some(&Opened::Yes);
        let value = self.value.get(name).filter(|_| opened)?;
        Some(self.within(value, &path))
    }

    /// Whether something asked for the field.
    pub(super) fn was_asked_for(&self, name: &str) -> bool {
        self.asked.borrow().contains_key(&self.path_of(name))
    }

    /// The field's name with those of the objects that lead to it.
    pub(super) fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    fn within(&self, value: &'a Value, path: &str) -> Self {
        Self {
            value,
            path: format!("{path}."),
            asked: Rc::clone(&self.asked),
        }
    }

    fn unlike(&self, name: &str, value: &Value, what: &str) -> String {
        let path = self.path_of(name);
        format!("`{path}` is {value}, which is {what}")
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        let mut asked = self.asked.borrow_mut();
        asked.entry(self.path_of(name)).or_insert(Opened::No);
        self.value.get(name).filter(|value| !value.is_null())
    }
}

/// The width of a head, where heads divide the width `hidden_size` of the field `name` evenly.
pub(crate) fn whole_heads(name: &str, hidden_size: usize, n_heads: usize) -> Result<usize, String> {
    if hidden_size.is_multiple_of(n_heads) {
        Ok(hidden_size / n_heads)
    } else {
        Err(format!(
            "`{name}` is {hidden_size}, which {n_heads} heads do not divide"
        ))
    }
}

fn outside(
    name: &str,
    value: &Value,
    least: impl std::fmt::Display,
    most: impl std::fmt::Display,
) -> String {
    if let Some(word) = unknown_number(value) {
        return format!("`{name}` is {word}, outside {least} to {most}");
    }
    match value {
        Value::Number(value) => format!("`{name}` is {value}, outside {least} to {most}"),
        _ => format!("`{name}` is no number from {least} to {most}"),
    }
}

fn token_id(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}
