//! How a model that writes draws its next token, and when it ends. Form, shell, child and command line
//! read the same fields; their ranges stand in [`crate::limits::sampling`].

use crate::limits::sampling as limits;
use serde::{Deserialize, Serialize};

/// How tokens are drawn. What is absent restricts nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// 0 is greedy.
    pub temperature: f64,
    /// Draw among so many of the likeliest tokens.
    pub top_k: Option<u32>,
    /// Draw among the likeliest tokens that hold this share of the probability.
    pub top_p: Option<f64>,
    /// Draw among the tokens that have at least this share of the likeliest one's probability.
    pub min_p: Option<f64>,
    /// Divides the logits of tokens that were there (multiplies them where they are negative); 1 does
    /// nothing.
    pub repetition_penalty: f64,
    /// Texts at which the answer ends; they are no part of it.
    pub stop: Vec<String>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            max_tokens: 512,
            temperature: 0.7,
            top_k: Some(40),
            top_p: Some(0.95),
            min_p: None,
            repetition_penalty: 1.1,
            stop: Vec::new(),
        }
    }
}

impl Sampling {
    /// Draws among all tokens, by their probability alone.
    pub const UNLIMITED: Self = Self {
        max_tokens: 128,
        temperature: 1.0,
        top_k: None,
        top_p: None,
        min_p: None,
        repetition_penalty: 1.0,
        stop: Vec::new(),
    };

    /// The first field that is outside of its range.
    pub fn wrong_field(&self) -> Option<&'static str> {
        let of = |range: &std::ops::RangeInclusive<f64>, value: Option<f64>| {
            value.is_none_or(|value| range.contains(&value))
        };
        let fields = [
            ("max_tokens", limits::MAX_TOKENS.contains(&self.max_tokens)),
            (
                "temperature",
                limits::TEMPERATURE.contains(&self.temperature),
            ),
            (
                "top_k",
                self.top_k.is_none_or(|k| limits::TOP_K.contains(&k)),
            ),
            ("top_p", of(&limits::TOP_P, self.top_p)),
            ("min_p", of(&limits::MIN_P, self.min_p)),
            (
                "repetition_penalty",
                limits::REPETITION_PENALTY.contains(&self.repetition_penalty),
            ),
            ("stop", is_usable(&self.stop)),
        ];
        let wrong = fields.iter().find(|(_, holds)| !holds);
        wrong.map(|(field, _)| *field)
    }
}

fn is_usable(stop: &[String]) -> bool {
    limits::N_STOPS.contains(&stop.len())
        && stop
            .iter()
            .all(|text| limits::STOP_BYTES.contains(&text.len()))
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended it, or a text at which it is to end came.
    Stop,
    /// It is as long as it may be.
    Length,
    /// Whoever asked wanted no more.
    Cancelled,
}

/// Which template made a prompt of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// The model's own.
    Own,
    /// The plain one, since the model has none.
    Plain,
}

impl TemplateKind {
    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Plain => "plain",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Own, Self::Plain]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Sampling;

    #[test]
    fn the_default_is_within_the_ranges_and_what_is_outside_is_named() {
        assert_eq!(Sampling::default().wrong_field(), None);
        let with = |change: fn(&mut Sampling)| {
            let mut sampling = Sampling::default();
            change(&mut sampling);
            sampling.wrong_field().unwrap()
        };
        for (change, field) in [
            ((|s| s.max_tokens = 0) as fn(&mut Sampling), "max_tokens"),
            (|s| s.temperature = f64::NAN, "temperature"),
            (|s| s.top_k = Some(0), "top_k"),
            (|s| s.top_p = Some(0.0), "top_p"),
            (|s| s.min_p = Some(1.5), "min_p"),
            (|s| s.repetition_penalty = 0.0, "repetition_penalty"),
            (|s| s.stop = vec![String::new()], "stop"),
        ] {
            assert_eq!(with(change), field);
        }
    }

    #[test]
    fn what_an_earlier_version_did_not_write_has_its_default() {
        let read: Sampling = serde_json::from_str("{\"temperature\":0.2}").unwrap();
        assert_eq!(
            read,
            Sampling {
                temperature: 0.2,
                ..Sampling::default()
            }
        );
    }
}
