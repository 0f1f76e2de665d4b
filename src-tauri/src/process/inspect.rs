//! `amoozgar inspect`: looks at what people bring (a dataset, a model's folder, an offline bundle) in a
//! process that may fail over it. [`main`] is the child, [`Inspector`] the window's side.

use super::ask::Answerer;
use super::requests;
use super::worker::read_spec;
use crate::error::{self, io_error};
use amoozgar_engine::{PreviewRequest, RecipeRequest};
use amoozgar_types::chat::ConversationsPreview;
use amoozgar_types::installed::BaseFitness;
use amoozgar_types::ipc::RowChoices;
use amoozgar_types::library::{ModelFacts, Recipe, RecipeProgram};
use amoozgar_types::process::{DatasetRows, DatasetSummary, InspectRequest};
use amoozgar_types::spec::Lessons;
use amoozgar_types::{ApiError, ErrorCode};
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;

/// Memory of a child that looks at files, which it reads as streams.
const MEMORY_BYTES: u64 = 512 << 20;
/// Conversations that a preview shows.
const N_SHOWN: u32 = 5;
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
        InspectRequest::Conversations {
            path,
            model_dir,
            shape,
            mapping,
            supervise,
            thinking,
            context,
            limit,
        } => {
            let request = PreviewRequest {
                data: Path::new(&path),
                shape,
                mapping: &mapping,
                lessons: Lessons {
                    supervise,
                    thinking,
                },
                model_dir: Path::new(&model_dir),
                context: context as usize,
                n_rows: limit as usize,
            };
            let preview = amoozgar_engine::preview_conversations(&request);
            encoded(&preview.map_err(|failure| error::of_engine(&failure))?)
        }
        InspectRequest::ModelFolder { path } => {
            encoded(&amoozgar_engine::base_fitness(Path::new(&path)))
        }
        InspectRequest::Gguf { path } => encoded(
            &amoozgar_engine::gguf_files(Path::new(&path))
                .map_err(|failure| error::of_engine(&failure))?,
        ),
        InspectRequest::About { path } => encoded(
            &amoozgar_engine::about(Path::new(&path))
                .map_err(|failure| error::of_engine(&failure))?,
        ),
        InspectRequest::Recipe { spec, program, out } => {
            let spec = read_spec(Path::new(&spec))?;
            let request = RecipeRequest {
                spec: &spec,
                program,
                out: Path::new(&out),
            };
            let written = amoozgar_engine::write_recipe(&request);
            encoded(&written.map_err(|failure| error::of_engine(&failure))?)
        }
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
    amoozgar_data::inspect(path).map_err(|failure| error::of_data(&failure))
}

fn rows(path: &Path, offset: u64, limit: usize) -> Result<DatasetRows, ApiError> {
    amoozgar_data::preview(path, offset, limit, MAX_ROW_CHARS)
        .map_err(|failure| error::of_data(&failure))
}

/// The window's side: asks children, and remembers what they said of a folder until it changes.
pub struct Inspector {
    child: Answerer,
    runtime: Handle,
    folders: Mutex<HashMap<PathBuf, (Stamp, BaseFitness)>>,
    facts: Mutex<HashMap<PathBuf, (Stamp, ModelFacts)>>,
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
            facts: Mutex::default(),
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
    ) -> Result<DatasetRows, ApiError> {
        let request = InspectRequest::Rows {
            path: path.display().to_string(),
            offset,
            limit,
        };
        let rows = self.child.ask(&request, MEMORY_BYTES, reading(path)?).await;
        rows.map_err(|failure| at(failure, path))
    }

    /// Some conversations of a dataset's file as the model of a folder would learn them.
    ///
    /// # Errors
    /// What is wrong with the file or the model, or that the child could not get through them.
    pub async fn conversations(
        &self,
        path: &Path,
        model_dir: &Path,
        rows: &RowChoices,
        context: u32,
    ) -> Result<ConversationsPreview, ApiError> {
        let request = InspectRequest::Conversations {
            path: path.display().to_string(),
            model_dir: model_dir.display().to_string(),
            shape: rows.shape,
            mapping: rows.mapping.clone(),
            supervise: rows.supervise,
            thinking: rows.thinking,
            context,
            limit: N_SHOWN,
        };
        let shown = self.child.ask(&request, MEMORY_BYTES, reading(path)?).await;
        shown.map_err(|failure| at(failure, path))
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

    /// All files of the model that a GGUF file is a part of, once its header was found sound.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn gguf(&self, path: &Path) -> Result<Vec<PathBuf>, ApiError> {
        let request = InspectRequest::Gguf {
            path: path.display().to_string(),
        };
        let files = self.child.ask(&request, MEMORY_BYTES, LOOK_LIMIT).await;
        files.map_err(|failure| at(failure, path))
    }

    /// Whether a run can go on from the model of a folder. One that no child can get through is unknown.
    pub async fn fitness(&self, dir: &Path) -> BaseFitness {
        let stamp = stamp(dir);
        if let Some(known) = self.known(dir, stamp) {
            return known;
        }
        let request = InspectRequest::ModelFolder {
            path: dir.display().to_string(),
        };
        let asked = self.child.ask(&request, MEMORY_BYTES, LOOK_LIMIT).await;
        let found = asked.unwrap_or_else(|failure: ApiError| {
            tracing::warn!(dir = %dir.display(), error = %failure, "no child can look at a model's folder");
            BaseFitness::UnknownArchitecture
        });
        self.folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(dir.to_owned(), (stamp, found.clone()));
        found
    }

    /// What a model's files say of it, its fertility on Persian included.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn about(&self, dir: &Path) -> Result<ModelFacts, ApiError> {
        let stamp = stamp(dir);
        let known = {
            let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
            facts.get(dir).cloned()
        };
        if let Some((_, facts)) = known.filter(|(then, _)| *then == stamp) {
            return Ok(facts);
        }
        let request = InspectRequest::About {
            path: dir.display().to_string(),
        };
        let asked = self.child.ask(&request, MEMORY_BYTES, LOOK_LIMIT).await;
        let found: ModelFacts = asked.map_err(|failure| at(failure, dir))?;
        self.facts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(dir.to_owned(), (stamp, found.clone()));
        Ok(found)
    }

    /// Writes the settings and the data of the run in `spec` (its `job.json`, whose data lies in `data`) for
    /// another program.
    ///
    /// # Errors
    /// Where the program has no such runs, or something cannot be read or written.
    pub async fn recipe(
        &self,
        spec: &Path,
        data: &Path,
        program: RecipeProgram,
        out: &Path,
    ) -> Result<Recipe, ApiError> {
        let request = InspectRequest::Recipe {
            spec: spec.display().to_string(),
            program,
            out: out.display().to_string(),
        };
        // It is read twice, and written.
        let limit = 3 * reading(data)?;
        let written = self.child.ask(&request, MEMORY_BYTES, limit).await;
        written.map_err(|failure| at(failure, spec))
    }

    /// Waits for an answer, on a thread that may block.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    fn known(&self, dir: &Path, stamp: Stamp) -> Option<BaseFitness> {
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
    use super::stamp;
    use std::fs;

    #[test]
    fn what_is_remembered_of_a_folder_is_forgotten_when_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let empty = stamp(dir.path());
        fs::write(dir.path().join("config.json"), "{}").unwrap();
        let with_file = stamp(dir.path());
        assert_ne!(with_file, empty, "a new file");
        fs::write(dir.path().join("config.json"), "{ }").unwrap();
        assert_ne!(stamp(dir.path()), with_file, "a longer one");
    }
}
