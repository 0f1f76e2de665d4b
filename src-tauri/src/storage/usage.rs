//! What takes room on the disk.

use crate::db::Db;
use crate::files;
use crate::machine::resources::disk_room;
use crate::paths::Paths;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::{DatasetSource, Sharing};
use amoozgar_types::id::UserId;
use amoozgar_types::storage::DiskUse;
use std::path::Path;

/// What a user's runs and datasets, and everyone's downloads, take of the disk. Blocks.
pub fn of_user(db: &Db, paths: &Paths, user_id: &UserId) -> Result<DiskUse, ApiError> {
    let (free, all) = disk_room(paths.place())?;
    let mut disk = DiskUse {
        downloads: files::size_of(&paths.hub_cache()),
        free,
        all,
        ..DiskUse::default()
    };
    for folder in db.now(|store| store.job_folders(user_id))? {
        let dir = Path::new(&folder.job_dir);
        disk.models += files::size_of(&dir.join("final"));
        disk.checkpoints += files::size_of(&dir.join("checkpoints"));
        disk.caches += files::size_of(&dir.join("cache"));
    }
    let datasets = db.now(|store| store.datasets(user_id))?;
    disk.datasets = datasets
        .iter()
        .filter(|dataset| dataset.source == DatasetSource::Imported)
        .filter(|dataset| !matches!(dataset.sharing, Sharing::SharedWithMe { .. }))
        .map(|dataset| dataset.size_bytes)
        .sum();
    Ok(disk)
}
