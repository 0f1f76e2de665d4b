//! What another cache holds, brought into this one: each file is copied and held against the hash
//! that its blob's name promises, so a damaged cache does not spread. That the hashes are the Hub's is
//! the other cache's word alone, so what is new stays unverified and what is known stays as it is.

use crate::HubError;
use crate::api::RemoteFile;
use crate::bundle::{Copying, Watch, copy_hashed};
use crate::cache::{Cache, CachedFile, CachedRepo, Folder, Origin, Snapshot};
use crate::error::blocking;
use crate::files;
use crate::repo::{FilePath, Oid, Repo, Revision};
use crate::select::without_programs;
use crate::verify::hash_file;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Takes every whole snapshot of `repo` in `from` that a reference names into `cache`, without pickle
/// and programs. A snapshot that `cache` does not know yet is [`Origin::Unverified`].
///
/// # Errors
/// [`HubError::NotCached`] where there is none, [`HubError::WrongHash`] where a file is damaged,
/// [`HubError::KnownOtherwise`] and [`HubError::OnlyPickle`] where no snapshot can be taken,
/// [`HubError::DiskFull`] before one is copied, [`HubError::Stopped`] where the watch's control says
/// so.
pub async fn adopt(
    cache: &Cache,
    from: &Cache,
    repo: &Repo,
    watch: &Watch,
) -> Result<Vec<Snapshot>, HubError> {
    let (cache, from, repo, watch) = (cache.clone(), from.clone(), repo.clone(), watch.clone());
    blocking(move || {
        let found = from.scan_repo(&repo)?;
        let mut adopted = Vec::new();
        let mut refused = None;
        let _held = cache.lock(&repo)?;
        for (revision, snapshot) in named(&found) {
            match take(&cache, &repo, &revision, snapshot, &watch) {
                Ok(()) => adopted.extend(cache.find(&repo, &revision)?),
                // Another reference may have what can be taken.
                Err(failure @ (HubError::KnownOtherwise { .. } | HubError::OnlyPickle { .. })) => {
                    tracing::warn!(%failure, %revision, "a snapshot is not taken over");
                    refused.get_or_insert(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        match refused {
            _ if !adopted.is_empty() => Ok(adopted),
            Some(failure) => Err(failure),
            None => Err(HubError::NotCached {
                repo: repo.to_string(),
                revision: Revision::main().to_string(),
            }),
        }
    })
    .await
}

/// The snapshots that references name.
fn named(found: &CachedRepo) -> impl Iterator<Item = (Revision, &Snapshot)> {
    found.refs.iter().filter_map(|(name, commit)| {
        let snapshot = found.snapshots.iter().find(|one| one.commit == *commit)?;
        Some((Revision::new(name).ok()?, snapshot))
    })
}

fn take(
    cache: &Cache,
    repo: &Repo,
    revision: &Revision,
    snapshot: &Snapshot,
    watch: &Watch,
) -> Result<(), HubError> {
    let chosen: Vec<&CachedFile> = without_programs(
        repo.kind(),
        repo.id(),
        snapshot.files.iter().collect(),
        |file| file.path.as_str(),
    )?;
    let mut wanted = Vec::new();
    for file in chosen {
        wanted.push(promised(snapshot, file)?);
    }
    let folder = Folder::of(cache, repo);
    let missing = folder.begin_import(repo, &snapshot.commit, revision, &wanted)?;
    let taken = take_files(&folder, snapshot, revision, &wanted, &missing, watch);
    folder.end_import(&snapshot.commit)?;
    taken
}

/// A file with the hash that its blob's name promises, else with the one that it has.
fn promised(snapshot: &Snapshot, file: &CachedFile) -> Result<RemoteFile, HubError> {
    let oid = if let Some(oid) = &file.oid {
        oid.clone()
    } else {
        let kind = Oid::Sha256(String::new());
        Oid::Sha256(hash_file(&file.path.below(&snapshot.path), &kind)?)
    };
    Ok(RemoteFile {
        path: file.path.clone(),
        size_bytes: file.size_bytes,
        oid,
    })
}

fn take_files(
    folder: &Folder,
    snapshot: &Snapshot,
    revision: &Revision,
    wanted: &[RemoteFile],
    missing: &HashSet<FilePath>,
    watch: &Watch,
) -> Result<(), HubError> {
    let bytes_of = |is_missing: bool| -> u64 {
        wanted
            .iter()
            .filter(|file| missing.contains(&file.path) == is_missing)
            .map(|file| file.size_bytes)
            .sum()
    };
    watch.check_space(folder.path(), bytes_of(true))?;
    let mut copying = Copying::new(watch, bytes_of(true) + bytes_of(false));
    copying.skip(bytes_of(false));
    for file in wanted.iter().filter(|file| missing.contains(&file.path)) {
        copying.file(file.path.as_str());
        take_file(folder, &file.path.below(&snapshot.path), file, &mut copying)?;
    }
    folder
        .place(&snapshot.commit, revision, wanted, Origin::Unverified)
        .map(drop)
}

fn take_file(
    folder: &Folder,
    from: &Path,
    file: &RemoteFile,
    copying: &mut Copying<'_>,
) -> Result<(), HubError> {
    let fail = |source| HubError::io(from, source);
    let mut source = files::open_regular(from).map_err(fail)?;
    let temporary = folder.partial().join("adopted.import");
    files::remove(&temporary)?;
    let mut out = files::open_to_write(&temporary)?;
    let copied = copy_hashed(
        &mut source,
        &mut out,
        file.size_bytes,
        Some(&file.oid),
        copying,
    );
    let hashes = match copied.map_err(fail) {
        Ok(Some(hashes)) => hashes,
        ended => {
            files::remove(&temporary)?;
            return Err(ended.err().unwrap_or(HubError::Stopped));
        }
    };
    let found = hashes.oid.unwrap_or(hashes.sha256);
    if found != file.oid.as_str() {
        files::remove(&temporary)?;
        return Err(HubError::WrongHash {
            path: file.path.to_string(),
            expected: file.oid.to_string(),
            found,
        });
    }
    out.sync_all()
        .and_then(|()| fs::rename(&temporary, folder.blob(&file.oid)))
        .map_err(|source| HubError::io(&temporary, source))
}
