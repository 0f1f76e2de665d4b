//! Memory and disk that there are, and what is free of them. All of it blocks for some milliseconds.

use crate::error;
use amoozgar_types::ApiError;
use std::path::Path;
use sysinfo::{Disks, MemoryRefreshKind, RefreshKind, System};

/// Memory that a process could still take, in bytes.
pub fn free_memory_bytes() -> Result<u64, ApiError> {
    memory().map(|system| system.available_memory())
}

/// Memory of the machine in all, in bytes.
pub fn memory_bytes() -> Result<u64, ApiError> {
    memory().map(|system| system.total_memory())
}

/// Bytes free on the disk that holds `path`.
pub fn free_disk_bytes(path: &Path) -> Result<u64, ApiError> {
    disk_room(path).map(|(free, _)| free)
}

/// Bytes free and in all, on the disk that holds `path`.
pub fn disk_room(path: &Path) -> Result<(u64, u64), ApiError> {
    Disks::new_with_refreshed_list()
        .map(|disks| room(&disks, path))
        .map_err(|failure| error::internal("the disks could not be looked at", &failure))
}

/// Bytes free and in all on the one of `disks` that holds `path`; nothing where none does.
pub(super) fn room(disks: &Disks, path: &Path) -> (u64, u64) {
    disks
        .iter()
        .filter(|disk| path.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map_or((0, 0), |disk| (disk.available_space(), disk.total_space()))
}

fn memory() -> Result<System, ApiError> {
    System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    )
    .map_err(|failure| error::internal("the memory could not be looked at", &failure))
}
