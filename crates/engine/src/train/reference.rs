//! The log-probabilities of pairs' answers by the model as it is before training, which DPO measures against.
//! They are computed once and kept beside the run's tokens, so that no second model is in memory.
//!
//! The model that a run starts from gives them: fresh adapters add nothing, and where all weights are trained
//! none has moved yet. Their file is named after the text, the base model's weights and how these are computed
//! with, and holds a hash of its content: another model's or a damaged one is never taken.

use super::corpus::{Corpus, Part, Progress};
use super::preference::{Reference, log_probabilities, passes};
use crate::EngineError;
use crate::files::DurableFile;
use crate::model::{Model, in_gguf};
use crate::setup::{base_model, storage_of};
use crate::weights::safetensors;
use amoozgar_types::TrainSpec;
use amoozgar_types::event::LoadingStage;
use amoozgar_types::spec::Method;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Raised when the same pairs get other numbers.
const VERSION: u32 = 1;
/// How often what has been computed is written, so that a crash costs no more.
const KEEP_EVERY: Duration = Duration::from_secs(30);
/// Bytes of the hash before the numbers.
const HASH_BYTES: usize = 32;

/// Those of the pairs to learn and of the held-out ones.
pub(super) fn reference(
    spec: &TrainSpec,
    model: &Model,
    corpus: &Corpus,
    progress: &mut Progress<'_>,
) -> Result<[Vec<Reference>; 2], EngineError> {
    progress.at(LoadingStage::Reference, 0.0)?;
    let path = file(spec, corpus)?;
    let parts = [&corpus.train, &corpus.validation];
    let counts = parts.map(|part| part.documents.len() / 2);
    let n = counts[0] + counts[1];
    let mut known = read(&path)
        .filter(|known| known.len() <= n)
        .unwrap_or_default();
    let mut written = known.len();
    let mut since = Instant::now();
    for (part, before) in parts.into_iter().zip([0, counts[0]]) {
        let whole = rest(part, known.len().saturating_sub(before));
        for indices in whole {
            let done = known.len() as f64 / n.max(1) as f64;
            if let Err(stopped) = progress.at(LoadingStage::Reference, done) {
                write(&path, &known)?;
                return Err(stopped);
            }
            known.extend(log_probabilities(model, part, indices)?);
            if since.elapsed() >= KEEP_EVERY {
                write(&path, &known)?;
                (written, since) = (known.len(), Instant::now());
            }
        }
    }
    if written < known.len() {
        write(&path, &known)?;
    }
    model.let_go_of_buffers();
    progress.at(LoadingStage::Reference, 1.0)?;
    let validation = known.split_off(counts[0].min(known.len()));
    Ok([known, validation])
}

/// The passes over a part of which `n_done` pairs are measured; what is written ends where a pass does.
fn rest(part: &Part, n_done: usize) -> Vec<std::ops::Range<usize>> {
    let all = passes(&part.conversations()).into_iter();
    let left = all.filter_map(|pass| {
        let start = pass.start.max(n_done);
        (start < pass.end).then_some(start..pass.end)
    });
    left.collect()
}

/// Where they are kept.
fn file(spec: &TrainSpec, corpus: &Corpus) -> Result<PathBuf, EngineError> {
    let mut hash = blake3::Hasher::new();
    let storage = match spec.method {
        Method::Lora => format!("{:?}", storage_of(spec)),
        Method::Scratch | Method::Full => String::new(),
    };
    hash.update(format!("{VERSION} {} {storage} {:?}", corpus.key, spec.dtype).as_bytes());
    if let Some(base) = base_model(spec)? {
        for file in weight_files(base)? {
            hash.update(safetensors::hash_of(&file)?.as_bytes());
        }
    }
    let key = hash.finalize().to_hex();
    let name = format!("reference-{}.bin", key.get(..32).unwrap_or(&key));
    Ok(corpus.tokenizer_file.with_file_name(name))
}

/// The files of a model's weights.
fn weight_files(base: &Path) -> Result<Vec<PathBuf>, EngineError> {
    if let Some(file) = in_gguf(base)? {
        return Ok(vec![file]);
    }
    let fail = |source| EngineError::io(base, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(base).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|kind| kind == "safetensors") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn write(path: &Path, known: &[Reference]) -> Result<(), EngineError> {
    let bytes = known.iter().flatten().flat_map(|logp| logp.to_le_bytes());
    let bytes: Vec<u8> = bytes.collect();
    let mut file = DurableFile::create(path)?;
    file.write(blake3::hash(&bytes).as_bytes())?;
    file.write(&bytes)?;
    file.finish()
}

/// What is kept; `None` where nothing is, or it is damaged.
fn read(path: &Path) -> Option<Vec<Reference>> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, bytes) = bytes.split_at_checked(HASH_BYTES)?;
    if blake3::hash(bytes).as_bytes() != hash {
        tracing::warn!(path = %path.display(), "the reference's numbers are damaged and computed again");
        return None;
    }
    let (numbers, _) = bytes.as_chunks::<8>();
    let numbers: Vec<f64> = numbers
        .iter()
        .map(|&eight| f64::from_le_bytes(eight))
        .collect();
    let (pairs, _) = numbers.as_chunks::<2>();
    Some(pairs.to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{read, write};

    #[test]
    fn what_is_damaged_is_not_taken() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("reference.bin");
        let known = vec![[-1.5, -2.5], [-3.0, -4.0]];
        write(&path, &known).unwrap();
        assert_eq!(read(&path), Some(known), "as it was written");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path), None, "one bit is another");
        std::fs::write(&path, &bytes[..40]).unwrap();
        assert_eq!(read(&path), None, "cut off");
        assert_eq!(read(&folder.path().join("absent")), None);
    }
}
