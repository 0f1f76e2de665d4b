//! How many tokens a text is to a finished model, by its own tokenizer and chat template over a sample of the
//! rows. By bytes alone it cannot be told: of Persian one tokenizer makes four times as many as another.

use crate::load::Place;
use crate::random::Keyed;
use crate::setup::{base_model, conversations_of, pairs_of};
use crate::tokenizer::Tokenizer;
use crate::train::packing::{Piece, Rows};
use crate::{EngineError, threads};
use amoozgar_data::{Conversations, Documents, Pairs};
use amoozgar_types::TrainSpec;
use amoozgar_types::dataset::Guess;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes of the sample: a second's work for the slowest tokenizer.
const SAMPLE_BYTES: usize = 1 << 20;

/// What the run's text is to the model that it goes on from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampled {
    /// Tokens of the whole text, what is held out included.
    pub(crate) n_tokens: f64,
    /// Rows that its conversations fill, or pairs; absent of plain text, which fills its sequences.
    pub(crate) n_sequences: Option<f64>,
    /// The share of tokens that is learnt.
    pub(crate) learnt_share: f64,
}

/// What is known of the run's text by a sample; `None` where the run trains a tokenizer of its own.
///
/// # Errors
/// Where the model or the rows cannot be used.
pub(crate) fn sampled(spec: &TrainSpec) -> Result<Option<Sampled>, EngineError> {
    static KNOWN: Mutex<Option<HashMap<String, Sampled>>> = Mutex::new(None);
    let Some(base) = base_model(spec)? else {
        return Ok(None);
    };
    let path = Path::new(&spec.dataset.train);
    let about = path.metadata().ok();
    let about = about.map(|about| (about.len(), about.modified().ok()));
    let key = format!(
        "{} {about:?} {:?} {:?} {} {}",
        base.display(),
        spec.preference(),
        spec.dataset,
        spec.model.context_length,
        spec.seed
    );
    let known = |key: &str| {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().and_then(|known| known.get(key).copied())
    };
    if let Some(found) = known(&key) {
        return Ok(Some(found));
    }
    let found = threads::pool(threads::count(spec.threads))?.install(|| {
        let place = Place::find(base)?;
        let tokenizer = place.tokenizer()?;
        match (pairs_of(spec)?, conversations_of(spec)?) {
            (Some(guess), _) => pairs(spec, &guess, &place, &tokenizer),
            (None, Some(guess)) => conversations(spec, &guess, &place, &tokenizer),
            (None, None) => text(path, &tokenizer),
        }
    })?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_default().insert(key, found);
    Ok(Some(found))
}

fn text(path: &Path, tokenizer: &Tokenizer) -> Result<Sampled, EngineError> {
    let mut documents = Documents::open(path)?;
    let (mut parts, mut n_bytes) = (Vec::new(), 0);
    while n_bytes < SAMPLE_BYTES
        && let Some(part) = documents.next().transpose()?
    {
        n_bytes += part.text.len();
        parts.push(part);
    }
    let n_tokens: usize = parts
        .par_iter()
        .map(|part| Ok(usize::from(part.is_first) + tokenizer.encode(&part.text)?.len()))
        .sum::<Result<usize, EngineError>>()?;
    Ok(Sampled {
        n_tokens: n_tokens as f64 / share(documents.share_read()),
        n_sequences: None,
        learnt_share: 1.0,
    })
}

fn conversations(
    spec: &TrainSpec,
    guess: &Guess,
    place: &Place,
    tokenizer: &Tokenizer,
) -> Result<Sampled, EngineError> {
    let chat = place.chat(tokenizer)?;
    let mut rows = Conversations::open(Path::new(&spec.dataset.train), guess)?;
    let (mut sample, mut n_bytes) = (Vec::new(), 0);
    while n_bytes < SAMPLE_BYTES
        && let Some(row) = rows.next().transpose()?
    {
        if let Ok(row) = row {
            let lengths = row.messages.iter().map(|message| message.content.len());
            n_bytes += lengths.sum::<usize>();
            sample.push(row);
        }
    }
    let context = spec.model.context_length;
    let learnt = sample
        .par_iter()
        .map(|row| chat.learnt(row.dialogue(), spec.dataset.lessons(), context))
        .collect::<Result<Vec<_>, EngineError>>()?;
    let learnt: Vec<_> = learnt.into_iter().flatten().collect();
    let n_tokens: usize = learnt.iter().map(|learnt| learnt.tokens.len()).sum();
    let answers = learnt.iter().flat_map(|learnt| &learnt.trained);
    let n_learnt: usize = answers.map(ExactSizeIterator::len).sum();
    let pieces = learnt.iter().map(|learnt| Piece {
        start: 0,
        len: learnt.tokens.len().saturating_sub(1),
    });
    let pieces: Vec<Piece> = pieces.collect();
    let packed = Rows::pack(&pieces, context, Keyed::new(spec.seed, "rows"));
    let share = share(rows.share_read());
    Ok(Sampled {
        n_tokens: n_tokens as f64 / share,
        n_sequences: Some(packed.len() as f64 / share),
        learnt_share: n_learnt as f64 / n_tokens.max(1) as f64,
    })
}

fn pairs(
    spec: &TrainSpec,
    guess: &Guess,
    place: &Place,
    tokenizer: &Tokenizer,
) -> Result<Sampled, EngineError> {
    let chat = place.chat(tokenizer)?;
    let mut rows = Pairs::open(Path::new(&spec.dataset.train), guess)?;
    let (mut sample, mut n_bytes) = (Vec::new(), 0);
    while n_bytes < SAMPLE_BYTES
        && let Some(row) = rows.next().transpose()?
    {
        if let Ok(pair) = row {
            let both = pair.conversations().concat();
            let lengths = both.iter().map(|message| message.content.len());
            n_bytes += lengths.sum::<usize>();
            sample.push(pair);
        }
    }
    let context = spec.model.context_length;
    let learnt = sample
        .par_iter()
        .map(|pair| chat.learnt_pair(pair, spec.dataset.thinking, context))
        .collect::<Result<Vec<_>, EngineError>>()?;
    let learnt: Vec<_> = learnt.into_iter().flatten().collect();
    let both = || learnt.iter().flatten();
    let n_tokens: usize = both().map(|learnt| learnt.tokens.len()).sum();
    let answers = both().flat_map(|learnt| &learnt.trained);
    let n_learnt: usize = answers.map(ExactSizeIterator::len).sum();
    let share = share(rows.share_read());
    Ok(Sampled {
        n_tokens: n_tokens as f64 / share,
        n_sequences: Some(learnt.len() as f64 / share),
        learnt_share: n_learnt as f64 / n_tokens.max(1) as f64,
    })
}

/// The share of a file that a sample stands for; never nothing.
fn share(read: f64) -> f64 {
    read.clamp(1e-9, 1.0)
}
