//! Single fields of a `config.json`, each within its limit: what a file claims decides how much memory a
//! model takes, so nothing is believed that no model has.

use crate::python_json::unknown_number;
use serde_json::Value;
use std::ops::RangeInclusive;

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
    /// What rotary angles are divided by, and the bounds between which some are.
    pub(crate) const ROPE_FACTOR: RangeInclusive<f64> = 1e-3..=1e6;
    /// What scores are divided by the root of.
    pub(crate) const QUERY_SCALAR: RangeInclusive<f64> = 1e-6..=1e9;
}

/// The object that a `config.json` is.
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl Fields<'_> {
    /// A count from 1 to `most`.
    pub(crate) fn count(&self, name: &str, most: usize) -> Result<usize, String> {
        self.optional_count(name, most)?
            .ok_or_else(|| format!("config.json lacks `{name}`"))
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
        number_in(self.0, name, range)
    }

    /// The value of an object within, as fields of its own; `None` where the field is absent, null or no
    /// object.
    pub(crate) fn object(&self, name: &str) -> Option<Fields<'_>> {
        let value = self.present(name)?;
        value.is_object().then_some(Fields(value))
    }

    /// The base of the rotary angles, in whichever place the version of transformers puts it.
    pub(crate) fn rope_theta(&self) -> Result<Option<f64>, String> {
        let nested = ["rope_parameters", "rope_scaling"].into_iter();
        for rope in nested.filter_map(|name| self.object(name)) {
            if let Some(theta) = rope.number("rope_theta", limits::ROPE_THETA)? {
                return Ok(Some(theta));
            }
        }
        self.number("rope_theta", limits::ROPE_THETA)
    }

    /// Refuses what is switched on among `names`: the computation knows none of it.
    pub(crate) fn refuse_flags(&self, names: &[&str]) -> Result<(), String> {
        match names.iter().find(|name| self.flag(name) == Some(true)) {
            Some(name) => Err(format!("`{name}` is not supported")),
            None => Ok(()),
        }
    }

    /// Refuses what has a value among `names`.
    pub(crate) fn refuse_values(&self, names: &[&str]) -> Result<(), String> {
        let found = names
            .iter()
            .find_map(|name| Some((name, self.present(name)?)));
        match found {
            Some((name, value)) => Err(format!("`{name}` is {value}, which is not supported")),
            None => Ok(()),
        }
    }

    /// Texts of a list; `None` where the field is absent or null.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, String> {
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

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Refuses another activation than `expected`; where none is named it is that.
    pub(crate) fn must_be(&self, name: &str, expected: &str) -> Result<(), String> {
        match self.text(name) {
            Some(found) if found != expected => {
                Err(format!("the activation `{found}` is not supported"))
            }
            _ => Ok(()),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// A token's id.
    pub(crate) fn token(&self, name: &str) -> Option<u32> {
        self.0.get(name).and_then(token_id)
    }

    /// One token or several.
    pub(crate) fn tokens(&self, name: &str) -> Vec<u32> {
        match self.0.get(name) {
            Some(Value::Array(ids)) => ids.iter().filter_map(token_id).collect(),
            _ => self.token(name).into_iter().collect(),
        }
    }

    /// Names of classes, by their ids.
    pub(crate) fn labels(&self, name: &str) -> Result<Vec<String>, String> {
        let named = self.0.get(name).and_then(Value::as_object);
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

    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
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

fn number_in(
    object: &Value,
    name: &str,
    range: RangeInclusive<f64>,
) -> Result<Option<f64>, String> {
    let Some(value) = object.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    value
        .as_f64()
        .filter(|value| range.contains(value))
        .map(Some)
        .ok_or_else(|| outside(name, value, range.start(), range.end()))
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
