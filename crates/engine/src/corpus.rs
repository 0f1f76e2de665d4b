//! From files to tokens: what is held out, the tokenizer, the token files. Everything is kept in a
//! folder keyed by the content and the settings that matter, so that a resumed run finds it done.

use crate::data::Documents;
use crate::files;
use crate::model::ModelConfig;
use crate::random::Keyed;
use crate::token_cache::{TokenCache, TokenWriter};
use crate::tokenizer::Tokenizer;
use crate::trainer::base_model;
use crate::{Control, EngineError};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::LoadingStage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Raised when the preparation changes what it makes of the same text.
const VERSION: u32 = 1;
/// Documents encoded at once.
const ENCODE_BATCH: usize = 512;
/// Bytes that part two documents in the text that bits per byte refer to: a blank line.
const SEPARATOR_BYTES: u64 = 2;

/// The run's text as tokens.
pub(crate) struct Corpus {
    pub(crate) key: String,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) train: TokenCache,
    pub(crate) validation: TokenCache,
    /// UTF-8 bytes of the held-out text, documents parted by a blank line.
    pub(crate) n_val_bytes: u64,
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
}

/// What counts as a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// As the file parts them.
    Document,
    /// A file without blank lines: each line is one.
    Line,
}

/// Reads, tokenizes and caches under `cache_dir`, or finds that done.
pub(crate) fn prepare(
    spec: &TrainSpec,
    cache_dir: &Path,
    progress: &mut Progress<'_>,
) -> Result<Corpus, EngineError> {
    let train = PathBuf::from(&spec.dataset.train);
    let validation = spec.dataset.validation.as_ref().map(PathBuf::from);
    let mut hash = blake3::Hasher::new();
    let (n_documents, n_lines) = survey(&train, &mut hash, progress)?;
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

    let unit = if n_documents < 2 {
        Unit::Line
    } else {
        Unit::Document
    };
    let n_units = if unit == Unit::Line {
        n_lines
    } else {
        n_documents
    };
    let held_out = match &validation {
        Some(_) => HeldOut::none(),
        None => HeldOut::choose(&train, n_units, spec)?,
    };
    build(
        spec,
        &train,
        validation.as_deref(),
        unit,
        n_units,
        &held_out,
        given.map(|(tokenizer, _)| tokenizer),
        &folder,
        progress,
    )?;
    open(&folder, &key, bos)?.ok_or_else(|| EngineError::FileNotFound { path: folder })
}

/// Which documents are held out.
struct HeldOut(Vec<bool>);

impl HeldOut {
    fn none() -> Self {
        Self(Vec::new())
    }

    fn choose(path: &Path, n_units: usize, spec: &TrainSpec) -> Result<Self, EngineError> {
        if n_units < 2 {
            return Err(EngineError::DatasetTooSmall {
                path: path.to_path_buf(),
                needed: spec.model.context_length as u64 + 1,
                found: 1,
            });
        }
        let wanted = (n_units as f64 * spec.dataset.validation_fraction).round() as usize;
        let n_held_out = wanted.clamp(1, n_units - 1);
        let order = Keyed::new(spec.seed, "held out").permutation(n_units);
        let mut held_out = vec![false; n_units];
        for &index in order.iter().take(n_held_out) {
            if let Some(slot) = held_out.get_mut(index as usize) {
                *slot = true;
            }
        }
        Ok(Self(held_out))
    }

    fn contains(&self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or(false)
    }
}

/// Validates a file, hashes its normalized text and counts documents and lines.
fn survey(
    path: &Path,
    hash: &mut blake3::Hasher,
    progress: &mut Progress<'_>,
) -> Result<(usize, usize), EngineError> {
    let mut documents = Documents::open(path)?;
    let (mut n_documents, mut n_lines) = (0, 0);
    progress.at(LoadingStage::Reading, 0.0)?;
    while let Some(document) = documents.next() {
        let document = document?;
        hash.update(document.as_bytes());
        hash.update(&[0]);
        n_documents += 1;
        n_lines += document.lines().count();
        progress.at(
            LoadingStage::Reading,
            documents.offset as f64 / documents.size_bytes.max(1) as f64,
        )?;
    }
    hash.update(&[1]);
    if n_documents == 0 {
        return Err(EngineError::EmptyFile {
            path: path.to_path_buf(),
        });
    }
    Ok((n_documents, n_lines))
}

/// The tokenizer of the model that the run goes on from, and the hash of its file.
fn given_tokenizer(spec: &TrainSpec) -> Result<Option<(Tokenizer, String)>, EngineError> {
    let Some(base) = base_model(spec)? else {
        return Ok(None);
    };
    let config = ModelConfig::load(base)?;
    // A model without a token for the beginning parts documents by the one for the end.
    let parting = config
        .bos_token_id
        .or(config.eos_token_ids.first().copied());
    let path = base.join("tokenizer.json");
    let hash = blake3::hash(&files::read(&path)?).to_hex().to_string();
    Ok(Some((Tokenizer::load(&path, parting)?, hash)))
}

fn open(folder: &Path, key: &str, bos: Option<u32>) -> Result<Option<Corpus>, EngineError> {
    let manifest_path = folder.join("corpus.json");
    let Ok(text) = std::fs::read_to_string(&manifest_path) else {
        return Ok(None);
    };
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return Ok(None);
    };
    let tokenizer = Tokenizer::load(&folder.join("tokenizer.json"), bos)?;
    let train = TokenCache::open(&folder.join("train.bin"), tokenizer.vocab_size())?;
    let validation = TokenCache::open(&folder.join("validation.bin"), tokenizer.vocab_size())?;
    let complete = train.len() as u64 == manifest.n_train_tokens
        && validation.len() as u64 == manifest.n_val_tokens;
    Ok(complete.then(|| Corpus {
        key: key.to_owned(),
        tokenizer,
        train,
        validation,
        n_val_bytes: manifest.n_val_bytes,
    }))
}

#[expect(
    clippy::too_many_arguments,
    reason = "called once, from the function above"
)]
fn build(
    spec: &TrainSpec,
    train: &Path,
    validation: Option<&Path>,
    unit: Unit,
    n_units: usize,
    held_out: &HeldOut,
    given: Option<Tokenizer>,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> Result<(), EngineError> {
    let temporary = files::temporary_name(folder);
    files::remove_dir(&temporary)?;
    files::create_dir(&temporary)?;

    progress.at(LoadingStage::Tokenizer, 0.0)?;
    let tokenizer = match given {
        Some(tokenizer) => tokenizer,
        None => train_tokenizer(spec, train, unit, held_out)?,
    };
    files::write_synced(
        &temporary.join("tokenizer.json"),
        tokenizer.to_json()?.as_bytes(),
    )?;
    progress.at(LoadingStage::Tokenizer, 1.0)?;

    let create = |name: &str| TokenWriter::create(&temporary.join(name), tokenizer.vocab_size());
    let mut into_train = Part::new(create("train.bin")?);
    let mut into_validation = Part::new(create("validation.bin")?);
    let mut batch: Vec<(usize, String)> = Vec::with_capacity(ENCODE_BATCH);
    let mut flush =
        |batch: &mut Vec<(usize, String)>, all_held_out: bool| -> Result<(), EngineError> {
            let encoded: Vec<Result<Vec<u32>, EngineError>> = batch
                .par_iter()
                .map(|(_, text)| tokenizer.encode(text))
                .collect();
            for ((index, text), tokens) in batch.drain(..).zip(encoded) {
                let part = if all_held_out || held_out.contains(index) {
                    &mut into_validation
                } else {
                    &mut into_train
                };
                part.add(tokenizer.bos(), &tokens?, text.len() as u64)?;
            }
            Ok(())
        };
    for (path, all_held_out) in [(Some(train), false), (validation, true)] {
        let Some(path) = path else { continue };
        for (index, document) in units(path, unit_of(unit, all_held_out))?.enumerate() {
            batch.push((index, document?));
            if batch.len() == ENCODE_BATCH {
                flush(&mut batch, all_held_out)?;
                progress.at(
                    LoadingStage::Encoding,
                    (index as f64 / n_units.max(1) as f64).min(1.0),
                )?;
            }
        }
        flush(&mut batch, all_held_out)?;
    }
    let n_val_bytes = into_validation.n_bytes;
    let manifest = Manifest {
        n_train_tokens: into_train.writer.finish()?,
        n_val_tokens: into_validation.writer.finish()?,
        n_val_bytes,
    };
    let text =
        serde_json::to_vec(&manifest).map_err(|source| EngineError::io(folder, source.into()))?;
    files::write_synced(&temporary.join("corpus.json"), &text)?;
    files::put_in_place(&temporary, folder)?;
    progress.at(LoadingStage::Encoding, 1.0)
}

/// A validation file of its own is read as it is parted.
fn unit_of(unit: Unit, all_held_out: bool) -> Unit {
    if all_held_out { Unit::Document } else { unit }
}

fn train_tokenizer(
    spec: &TrainSpec,
    train: &Path,
    unit: Unit,
    held_out: &HeldOut,
) -> Result<Tokenizer, EngineError> {
    let failure = Mutex::new(None);
    let documents = units(train, unit)?
        .enumerate()
        .filter(|(index, _)| !held_out.contains(*index))
        .map_while(|(_, document)| {
            document
                .map_err(|error| {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                })
                .ok()
        });
    let tokenizer = Tokenizer::train(documents, spec.tokenizer.vocab_size)?;
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(tokenizer),
    }
}

type Units = Box<dyn Iterator<Item = Result<String, EngineError>> + Send>;

fn units(path: &Path, unit: Unit) -> Result<Units, EngineError> {
    let documents = Documents::open(path)?;
    Ok(match unit {
        Unit::Document => Box::new(documents),
        Unit::Line => Box::new(documents.flat_map(|document| {
            match document {
                Ok(text) => text
                    .lines()
                    .map(|line| Ok(line.to_owned()))
                    .collect::<Vec<_>>(),
                Err(error) => vec![Err(error)],
            }
        })),
    })
}

/// One of the two token files while it is written.
struct Part {
    writer: TokenWriter,
    n_bytes: u64,
}

impl Part {
    fn new(writer: TokenWriter) -> Self {
        Self { writer, n_bytes: 0 }
    }

    fn add(&mut self, bos: u32, tokens: &[u32], n_bytes: u64) -> Result<(), EngineError> {
        if self.writer.n_tokens > 0 {
            self.n_bytes += SEPARATOR_BYTES;
        }
        self.n_bytes += n_bytes;
        self.writer.write(&[bos])?;
        self.writer.write(tokens)
    }
}

/// A file's documents as one stream of tokens, each after the document token, with their bytes.
pub(crate) fn encode_file(
    path: &Path,
    tokenizer: &Tokenizer,
) -> Result<(Vec<u32>, u64), EngineError> {
    let (mut tokens, mut n_bytes) = (Vec::new(), 0);
    for document in units(path, Unit::Document)? {
        let document = document?;
        if !tokens.is_empty() {
            n_bytes += SEPARATOR_BYTES;
        }
        n_bytes += document.len() as u64;
        tokens.push(tokenizer.bos());
        tokens.extend(tokenizer.encode(&document)?);
    }
    if tokens.is_empty() {
        return Err(EngineError::EmptyFile {
            path: path.to_path_buf(),
        });
    }
    Ok((tokens, n_bytes))
}
