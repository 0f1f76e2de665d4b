//! The settings of a GGUF file by their names.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A whole number that is not below 0.
    Unsigned(u64),
    /// A whole number below 0.
    Negative(i64),
    /// A number.
    Float(f64),
    Bool(bool),
    Text(String),
    List(List),
}

/// A list of values of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum List {
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Bools(Vec<bool>),
    Texts(Vec<String>),
    /// Bytes, which nothing that is read needs: how many they are.
    Bytes(usize),
}

/// The settings of a file by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    /// Adds a setting; answers whether the name was free.
    pub(crate) fn insert(&mut self, name: &str, value: Value) -> bool {
        self.0.insert(name.to_owned(), value).is_none()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A text; `None` where there is none of this name.
    ///
    /// # Errors
    /// Where it is no text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// A count from 1 to `most`; `None` where there is none of this name.
    pub(crate) fn count(&self, name: &str, most: usize) -> Result<Option<usize>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let outside = || format!("`{name}` is {}, outside 1 to {most}", value.shown());
        let Value::Unsigned(number) = value else {
            return Err(outside());
        };
        usize::try_from(*number)
            .ok()
            .filter(|number| (1..=most).contains(number))
            .map(Some)
            .ok_or_else(outside)
    }

    /// A number within `range`; `None` where there is none of this name.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Float(number) => Some(*number),
            Value::Unsigned(number) => Some(*number as f64),
            _ => None,
        };
        let (least, most) = (range.start(), range.end());
        number
            .filter(|number| range.contains(number))
            .map(Some)
            .ok_or_else(|| format!("`{name}` is {}, outside {least} to {most}", value.shown()))
    }

    /// A token's id; `None` where there is none of this name.
    pub(crate) fn token(&self, name: &str) -> Result<Option<u32>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Unsigned(id)) => u32::try_from(*id)
                .map(Some)
                .map_err(|_| format!("`{name}` is {id}, which is no token")),
            Some(value) => Err(format!("`{name}` is {}, which is no token", value.shown())),
        }
    }

    /// Yes or no; `None` where there is none of this name.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(value) => Err(format!("`{name}` is {}, not yes or no", value.shown())),
        }
    }

    /// Texts of a list; `None` where there is none of this name.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<&[String]>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::List(List::Texts(texts))) => Ok(Some(texts)),
            Some(_) => Err(format!("`{name}` is no list of texts")),
        }
    }

    /// Whole numbers of a list; `None` where there is none of this name.
    pub(crate) fn integers(&self, name: &str) -> Result<Option<&[i64]>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::List(List::Integers(numbers))) => Ok(Some(numbers)),
            Some(_) => Err(format!("`{name}` is no list of whole numbers")),
        }
    }

    /// Numbers of a list; `None` where there is none of this name.
    pub(crate) fn floats(&self, name: &str) -> Result<Option<&[f32]>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::List(List::Floats(numbers))) => Ok(Some(numbers)),
            Some(_) => Err(format!("`{name}` is no list of numbers")),
        }
    }
}

impl Value {
    /// The value in an error's words.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Unsigned(number) => number.to_string(),
            Self::Negative(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Text(text) => text.chars().take(64).collect(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Unsigned(number as u64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
