//! The machine, now and over the last hours, and what the user's runs come to.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::files;
use crate::machine::{self, Probe};
use crate::state::App;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::{DatasetSource, Sharing};
use amoozgar_types::ipc::{
    DashboardDisk, DashboardOverview, Overview, SystemHistory, SystemSnapshot, SystemSubscribe,
    SystemUnsubscribe,
};
use amoozgar_types::machine::Snapshot;
use amoozgar_types::storage::DiskUse;
use std::path::Path;
use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};

/// Runs that the dashboard lists.
const MAX_RECENT: u32 = 8;
const HOUR_MS: i64 = 3_600_000;

/// The machine as it is now.
#[tauri::command]
pub async fn system_snapshot(
    state: State<'_, App>,
    request: Request<SystemSnapshot>,
) -> Answer<SystemSnapshot> {
    let () = request;
    let root = state.paths.root().to_owned();
    let tokens_per_s = state.live.get().and_then(|(_, job)| job.tokens_per_s);
    blocking(move || {
        let mut probe = Probe::new(&root)?;
        std::thread::sleep(machine::SETTLE);
        Ok(probe.look(tokens_per_s))
    })
    .await
}

/// The machine as it is, over `channel`, until the subscription ends.
#[tauri::command]
pub async fn system_subscribe(
    state: State<'_, App>,
    window: WebviewWindow,
    request: Request<SystemSubscribe>,
    channel: Channel<Snapshot>,
) -> Answer<SystemSubscribe> {
    let () = request;
    let root = state.paths.root().to_owned();
    let probe = blocking(move || Probe::new(&root)).await?;
    Ok(machine::watch(&state, window, probe, channel))
}

/// Ends a subscription.
#[tauri::command]
pub async fn system_unsubscribe(
    state: State<'_, App>,
    request: Request<SystemUnsubscribe>,
) -> Answer<SystemUnsubscribe> {
    state.user()?;
    state.machine.end(request);
    Ok(())
}

/// The machine over the last hours.
#[tauri::command]
pub async fn system_history(
    state: State<'_, App>,
    request: Request<SystemHistory>,
) -> Answer<SystemHistory> {
    if !(1..=24).contains(&request.hours) {
        return Err(ApiError::invalid_field("hours"));
    }
    let from = now_ms() - i64::from(request.hours) * HOUR_MS;
    state
        .db
        .call(move |store| store.machine_samples(from))
        .await
}

/// Runs by state, and what happened lately.
#[tauri::command]
pub async fn dashboard_overview(
    state: State<'_, App>,
    request: Request<DashboardOverview>,
) -> Answer<DashboardOverview> {
    let () = request;
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| {
            Ok(Overview {
                jobs_by_status: store.jobs_by_status(&user_id)?,
                recent: store.recent_jobs(&user_id, MAX_RECENT)?,
            })
        })
        .await
}

/// What takes room on the disk.
#[tauri::command]
pub async fn dashboard_disk(
    state: State<'_, App>,
    request: Request<DashboardDisk>,
) -> Answer<DashboardDisk> {
    let () = request;
    let user_id = state.user_id()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || {
        let (free, all) = machine::disk_room(paths.place())?;
        let mut disk = DiskUse {
            downloads: files::size_of(&paths.hub_cache()),
            free,
            all,
            ..DiskUse::default()
        };
        for folder in db.now(|store| store.job_folders(&user_id))? {
            let dir = Path::new(&folder.job_dir);
            disk.models += files::size_of(&dir.join("final"));
            disk.checkpoints += files::size_of(&dir.join("checkpoints"));
            disk.caches += files::size_of(&dir.join("cache"));
        }
        let datasets = db.now(|store| store.datasets(&user_id))?;
        disk.datasets = datasets
            .iter()
            .filter(|dataset| dataset.source == DatasetSource::Imported)
            .filter(|dataset| !matches!(dataset.sharing, Sharing::SharedWithMe { .. }))
            .map(|dataset| dataset.size_bytes)
            .sum();
        Ok(disk)
    })
    .await
}
