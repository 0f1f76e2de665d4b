//! Ending the program in order, for good or to start again.

use super::instance;
use crate::state::App;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tauri::{AppHandle, Manager};

/// How long the end of downloads may take, before the program ends regardless; their bytes are on the disk
/// twice a second. A run is waited for as long as it needs, or until a person gives it up.
pub const QUIT_WITHIN: Duration = Duration::from_secs(25);

/// Ends the program in order: a live run saves a checkpoint first, a live download its last bytes.
pub fn quit(app: &AppHandle) {
    let state = app.state::<App>();
    if state.quitting.swap(true, Ordering::SeqCst) {
        return;
    }
    // What was copied of a move goes with it.
    if state.hold.is_moving() {
        state.transfers.stop_all();
    }
    end(app, |app| app.exit(0));
}

/// Ends the program in order and starts it again.
pub fn restart(app: &AppHandle) {
    app.state::<App>().quitting.store(true, Ordering::SeqCst);
    end(app, AppHandle::request_restart);
}

/// Lets runs and downloads save what they have, and then does what ends the program.
fn end(app: &AppHandle, at_last: impl FnOnce(&AppHandle) + Send + 'static) {
    instance::let_go(app);
    let state = app.state::<App>();
    let (app, jobs, downloads) = (app.clone(), state.jobs.clone(), state.downloads.clone());
    tauri::async_runtime::spawn(async move {
        let downloads = tokio::time::timeout(QUIT_WITHIN, downloads.quit());
        let ((), downloads) = tokio::join!(jobs.quit(), downloads);
        if downloads.is_err() {
            tracing::warn!("a download did not end in time");
        }
        at_last(&app);
    });
}
