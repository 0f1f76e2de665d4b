//! Token after token: the prompt, a cache of keys and values, text in whole characters only.

use super::KvCache;
use super::continuation::Continuation;
use super::sampler::{SamplingParams, penalize, sample};
use super::stops::{Heard, Stops};
use crate::EngineError;
use crate::model::Model;
use crate::random::Keyed;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::LocalTime;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::sampling::FinishReason;
use std::ops::ControlFlow;
use std::time::Instant;

/// A continuation.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// The text, without the prompt.
    pub text: String,
    /// Its tokens.
    pub token_ids: Vec<u32>,
    /// How many they are.
    pub n_tokens: usize,
    /// Speed of reading the prompt.
    pub prompt_tokens_per_s: f64,
    /// Speed of writing.
    pub tokens_per_s: f64,
    /// Why it ended.
    pub finish: FinishReason,
}

/// What is written at the model's context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtContext {
    /// The latter half of the text is read anew, and the continuation goes on.
    GoOn,
    /// The continuation ends.
    End,
}

/// The tokens that are continued.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// What the model reads.
    pub(crate) tokens: Vec<u32>,
    /// What happens where the context is full.
    pub(crate) at_context: AtContext,
}

pub(crate) type Run<'a> = &'a dyn Fn(
    &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send),
) -> Result<Vec<f32>, EngineError>;

/// What a model goes on from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A text to continue.
    Text(&'a str),
    /// A message to answer, in the model's own form.
    Message(&'a Chat, &'a str),
}

impl Asked<'_> {
    fn tokens(self, tokenizer: &Tokenizer) -> Result<Vec<u32>, EngineError> {
        match self {
            Self::Text(text) => {
                let mut tokens = vec![tokenizer.bos()];
                tokens.extend(tokenizer.encode(&amoozgar_text::normalize(text))?);
                Ok(tokens)
            }
            Self::Message(chat, text) => {
                let text = amoozgar_text::normalize(text);
                let asked = [Message::new(Role::User, text.trim())];
                Ok(chat.prompt(&asked, LocalTime::TRAINING)?.1)
            }
        }
    }

    fn ends_answer(self, token: u32) -> bool {
        matches!(self, Self::Message(chat, _) if chat.ends_answer(token))
    }
}

/// Writes after what is `asked` until the document ends, `max_tokens` are there, or the caller ends it. Beyond
/// the model's context the latter half is kept and read anew.
pub(crate) fn continue_prompt(
    model: &Model,
    tokenizer: &Tokenizer,
    asked: Asked<'_>,
    params: &SamplingParams,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    run: Run<'_>,
) -> Result<Generation, EngineError> {
    let context = model.config().max_position_embeddings;
    let mut tokens = asked.tokens(tokenizer)?;
    if tokens.len() > context {
        tokens.drain(..tokens.len() - context);
    }
    let beginning = Beginning {
        tokens,
        at_context: AtContext::GoOn,
    };
    continue_tokens(
        model,
        tokenizer,
        beginning,
        &|token| asked.ends_answer(token),
        params,
        on_text,
        run,
    )
}

/// [`continue_prompt`] for tokens, which must fit into the model's context. `also_ends` names tokens that end
/// what is written beside those of the model itself.
pub(crate) fn continue_tokens(
    model: &Model,
    tokenizer: &Tokenizer,
    beginning: Beginning,
    also_ends: &dyn Fn(u32) -> bool,
    params: &SamplingParams,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    run: Run<'_>,
) -> Result<Generation, EngineError> {
    let Beginning {
        mut tokens,
        at_context,
    } = beginning;
    let context = model.config().max_position_embeddings;
    let is_end = |token: u32| {
        tokenizer.ends_document(token)
            || model.config().eos_token_ids.contains(&token)
            || also_ends(token)
    };
    let n_prompt = tokens.len();
    let stream = Keyed::new(params.seed, "sample");
    let mut whole = Continuation::new(tokenizer, &tokens)?;
    let mut stops = Stops::new(&params.stop);
    let (mut cache, mut token_ids, mut text) = (KvCache::default(), Vec::new(), String::new());
    let mut say = |piece: &str, text: &mut String| {
        text.push_str(piece);
        !piece.is_empty() && on_text(piece).is_break()
    };

    let start = Instant::now();
    let mut prompt_s = 0.0;
    let finish = loop {
        if token_ids.len() >= params.max_tokens {
            break FinishReason::Length;
        }
        if cache.len() >= context {
            if at_context == AtContext::End {
                break FinishReason::Length;
            }
            tokens.drain(..tokens.len() - context / 2);
            cache = KvCache::default();
        }
        let fresh = tokens.get(cache.len()..).unwrap_or_default().to_vec();
        let mut logits = run(&mut || model.next_logits(&fresh, &mut cache))?;
        if token_ids.is_empty() {
            prompt_s = start.elapsed().as_secs_f64();
        }
        penalize(&mut logits, &tokens, params.repetition_penalty, is_end);
        let token = sample(&logits, params, stream.uniform(token_ids.len() as u64));
        if is_end(token) {
            break FinishReason::Stop;
        }
        tokens.push(token);
        token_ids.push(token);
        let Some(piece) = whole.push(token)? else {
            continue;
        };
        match stops.push(&piece) {
            Heard::On(piece) if say(&piece, &mut text) => break FinishReason::Cancelled,
            Heard::On(_) => {}
            Heard::Ended(piece) => {
                say(&piece, &mut text);
                stops = Stops::new(&[]);
                break FinishReason::Stop;
            }
        }
    };
    say(&stops.rest(), &mut text);
    let decoding_s = start.elapsed().as_secs_f64() - prompt_s;
    let n_tokens = token_ids.len();
    Ok(Generation {
        text,
        n_tokens,
        token_ids,
        prompt_tokens_per_s: n_prompt as f64 / prompt_s.max(1e-9),
        // The first token came with the prompt.
        tokens_per_s: n_tokens.saturating_sub(1) as f64 / decoding_s.max(1e-9),
        finish,
    })
}
