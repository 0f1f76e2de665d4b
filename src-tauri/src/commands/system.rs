//! The program and the machine.

use super::{Answer, Request};
use crate::db::blocking;
use crate::error;
use crate::place;
use crate::state::App;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{AppInfo, Folder, SystemAppInfo, SystemInteractive, SystemOpenFolder};
use std::path::{Path, PathBuf};
use sysinfo::{CpuRefreshKind, Disks, MemoryRefreshKind, RefreshKind, System};
use tauri::State;

/// Version, folders and machine.
#[tauri::command]
pub async fn system_app_info(
    state: State<'_, App>,
    request: Request<SystemAppInfo>,
) -> Answer<SystemAppInfo> {
    let () = request;
    app_info(&state).await
}

/// What everyone may know of program and machine.
pub async fn app_info(state: &App) -> Result<AppInfo, ApiError> {
    let paths = state.paths.clone();
    let database_set_aside = state.database_set_aside.clone();
    blocking(move || {
        let system = System::new_with_specifics(
            RefreshKind::nothing()
                .with_memory(MemoryRefreshKind::nothing().with_ram())
                .with_cpu(CpuRefreshKind::nothing()),
        )
        .map_err(|failure| error::internal("the machine could not be looked at", &failure))?;
        let cpu = system
            .cpus()
            .first()
            .map(|cpu| cpu.brand().trim().to_owned())
            .unwrap_or_default();
        Ok(AppInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: paths.root().display().to_string(),
            place: paths.place().display().to_string(),
            place_is_there: paths.place_is_there(),
            place_left: place::read(paths.root())?
                .left()
                .map(|left| left.display().to_string()),
            n_cpus: std::thread::available_parallelism()
                .map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
            cpu,
            memory_bytes: system.total_memory(),
            free_memory_bytes: system.available_memory(),
            database_set_aside,
        })
    })
    .await
}

/// Notes how long the program took from its first line to a page that can be used.
#[tauri::command]
pub async fn system_interactive(
    state: State<'_, App>,
    request: Request<SystemInteractive>,
) -> Answer<SystemInteractive> {
    let () = request;
    let elapsed_ms = u64::try_from(state.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(elapsed_ms, "interactive");
    Ok(())
}

/// Shows one of the program's own folders in the system's file manager.
#[tauri::command]
pub async fn system_open_folder(
    state: State<'_, App>,
    request: Request<SystemOpenFolder>,
) -> Answer<SystemOpenFolder> {
    let user_id = state.user_id()?;
    let paths = state.paths.clone();
    let db = state.db.clone();
    blocking(move || {
        let dir = match request {
            Folder::Data => paths.place().to_owned(),
            Folder::Logs => paths.logs(),
            Folder::Job(job_id) | Folder::Model(job_id)
                if db.now(|store| store.job(&user_id, &job_id))?.is_none() =>
            {
                return Err(error::not_found());
            }
            Folder::Job(job_id) => paths.job(&job_id),
            Folder::Model(job_id) => db
                .now(|store| store.job(&user_id, &job_id))?
                .and_then(|job| job.record.model_dir)
                .map(PathBuf::from)
                .ok_or_else(error::not_found)?,
        };
        if !dir.is_dir() {
            return Err(error::not_found());
        }
        tauri_plugin_opener::open_path(&dir, None::<&str>)
            .map_err(|failure| error::internal("the file manager could not be started", &failure))
    })
    .await
}

/// Memory that a process could still take, in bytes.
pub fn free_memory_bytes() -> Result<u64, ApiError> {
    System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    )
    .map(|system| system.available_memory())
    .map_err(|failure| error::internal("the memory could not be looked at", &failure))
}

/// Memory of the machine in all, in bytes.
pub fn memory_bytes() -> Result<u64, ApiError> {
    System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    )
    .map(|system| system.total_memory())
    .map_err(|failure| error::internal("the memory could not be looked at", &failure))
}

/// Bytes free on the disk that holds `path`.
pub fn free_disk_bytes(path: &Path) -> Result<u64, ApiError> {
    let disks = Disks::new_with_refreshed_list()
        .map_err(|failure| error::internal("the disks could not be looked at", &failure))?;
    Ok(disks
        .iter()
        .filter(|disk| path.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map_or(0, sysinfo::Disk::available_space))
}
