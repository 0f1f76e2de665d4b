//! The tokenizer and the token files of a run's text, made once.

use super::{Manifest, Progress, TRAIN, VALIDATION, lengths_file, tokens_file};
use crate::EngineError;
use crate::files;
use crate::tokenizer::Tokenizer;
use crate::train::token_cache::TokenWriter;
use amoozgar_data::{DataError, DocumentPart, HeldOut, Unit};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::LoadingStage;
use rayon::prelude::*;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Documents encoded at once, on all threads.
const ENCODE_BATCH: usize = 512;
/// Bytes after which a batch has no room for another document.
const ENCODE_BATCH_BYTES: usize = 1 << 26;
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
        encode_all(&tokenizer, self.unit.read(self.train)?, &mut |part| {
            let done = part.document as f64 / self.n_units.max(1) as f64;
            progress.at(LoadingStage::Encoding, done.min(1.0))?;
            let writer = if self.held_out.contains(part.document) {
                &mut validation
            } else {
                &mut train
            };
            writer.add(tokenizer.bos(), &part)
        })?;
        if let Some(path) = self.validation {
            // A file of its own is read as it is parted.
            let documents = Unit::Document.read(path)?;
            encode_all(&tokenizer, documents, &mut |part| {
                validation.add(tokenizer.bos(), &part)
            })?;
        }
        let n_val_bytes = validation.n_bytes;
        let manifest = Manifest {
            n_train_tokens: train.finish(&temporary, TRAIN)?,
            n_val_tokens: validation.finish(&temporary, VALIDATION)?,
            n_val_bytes,
            conversations: None,
            pairs: None,
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
            .map_while(|part| {
                part.map_err(|error| {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                })
                .ok()
            })
            .filter(|part| !self.held_out.contains(part.document))
            .map(|part| part.text);
        let tokenizer = Tokenizer::train(documents, self.spec.tokenizer.vocab_size)?;
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.into()),
            None => Ok(tokenizer),
        }
    }
}

/// A document, or a part of a long one, as tokens.
struct EncodedPart<'a> {
    document: usize,
    is_first: bool,
    tokens: &'a [u32],
    /// UTF-8 bytes of its text.
    n_bytes: u64,
}

/// Gets one part after the other.
type Take<'a> = &'a mut dyn FnMut(EncodedPart<'_>) -> Result<(), EngineError>;

/// Encodes documents on all threads of the pool; `take` gets their parts in order.
fn encode_all(
    tokenizer: &Tokenizer,
    documents: impl Iterator<Item = Result<DocumentPart, DataError>>,
    take: Take<'_>,
) -> Result<(), EngineError> {
    let mut documents = documents.fuse();
    loop {
        let batch = next_batch(&mut documents)?;
        if batch.is_empty() {
            return Ok(());
        }
        let encoded: Vec<Result<Vec<u32>, EngineError>> = batch
            .par_iter()
            .map(|part| tokenizer.encode(&part.text))
            .collect();
        for (part, tokens) in batch.iter().zip(encoded) {
            take(EncodedPart {
                document: part.document,
                is_first: part.is_first,
                tokens: &tokens?,
                n_bytes: part.text.len() as u64,
            })?;
        }
    }
}

/// What is encoded at once; a part that is not its document's last gets the line break after it.
fn next_batch(
    documents: &mut impl Iterator<Item = Result<DocumentPart, DataError>>,
) -> Result<Vec<DocumentPart>, DataError> {
    let (mut batch, mut n_bytes) = (Vec::new(), 0);
    while batch.len() < ENCODE_BATCH
        && n_bytes < ENCODE_BATCH_BYTES
        && let Some(part) = documents.next()
    {
        let mut part = part?;
        if !part.is_last {
            part.text.push('\n');
        }
        n_bytes += part.text.len();
        batch.push(part);
    }
    Ok(batch)
}

/// One of the two parts while it is written.
struct Writer {
    tokens: TokenWriter,
    /// Tokens of each document, the one that stands before it included.
    lengths: Vec<u32>,
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

    fn add(&mut self, bos: u32, part: &EncodedPart<'_>) -> Result<(), EngineError> {
        if part.is_first {
            if self.tokens.n_tokens > 0 {
                self.n_bytes += SEPARATOR_BYTES;
            }
            self.lengths.push(1);
            self.tokens.write(&[bos])?;
        }
        self.n_bytes += part.n_bytes;
        if let Some(len) = self.lengths.last_mut() {
            *len += part.tokens.len() as u32;
        }
        self.tokens.write(part.tokens)
    }

    fn finish(self, folder: &Path, name: &str) -> Result<u64, EngineError> {
        let lengths = self.lengths.into_iter().flat_map(u32::to_le_bytes);
        let lengths: Vec<u8> = lengths.collect();
        files::write_synced(&lengths_file(folder, name), &lengths)?;
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
    encode_all(tokenizer, documents, &mut |part| {
        if part.is_first {
            if part.document > 0 {
                all.n_bytes += SEPARATOR_BYTES;
            }
            all.documents.push(1);
            all.tokens.push(tokenizer.bos());
        }
        all.n_bytes += part.n_bytes;
        if let Some(len) = all.documents.last_mut() {
            *len += part.tokens.len() as u32;
        }
        all.tokens.extend(part.tokens);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Writer, encode_all, lengths_file};
    use crate::tokenizer::Tokenizer;
    use amoozgar_data::DocumentPart;
    use tempfile::TempDir;

    #[test]
    fn a_document_in_parts_is_one_document_with_the_tokens_of_its_lines() {
        let part = |document, is_first, is_last, text: &str| DocumentPart {
            document,
            is_first,
            is_last,
            text: text.to_owned(),
        };
        let parts = [
            part(0, true, true, "برگ"),
            part(1, true, false, "گل سرخ"),
            part(1, false, false, "باد"),
            part(1, false, true, "باران"),
            part(2, true, true, "برگ"),
        ];
        let tokenizer = Tokenizer::train(["برگ گل باد".to_owned()].into_iter(), 270).unwrap();
        let folder = TempDir::new().unwrap();
        let vocab_size = tokenizer.vocab_size();
        let mut writer = Writer::create(folder.path(), "part", vocab_size).unwrap();
        encode_all(&tokenizer, parts.map(Ok).into_iter(), &mut |part| {
            writer.add(tokenizer.bos(), &part)
        })
        .unwrap();

        let n_tokens = |text: &str| tokenizer.encode(text).unwrap().len() as u32;
        let long = ["گل سرخ\n", "باد\n", "باران"]
            .map(n_tokens)
            .iter()
            .sum::<u32>();
        let expected = [1 + n_tokens("برگ"), 1 + long, 1 + n_tokens("برگ")];
        assert_eq!(
            writer.n_bytes as usize,
            "برگ\n\nگل سرخ\nباد\nباران\n\nبرگ".len(),
            "the bytes of the text with its line breaks"
        );
        let n = writer.finish(folder.path(), "part").unwrap();
        assert_eq!(n, u64::from(expected.iter().sum::<u32>()), "all tokens");
        let lengths = std::fs::read(lengths_file(folder.path(), "part")).unwrap();
        assert_eq!(
            lengths,
            expected.map(u32::to_le_bytes).concat(),
            "three documents"
        );
    }
}
