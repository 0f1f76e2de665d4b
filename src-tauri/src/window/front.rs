//! The one window: brought to the front, and whether the user looks at it.

use tauri::{AppHandle, Manager};

/// The one window's label.
pub const MAIN: &str = "main";

/// Brings the window to the front.
pub fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let shown = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    if let Err(failure) = shown {
        tracing::warn!(%failure, "the window could not be shown");
    }
}

/// Whether the window is on the screen, in front or not.
pub fn is_shown(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN)
        .is_some_and(|window| window.is_visible().unwrap_or(true))
}

/// Whether the user looks at the window.
pub fn is_in_front(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN).is_some_and(|window| {
        window.is_visible().unwrap_or(false)
            && window.is_focused().unwrap_or(false)
            && !window.is_minimized().unwrap_or(false)
    })
}
