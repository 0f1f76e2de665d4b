//! The machine, now and over the last hours, and what the user's runs come to.

use super::{Answer, Request};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::machine::{self, Heard, Probe};
use crate::state::App;
use crate::storage::usage;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    DashboardDisk, DashboardOverview, Overview, SystemHistory, SystemSnapshot, SystemSubscribe,
    SystemUnsubscribe,
};
use amoozgar_types::machine::Snapshot;
use std::sync::Arc;
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
    let tokens_per_s = state.live.tokens_per_s();
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
    let live = Arc::clone(&state.live);
    let speed = move || live.tokens_per_s();
    let is_visible = move || window.is_visible().unwrap_or(true);
    let send = move |snapshot| match channel.send(snapshot) {
        Ok(()) => Heard::BySomebody,
        Err(_) => Heard::ByNobody,
    };
    machine::watch(&state.machine, state.paths.root(), speed, is_visible, send).await
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
    let samples = state.db.call(move |store| store.machine_samples(from));
    samples.await
}

/// Runs by state, and what happened lately.
#[tauri::command]
pub async fn dashboard_overview(
    state: State<'_, App>,
    request: Request<DashboardOverview>,
) -> Answer<DashboardOverview> {
    let () = request;
    let user_id = state.user_id()?;
    let overview = state.db.call(move |store| {
        Ok(Overview {
            jobs_by_status: store.jobs_by_status(&user_id)?,
            recent: store.recent_jobs(&user_id, MAX_RECENT)?,
        })
    });
    overview.await
}

/// What takes room on the disk.
#[tauri::command]
pub async fn dashboard_disk(
    state: State<'_, App>,
    request: Request<DashboardDisk>,
) -> Answer<DashboardDisk> {
    let () = request;
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || usage::of_user(&db, &paths, &user_id)).await
}
