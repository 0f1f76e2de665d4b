//! How the program looks: kept in the webview, so that the window opens in it before anyone signs in,
//! and put in force by `static/appearance.js`, which also follows the system.

use crate::api;
use amoozgar_types::ipc::{Contrast, Settings, Theme};
use wasm_bindgen::JsValue;

/// Puts a theme in force and remembers it for the next start.
pub fn apply(theme: Theme) {
    keep(&[("theme", theme_name(theme).to_owned())]);
}

/// Puts theme, contrast and text size of these settings in force.
pub fn apply_all(settings: &Settings) {
    let look = &settings.appearance;
    let contrast = match look.contrast {
        Contrast::System => "system",
        Contrast::More => "more",
    };
    keep(&[
        ("theme", theme_name(settings.theme).to_owned()),
        ("contrast", contrast.to_owned()),
        ("text-scale", look.text_scale.to_string()),
    ]);
}

fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn keep(items: &[(&str, String)]) {
    if let Err(error) = try_keep(items) {
        api::log(&format!("the appearance could not be applied: {error:?}"));
    }
}

fn try_keep(items: &[(&str, String)]) -> Result<(), JsValue> {
    let Some(window) = web_sys::window() else {
        return Ok(());
    };
    if let Some(storage) = window.local_storage()? {
        for (key, value) in items {
            storage.set_item(key, value)?;
        }
    }
    window.dispatch_event(&web_sys::Event::new("appearance")?)?;
    Ok(())
}
