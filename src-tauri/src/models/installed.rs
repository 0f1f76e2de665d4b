//! What is on this machine: the Hub's cache, imported folders, and what runs left.

use crate::db::Db;
use crate::error::{self, io_error};
use crate::files;
use crate::hold::Settled;
use crate::paths::Paths;
use amoozgar_hub::{Cache, CachedRepo, Links, Origin, Repo, Snapshot};
use amoozgar_types::id::UserId;
use amoozgar_types::installed::{InstalledFile, InstalledModel};
use amoozgar_types::job::JobRecord;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode, UtcMs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Bytes of a configuration, or of an index of weights, at the most: that of the largest models has nine
/// million. The window reads no file of a model that is larger.
const SMALL_BYTES: u64 = 16 << 20;

/// Everything that is here as a whole, latest first. Blocks.
pub fn all(db: &Db, paths: &Paths, user: &User) -> Result<Vec<InstalledModel>, ApiError> {
    let jobs = db.now(|store| store.jobs(&user.user_id))?;
    let mut models = downloaded(&cache(paths))?;
    models.extend(imported(&paths.models())?);
    for model in &mut models {
        model.may_delete = may_delete(db, user, &model.model)?;
    }
    models.extend(jobs.iter().filter_map(trained));
    models.sort_by(|a, b| b.created_ms.cmp(&a.created_ms).then(a.name.cmp(&b.name)));
    Ok(models)
}

/// The files of one of them. Blocks.
pub fn files_of(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<Vec<InstalledFile>, ApiError> {
    let mut found = Vec::new();
    collect(&folder(db, paths, user_id, model)?, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Removes a downloaded or an imported one. What a run left goes with the run. Blocks.
pub fn remove(
    db: &Db,
    paths: &Paths,
    user: &User,
    model: &ModelRef,
    _settled: &Settled,
) -> Result<(), ApiError> {
    if matches!(model, ModelRef::Trained { .. }) {
        return Err(error::invalid_state("it goes with its run"));
    }
    if !may_delete(db, user, model)? {
        return Err(ApiError::new(ErrorCode::NotPermitted));
    }
    match model {
        ModelRef::Hub { repo, kind } => {
            let repo = Repo::new(*kind, repo).map_err(|failure| error::of_hub(&failure))?;
            cache(paths)
                .remove(&repo)
                .map_err(|failure| error::of_hub(&failure))?;
        }
        ModelRef::Imported { name } => files::remove_dir(&imported_dir(paths, name)?)?,
        ModelRef::Trained { .. } => {}
    }
    db.now(|store| store.disclaim_model(model))
}

/// Whether a user may remove what all share.
pub fn may_delete(db: &Db, user: &User, model: &ModelRef) -> Result<bool, ApiError> {
    Ok(user.role == Role::Administrator
        || db.now(|store| store.brought_model(&user.user_id, model))?)
}

/// The cache that downloads go to.
pub fn cache(paths: &Paths) -> Cache {
    Cache::new(paths.hub_cache(), Links::Auto)
}

/// The repositories that are here as a whole.
pub struct InstalledRepos(HashSet<(RepoKind, String)>);

impl InstalledRepos {
    /// Those of a cache. Blocks.
    pub fn of(cache: &Cache) -> Result<Self, ApiError> {
        let scan = cache.scan().map_err(|failure| error::of_hub(&failure))?;
        let whole = scan.repos.iter().filter(|found| whole(found).is_some());
        Ok(Self(
            whole
                .map(|found| (found.repo.kind(), found.repo.id().to_owned()))
                .collect(),
        ))
    }

    /// Whether one is among them.
    pub fn holds(&self, kind: RepoKind, repo: &str) -> bool {
        self.0.contains(&(kind, repo.to_owned()))
    }
}

/// The models and datasets of a cache. Blocks.
fn downloaded(cache: &Cache) -> Result<Vec<InstalledModel>, ApiError> {
    let scan = cache.scan().map_err(|failure| error::of_hub(&failure))?;
    for (path, problem) in &scan.problems {
        tracing::warn!(path = %path.display(), %problem, "a folder of the cache cannot be read");
    }
    Ok(scan.repos.iter().filter_map(installed_repo).collect())
}

/// A repository of a cache as lists show it; `None` where it is not here as a whole.
pub fn installed_repo(found: &CachedRepo) -> Option<InstalledModel> {
    let (revision, snapshot) = whole(found)?;
    let kind = found.repo.kind();
    Some(InstalledModel {
        model: ModelRef::Hub {
            repo: found.repo.id().to_owned(),
            kind,
        },
        name: found.repo.id().to_owned(),
        kind,
        architecture: architecture(&snapshot.path),
        revision: Some(revision.to_owned()),
        commit: Some(snapshot.commit.to_string()),
        path: snapshot.path.display().to_string(),
        size_bytes: found.size_bytes,
        partial_bytes: found.partial_bytes,
        n_files: u32::try_from(snapshot.files.len()).unwrap_or(u32::MAX),
        is_unverified: snapshot.origin == Origin::Unverified,
        created_ms: modified_ms(&snapshot.path),
        may_delete: false,
    })
}

/// The snapshot that a reference names and that lacks nothing: what the Hub gave before what an import
/// says of itself, `main` before others. Other programs leave snapshots with a part of the files.
pub(super) fn whole(found: &CachedRepo) -> Option<(&str, &Snapshot)> {
    let mut named: Vec<(&str, &Snapshot)> = found
        .refs
        .iter()
        .filter_map(|(name, commit)| {
            let snapshot = found.snapshots.iter().find(|one| one.commit == *commit)?;
            Some((name.as_str(), snapshot))
        })
        .collect();
    named.sort_by_key(|(name, snapshot)| (snapshot.origin != Origin::Hub, *name != "main", *name));
    named
        .into_iter()
        .find(|(_, snapshot)| match found.repo.kind() {
            RepoKind::Model => has_weights(&snapshot.path),
            RepoKind::Dataset => true,
        })
}

/// Whether a folder has weights: the whole file, which is read before any index, or all parts that an index
/// names.
pub fn has_weights(dir: &Path) -> bool {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    if dir.join("model.safetensors").is_file() {
        return true;
    }
    let index = dir.join("model.safetensors.index.json");
    if index.exists() {
        return read_json::<Index>(&index).is_some_and(|index| {
            let names: HashSet<&String> = index.weight_map.values().collect();
            !names.is_empty() && names.iter().all(|name| dir.join(name).is_file())
        });
    }
    entries(dir).is_ok_and(|entries| {
        entries.iter().any(|path| {
            let is_form = path
                .extension()
                .is_some_and(|ending| ending == "safetensors" || ending == "gguf");
            is_form && path.is_file()
        })
    })
}

fn imported(root: &Path) -> Result<Vec<InstalledModel>, ApiError> {
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let mut models = Vec::new();
    for path in entries(root)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && has_weights(&path) {
            models.push(imported_model(&path)?);
        }
    }
    Ok(models)
}

/// An imported folder as lists show it.
pub fn imported_model(path: &Path) -> Result<InstalledModel, ApiError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut found = Vec::new();
    collect(path, "", &mut found)?;
    Ok(InstalledModel {
        model: ModelRef::Imported {
            name: name.clone().into_owned(),
        },
        name: name.into_owned(),
        kind: RepoKind::Model,
        architecture: architecture(path),
        revision: None,
        commit: None,
        path: path.display().to_string(),
        size_bytes: found.iter().map(|file| file.size_bytes).sum(),
        partial_bytes: 0,
        n_files: u32::try_from(found.len()).unwrap_or(u32::MAX),
        is_unverified: false,
        created_ms: modified_ms(path),
        may_delete: false,
    })
}

fn trained(job: &JobRecord) -> Option<InstalledModel> {
    let dir = PathBuf::from(job.model_dir.as_ref()?);
    let mut found = Vec::new();
    collect(&dir, "", &mut found).ok()?;
    Some(InstalledModel {
        model: ModelRef::Trained {
            job_id: job.job_id.clone(),
        },
        name: job.name.clone(),
        kind: RepoKind::Model,
        architecture: architecture(&dir),
        revision: None,
        commit: None,
        path: dir.display().to_string(),
        size_bytes: found.iter().map(|file| file.size_bytes).sum(),
        partial_bytes: 0,
        n_files: u32::try_from(found.len()).unwrap_or(u32::MAX),
        is_unverified: false,
        created_ms: job.finished_ms.unwrap_or(job.created_ms),
        may_delete: false,
    })
}

/// The folder of one of them. Blocks.
pub fn folder(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<PathBuf, ApiError> {
    let dir = match model {
        ModelRef::Hub { repo, kind } => {
            let repo = Repo::new(*kind, repo).map_err(|failure| error::of_hub(&failure))?;
            let found = cache(paths)
                .scan_repo(&repo)
                .map_err(|failure| error::of_hub(&failure))?;
            whole(&found).map(|(_, snapshot)| snapshot.path.clone())
        }
        ModelRef::Imported { name } => Some(imported_dir(paths, name)?),
        ModelRef::Trained { job_id } => db
            .now(|store| store.job(user_id, job_id))?
            .and_then(|job| job.record.model_dir)
            .map(PathBuf::from),
    };
    dir.filter(|dir| dir.is_dir()).ok_or_else(error::not_found)
}

/// The folder of an imported model; a name that is a path is none.
pub fn imported_dir(paths: &Paths, name: &str) -> Result<PathBuf, ApiError> {
    let plain = amoozgar_hub::FilePath::new(name).is_ok_and(|path| path.depth() == 0);
    if !plain || name.starts_with('.') {
        return Err(ApiError::invalid_field("name"));
    }
    Ok(paths.models().join(name))
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

/// What a small file says; `None` where it is none, or not small.
fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let mut text = String::new();
    let n_bytes = fs::File::open(path)
        .and_then(|file| file.take(SMALL_BYTES + 1).read_to_string(&mut text))
        .ok()?;
    if n_bytes as u64 > SMALL_BYTES {
        tracing::warn!(path = %path.display(), "a model's file is larger than any such file should be");
        return None;
    }
    serde_json::from_str(&text).ok()
}

fn modified_ms(path: &Path) -> UtcMs {
    fs::metadata(path)
        .and_then(|found| found.modified())
        .ok()
        .and_then(|when| when.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| {
            UtcMs::try_from(since.as_millis()).unwrap_or(UtcMs::MAX)
        })
}

/// Every file below a folder, links followed to what they show.
pub fn collect(dir: &Path, prefix: &str, found: &mut Vec<InstalledFile>) -> Result<(), ApiError> {
    for path in entries(dir)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let place = format!("{prefix}{name}");
        let about = fs::metadata(&path).map_err(|failure| io_error(&path, &failure))?;
        if about.is_dir() {
            collect(&path, &format!("{place}/"), found)?;
        } else {
            found.push(InstalledFile {
                absolute: path.display().to_string(),
                size_bytes: about.len(),
                path: place,
            });
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, ApiError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
    };
    read().map_err(|failure| io_error(dir, &failure))
}

#[cfg(test)]
#[path = "installed_tests.rs"]
mod tests;
