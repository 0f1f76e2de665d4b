//! What the commands that let a model write take alike: how tokens are drawn, and what it is told first.

use amoozgar_engine::SamplingParams;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::sampling::Sampling;
use clap::Args;

/// How tokens are drawn; what is not given is as the command's help says.
#[derive(Debug, Clone, Args)]
pub struct Drawing {
    /// Longest text.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// 0 is greedy.
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Sample from this many of the likeliest tokens.
    #[arg(long, value_name = "K")]
    top_k: Option<u32>,
    /// Sample from the likeliest tokens that hold this share of the probability.
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Sample from the tokens that have this share of the likeliest one's probability.
    #[arg(long, value_name = "P")]
    min_p: Option<f64>,
    /// Divide the logits of the last tokens by this.
    #[arg(long, value_name = "R")]
    repetition_penalty: Option<f64>,
    /// End where this text comes; may be given several times.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    stop: Vec<String>,
    /// Same seed, same text.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

impl Drawing {
    /// What was given over `otherwise`, and the seed.
    ///
    /// # Errors
    /// Where a value is outside of its range.
    pub fn over(&self, otherwise: &Sampling, seed: u64) -> Result<SamplingParams, ApiError> {
        let sampling = Sampling {
            max_tokens: self.max_tokens.unwrap_or(otherwise.max_tokens),
            temperature: self.temperature.unwrap_or(otherwise.temperature),
            top_k: self.top_k.or(otherwise.top_k),
            top_p: self.top_p.or(otherwise.top_p),
            min_p: self.min_p.or(otherwise.min_p),
            repetition_penalty: self
                .repetition_penalty
                .unwrap_or(otherwise.repetition_penalty),
            stop: self.stop.clone(),
        };
        if let Some(field) = sampling.wrong_field() {
            return Err(ApiError::invalid_field(field));
        }
        Ok(SamplingParams::new(&sampling, self.seed.unwrap_or(seed)))
    }
}

/// Whether a text is what a person says to the model.
#[derive(Debug, Clone, Args)]
pub struct AsMessage {
    /// The text is a person's message, in the model's chat template.
    #[arg(long)]
    chat: bool,
    /// What the model is told before it.
    #[arg(
        long,
        value_name = "TEXT",
        requires = "chat",
        allow_hyphen_values = true
    )]
    system: Option<String>,
}

impl AsMessage {
    /// The conversation that ends with `text`; `None` where it is no message.
    pub fn messages(&self, text: &str) -> Option<Vec<Message>> {
        let mut messages = self.chat.then(|| told(self.system.as_deref()))?;
        messages.push(Message::new(Role::User, text.trim()));
        Some(messages)
    }
}

/// The beginning of a conversation.
pub fn told(system: Option<&str>) -> Vec<Message> {
    let system = system.map(str::trim).filter(|system| !system.is_empty());
    system
        .map(|system| Message::new(Role::System, system))
        .into_iter()
        .collect()
}
