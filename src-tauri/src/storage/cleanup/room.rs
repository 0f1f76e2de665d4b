//! What is looked through to make room, and for whom; removing a thing, and no other.

use crate::db::Db;
use crate::files::{self, within};
use crate::hold::Hold;
use crate::paths::Paths;
use amoozgar_store::JobFolder;
use amoozgar_types::id::UserId;
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ApiError, ErrorCode};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What is on its way in a repository's folder.
pub const ON_ITS_WAY: &str = ".amoozgar";

/// What is looked through, and for whom.
pub struct Room {
    /// Where runs are listed.
    pub db: Db,
    /// Where folders lie.
    pub paths: Paths,
    /// Who may remove what is theirs, and as an administrator what is nobody's.
    pub user: User,
    /// Whether something works on what would be nobody's otherwise.
    pub hold: Hold,
}

impl Room {
    /// One's own runs that have ended, as far as they lie among the runs.
    pub fn ended_runs(&self) -> Result<Vec<JobFolder>, ApiError> {
        let mut runs = self.db.now(|store| store.job_folders(self.id()))?;
        runs.retain(|run| {
            let dir = Path::new(&run.job_dir);
            run.status.has_ended() && within::is_inside(&self.paths.jobs(), dir)
        });
        Ok(runs)
    }

    /// The lock that a download holds on its repository, unless one does now.
    pub fn hold(&self, partial: &Path) -> Option<File> {
        let folder = partial.parent()?.file_name()?;
        let dir = self.paths.hub_cache().join(".locks").join(folder);
        fs::create_dir_all(&dir).ok()?;
        let file = File::create(dir.join("amoozgar.lock")).ok()?;
        file.try_lock().is_ok().then_some(file)
    }

    /// Whose list it is.
    pub fn id(&self) -> &UserId {
        &self.user.user_id
    }

    /// Whether it is an administrator's list.
    pub fn looks_after_everyone(&self) -> bool {
        self.user.role == Role::Administrator
    }

    /// Refuses everybody but administrators.
    pub fn require_administrator(&self) -> Result<(), ApiError> {
        if self.looks_after_everyone() {
            Ok(())
        } else {
            Err(ApiError::new(ErrorCode::NotPermitted))
        }
    }
}

/// Bytes that something took which lies in `home`; `None` where it lies elsewhere, which is left.
pub fn remove(home: &Path, path: &Path) -> Result<Option<u64>, ApiError> {
    let size_bytes = files::size_of(path);
    match within::remove(home, path) {
        Ok(_) => Ok(Some(size_bytes)),
        Err(failure) if failure.code == ErrorCode::UnsafePath => {
            tracing::warn!(error = %failure, "what lies elsewhere is left");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// The folders in a folder.
pub fn dirs_in(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut dirs: Vec<_> = entries
        .filter_map(Result::ok)
        // A link is not followed: what it leads to is not ours.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    dirs.sort();
    dirs
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// `models--owner--name` as people know it.
pub fn repository(folder: &str) -> String {
    match folder.split_once("--") {
        Some((_, name)) => name.replace("--", "/"),
        None => folder.to_owned(),
    }
}
