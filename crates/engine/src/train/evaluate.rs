//! How well a model predicts a text: loss, perplexity, bits per byte.

use crate::EngineError;
use crate::files;
use crate::kernels::segments::Segments;
use crate::load::{self, LoadOptions, Opened};
use crate::model::Model;
use crate::threads;
use crate::tokenizer::Tokenizer;
use crate::train::corpus::{Encoded, EncodedConversations, encode_conversations, encode_file};
use crate::train::packing::{self, Piece, packs_documents};
use crate::train::trained::Trained;
use crate::weights::safetensors::{self, Entry};
use amoozgar_data::{columns, format_of};
use amoozgar_types::dataset::{Guess, Shape};
use amoozgar_types::spec::Packing;
use std::path::Path;

/// Tokens in one forward pass of an evaluation.
const PASS_TOKENS: usize = 2048;

/// What a text costs a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Mean negative log-likelihood, nats per token.
    pub loss: f64,
    /// `exp(loss)`.
    pub perplexity: f64,
    /// All nats, as bits, per UTF-8 byte of the normalized text (documents parted by a blank line).
    pub bits_per_byte: f64,
    /// Tokens predicted: all but the first document token; of conversations those of answers.
    pub n_tokens: u64,
    /// Bytes of the text; of conversations those of answers.
    pub n_bytes: u64,
}

impl Evaluation {
    pub(crate) fn new(sum_nll: f64, n_tokens: u64, n_bytes: u64) -> Self {
        let loss = sum_nll / n_tokens.max(1) as f64;
        Self {
            loss,
            perplexity: loss.exp(),
            bits_per_byte: sum_nll / std::f64::consts::LN_2 / n_bytes.max(1) as f64,
            n_tokens,
            n_bytes,
        }
    }
}

/// Measures the model in `model_dir` on the documents of `data`, in windows of `context` tokens (the
/// model's own where absent), which `packing` cuts.
///
/// # Errors
/// Where the model or the text cannot be read.
pub fn evaluate(
    model_dir: &Path,
    data: &Path,
    context: Option<usize>,
    packing: Packing,
) -> Result<Evaluation, EngineError> {
    threads::pool(threads::count(None))?.install(|| {
        let loaded = load::open(model_dir, &LoadOptions::default())?;
        loaded.must_write()?;
        let tokenizer = &loaded.tokenizer()?;
        let longest = loaded.model.config().max_position_embeddings;
        let context = context.unwrap_or(longest);
        if context == 0 || context > longest {
            return Err(EngineError::InvalidSpec {
                field: "context",
                detail: format!("{context} is outside 1 to {longest}"),
            });
        }
        if let Some(guess) = conversations_in(data)? {
            return measure_answers(&loaded, tokenizer, data, &guess, context);
        }
        let Encoded {
            tokens,
            documents,
            n_bytes,
        } = encode_file(data, tokenizer)?;
        let pieces = if packs_documents(packing, format_of(data)?) {
            packing::pieces(&documents, context)
        } else {
            packing::stream(tokens.len(), context)
        };
        let sum_nll = sum_nll(
            &loaded.model,
            &|start, n, out| out.extend(tokens.iter().skip(start).take(n)),
            &pieces,
            None,
            &mut || Ok(()),
        )?;
        Ok(Evaluation::new(
            sum_nll,
            tokens.len().saturating_sub(1) as u64,
            n_bytes,
        ))
    })
}

/// What the rows of a file are, where they are conversations.
fn conversations_in(data: &Path) -> Result<Option<Guess>, EngineError> {
    let guess = columns(data)?.guess;
    if guess
        .as_ref()
        .is_some_and(|guess| guess.shape == Shape::Preference)
    {
        let detail = "it holds pairs of a better and a worse answer, which a run with objective `dpo` or \
                      `orpo` measures as it learns";
        return Err(EngineError::InvalidSpec {
            field: "data",
            detail: detail.to_owned(),
        });
    }
    Ok(guess.filter(|guess| guess.shape.is_conversation()))
}

/// Measures the answers of a file's conversations, as a run does that learns them.
fn measure_answers(
    loaded: &Opened,
    tokenizer: &Tokenizer,
    data: &Path,
    guess: &Guess,
    context: usize,
) -> Result<Evaluation, EngineError> {
    let chat = loaded.chat(tokenizer)?;
    let EncodedConversations {
        tokens,
        lengths,
        trained,
        n_bytes,
    } = encode_conversations(data, guess, &chat, context)?;
    let starts = lengths.iter().scan(0, |end, &len| {
        let start = *end;
        *end += len as usize;
        Some(Piece {
            start,
            len: len as usize - 1,
        })
    });
    let sum_nll = sum_nll(
        &loaded.model,
        &|start, n, out| out.extend(tokens.iter().skip(start).take(n)),
        &starts.collect::<Vec<_>>(),
        Some(&trained),
        &mut || Ok(()),
    )?;
    Ok(Evaluation::new(sum_nll, trained.n_tokens(), n_bytes))
}

/// Writes the logits of `tokens` as one tensor `logits` `(T, V)` f32 to a safetensors file.
///
/// # Errors
/// Where the model cannot be read, a token is unknown to it, or the file cannot be written.
pub fn logits(model_dir: &Path, tokens: &[u32], out: &Path) -> Result<(), EngineError> {
    threads::pool(threads::count(None))?.install(|| {
        let loaded = load::open(model_dir, &LoadOptions::default())?;
        let config = loaded.model.config();
        let (vocab_size, longest) = (config.vocab_size, config.max_position_embeddings);
        if tokens.is_empty() || tokens.len() > longest {
            let detail = format!("{} tokens are outside 1 to {longest}", tokens.len());
            return Err(EngineError::InvalidSpec {
                field: "tokens",
                detail,
            });
        }
        let segments = Segments::batch(1, tokens.len());
        let values = loaded.model.logits(tokens, &segments)?;
        let shape = vec![tokens.len(), vocab_size];
        let temporary = files::temporary_name(out);
        let entry = Entry::new("logits".to_owned(), shape, &values);
        safetensors::write(&temporary, vec![entry])?;
        files::put_in_place(&temporary, out)
    })
}

/// Sum of the negative log-likelihoods of what follows each token of `pieces`, whose tokens `read`
/// appends; of those that `trained` names where it is there. `between` is asked before each pass and may end it.
pub(crate) fn sum_nll(
    model: &Model,
    read: &dyn Fn(usize, usize, &mut Vec<u32>),
    pieces: &[Piece],
    trained: Option<&Trained>,
    between: &mut dyn FnMut() -> Result<(), EngineError>,
) -> Result<f64, EngineError> {
    let mut sum = 0.0;
    let mut rest = pieces;
    while !rest.is_empty() {
        between()?;
        let mut n_tokens = 0;
        let fits = |piece: &&Piece| {
            n_tokens += piece.len;
            n_tokens <= PASS_TOKENS
        };
        let n = rest.iter().take_while(fits).count().max(1);
        let (now, later) = rest.split_at(n);
        let batch = packing::batch_from(read, now.iter().copied(), trained);
        sum += model.loss(&batch)?.sum_nll;
        rest = later;
    }
    Ok(sum)
}
