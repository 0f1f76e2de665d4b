//! Light, dark or as the system: the `data-theme` attribute that `styles/tokens.css` reads.
//!
//! The choice is remembered in the webview too, so that the window opens in it before anyone signs
//! in.

use crate::api;
use amoozgar_types::ipc::Theme;
use wasm_bindgen::JsValue;

const KEY: &str = "theme";

/// Puts a theme in force and remembers it for the next start.
pub fn apply(theme: Theme) {
    if let Err(error) = try_apply(name(theme)) {
        api::log(&format!("the theme could not be applied: {error:?}"));
    }
}

/// Puts the remembered theme in force.
pub fn apply_remembered() {
    let remembered = web_sys::window()
        .and_then(|window| window.local_storage().ok().flatten())
        .and_then(|storage| storage.get_item(KEY).ok().flatten());
    let theme = match remembered.as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    };
    apply(theme);
}

fn name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn try_apply(name: &str) -> Result<(), JsValue> {
    let Some(window) = web_sys::window() else {
        return Ok(());
    };
    if let Some(root) = window.document().and_then(|page| page.document_element()) {
        root.set_attribute("data-theme", name)?;
    }
    if let Some(storage) = window.local_storage()? {
        storage.set_item(KEY, name)?;
    }
    Ok(())
}
