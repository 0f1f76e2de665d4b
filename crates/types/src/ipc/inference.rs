//! Trying a trained model.

use crate::id::JobId;
use serde::{Deserialize, Serialize};

/// A prompt for a run's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    /// Whose model.
    pub job_id: JobId,
    /// What to continue.
    pub prompt: String,
    /// Longest continuation in tokens, within [`crate::limits::form::MAX_TOKENS`].
    pub max_tokens: u32,
    /// 0 is greedy; within [`crate::limits::form::TEMPERATURE`].
    pub temperature: f64,
    /// Same seed, same text.
    pub seed: u64,
}

/// What the channel of `inference_generate` carries: a further piece of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPiece {
    /// Whole characters, to be appended.
    pub text: String,
}

/// The whole continuation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The continuation, without the prompt.
    pub text: String,
    /// Tokens made.
    pub n_tokens: u32,
    /// Tokens per second while decoding.
    pub tokens_per_s: f64,
    /// Whether `inference_stop` ended it.
    pub stopped: bool,
}
