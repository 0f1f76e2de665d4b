//! One window at a time: a second start hands over to the first and ends, unless the first is ending
//! itself.

use super::front::show;
#[cfg(target_os = "linux")]
use crate::files::modes;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Wry};

/// Shows the window that is there instead of opening another.
pub fn plugin() -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::init(|app, _, _| show(app))
}

/// From now on a start is one of its own, which waits for the data folder: what is ending must not
/// take a start over that it cannot serve.
pub fn let_go(app: &AppHandle) {
    tauri_plugin_single_instance::destroy(app);
}

/// Begins this start again where it was handed to a window whose process ended meanwhile: its name on
/// the bus outlives it by a moment. Returns where that was not so, or has been tried often enough.
#[cfg(target_os = "linux")]
pub fn begin_again(failure: &tauri::Error) {
    use std::os::unix::process::CommandExt;

    /// The process that began again, and how often: a process of another number does not count on.
    const AGAIN: &str = "AMOOZGAR_BEGAN_AGAIN";
    const AT_MOST: u32 = 3;

    let tauri::Error::PluginInitialization(plugin, _) = failure else {
        return;
    };
    let id = std::process::id();
    let before = std::env::var(AGAIN).unwrap_or_default();
    let n_before = match before.split_once(' ') {
        Some((of, n)) if of == id.to_string() => n.parse().unwrap_or(AT_MOST),
        _ => 0,
    };
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    if plugin != "single-instance" || n_before >= AT_MOST {
        return;
    }
    tracing::info!(%failure, "the window that was there is gone; starting again");
    let failure = modes::with_users_mask(|| {
        std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(AGAIN, format!("{id} {}", n_before + 1))
            .exec()
    });
    tracing::error!(%failure, "could not start again");
}

#[cfg(not(target_os = "linux"))]
pub fn begin_again(_failure: &tauri::Error) {}
