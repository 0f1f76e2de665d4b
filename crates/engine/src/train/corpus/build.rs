//! The tokenizer and the token files of a run's text, made once.

use super::{Manifest, Progress, TRAIN, VALIDATION, lengths_file, tokens_file};
use crate::EngineError;
use crate::files;
use crate::tokenizer::Tokenizer;
use crate::train::token_cache::TokenWriter;
use amoozgar_data::{DataError, HeldOut, Unit};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::LoadingStage;
use rayon::prelude::*;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Documents encoded at once, on all threads.
const ENCODE_BATCH: usize = 512;
/// Bytes that part two documents in the text that bits per byte refer to: a blank line.
const SEPARATOR_BYTES: u64 = 2;

/// What is to be made.
pub(super) struct Build<'a> {
    pub(super) spec: &'a TrainSpec,
    pub(super) train: &'a Path,
    pub(super) validation: Option<&'a Path>,
    pub(super) unit: Unit,
    pub(super) n_units: usize,
    pub(super) held_out: &'a HeldOut,
}

impl Build<'_> {
    /// Makes it in `folder`, with the tokenizer that is given or one of the text's own.
    pub(super) fn run(
        &self,
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
            None => self.train_tokenizer()?,
        };
        let text = tokenizer.to_json()?;
        files::write_synced(&temporary.join("tokenizer.json"), text.as_bytes())?;
        progress.at(LoadingStage::Tokenizer, 1.0)?;

        let mut train = Writer::create(&temporary, TRAIN, tokenizer.vocab_size())?;
        let mut validation = Writer::create(&temporary, VALIDATION, tokenizer.vocab_size())?;
        encode_all(
            &tokenizer,
            self.unit.read(self.train)?,
            &mut |index, tokens, n_bytes| {
                let done = index as f64 / self.n_units.max(1) as f64;
                progress.at(LoadingStage::Encoding, done.min(1.0))?;
                let part = if self.held_out.contains(index) {
                    &mut validation
                } else {
                    &mut train
                };
                part.add(tokenizer.bos(), tokens, n_bytes)
            },
        )?;
        if let Some(path) = self.validation {
            // A file of its own is read as it is parted.
            let documents = Unit::Document.read(path)?;
            encode_all(&tokenizer, documents, &mut |_, tokens, n_bytes| {
                validation.add(tokenizer.bos(), tokens, n_bytes)
            })?;
        }
        let n_val_bytes = validation.n_bytes;
        let manifest = Manifest {
            n_train_tokens: train.finish(&temporary, TRAIN)?,
            n_val_tokens: validation.finish(&temporary, VALIDATION)?,
            n_val_bytes,
        };
        let text = serde_json::to_vec(&manifest)
            .map_err(|source| EngineError::io(folder, source.into()))?;
        files::write_synced(&temporary.join("corpus.json"), &text)?;
        files::put_in_place(&temporary, folder)?;
        progress.at(LoadingStage::Encoding, 1.0)
    }

    fn train_tokenizer(&self) -> Result<Tokenizer, EngineError> {
        let failure = Mutex::new(None);
        let documents = self
            .unit
            .read(self.train)?
            .enumerate()
            .filter(|(index, _)| !self.held_out.contains(*index))
            .map_while(|(_, document)| {
                document
                    .map_err(|error| {
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    })
                    .ok()
            });
        let tokenizer = Tokenizer::train(documents, self.spec.tokenizer.vocab_size)?;
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.into()),
            None => Ok(tokenizer),
        }
    }
}

/// Gets a document's index, tokens and bytes.
type Take<'a> = &'a mut dyn FnMut(usize, &[u32], u64) -> Result<(), EngineError>;

/// Encodes documents on all threads of the pool; `take` gets each one in order.
fn encode_all(
    tokenizer: &Tokenizer,
    documents: impl Iterator<Item = Result<String, DataError>>,
    take: Take<'_>,
) -> Result<(), EngineError> {
    let mut documents = documents.fuse();
    let mut n_done = 0;
    loop {
        let texts: Vec<String> = documents
            .by_ref()
            .take(ENCODE_BATCH)
            .collect::<Result<_, DataError>>()?;
        if texts.is_empty() {
            return Ok(());
        }
        let encoded: Vec<Result<Vec<u32>, EngineError>> = texts
            .par_iter()
            .map(|text| tokenizer.encode(text))
            .collect();
        for (text, tokens) in texts.iter().zip(encoded) {
            take(n_done, &tokens?, text.len() as u64)?;
            n_done += 1;
        }
    }
}

/// One of the two parts while it is written.
struct Writer {
    tokens: TokenWriter,
    lengths: Vec<u8>,
    n_bytes: u64,
}

impl Writer {
    fn create(folder: &Path, name: &str, vocab_size: usize) -> Result<Self, EngineError> {
        Ok(Self {
            tokens: TokenWriter::create(&tokens_file(folder, name), vocab_size)?,
            lengths: Vec::new(),
            n_bytes: 0,
        })
    }

    fn add(&mut self, bos: u32, tokens: &[u32], n_bytes: u64) -> Result<(), EngineError> {
        if self.tokens.n_tokens > 0 {
            self.n_bytes += SEPARATOR_BYTES;
        }
        self.n_bytes += n_bytes;
        let len = 1 + tokens.len() as u32;
        self.lengths.extend(len.to_le_bytes());
        self.tokens.write(&[bos])?;
        self.tokens.write(tokens)
    }

    fn finish(self, folder: &Path, name: &str) -> Result<u64, EngineError> {
        files::write_synced(&lengths_file(folder, name), &self.lengths)?;
        self.tokens.finish()
    }
}

/// A file's documents in memory.
pub(crate) struct Encoded {
    /// One document after the other, each after the document token.
    pub(crate) tokens: Vec<u32>,
    /// Tokens of each, the one before it included.
    pub(crate) documents: Vec<u32>,
    /// Bytes, documents parted by a blank line.
    pub(crate) n_bytes: u64,
}

/// Reads and encodes a file's documents.
pub(crate) fn encode_file(path: &Path, tokenizer: &Tokenizer) -> Result<Encoded, EngineError> {
    let mut all = Encoded {
        tokens: Vec::new(),
        documents: Vec::new(),
        n_bytes: 0,
    };
    let documents = Unit::Document.read(path)?;
    encode_all(tokenizer, documents, &mut |index, tokens, n_bytes| {
        if index > 0 {
            all.n_bytes += SEPARATOR_BYTES;
        }
        all.n_bytes += n_bytes;
        all.documents.push(1 + tokens.len() as u32);
        all.tokens.push(tokenizer.bos());
        all.tokens.extend(tokens);
        Ok(())
    })?;
    if all.tokens.is_empty() {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        }
        .into());
    }
    Ok(all)
}
