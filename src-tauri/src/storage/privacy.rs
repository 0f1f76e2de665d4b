//! Closing to others what earlier versions left open to them: folders of 0755, files of 0644. What is
//! written now is closed from its first byte (`files::modes`).
//!
//! What a start touches in any case is closed at once: the database with its companions, the pointer, the
//! logs, and the folders of runs, datasets, models and downloads, behind which nothing can be reached.
//! What lies in those follows in the background, once for each place and each form of this repair.
//!
//! Not closed are the cache of the Hub that the environment names, which other programs and perhaps other
//! users share, and a data folder that a person named: other things of theirs may lie there.

use crate::db::Db;
use crate::files::modes;
use crate::paths::place::PARTS;
use crate::paths::{IDENTIFIER, Paths};
use amoozgar_types::ApiError;
use std::fs;
use std::path::Path;

/// The form of this repair. A later one that closes more has a higher number.
const FORM: u32 = 1;

/// Closes what a start touches. A file system that knows no modes is no reason not to start.
pub fn at_start(paths: &Paths) {
    if paths.root().file_name() == Some(IDENTIFIER.as_ref()) {
        close(paths.root());
    }
    for entry in fs::read_dir(paths.root()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("amoozgar.") || name == "logs" || name.starts_with("place.json") {
            close(&entry.path());
        }
    }
    for part in PARTS {
        let dir = paths.place().join(part);
        if paths.place_is_there() && dir.is_dir() {
            close(&dir);
        }
    }
}

/// Closes everything in the place, where that was not done before. Blocks for as long as a walk through
/// all folders takes; call it in the background.
pub fn repair(paths: &Paths, db: &Db) -> Result<(), ApiError> {
    if !paths.place_is_there() || db.now(amoozgar_store::Store::modes_form)? >= FORM {
        return Ok(());
    }
    let shared = amoozgar_hub::named_cache().and_then(|cache| cache.canonicalize().ok());
    let parts = PARTS.map(|part| paths.place().join(part));
    for dir in parts.iter().filter(|dir| dir.is_dir()) {
        walk(dir, shared.as_deref());
    }
    walk(&paths.logs(), None);
    db.now(|store| store.set_modes_form(FORM))
}

/// Closes a folder and what is in it, but for `shared`. Links are not followed.
fn walk(dir: &Path, shared: Option<&Path>) {
    if shared.is_some_and(|shared| dir.canonicalize().is_ok_and(|dir| dir == shared)) {
        return;
    }
    close(dir);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), shared),
            Ok(kind) if kind.is_file() => close(&entry.path()),
            _ => {}
        }
    }
}

fn close(path: &Path) {
    if let Err(failure) = modes::close(path) {
        tracing::warn!(%failure, path = %path.display(), "it stays open to others");
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{at_start, repair};
    use crate::db::Db;
    use crate::paths::Paths;
    use crate::storage::place;
    use amoozgar_store::Store;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn open(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_an_earlier_version_left_open_is_closed_once_and_nothing_behind_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("ir.amoozgar.app");
        let run = root.join("jobs/a/checkpoints");
        fs::create_dir_all(&run).unwrap();
        let theirs = dir.path().join("theirs.txt");
        for file in [
            run.join("w"),
            root.join("amoozgar.db.replaced-1"),
            theirs.clone(),
        ] {
            fs::write(&file, "").unwrap();
            open(&file, 0o644);
        }
        for folder in [&root, &root.join("jobs"), &root.join("jobs/a"), &run] {
            open(folder, 0o755);
        }
        symlink(&theirs, run.join("link")).unwrap();
        let paths = Paths::resolve(Some(root.clone())).unwrap();
        let db = Db::new(Store::open(&paths.database(), 1).unwrap().store);
        place::follow(&paths, &db).unwrap();

        at_start(&paths);
        for folder in [&root, &root.join("jobs")] {
            assert_eq!(mode(folder), 0o700, "`{}` at once", folder.display());
        }
        assert_eq!(mode(&root.join("amoozgar.db.replaced-1")), 0o600);
        assert_eq!(mode(&run), 0o755, "what cannot be reached can wait");
        repair(&paths, &db).unwrap();
        assert_eq!(mode(&run), 0o700);
        assert_eq!(mode(&run.join("w")), 0o600);
        assert_eq!(mode(&theirs), 0o644, "a link is not followed");
        open(&run, 0o755);
        repair(&paths, &db).unwrap();
        assert_eq!(mode(&run), 0o755, "a second start walks through nothing");
    }

    #[test]
    fn a_folder_that_a_person_named_keeps_its_modes_and_what_is_ours_in_it_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("mine");
        fs::create_dir_all(root.join("datasets")).unwrap();
        for folder in [&root, &root.join("datasets")] {
            open(folder, 0o755);
        }
        fs::write(root.join("letter.txt"), "").unwrap();
        open(&root.join("letter.txt"), 0o644);
        let paths = Paths::resolve(Some(root.clone())).unwrap();
        assert!(!paths.place_is_private(), "others can read the texts");
        at_start(&paths);
        assert!(paths.place_is_private());
        assert_eq!(mode(&root), 0o755);
        assert_eq!(mode(&root.join("letter.txt")), 0o644);
        assert_eq!(mode(&root.join("datasets")), 0o700);
    }
}
