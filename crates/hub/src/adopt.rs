//! What another cache holds, brought into this one: each file is copied and held against the hash
//! that its blob's name promises, so a damaged cache does not spread.

use crate::HubError;
use crate::api::RemoteFile;
use crate::bundle::{Copying, Watch, copy_hashed};
use crate::cache::{Cache, Folder, Snapshot};
use crate::error::blocking;
use crate::files;
use crate::repo::{Commit, Oid, Repo, Revision};
use std::fs::{self, File};
use std::path::Path;

/// Takes every whole snapshot of `repo` in `from` that a reference names into `cache`.
///
/// # Errors
/// [`HubError::NotCached`] where there is none, [`HubError::WrongHash`] where a file is damaged,
/// [`HubError::Stopped`] where the watch's control says so.
pub async fn adopt(
    cache: &Cache,
    from: &Cache,
    repo: &Repo,
    watch: &Watch,
) -> Result<Vec<Snapshot>, HubError> {
    let (cache, from, repo, watch) = (cache.clone(), from.clone(), repo.clone(), watch.clone());
    blocking(move || {
        let found = from.scan_repo(&repo)?;
        let wanted: Vec<(Revision, &Snapshot)> = found
            .refs
            .iter()
            .filter_map(|(name, commit)| {
                let snapshot = found.snapshots.iter().find(|one| one.commit == *commit)?;
                Some((Revision::new(name).ok()?, snapshot))
            })
            .collect();
        if wanted.is_empty() {
            return Err(HubError::NotCached {
                repo: repo.to_string(),
                revision: Revision::main().to_string(),
            });
        }
        let _held = cache.lock(&repo)?;
        let folder = Folder::of(&cache, &repo);
        folder.create()?;
        let total = wanted.iter().flat_map(|(_, snapshot)| &snapshot.files);
        let mut copying = Copying::new(&watch, total.map(|file| file.size_bytes).sum());
        let mut adopted = Vec::new();
        for (revision, snapshot) in wanted {
            let files = take(&folder, snapshot, &mut copying)?;
            place(&folder, &snapshot.commit, &revision, &files)?;
            adopted.extend(cache.find(&repo, &revision)?);
        }
        Ok(adopted)
    })
    .await
}

fn place(
    folder: &Folder,
    commit: &Commit,
    revision: &Revision,
    files: &[RemoteFile],
) -> Result<(), HubError> {
    folder.place(commit, revision, files).map(drop)
}

fn take(
    folder: &Folder,
    snapshot: &Snapshot,
    copying: &mut Copying<'_>,
) -> Result<Vec<RemoteFile>, HubError> {
    let mut taken = Vec::new();
    for file in &snapshot.files {
        let from = file.path.below(&snapshot.path);
        let known = file.oid.clone().map(|oid| RemoteFile {
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            oid,
        });
        if let Some(known) = known
            && folder.holds(&snapshot.commit, &known)?
        {
            copying.skip(known.size_bytes);
            taken.push(known);
            continue;
        }
        copying.file(file.path.as_str());
        taken.push(take_file(
            folder,
            &from,
            file.oid.as_ref(),
            file.path.clone(),
            copying,
        )?);
    }
    Ok(taken)
}

fn take_file(
    folder: &Folder,
    from: &Path,
    oid: Option<&Oid>,
    path: crate::FilePath,
    copying: &mut Copying<'_>,
) -> Result<RemoteFile, HubError> {
    let fail = |source| HubError::io(from, source);
    let mut source = File::open(from).map_err(fail)?;
    let size_bytes = source.metadata().map_err(fail)?.len();
    let temporary = folder.partial().join("adopted.import");
    files::remove(&temporary)?;
    let mut out = files::open_to_write(&temporary)?;
    let copied = copy_hashed(&mut source, &mut out, size_bytes, oid, copying);
    let hashes = match copied.map_err(fail) {
        Ok(Some(hashes)) => hashes,
        ended => {
            files::remove(&temporary)?;
            return Err(ended.err().unwrap_or(HubError::Stopped));
        }
    };
    let found = hashes.oid.unwrap_or_else(|| hashes.sha256.clone());
    let oid = match oid {
        Some(oid) if oid.as_str() == found => oid.clone(),
        Some(oid) => {
            files::remove(&temporary)?;
            return Err(HubError::WrongHash {
                path: path.to_string(),
                expected: oid.to_string(),
                found,
            });
        }
        None => Oid::Sha256(hashes.sha256),
    };
    out.sync_all()
        .and_then(|()| fs::rename(&temporary, folder.blob(&oid)))
        .map_err(|source| HubError::io(&temporary, source))?;
    Ok(RemoteFile {
        path,
        size_bytes,
        oid,
    })
}
