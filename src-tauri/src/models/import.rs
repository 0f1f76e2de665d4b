//! Models that come from a disk: GGUF files, offline bundles, folders, other caches.

use super::contents::has_weights;
use super::half::{Half, file_name};
use super::installed::{self, imported_model, installed_repo};
use crate::db::{Db, blocking};
use crate::error::{self, io_error};
use crate::files;
use crate::hold::Settled;
use crate::paths::Paths;
use crate::process::Inspector;
use amoozgar_hub::{
    Cache, Copied, FolderFile, HubError, Links, MANIFEST, Repo, Unpacked, Watch, model_files,
    open_regular,
};
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::ModelImported;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const COPY_BYTES: usize = 1 << 20;

/// What is to be imported.
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What a GGUF file's model is to be called.
    pub name: Option<String>,
}

/// Brings a GGUF file, a folder, an offline bundle or a cache of the Hub here, for `user`. `settled` lasts as long
/// as that takes, so that no move begins meanwhile.
pub async fn import(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user: User,
    source: Source,
    watch: Watch,
    mut settled: Settled,
) -> Result<ModelImported, ApiError> {
    let Source { path: from, name } = source;
    let imported = match form_of(&from)? {
        Form::Bundle => {
            inspector.bundle(&from).await?;
            bundle(paths, &from, &watch, &settled).await
        }
        Form::Cache => adopted(&installed::cache(paths), &from, &watch).await,
        form @ (Form::Gguf | Form::Model) => {
            let found = match form {
                Form::Gguf => Some(inspector.gguf(&from).await?),
                _ => None,
            };
            let paths = paths.clone();
            let copying = blocking(move || {
                let models = match found {
                    Some(files) => {
                        let name = name.unwrap_or_else(|| from.display().to_string());
                        let name = model_name(&name);
                        gguf(&paths, &files, &name, &watch, &settled)
                    }
                    None => folder(&paths, &from, &watch, &settled),
                };
                Ok((models, settled))
            });
            let (models, kept) = copying.await?;
            settled = kept;
            models
        }
    };
    let answer = match imported {
        Ok(models) => {
            let db = db.clone();
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
    };
    drop(settled);
    answer
}

/// Writes down who brought models. Blocks.
fn claimed(
    db: &Db,
    user: &User,
    mut models: Vec<InstalledModel>,
) -> Result<Vec<InstalledModel>, ApiError> {
    for model in &mut models {
        db.now(|store| store.claim_model(&user.user_id, &model.model))?;
        model.may_delete = installed::may_delete(db, user, &model.model)?;
    }
    Ok(models)
}

/// A model's name by its GGUF file, or by what another program calls it: without the folders before it, the
/// ending, and the number of a part.
fn model_name(called: &str) -> String {
    let last = called.rsplit(['/', '\\']).next().unwrap_or(called);
    let stem = last.strip_suffix(".gguf").unwrap_or(last);
    let part = stem.rsplit_once("-of-").and_then(|(rest, n_parts)| {
        let (name, number) = rest.rsplit_once('-')?;
        let is_count = |digits: &str| digits.len() == 5 && digits.parse::<u32>().is_ok();
        (is_count(number) && is_count(n_parts)).then_some(name)
    });
    part.unwrap_or(stem).to_owned()
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// An offline bundle of this program.
    Bundle,
    /// A cache of the Hub, or one repository's folder in one.
    Cache,
    /// A GGUF file, or one part of a model's.
    Gguf,
    /// A folder with weights.
    Model,
}

fn form_of(from: &Path) -> Result<Form, ApiError> {
    let about = fs::metadata(from).map_err(|failure| io_error(from, &failure))?;
    if about.is_file() && is_gguf(from)? {
        return Ok(Form::Gguf);
    }
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

fn is_gguf(file: &Path) -> Result<bool, ApiError> {
    let mut start = Vec::new();
    open_regular(file)
        .and_then(|opened| opened.take(4).read_to_end(&mut start))
        .map_err(|failure| io_error(file, &failure))?;
    Ok(start == b"GGUF")
}

/// The cache that a folder is, with the repositories that are meant: all of them, or the one whose
/// folder, or a snapshot of which, was named. `$HF_HOME` has its cache in `hub`.
fn cache_of(from: &Path) -> Option<(Cache, Vec<Repo>)> {
    // A snapshot has links to files beside it, which no folder takes along.
    let snapshots = from.parent().filter(|dir| dir.ends_with("snapshots"));
    let from = snapshots.and_then(Path::parent).unwrap_or(from);
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
    settled: &Settled,
) -> Result<Vec<InstalledModel>, ApiError> {
    let cache = installed::cache(paths);
    let half = Half::begin(paths, settled)?;
    let unpacked = amoozgar_hub::import(&cache, half.path(), from, watch)
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let snapshot = match unpacked {
        Unpacked::Snapshot(snapshot) => snapshot,
        Unpacked::Folder { name } => {
            return imported_model(&half.place(&name)?).map(|model| vec![model]);
        }
    };
    let folder = snapshot.path.ancestors().nth(2).and_then(Path::file_name);
    let repo = folder.and_then(|name| Repo::from_folder_name(&name.to_string_lossy()));
    let found = cache
        .scan_repo(&repo.ok_or_else(error::not_found)?)
        .map_err(|failure| error::of_hub(&failure))?;
    Ok(installed_repo(&found).into_iter().collect())
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
    let mut refused = None;
    for repo in repos {
        match amoozgar_hub::adopt(cache, &theirs, &repo, watch).await {
            Ok(_) => {}
            // What cannot be taken of one repository does not keep the others away.
            Err(failure @ (HubError::KnownOtherwise { .. } | HubError::OnlyPickle { .. })) => {
                refused.get_or_insert(failure);
                continue;
            }
            Err(failure) => return Err(error::of_hub(&failure)),
        }
        let found = cache
            .scan_repo(&repo)
            .map_err(|failure| error::of_hub(&failure))?;
        models.extend(installed_repo(&found));
    }
    match refused {
        Some(failure) if models.is_empty() => Err(error::of_hub(&failure)),
        _ => Ok(models),
    }
}

/// A file of a model on its way here.
struct Part {
    from: PathBuf,
    /// Its place in the model's folder.
    to: PathBuf,
    size_bytes: u64,
}

/// Copies a folder in the Hub's form among the imported models: nothing but regular files that lie in
/// it, under names that every system can write, without pickle and programs.
fn folder(
    paths: &Paths,
    from: &Path,
    watch: &Watch,
    settled: &Settled,
) -> Result<Vec<InstalledModel>, ApiError> {
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let found = model_files(from, &name).map_err(|failure| error::of_hub(&failure))?;
    let part = |file: &FolderFile| Part {
        from: file.path.below(from),
        to: file.path.below(Path::new("")),
        size_bytes: file.size_bytes,
    };
    let parts: Vec<Part> = found.iter().map(part).collect();
    copied(paths, &parts, &name, watch, settled)
}

/// Copies a model in GGUF, whose header a child found sound, among the imported ones. The file of one that
/// is not in parts is called as the model is, since other programs name theirs by a hash.
fn gguf(
    paths: &Paths,
    found: &[PathBuf],
    name: &str,
    watch: &Watch,
    settled: &Settled,
) -> Result<Vec<InstalledModel>, ApiError> {
    let is_whole = found.len() == 1;
    let part = |from: &PathBuf| {
        let about = fs::metadata(from).map_err(|failure| io_error(from, &failure))?;
        let own = from.file_name().unwrap_or_default().to_string_lossy();
        let to = if is_whole {
            format!("{}.gguf", file_name(paths, name))
        } else {
            own.into_owned()
        };
        Ok(Part {
            from: from.clone(),
            to: PathBuf::from(to),
            size_bytes: about.len(),
        })
    };
    let parts = found
        .iter()
        .map(part)
        .collect::<Result<Vec<_>, ApiError>>()?;
    copied(paths, &parts, name, watch, settled)
}

/// Copies a model among the imported ones.
fn copied(
    paths: &Paths,
    parts: &[Part],
    name: &str,
    watch: &Watch,
    settled: &Settled,
) -> Result<Vec<InstalledModel>, ApiError> {
    let mut copied = Copied {
        done_bytes: 0,
        // Lengths that have no sum are more than any disk has.
        total_bytes: parts
            .iter()
            .fold(0, |total, part| total.saturating_add(part.size_bytes)),
        file: String::new(),
    };
    watch
        .check_space(&paths.models(), copied.total_bytes)
        .map_err(|failure| error::of_hub(&failure))?;
    let half = Half::begin(paths, settled)?;
    for part in parts {
        copied.file = part.to.display().to_string();
        copy(part, half.path(), &mut copied, watch)?;
    }
    imported_model(&half.place(name)?).map(|model| vec![model])
}

/// Copies a file as long as it was when it was looked at.
fn copy(part: &Part, half: &Path, copied: &mut Copied, watch: &Watch) -> Result<(), ApiError> {
    let (from, to) = (part.from.clone(), half.join(&part.to));
    let fail = |failure: &io::Error| io_error(&to, failure);
    if let Some(parent) = to.parent() {
        files::create_dir(parent)?;
    }
    let source = open_regular(&from).map_err(|failure| io_error(&from, &failure))?;
    let mut source = source.take(part.size_bytes.saturating_add(1));
    let mut target = File::create_new(&to).map_err(|failure| fail(&failure))?;
    let (mut buffer, mut n_copied) = (vec![0; COPY_BYTES], 0);
    (watch.told)(copied);
    loop {
        let n = source
            .read(&mut buffer)
            .map_err(|failure| io_error(&from, &failure))?;
        if watch.control.wish().is_some() {
            return Err(stop());
        }
        let bytes = buffer.get(..n).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        target.write_all(bytes).map_err(|failure| fail(&failure))?;
        n_copied += n as u64;
        copied.done_bytes += n as u64;
        (watch.told)(copied);
    }
    if n_copied != part.size_bytes {
        let changed = io::Error::new(io::ErrorKind::InvalidData, "it changed meanwhile");
        return Err(io_error(&from, &changed));
    }
    target.sync_all().map_err(|failure| fail(&failure))
}

fn stop() -> ApiError {
    error::of_hub(&HubError::Stopped)
}

fn is_stop(failure: &ApiError) -> bool {
    *failure == stop()
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
