//! `amoozgar inspect`: looks at what people bring (a dataset, a model's folder, an offline bundle) in a
//! process that may fail over it. [`main`] is the child, [`Inspector`] the window's side.

use super::ask::Answerer;
use super::requests;
use crate::error::{self, io_error};
use amoozgar_types::installed::BaseFitness;
use amoozgar_types::process::{DatasetSummary, InspectRequest, ModelFolder};
use amoozgar_types::{ApiError, ErrorCode};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;

/// Memory of a child that looks at files, which it reads as streams.
const MEMORY_BYTES: u64 = 512 << 20;
/// How many of them there are at once: a list need not wait for an import.
const N_AT_ONCE: usize = 2;
/// How long one waits for the next request.
const STAYS_WARM: Duration = Duration::from_secs(20);
/// How long a look at small files may take.
const LOOK_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a dataset that a slow disk and a slow processor get through in a second, at the least.
const SLOWEST_BYTES_PER_S: u64 = 1 << 20;
/// Characters of a row that a preview shows.
const MAX_ROW_CHARS: usize = 2000;

/// The child: answers requests until its input closes.
pub fn main() -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    requests::serve(answer)
}

fn answer(request: InspectRequest) -> Result<serde_json::Value, ApiError> {
    match request {
        InspectRequest::Dataset { path } => encoded(&dataset(Path::new(&path))?),
        InspectRequest::Rows {
            path,
            offset,
            limit,
        } => encoded(&rows(Path::new(&path), offset, limit as usize)?),
        InspectRequest::ModelFolder { path } => encoded(&model_folder(Path::new(&path))),
        InspectRequest::Bundle { path } => encoded(
            &amoozgar_hub::check_bundle(Path::new(&path))
                .map_err(|failure| error::of_hub(&failure))?,
        ),
    }
}

fn encoded(answer: &impl serde::Serialize) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(answer)
        .map_err(|failure| error::internal("an answer could not be encoded", &failure))
}

fn dataset(path: &Path) -> Result<DatasetSummary, ApiError> {
    let found = amoozgar_engine::inspect(path).map_err(|failure| error::of_engine(&failure))?;
    Ok(DatasetSummary {
        format: found.format,
        n_rows: found.n_rows,
        size_bytes: found.size_bytes,
    })
}

fn rows(path: &Path, offset: u64, limit: usize) -> Result<Vec<String>, ApiError> {
    let rows = amoozgar_engine::preview(path, offset, limit)
        .map_err(|failure| error::of_engine(&failure))?;
    Ok(rows.iter().map(|row| cut(row)).collect())
}

fn cut(row: &str) -> String {
    let end = row.char_indices().nth(MAX_ROW_CHARS);
    end.and_then(|(end, _)| row.get(..end))
        .unwrap_or(row)
        .to_owned()
}

/// What the small files of a model's folder say. Reads them as a whole, so that it belongs into a child;
/// blocks.
pub fn model_folder(dir: &Path) -> ModelFolder {
    ModelFolder {
        architecture: architecture(dir),
        has_weights: has_weights(dir),
        fitness: amoozgar_engine::base_fitness(dir),
    }
}

/// `model_type` of a configuration.
fn architecture(dir: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        model_type: Option<String>,
    }
    let config: Config = read_json(&dir.join("config.json"))?;
    config.model_type
}

/// Whether a folder has weights, all parts of them where an index names several.
fn has_weights(dir: &Path) -> bool {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let index = dir.join("model.safetensors.index.json");
    if index.exists() {
        return read_json::<Index>(&index).is_some_and(|index| {
            let names: HashSet<&String> = index.weight_map.values().collect();
            !names.is_empty() && names.iter().all(|name| dir.join(name).is_file())
        });
    }
    fs::read_dir(dir).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let path = entry.path();
            let is_form = path
                .extension()
                .is_some_and(|ending| ending == "safetensors" || ending == "gguf");
            is_form && path.is_file()
        })
    })
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    let file = File::open(path).ok()?;
    serde_json::from_reader(BufReader::new(file)).ok()
}

/// The window's side: asks children, and remembers what they said of a folder until it changes.
pub struct Inspector {
    child: Answerer,
    runtime: Handle,
    folders: Mutex<HashMap<PathBuf, (Stamp, ModelFolder)>>,
}

/// Changes where anything directly in a folder does.
type Stamp = u64;

impl Inspector {
    /// One that asks children of `program`, on the current runtime.
    pub fn new(program: &Path) -> Self {
        Self {
            child: Answerer::new(program, "inspect", N_AT_ONCE, STAYS_WARM),
            runtime: Handle::current(),
            folders: Mutex::default(),
        }
    }

    /// Reads a dataset's file as a whole.
    ///
    /// # Errors
    /// What is wrong with the file, or that the child could not get through it.
    pub async fn dataset(&self, path: &Path) -> Result<DatasetSummary, ApiError> {
        let request = InspectRequest::Dataset {
            path: path.display().to_string(),
        };
        let summary = self.child.ask(&request, MEMORY_BYTES, reading(path)?).await;
        summary.map_err(|failure| at(failure, path))
    }

    /// The texts of some rows of a dataset's file, the long ones cut.
    ///
    /// # Errors
    /// As [`Inspector::dataset`].
    pub async fn rows(
        &self,
        path: &Path,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<String>, ApiError> {
        let request = InspectRequest::Rows {
            path: path.display().to_string(),
            offset,
            limit,
        };
        let rows = self.child.ask(&request, MEMORY_BYTES, reading(path)?).await;
        rows.map_err(|failure| at(failure, path))
    }

    /// Whether an offline bundle can be imported, as far as its list of files says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn bundle(&self, path: &Path) -> Result<(), ApiError> {
        let request = InspectRequest::Bundle {
            path: path.display().to_string(),
        };
        let checked = self.child.ask(&request, MEMORY_BYTES, LOOK_LIMIT).await;
        checked.map_err(|failure| at(failure, path))
    }

    /// What a model's folder holds. One that no child can get through is listed as unknown.
    pub async fn model_folder(&self, dir: &Path) -> ModelFolder {
        let stamp = stamp(dir);
        if let Some(known) = self.known(dir, stamp) {
            return known;
        }
        let request = InspectRequest::ModelFolder {
            path: dir.display().to_string(),
        };
        let asked = self.child.ask(&request, MEMORY_BYTES, LOOK_LIMIT).await;
        let found = asked.unwrap_or_else(|failure: ApiError| {
            tracing::warn!(dir = %dir.display(), error = %failure, "a model's folder cannot be looked at");
            ModelFolder {
                architecture: None,
                has_weights: true,
                fitness: BaseFitness::UnknownArchitecture,
            }
        });
        self.folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(dir.to_owned(), (stamp, found.clone()));
        found
    }

    /// [`Inspector::model_folder`] for a thread that may block.
    pub fn model_folder_now(&self, dir: &Path) -> ModelFolder {
        self.runtime.block_on(self.model_folder(dir))
    }

    fn known(&self, dir: &Path, stamp: Stamp) -> Option<ModelFolder> {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, found) = folders.get(dir)?;
        (*then == stamp).then(|| found.clone())
    }
}

/// How long it may take to read a file as a whole.
fn reading(path: &Path) -> Result<Duration, ApiError> {
    let about = fs::metadata(path).map_err(|failure| io_error(path, &failure))?;
    Ok(LOOK_LIMIT + Duration::from_secs(about.len() / SLOWEST_BYTES_PER_S))
}

/// A child that ended over a file names it.
fn at(mut failure: ApiError, path: &Path) -> ApiError {
    if matches!(
        failure.code,
        ErrorCode::ProcessDied | ErrorCode::ProcessOutOfMemory | ErrorCode::ProcessTimedOut
    ) {
        failure.params.path = Some(path.display().to_string());
    }
    failure
}

fn stamp(dir: &Path) -> Stamp {
    let mut files: Vec<(std::ffi::OsString, u64, Option<SystemTime>)> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            // What a link shows, not the link.
            let about = fs::metadata(entry.path()).ok()?;
            Some((entry.file_name(), about.len(), about.modified().ok()))
        })
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{has_weights, model_folder, stamp};
    use std::fs;

    #[test]
    fn a_folder_has_weights_only_with_all_parts_that_its_index_names() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!has_weights(dir.path()), "an empty folder");
        fs::write(dir.path().join("model-1.safetensors"), "").unwrap();
        assert!(has_weights(dir.path()), "one part without an index");
        let index = r#"{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}"#;
        fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
        assert!(!has_weights(dir.path()), "the second part is missing");
        fs::write(dir.path().join("model-2.safetensors"), "").unwrap();
        assert!(has_weights(dir.path()), "now it is whole");
    }

    #[test]
    fn what_is_remembered_of_a_folder_is_forgotten_when_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let before = stamp(dir.path());
        fs::write(dir.path().join("config.json"), r#"{"model_type":"llama"}"#).unwrap();
        assert_ne!(stamp(dir.path()), before, "a new file");
        assert_eq!(
            model_folder(dir.path()).architecture.as_deref(),
            Some("llama"),
            "and what it says"
        );
    }
}
