//! What a small text gives, known before the run by doing it: how large a vocabulary it fills, and how
//! many tokens it is. Of a large text the wish for a vocabulary is always met.

use crate::data::Documents;
use crate::labelled::Examples;
use crate::tokenizer::Tokenizer;
use crate::trainer::base_model;
use crate::{EngineError, threads};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Method;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Size of a text that is tokenized before the run: a fraction of a second.
const SMALL_BYTES: u64 = 1 << 20;

/// What a text gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) vocab_size: usize,
    /// Tokens, one before each document.
    pub(crate) n_tokens: u64,
    pub(crate) n_documents: u64,
}

/// What the run's text gives, where it is small, can be read, and gets a tokenizer of its own.
pub(crate) fn known(spec: &TrainSpec) -> Option<Known> {
    static KNOWN: Mutex<Option<HashMap<String, Option<Known>>>> = Mutex::new(None);
    if base_model(spec).ok()?.is_some() {
        return None;
    }
    let path = Path::new(&spec.dataset.train);
    let metadata = path.metadata().ok()?;
    if metadata.len() > SMALL_BYTES {
        return None;
    }
    let classifies = spec.method == Method::Classify;
    let size = spec.tokenizer.vocab_size;
    let (n_bytes, changed) = (metadata.len(), metadata.modified().ok());
    let key = format!(
        "{} {n_bytes} {changed:?} {size} {classifies}",
        path.display()
    );
    let mut memory = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = memory.get_or_insert_default();
    if let Some(known) = memory.get(&key) {
        return *known;
    }
    // What is wrong with the text is told when it is imported and when the run begins.
    let found = find_out(path, classifies, size, spec.threads).ok();
    memory.insert(key, found);
    found
}

fn find_out(
    path: &Path,
    classifies: bool,
    vocab_size: usize,
    n_threads: Option<usize>,
) -> Result<Known, EngineError> {
    let texts: Vec<String> = if classifies {
        Examples::open(path)?
            .map(|example| Ok(example?.text))
            .collect::<Result<_, EngineError>>()?
    } else {
        Documents::open(path)?.collect::<Result<_, _>>()?
    };
    threads::pool(threads::count(n_threads))?.install(|| {
        let tokenizer = Tokenizer::train(texts.clone().into_iter(), vocab_size)?;
        let mut n_tokens = 0;
        for text in &texts {
            n_tokens += 1 + tokenizer.encode(text)?.len() as u64;
        }
        Ok(Known {
            vocab_size: tokenizer.vocab_size(),
            n_tokens,
            n_documents: texts.len() as u64,
        })
    })
}
