//! What a small text gives, known before the run by doing it: how large a vocabulary it fills, and how
//! many tokens it is. Of a large text the wish for a vocabulary is always met.

use crate::setup::base_model;
use crate::tokenizer::Tokenizer;
use crate::{EngineError, threads};
use amoozgar_data::{Documents, Examples};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Task;
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
    let classifies = spec.task == Task::SequenceClassification;
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
        // A document of a small text comes in one part.
        Documents::open(path)?
            .map(|part| Ok(part?.text))
            .collect::<Result<_, EngineError>>()?
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{SMALL_BYTES, known};
    use amoozgar_types::TrainSpec;
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    fn spec(path: &Path) -> TrainSpec {
        serde_json::from_value(serde_json::json!({
            "dataset": { "train": path },
            "tokenizer": { "vocab_size": 4096 },
            "threads": 2
        }))
        .unwrap()
    }

    #[test]
    fn a_small_text_is_read_and_read_again_once_it_has_changed() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text.txt");
        fs::write(&path, "بلبلی برگ گلی\n\nخوش‌رنگ در منقار داشت").unwrap();
        let few = known(&spec(&path)).unwrap();
        assert_eq!(few.n_documents, 2, "a blank line parts them");
        assert!(
            few.vocab_size < 400,
            "two lines do not fill a vocabulary of 4096: {few:?}"
        );
        assert!(few.n_tokens > 2, "one before each document, and the words");
        fs::write(&path, "بلبلی برگ گلی خوش‌رنگ\n\n".repeat(50)).unwrap();
        let many = known(&spec(&path)).unwrap();
        assert_eq!(many.n_documents, 50, "the text of now, not of before");
    }

    #[test]
    fn nothing_is_known_of_a_large_text_a_missing_one_and_a_tokenizer_that_is_there() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("text.txt");
        assert_eq!(known(&spec(&path)), None, "there is no file");
        fs::write(&path, "برگ ".repeat(SMALL_BYTES as usize / 4)).unwrap();
        assert_eq!(known(&spec(&path)), None, "reading it would take long");
        fs::write(&path, "برگ گل").unwrap();
        let mut tuned = spec(&path);
        tuned.base_model = Some(folder.path().display().to_string());
        tuned.method = amoozgar_types::spec::Method::Lora;
        assert_eq!(known(&tuned), None, "its model brings the tokenizer");
    }
}
