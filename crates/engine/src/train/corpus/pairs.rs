//! Pairs as tokens: of each pair the conversation with the better answer and then the one with the worse, and
//! which tokens of both are answers. A pair is held out as a whole.

use super::conversations::Writer;
use super::{Corpus, Manifest, Progress, TRAIN, VALIDATION, given_tokenizer, open};
use crate::EngineError;
use crate::files;
use crate::load::Place;
use crate::random::Keyed;
use crate::setup::base_model;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use amoozgar_data::{HeldOut, Pair, Pairs, no_conversation, shape_of};
use amoozgar_types::TrainSpec;
use amoozgar_types::dataset::{FaultCount, Guess, Shape, count_fault};
use amoozgar_types::event::{LoadingStage, PairsRead};
use amoozgar_types::spec::Thinking;
use rayon::prelude::*;
use std::path::Path;

/// Raised when the preparation changes what it makes of the same rows.
const VERSION: u32 = 1;
/// Pairs that are tokenized at once, on all threads.
const BATCH: usize = 128;

/// Reads, tokenizes and caches, or finds that done.
pub(super) fn prepare(
    spec: &TrainSpec,
    guess: &Guess,
    cache_dir: &Path,
    progress: &mut Progress<'_>,
) -> Result<Corpus, EngineError> {
    let missing = || EngineError::InvalidSpec {
        field: "base_model",
        detail: "pairs are learnt by a finished model".to_owned(),
    };
    let base = base_model(spec)?.ok_or_else(missing)?;
    let (tokenizer, tokenizer_hash) = given_tokenizer(spec)?.ok_or_else(missing)?;
    let chat = Place::find(base)?.chat(&tokenizer)?;

    let mut hash = blake3::Hasher::new();
    let train = Path::new(&spec.dataset.train);
    let n_train = survey(train, guess, &mut hash, progress)?;
    let validation = match &spec.dataset.validation {
        Some(path) => {
            let path = Path::new(path);
            let guess = shape_of(path, Some(Shape::Preference), &spec.dataset.mapping)?;
            survey(path, &guess, &mut hash, progress)?;
            Some((path, guess))
        }
        None => None,
    };
    let settings = (
        VERSION,
        tokenizer_hash,
        chat.template().source(),
        chat.template().special(),
        spec.dataset.thinking,
        spec.model.context_length,
        validation.is_some(),
        spec.dataset.validation_fraction.to_bits(),
        spec.seed,
    );
    hash.update(format!("pairs {settings:?}").as_bytes());
    let key = hash.finalize().to_hex().to_string();
    let folder = cache_dir.join(key.get(..32).unwrap_or(&key));
    let bos = Some(tokenizer.bos());
    if open(&folder, &key, bos)?.is_none() {
        let held_out = match &validation {
            Some(_) => HeldOut::none(),
            None => hold_out(spec, n_train)?,
        };
        Build {
            context: spec.model.context_length,
            thinking: spec.dataset.thinking,
            chat: &chat,
            tokenizer: &tokenizer,
            n_train,
        }
        .run((train, guess), validation, &held_out, &folder, progress)?;
    }
    progress.at(LoadingStage::Encoding, 1.0)?;
    let opened = open(&folder, &key, bos)?;
    let corpus = opened.ok_or(EngineError::FileNotFound { path: folder })?;
    Ok(Corpus {
        chat: Some(chat),
        ..corpus
    })
}

/// Holds pairs of the training file out, as the seed draws them.
fn hold_out(spec: &TrainSpec, n_rows: usize) -> Result<HeldOut, EngineError> {
    let order = Keyed::new(spec.seed, "held out").permutation(n_rows);
    let held_out = HeldOut::of_rows(&order, spec.dataset.validation_fraction);
    held_out.ok_or_else(|| EngineError::InvalidSpec {
        field: "dataset.train",
        detail: "it holds one pair: nothing can be held out".to_owned(),
    })
}

/// Hashes a file's pairs and counts them.
fn survey(
    path: &Path,
    guess: &Guess,
    hash: &mut blake3::Hasher,
    progress: &mut Progress<'_>,
) -> Result<usize, EngineError> {
    let mut pairs = Pairs::open(path, guess)?;
    let (mut n_rows, mut faults) = (0, Vec::new());
    progress.at(LoadingStage::Reading, 0.0)?;
    while let Some(row) = pairs.next().transpose()? {
        match row {
            Ok(pair) => {
                n_rows += 1;
                for (mark, messages) in [(2, &pair.prompt), (3, &pair.chosen), (4, &pair.rejected)]
                {
                    hash.update(&[mark]);
                    hash.update(format!("{messages:?}").as_bytes());
                }
                hash.update(format!("{:?}", pair.tools).as_bytes());
            }
            Err(row) => count_fault(&mut faults, row.fault, row.value.as_deref(), row.line),
        }
        hash.update(&[1]);
        progress.at(LoadingStage::Reading, pairs.share_read())?;
    }
    hash.update(&[5]);
    if n_rows == 0 {
        return Err(no_conversation(path, &faults).into());
    }
    Ok(n_rows)
}

/// What is to be made.
struct Build<'a> {
    context: usize,
    thinking: Thinking,
    chat: &'a Chat,
    tokenizer: &'a Tokenizer,
    n_train: usize,
}

/// A pair's two conversations as tokens.
type Learnt = [crate::tokenizer::chat::Learnt; 2];

impl Build<'_> {
    /// Makes it in `folder`.
    fn run(
        &self,
        train: (&Path, &Guess),
        own_validation: Option<(&Path, Guess)>,
        held_out: &HeldOut,
        folder: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(), EngineError> {
        let temporary = files::temporary_name(folder);
        files::remove_dir(&temporary)?;
        files::create_dir(&temporary)?;
        let text = self.tokenizer.to_json()?;
        files::write_synced(&temporary.join("tokenizer.json"), text.as_bytes())?;

        let vocab_size = self.tokenizer.vocab_size();
        let mut parts = [
            Writer::create(&temporary, TRAIN, vocab_size)?,
            Writer::create(&temporary, VALIDATION, vocab_size)?,
        ];
        let mut read = PairsRead {
            n_train: 0,
            n_validation: 0,
            n_answer_tokens: 0,
            n_cut_chosen: 0,
            n_cut_rejected: 0,
            faults: Vec::new(),
        };
        let mut faults = Vec::new();
        self.encode(train, &mut faults, &mut |index, learnt| {
            let done = index as f64 / self.n_train.max(1) as f64;
            progress.at(LoadingStage::Encoding, done.min(1.0))?;
            let [train, validation] = &mut parts;
            let part = if held_out.contains(index) {
                validation
            } else {
                train
            };
            add(part, learnt, &mut read)
        })?;
        if let Some((path, guess)) = &own_validation {
            self.encode((path, guess), &mut faults, &mut |_, learnt| {
                let [_, validation] = &mut parts;
                add(validation, learnt, &mut read)
            })?;
        }
        let [train_part, validation] = parts;
        for part in [&train_part, &validation] {
            if part.lengths.is_empty() {
                return Err(no_conversation(train.0, &faults).into());
            }
        }
        read.n_train = train_part.lengths.len() as u64 / 2;
        read.n_validation = validation.lengths.len() as u64 / 2;
        read.n_answer_tokens = train_part.trained.n_tokens();
        read.faults = faults;
        let manifest = Manifest {
            n_val_bytes: 0,
            n_train_tokens: train_part.finish(&temporary, TRAIN)?,
            n_val_tokens: validation.finish(&temporary, VALIDATION)?,
            conversations: None,
            pairs: Some(read),
        };
        let text = serde_json::to_vec(&manifest)
            .map_err(|source| EngineError::io(folder, source.into()))?;
        files::write_synced(&temporary.join("corpus.json"), &text)?;
        files::put_in_place(&temporary, folder)
    }

    /// Tokenizes a file's pairs on all threads of the pool; `take` gets them in order, with their index among
    /// those that can be read.
    fn encode(
        &self,
        (path, guess): (&Path, &Guess),
        faults: &mut Vec<FaultCount>,
        take: &mut dyn FnMut(usize, &Learnt) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut pairs = Pairs::open(path, guess)?;
        let mut index = 0;
        loop {
            let batch = next_batch(&mut pairs, faults)?;
            if batch.is_empty() {
                return Ok(());
            }
            let encoded: Vec<_> = batch
                .par_iter()
                .map(|pair| self.chat.learnt_pair(pair, self.thinking, self.context))
                .collect();
            for (pair, learnt) in batch.iter().zip(encoded) {
                match learnt? {
                    Ok(learnt) => take(index, &learnt)?,
                    Err((fault, value)) => {
                        count_fault(faults, fault, value.as_deref(), pair.line);
                    }
                }
                index += 1;
            }
        }
    }
}

fn add(part: &mut Writer, learnt: &Learnt, read: &mut PairsRead) -> Result<(), EngineError> {
    let [chosen, rejected] = learnt;
    // An answer of several messages may end beyond the context with some of them.
    read.n_cut_chosen += u64::from(chosen.n_cut + chosen.n_beyond > 0);
    read.n_cut_rejected += u64::from(rejected.n_cut + rejected.n_beyond > 0);
    part.add(chosen)?;
    part.add(rejected)
}

fn next_batch(pairs: &mut Pairs, faults: &mut Vec<FaultCount>) -> Result<Vec<Pair>, EngineError> {
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(row) = pairs.next().transpose()?
    {
        match row {
            Ok(row) => batch.push(row),
            Err(row) => count_fault(faults, row.fault, row.value.as_deref(), row.line),
        }
    }
    Ok(batch)
}
