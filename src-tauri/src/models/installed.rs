//! What is on this machine: the Hub's cache, imported folders, and what runs left.

use super::contents::{self, architecture, has_weights, total_bytes};
use crate::db::Db;
use crate::error::{self, io_error};
use crate::files::within;
use crate::hold::{Settled, Use};
use crate::paths::{self, Paths};
use amoozgar_hub::{Cache, CachedRepo, Links, Origin, Repo, Snapshot};
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::installed::{InstalledFile, InstalledModel};
use amoozgar_types::job::JobRecord;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode, UtcMs};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

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
    if let ModelRef::Hub { repo, kind } = model {
        // Its files are links to what lies beside the snapshot, which the cache's reader follows safely.
        let found = scanned(paths, *kind, repo)?;
        let (_, snapshot) = whole(&found).ok_or_else(error::not_found)?;
        let listed = snapshot.files.iter().map(|file| InstalledFile {
            absolute: file.path.below(&snapshot.path).display().to_string(),
            size_bytes: file.size_bytes,
            path: file.path.to_string(),
        });
        return Ok(listed.collect());
    }
    contents::files(&folder(db, paths, user_id, model)?)
}

fn scanned(paths: &Paths, kind: RepoKind, repo: &str) -> Result<CachedRepo, ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let repo = Repo::new(kind, repo).map_err(hub_error)?;
    cache(paths).scan_repo(&repo).map_err(hub_error)
}

/// Removes a downloaded or an imported one. What a run left goes with the run. Blocks.
///
/// # Errors
/// `InUse` where a run needs it, `ModelInUse` while an answer is written with it, files of it come, it is
/// checked or goes to a disk, `StillAtWork` while it is made.
pub fn remove(
    db: &Db,
    paths: &Paths,
    user: &User,
    model: &ModelRef,
    settled: &Settled,
) -> Result<(), ApiError> {
    if matches!(model, ModelRef::Trained { .. }) {
        return Err(error::invalid_state("it goes with its run"));
    }
    if !may_delete(db, user, model)? {
        return Err(ApiError::new(ErrorCode::NotPermitted));
    }
    let place = place_of(paths, model)?;
    refuse_claimed(settled, &place)?;
    refuse_downloading(db, model)?;
    refuse_needed(db, &place, None)?;
    match model {
        ModelRef::Hub { repo, kind } => {
            let repo = Repo::new(*kind, repo).map_err(|failure| error::of_hub(&failure))?;
            cache(paths)
                .remove(&repo)
                .map_err(|failure| error::of_hub(&failure))?;
        }
        ModelRef::Imported { name } => {
            within::remove_child(&paths.models(), &imported_dir(paths, name)?)?;
        }
        ModelRef::Trained { .. } => {}
    }
    db.now(|store| store.disclaim_model(model))
}

/// The folder that goes with a model which is removed.
pub(super) fn place_of(paths: &Paths, model: &ModelRef) -> Result<PathBuf, ApiError> {
    match model {
        ModelRef::Hub { repo, kind } => {
            let repo = Repo::new(*kind, repo).map_err(|failure| error::of_hub(&failure))?;
            Ok(paths.hub_cache().join(repo.folder_name()))
        }
        ModelRef::Imported { name } => imported_dir(paths, name),
        ModelRef::Trained { job_id } => Ok(paths.job(job_id)),
    }
}

/// Refuses where a run needs the model in `folder` that it goes on from, since it has not come to its end.
/// Adapters are merged into it there. `but_for` is a run that goes itself. Blocks.
///
/// # Errors
/// `InUse`, with the run and whose it is.
pub fn refuse_needed(db: &Db, folder: &Path, but_for: Option<&JobId>) -> Result<(), ApiError> {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let lies_there = |base: &Path| {
        base.starts_with(folder)
            || base
                .canonicalize()
                .is_ok_and(|base| base.starts_with(&real))
    };
    let uses = db.now(amoozgar_store::Store::base_uses)?;
    match uses
        .iter()
        .filter(|used| but_for != Some(&used.job_id))
        .find(|used| lies_there(Path::new(&used.base_model)))
    {
        Some(used) => Err(error::in_use(&used.run, &used.owner)),
        None => Ok(()),
    }
}

/// Refuses to take away what is worked on, and says what works on it.
fn refuse_claimed(settled: &Settled, dir: &Path) -> Result<(), ApiError> {
    match settled.use_of(dir) {
        None => Ok(()),
        Some(Use::Work) => Err(ApiError::new(ErrorCode::StillAtWork)),
        Some(Use::Export) => Err(error::model_in_use("export", "")),
        Some(Use::Check) => Err(error::model_in_use("check", "")),
        Some(Use::Answer(title)) => Err(error::model_in_use("chat", &title)),
    }
}

/// Refuses to take a repository away while files of it come.
fn refuse_downloading(db: &Db, model: &ModelRef) -> Result<(), ApiError> {
    let ModelRef::Hub { repo, kind } = model else {
        return Ok(());
    };
    let live = db.now(amoozgar_store::Store::live_downloads)?;
    let comes = |download: &amoozgar_store::StoredDownload| {
        download.record.repo == *repo && download.record.kind == *kind
    };
    if live.iter().any(comes) {
        return Err(error::model_in_use("download", repo));
    }
    Ok(())
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

/// Leaves models that came into the cache which the environment names as the user's mask says. Blocks
/// briefly.
pub fn open_named(models: &[InstalledModel]) {
    for model in models {
        paths::open_named_cache(Path::new(&model.path));
    }
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
        has_adapter: false,
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

fn imported(root: &Path) -> Result<Vec<InstalledModel>, ApiError> {
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let mut models = Vec::new();
    let fail = |failure| io_error(root, &failure);
    for entry in fs::read_dir(root).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
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
    let found = contents::files(path)?;
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
        size_bytes: total_bytes(&found),
        partial_bytes: 0,
        n_files: u32::try_from(found.len()).unwrap_or(u32::MAX),
        is_unverified: false,
        has_adapter: false,
        created_ms: modified_ms(path),
        may_delete: false,
    })
}

fn trained(job: &JobRecord) -> Option<InstalledModel> {
    let dir = PathBuf::from(job.model_dir.as_ref()?);
    let found = contents::files(&dir).ok()?;
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
        size_bytes: total_bytes(&found),
        partial_bytes: 0,
        n_files: u32::try_from(found.len()).unwrap_or(u32::MAX),
        is_unverified: false,
        has_adapter: adapter_of(&dir).is_some(),
        created_ms: job.finished_ms.unwrap_or(job.created_ms),
        may_delete: false,
    })
}

/// The folder of the adapter in a run's final folder, where one was trained.
pub(super) fn adapter_of(dir: &Path) -> Option<PathBuf> {
    let adapter = dir.join("adapter");
    let is_one = adapter.join("adapter_config.json").is_file();
    is_one.then_some(adapter)
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
            whole(&scanned(paths, *kind, repo)?).map(|(_, snapshot)| snapshot.path.clone())
        }
        ModelRef::Imported { name } => Some(imported_dir(paths, name)?),
        ModelRef::Trained { job_id } => db
            .now(|store| store.job(user_id, job_id))?
            .and_then(|job| job.record.model_dir)
            .map(PathBuf::from),
    };
    dir.filter(|dir| dir.is_dir()).ok_or_else(error::not_found)
}

/// The folder of the imported model, or of the downloaded one, that people call so. Blocks.
pub fn by_name(paths: &Paths, name: &str) -> Option<PathBuf> {
    let imported = imported_dir(paths, name).ok().filter(|dir| dir.is_dir());
    imported.or_else(|| {
        let repo = Repo::new(RepoKind::Model, name).ok()?;
        let found = cache(paths).scan_repo(&repo).ok()?;
        whole(&found).map(|(_, snapshot)| snapshot.path.clone())
    })
}

/// The folder of an imported model; a name that is a path is none.
pub fn imported_dir(paths: &Paths, name: &str) -> Result<PathBuf, ApiError> {
    let plain = amoozgar_hub::FilePath::new(name).is_ok_and(|path| path.depth() == 0);
    if !plain || name.starts_with('.') {
        return Err(ApiError::invalid_field("name"));
    }
    Ok(paths.models().join(name))
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

#[cfg(test)]
#[path = "installed_tests.rs"]
mod tests;
