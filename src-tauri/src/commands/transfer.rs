//! Models that come from a disk and go to one: offline bundles, folders, other caches.

use super::models::{self, collect, has_weights, imported_dir, imported_model, installed_repo};
use super::{Answer, Request};
use crate::db::{Db, blocking};
use crate::error::{self, io_error};
use crate::files;
use crate::paths::Paths;
use crate::state::App;
use amoozgar_hub::{
    BundleForm, Cache, Control, Copied, HubError, Links, MANIFEST, Repo, Revision, Unpacked, Watch,
};
use amoozgar_types::id::UserId;
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::{
    ExportForm, ModelExported, ModelImported, ModelsExport, ModelsImport, ModelsTransferStop,
    TransferProgress,
};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tauri::State;
use tauri::ipc::Channel;

const COPY_BYTES: usize = 1 << 20;
/// Of an imported model's name: file systems take 255 bytes, and a number may follow.
const MAX_NAME_CHARS: usize = 100;
/// Between two tellings.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Before that a guess at what remains is worth nothing.
const GUESS_AFTER: Duration = Duration::from_secs(1);

/// Brings a folder, an offline bundle or a cache of the Hub here.
#[tauri::command]
pub async fn models_import(
    state: State<'_, App>,
    request: Request<ModelsImport>,
    channel: Channel<TransferProgress>,
) -> Answer<ModelsImport> {
    let user = state.user()?;
    let from = absolute(&request.path)?;
    let watch = watch_of(state.begin_transfer(), channel);
    let paths = state.paths.clone();
    let imported = match form_of(&from)? {
        Form::Bundle => bundle(&paths, &from, &watch).await,
        Form::Cache => adopted(&models::cache(&paths), &from, &watch).await,
        Form::Model => blocking(move || folder(&paths, &from, &watch)).await,
    };
    match imported {
        Ok(models) => {
            let db = state.db.clone();
            Ok(ModelImported {
                models: blocking(move || claimed(&db, &user, models)).await?,
                stopped: false,
            })
        }
        Err(failure) if is_stop(&failure) => Ok(ModelImported {
            models: Vec::new(),
            stopped: true,
        }),
        Err(failure) => Err(failure),
    }
}

/// Writes down who brought models. Blocks.
fn claimed(
    db: &Db,
    user: &User,
    mut models: Vec<InstalledModel>,
) -> Result<Vec<InstalledModel>, ApiError> {
    for model in &mut models {
        db.now(|store| store.claim_model(&user.user_id, &model.model))?;
        model.may_delete = models::may_delete(db, user, &model.model)?;
    }
    Ok(models)
}

/// Writes a model or a dataset as an offline bundle.
#[tauri::command]
pub async fn models_export(
    state: State<'_, App>,
    request: Request<ModelsExport>,
    channel: Channel<TransferProgress>,
) -> Answer<ModelsExport> {
    let user_id = state.user_id()?;
    let to = absolute(&request.path)?;
    let form = match request.form {
        ExportForm::Folder => BundleForm::Folder,
        ExportForm::Zip => BundleForm::Zip,
    };
    let (db, paths) = (state.db.clone(), state.paths.clone());
    let source = blocking(move || source_of(&db, &paths, &user_id, &request.model)).await?;
    let watch = watch_of(state.begin_transfer(), channel);
    let exported = match &source {
        Source::Snapshot(repo, revision) => {
            let cache = models::cache(&state.paths);
            amoozgar_hub::export(&cache, repo, revision, form, &to, &watch).await
        }
        Source::Folder(dir, name) => {
            amoozgar_hub::export_folder(dir, name, form, &to, &watch).await
        }
    };
    match exported {
        Ok(manifest) => Ok(ModelExported {
            path: to.display().to_string(),
            n_files: u32::try_from(manifest.files.len()).unwrap_or(u32::MAX),
            size_bytes: manifest.files.iter().map(|file| file.size_bytes).sum(),
            stopped: false,
        }),
        Err(HubError::Stopped) => Ok(ModelExported {
            path: to.display().to_string(),
            n_files: 0,
            size_bytes: 0,
            stopped: true,
        }),
        Err(failure) => Err(error::of_hub(&failure)),
    }
}

/// Stops the import or export under way.
#[tauri::command]
pub async fn models_transfer_stop(
    state: State<'_, App>,
    request: Request<ModelsTransferStop>,
) -> Answer<ModelsTransferStop> {
    let () = request;
    state.user()?;
    state.stop_transfer();
    Ok(())
}

/// What is exported.
enum Source {
    /// A revision in the Hub's cache.
    Snapshot(Repo, Revision),
    /// A folder that came from no Hub, with its name.
    Folder(PathBuf, String),
}

/// Where what is exported lies. Blocks.
fn source_of(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<Source, ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let (repo, kind) = match model {
        ModelRef::Hub { repo, kind } => (repo, *kind),
        ModelRef::Imported { name } => {
            let dir = models::folder(db, paths, user_id, model)?;
            return Ok(Source::Folder(dir, name.clone()));
        }
        ModelRef::Trained { job_id } => {
            let dir = models::folder(db, paths, user_id, model)?;
            let job = db.now(|store| store.job(user_id, job_id))?;
            let name = job.ok_or_else(error::not_found)?.record.name;
            return Ok(Source::Folder(dir, name));
        }
    };
    let repo = Repo::new(models::kind_of(kind), repo).map_err(hub_error)?;
    let found = models::cache(paths).scan_repo(&repo).map_err(hub_error)?;
    let model = installed_repo(&found).ok_or_else(error::not_found)?;
    let revision = model.revision.as_deref().unwrap_or_default();
    let revision = Revision::new(revision).map_err(hub_error)?;
    Ok(Source::Snapshot(repo, revision))
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// An offline bundle of this program.
    Bundle,
    /// A cache of the Hub, or one repository's folder in one.
    Cache,
    /// A folder with weights.
    Model,
}

fn form_of(from: &Path) -> Result<Form, ApiError> {
    let about = fs::metadata(from).map_err(|failure| io_error(from, &failure))?;
    if about.is_file() || from.join(MANIFEST).is_file() {
        // What a file really is, the bundle's reader says.
        return Ok(Form::Bundle);
    }
    if cache_of(from).is_some() {
        return Ok(Form::Cache);
    }
    if has_weights(from) {
        return Ok(Form::Model);
    }
    Err(ApiError::with(
        ErrorCode::InvalidModel,
        ErrorParams {
            path: Some(from.display().to_string()),
            ..ErrorParams::default()
        },
    ))
}

/// The cache that a folder is, with the repositories that are meant: all of them, or the one whose
/// folder was named. `$HF_HOME` has its cache in `hub`.
fn cache_of(from: &Path) -> Option<(Cache, Vec<Repo>)> {
    let named = from
        .file_name()
        .and_then(|name| Repo::from_folder_name(&name.to_string_lossy()))
        .filter(|_| from.join("snapshots").is_dir());
    if let (Some(repo), Some(root)) = (named, from.parent()) {
        return Some((Cache::new(root, Links::Auto), vec![repo]));
    }
    [from.to_owned(), from.join("hub")]
        .into_iter()
        .find_map(|root| {
            let cache = Cache::new(root, Links::Auto);
            let found = cache.scan().ok()?;
            let repos: Vec<Repo> = found
                .repos
                .into_iter()
                .filter(|found| !found.snapshots.is_empty())
                .map(|found| found.repo)
                .collect();
            (!repos.is_empty()).then_some((cache, repos))
        })
}

async fn bundle(
    paths: &Paths,
    from: &Path,
    watch: &Watch,
) -> Result<Vec<InstalledModel>, ApiError> {
    let cache = models::cache(paths);
    let half = half(paths)?;
    let unpacked = amoozgar_hub::import(&cache, &half, from, watch)
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let snapshot = match unpacked {
        Unpacked::Snapshot(snapshot) => snapshot,
        Unpacked::Folder { name } => return placed(paths, &half, &name),
    };
    let folder = snapshot.path.ancestors().nth(2).and_then(Path::file_name);
    let repo = folder.and_then(|name| Repo::from_folder_name(&name.to_string_lossy()));
    let found = cache
        .scan_repo(&repo.ok_or_else(error::not_found)?)
        .map_err(|failure| error::of_hub(&failure))?;
    Ok(installed_repo(&found).into_iter().collect())
}

/// Where a model lies until it is here as a whole, so that a half of it is never listed.
fn half(paths: &Paths) -> Result<PathBuf, ApiError> {
    files::create_dir(&paths.models())?;
    let half = paths.models().join(".importing");
    files::remove_dir(&half)?;
    Ok(half)
}

/// Puts what is whole among the imported models.
fn placed(paths: &Paths, half: &Path, name: &str) -> Result<Vec<InstalledModel>, ApiError> {
    let to = free_name(paths, &file_name(paths, name))?;
    fs::rename(half, &to)
        .and_then(|()| files::sync_dir(&paths.models()))
        .map_err(|failure| io_error(&to, &failure))?;
    imported_model(&to).map(|model| vec![model])
}

/// A name that every system takes for a folder, as close as can be to the one that people gave.
fn file_name(paths: &Paths, name: &str) -> String {
    let fit = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let plain: String = name.chars().map(|c| if fit(c) { c } else { '-' }).collect();
    let plain: String = plain.chars().take(MAX_NAME_CHARS).collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if imported_dir(paths, plain).is_ok() {
        plain.to_owned()
    } else {
        // A device's name on Windows, or nothing that is left.
        format!("model {plain}").trim().to_owned()
    }
}

async fn adopted(
    cache: &Cache,
    from: &Path,
    watch: &Watch,
) -> Result<Vec<InstalledModel>, ApiError> {
    let (theirs, repos) = cache_of(from).ok_or_else(error::not_found)?;
    if theirs.root() == cache.root() {
        return Err(ApiError::invalid_field("path"));
    }
    let mut models = Vec::new();
    for repo in repos {
        amoozgar_hub::adopt(cache, &theirs, &repo, watch)
            .await
            .map_err(|failure| error::of_hub(&failure))?;
        let found = cache
            .scan_repo(&repo)
            .map_err(|failure| error::of_hub(&failure))?;
        models.extend(installed_repo(&found));
    }
    Ok(models)
}

/// Copies a folder in the Hub's form among the imported models.
fn folder(paths: &Paths, from: &Path, watch: &Watch) -> Result<Vec<InstalledModel>, ApiError> {
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let half = half(paths)?;
    let mut found = Vec::new();
    collect(from, "", &mut found)?;
    let mut copied = Copied {
        done_bytes: 0,
        total_bytes: found.iter().map(|file| file.size_bytes).sum(),
        file: String::new(),
    };
    for file in &found {
        // A name that would mean something else on another system is refused on each.
        let place = amoozgar_hub::FilePath::new(&file.path)
            .map_err(|failure| error::of_hub(&failure))?
            .below(&half);
        copied.file.clone_from(&file.path);
        let whole = copy(Path::new(&file.absolute), &place, &mut copied, watch)?;
        if !whole {
            files::remove_dir(&half)?;
            return Err(stop());
        }
    }
    placed(paths, &half, &name)
}

/// The folder of a name that is not taken.
fn free_name(paths: &Paths, name: &str) -> Result<PathBuf, ApiError> {
    let first = imported_dir(paths, name)?;
    if !first.exists() {
        return Ok(first);
    }
    (2..1000)
        .map(|number| imported_dir(paths, &format!("{name} {number}")))
        .find(|dir| dir.as_ref().map_or(true, |dir| !dir.exists()))
        .unwrap_or_else(|| Err(ApiError::invalid_field("path")))
}

fn copy(from: &Path, to: &Path, copied: &mut Copied, watch: &Watch) -> Result<bool, ApiError> {
    let fail = |failure: &std::io::Error| io_error(to, failure);
    if let Some(parent) = to.parent() {
        files::create_dir(parent)?;
    }
    let mut source = File::open(from).map_err(|failure| io_error(from, &failure))?;
    let mut target = File::create(to).map_err(|failure| fail(&failure))?;
    let mut buffer = vec![0; COPY_BYTES];
    (watch.told)(copied);
    loop {
        let n = source
            .read(&mut buffer)
            .map_err(|failure| io_error(from, &failure))?;
        if watch.control.wish().is_some() {
            return Ok(false);
        }
        let bytes = buffer.get(..n).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        target.write_all(bytes).map_err(|failure| fail(&failure))?;
        copied.done_bytes += n as u64;
        (watch.told)(copied);
    }
    target.sync_all().map_err(|failure| fail(&failure))?;
    Ok(true)
}

pub(super) fn absolute(path: &str) -> Result<PathBuf, ApiError> {
    let path = PathBuf::from(path.trim());
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(ApiError::invalid_field("path"))
    }
}

/// Tells over `channel` how far the copying is, with what remains, until `control` stops it.
pub(super) fn watch_of(control: Control, channel: Channel<TransferProgress>) -> Watch {
    let began = Instant::now();
    let last = Mutex::new(None::<Instant>);
    Watch {
        control,
        told: Arc::new(move |copied: &Copied| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            let is_last = copied.done_bytes == copied.total_bytes;
            if !is_last && last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
                return;
            }
            *last = Some(Instant::now());
            let progress = TransferProgress {
                done_bytes: copied.done_bytes,
                total_bytes: copied.total_bytes,
                file: Some(copied.file.clone()).filter(|file| !file.is_empty()),
                remaining_s: remaining_s(began.elapsed(), copied),
            };
            if channel.send(progress).is_err() {
                tracing::debug!("nobody watches the copy");
            }
        }),
    }
}

/// What remains, at the speed so far.
fn remaining_s(elapsed: Duration, copied: &Copied) -> Option<f64> {
    if elapsed < GUESS_AFTER || copied.done_bytes == 0 {
        return None;
    }
    let remaining = copied.total_bytes.saturating_sub(copied.done_bytes);
    Some(elapsed.as_secs_f64() * remaining as f64 / copied.done_bytes as f64)
}

fn stop() -> ApiError {
    error::of_hub(&HubError::Stopped)
}

fn is_stop(failure: &ApiError) -> bool {
    *failure == stop()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Form, file_name, folder, form_of, is_stop};
    use crate::paths::Paths;
    use amoozgar_hub::{Copied, Stop, Watch};
    use amoozgar_types::ErrorCode;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use tempfile::TempDir;

    fn model(dir: &Path) -> PathBuf {
        let from = dir.join("مدل من");
        fs::create_dir_all(from.join("1_Pooling")).unwrap();
        fs::write(from.join("config.json"), r#"{"model_type":"bert"}"#).unwrap();
        fs::write(from.join("model.safetensors"), vec![7; (9 << 20) + 1]).unwrap();
        fs::write(from.join("1_Pooling/config.json"), "{}").unwrap();
        from
    }

    fn bench() -> (TempDir, Paths, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(dir.path().join("data"))).unwrap();
        let from = model(dir.path());
        (dir, paths, from)
    }

    #[test]
    fn a_folder_is_imported_whole_and_a_second_one_gets_a_name_of_its_own() {
        let (_dir, paths, from) = bench();
        assert_eq!(form_of(&from).unwrap(), Form::Model);
        let first = folder(&paths, &from, &Watch::default()).unwrap();
        assert_eq!(first[0].name, "مدل من");
        assert_eq!(first[0].architecture.as_deref(), Some("bert"));
        assert_eq!(first[0].n_files, 3, "with what lies in folders");
        let second = folder(&paths, &from, &Watch::default()).unwrap();
        assert_eq!(second[0].name, "مدل من 2", "nothing is overwritten");
    }

    #[test]
    fn a_name_that_people_gave_becomes_one_that_every_system_takes() {
        let (_dir, paths, _) = bench();
        for (name, taken) in [
            ("شعر حافظ", "شعر حافظ"),
            ("نثر/نظم: «۱۴۰۳»", "نثر-نظم- «۱۴۰۳»"),
            ("..", "model"),
            (" .پنهان. ", "پنهان"),
            ("con", "model con"),
        ] {
            assert_eq!(file_name(&paths, name), taken, "`{name}`");
        }
        assert_eq!(file_name(&paths, &"ی".repeat(500)).chars().count(), 100);
    }

    #[test]
    fn a_stopped_import_leaves_nothing() {
        let (_dir, paths, from) = bench();
        let control = amoozgar_hub::Control::new();
        let watch = Watch {
            told: {
                let control = control.clone();
                Arc::new(move |copied: &Copied| {
                    if copied.done_bytes > 0 {
                        control.stop(Stop::Cancel);
                    }
                })
            },
            control,
        };
        let failure = folder(&paths, &from, &watch).unwrap_err();
        assert!(is_stop(&failure), "{failure}");
        let left = fs::read_dir(paths.models()).unwrap().count();
        assert_eq!(left, 0, "not even a half of it");
    }

    #[test]
    fn what_is_no_model_is_refused_and_a_cache_is_known_by_its_folders() {
        let (dir, _, _) = bench();
        let empty = dir.path().join("empty");
        fs::create_dir(&empty).unwrap();
        assert_eq!(
            form_of(&empty).unwrap_err().code,
            ErrorCode::InvalidModel,
            "an empty folder"
        );
        assert_eq!(
            form_of(&dir.path().join("none")).unwrap_err().code,
            ErrorCode::FileNotFound,
            "no folder at all"
        );
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let repo = dir.path().join("home/hub/models--a--b");
        fs::create_dir_all(repo.join("snapshots").join(commit)).unwrap();
        fs::create_dir_all(repo.join("blobs")).unwrap();
        fs::create_dir_all(repo.join("refs")).unwrap();
        fs::write(repo.join("refs/main"), commit).unwrap();
        fs::write(
            repo.join("snapshots").join(commit).join("config.json"),
            "{}",
        )
        .unwrap();
        for path in [
            repo.clone(),
            dir.path().join("home/hub"),
            dir.path().join("home"),
        ] {
            assert_eq!(form_of(&path).unwrap(), Form::Cache, "{}", path.display());
        }
    }
}
