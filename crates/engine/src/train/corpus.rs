//! From files to tokens: what is held out, the tokenizer, the token files. Everything is kept in a
//! folder keyed by the content and the settings that matter, so that a resumed run finds it done.

mod build;
mod conversations;
mod labelled;
mod pairs;

use crate::files;
use crate::gguf;
use crate::load::Place;
use crate::random::Keyed;
use crate::setup::{base_model, conversations_of, pairs_of};
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use crate::train::packing::{self, Piece};
use crate::train::token_cache::TokenCache;
use crate::train::trained::Trained;
use crate::{Control, EngineError};
use amoozgar_data::{DataError, Documents, HeldOut, Unit};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::{ConversationsRead, LoadingStage, PairsRead};
use amoozgar_types::spec::Task;
use build::Build;
pub(crate) use build::{Encoded, encode_file};
pub(crate) use conversations::held_out as held_out_conversations;
pub(crate) use conversations::{EncodedConversations, encode_conversations};
pub(crate) use labelled::encode_examples;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Raised when the preparation changes what it makes of the same text.
const VERSION: u32 = 1;

/// The run's text as tokens.
pub(crate) struct Corpus {
    pub(crate) key: String,
    pub(crate) tokenizer: Tokenizer,
    /// Where it stands beside the tokens.
    pub(crate) tokenizer_file: PathBuf,
    pub(crate) train: Part,
    pub(crate) validation: Part,
    /// UTF-8 bytes of the held-out text, documents parted by a blank line.
    pub(crate) n_val_bytes: u64,
    /// Where the documents are a classifier's examples.
    pub(crate) classes: Option<Classes>,
    /// Where the documents are conversations: in which form, and what was read.
    pub(crate) chat: Option<Chat>,
    pub(crate) conversations: Option<ConversationsRead>,
    /// Where they are pairs, each with two documents one after the other: what was read.
    pub(crate) pairs: Option<PairsRead>,
}

/// What a classifier tells apart.
pub(crate) struct Classes {
    /// Labels, by their ids.
    pub(crate) names: Vec<String>,
    /// The class of each document of a part.
    pub(crate) train: Vec<u32>,
    pub(crate) validation: Vec<u32>,
}

/// Tokens of whole documents, one after the other.
pub(crate) struct Part {
    pub(crate) tokens: Arc<TokenCache>,
    /// Tokens of each document, the one that stands before it included.
    pub(crate) documents: Vec<u32>,
    /// Which tokens are learnt; all where absent.
    pub(crate) trained: Option<Arc<Trained>>,
}

/// Told how far the preparation is; the share is within the stage.
pub(crate) struct Progress<'a> {
    pub(crate) control: &'a Control,
    pub(crate) report: &'a mut dyn FnMut(LoadingStage, f64),
    last: Option<(LoadingStage, f64)>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(control: &'a Control, report: &'a mut dyn FnMut(LoadingStage, f64)) -> Self {
        Self {
            control,
            report,
            last: None,
        }
    }

    /// Reports (at most every hundredth) and answers with an error where a stop is wanted.
    pub(crate) fn at(&mut self, stage: LoadingStage, fraction: f64) -> Result<(), EngineError> {
        if self.control.stop_wanted() {
            return Err(EngineError::StoppedWhileLoading);
        }
        let news = self.last.is_none_or(|(said, share)| {
            said != stage || fraction - share >= 0.01 || (fraction >= 1.0 && share < 1.0)
        });
        if news {
            self.last = Some((stage, fraction));
            (self.report)(stage, fraction);
        }
        Ok(())
    }
}

/// What is kept beside the token files.
#[derive(Serialize, Deserialize)]
#[allow(clippy::struct_field_names)] // The names of types::event::RunPlan, which it becomes.
struct Manifest {
    n_train_tokens: u64,
    n_val_tokens: u64,
    n_val_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversations: Option<ConversationsRead>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pairs: Option<PairsRead>,
}

/// Names of the two parts.
const TRAIN: &str = "train";
const VALIDATION: &str = "validation";

/// Reads, tokenizes and caches under `cache_dir`, or finds that done.
pub(crate) fn prepare(
    spec: &TrainSpec,
    cache_dir: &Path,
    progress: &mut Progress<'_>,
) -> Result<Corpus, EngineError> {
    if spec.task == Task::SequenceClassification {
        return labelled::prepare(spec, cache_dir, progress);
    }
    if let Some(guess) = pairs_of(spec)? {
        return pairs::prepare(spec, &guess, cache_dir, progress);
    }
    if let Some(guess) = conversations_of(spec)? {
        return conversations::prepare(spec, &guess, cache_dir, progress);
    }
    let train = PathBuf::from(&spec.dataset.train);
    let validation = spec.dataset.validation.as_ref().map(PathBuf::from);
    let mut hash = blake3::Hasher::new();
    let surveyed = survey(&train, &mut hash, progress)?;
    if let Some(validation) = &validation {
        survey(validation, &mut hash, progress)?;
    }
    let given = given_tokenizer(spec)?;
    let settings = (
        VERSION,
        match &given {
            Some((_, hash)) => hash.clone(),
            None => spec.tokenizer.vocab_size.to_string(),
        },
        validation.is_some(),
        spec.dataset.validation_fraction.to_bits(),
        spec.seed,
    );
    hash.update(format!("{settings:?}").as_bytes());
    let key = hash.finalize().to_hex().to_string();
    let folder = cache_dir.join(key.get(..32).unwrap_or(&key));
    let bos = given.as_ref().map(|(tokenizer, _)| tokenizer.bos());
    if let Some(corpus) = open(&folder, &key, bos)? {
        progress.at(LoadingStage::Encoding, 1.0)?;
        return Ok(corpus);
    }

    let (unit, n_units) = match (surveyed.unit, &validation) {
        // Nothing has to be held out of it.
        (Unit::Passage, Some(_)) => (Unit::Line, 1),
        (unit, _) => (unit, surveyed.n_units),
    };
    let held_out = match &validation {
        Some(_) => HeldOut::none(),
        None => hold_out(&train, &surveyed, spec)?,
    };
    let given = given.map(|(tokenizer, _)| tokenizer);
    Build {
        spec,
        train: &train,
        validation: validation.as_deref(),
        unit,
        n_units,
        held_out: &held_out,
    }
    .run(given, &folder, progress)?;
    open(&folder, &key, bos)?.ok_or_else(|| EngineError::FileNotFound { path: folder })
}

/// What a file holds.
struct Surveyed {
    /// The largest units that can be parted.
    unit: Unit,
    n_units: usize,
    n_words: u64,
}

/// Holds units of the training file out, as the seed draws them.
fn hold_out(path: &Path, surveyed: &Surveyed, spec: &TrainSpec) -> Result<HeldOut, EngineError> {
    let order = Keyed::new(spec.seed, "held out").permutation(surveyed.n_units);
    let held_out = HeldOut::of_rows(&order, spec.dataset.validation_fraction);
    held_out.ok_or_else(|| EngineError::DatasetTooSmall {
        path: path.to_path_buf(),
        needed: spec.model.context_length as u64 + 1,
        // There are as many tokens at least.
        found: surveyed.n_words,
    })
}

/// Validates a file, hashes its normalized text and counts what can be held out of it.
fn survey(
    path: &Path,
    hash: &mut blake3::Hasher,
    progress: &mut Progress<'_>,
) -> Result<Surveyed, EngineError> {
    let mut documents = Documents::open(path)?;
    let (mut n_documents, mut n_lines, mut n_words) = (0, 0, 0);
    progress.at(LoadingStage::Reading, 0.0)?;
    while let Some(part) = documents.next() {
        let part = part?;
        hash.update(part.text.as_bytes());
        hash.update(if part.is_last { &[0] } else { b"\n" });
        n_documents += usize::from(part.is_first);
        n_lines += part.text.lines().count();
        n_words += part.text.split_whitespace().count();
        progress.at(LoadingStage::Reading, documents.share_read())?;
    }
    hash.update(&[1]);
    if n_documents == 0 {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        }
        .into());
    }
    let (unit, n_units) = Unit::of_text(n_documents, n_lines, n_words);
    Ok(Surveyed {
        unit,
        n_units,
        n_words: n_words as u64,
    })
}

/// The tokenizer of the model that the run goes on from, and the hash of its file.
fn given_tokenizer(spec: &TrainSpec) -> Result<Option<(Tokenizer, String)>, EngineError> {
    let Some(base) = base_model(spec)? else {
        return Ok(None);
    };
    let place = Place::find(base)?;
    let tokenizer = place.tokenizer()?;
    let bytes = if gguf::is_gguf(&place.tokenizer)? {
        // The file is the whole model.
        tokenizer.to_json()?.into_bytes()
    } else {
        files::read(&place.tokenizer)?
    };
    let mut hash = blake3::hash(&bytes).to_hex().to_string();
    if tokenizer.cut_texts() {
        // An earlier version did as the file says: its tokens are of no use.
        hash.push_str(" whole");
    }
    Ok(Some((tokenizer, hash)))
}

fn open(folder: &Path, key: &str, bos: Option<u32>) -> Result<Option<Corpus>, EngineError> {
    let manifest_path = folder.join("corpus.json");
    let Ok(text) = std::fs::read_to_string(&manifest_path) else {
        return Ok(None);
    };
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return Ok(None);
    };
    let tokenizer_file = folder.join("tokenizer.json");
    let tokenizer = Tokenizer::load(&tokenizer_file, bos)?;
    let parts = (
        Part::open(
            folder,
            TRAIN,
            tokenizer.vocab_size(),
            manifest.n_train_tokens,
        )?,
        Part::open(
            folder,
            VALIDATION,
            tokenizer.vocab_size(),
            manifest.n_val_tokens,
        )?,
    );
    let (Some(train), Some(validation)) = parts else {
        return Ok(None);
    };
    Ok(Some(Corpus {
        key: key.to_owned(),
        tokenizer,
        tokenizer_file,
        train,
        validation,
        n_val_bytes: manifest.n_val_bytes,
        classes: None,
        chat: None,
        conversations: manifest.conversations,
        pairs: manifest.pairs,
    }))
}

impl Part {
    /// Reads a part's files; `None` where they are not whole.
    fn open(
        folder: &Path,
        name: &str,
        vocab_size: usize,
        n_tokens: u64,
    ) -> Result<Option<Self>, EngineError> {
        let Ok(lengths) = std::fs::read(lengths_file(folder, name)) else {
            return Ok(None);
        };
        let tokens = TokenCache::open(&tokens_file(folder, name), vocab_size)?;
        let lengths = lengths.as_chunks::<4>().0.iter();
        let documents: Vec<u32> = lengths.map(|&four| u32::from_le_bytes(four)).collect();
        let counted: u64 = documents.iter().map(|&len| u64::from(len)).sum();
        let whole = tokens.len() as u64 == n_tokens && counted == n_tokens;
        Ok(whole.then(|| Self {
            tokens: Arc::new(tokens),
            documents,
            trained: Trained::read(&answers_file(folder, name)).map(Arc::new),
        }))
    }

    /// Where each document lies.
    pub(crate) fn places(&self) -> Vec<Piece> {
        let documents = self.documents.iter();
        let places = documents.scan(0, |end, &len| {
            let start = *end;
            *end += len as usize;
            Some(Piece {
                start,
                len: len as usize,
            })
        });
        places.collect()
    }

    /// Conversations in pieces, each by itself: its last token is a target only.
    pub(crate) fn conversations(&self) -> Vec<Piece> {
        let mut places = self.places();
        for place in &mut places {
            place.len = place.len.saturating_sub(1);
        }
        places
    }

    /// What is measured or learnt of it, in pieces of `context` tokens: each document by itself, or
    /// all as one stream.
    pub(crate) fn pieces(&self, packs_documents: bool, context: usize) -> Vec<Piece> {
        if packs_documents {
            packing::pieces(&self.documents, context)
        } else {
            packing::stream(self.tokens.len(), context)
        }
    }
}

fn tokens_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.bin"))
}

fn answers_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.answers"))
}

fn lengths_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.lengths"))
}
