//! How the program looks: kept in the webview, so that the window opens in it before anyone signs in,
//! and put in force by `static/appearance.js`, which also follows the system.

use crate::api;
use amoozgar_types::settings::{Appearance, Contrast, Theme};
use wasm_bindgen::JsValue;

/// Puts these choices in force and remembers them for the next start.
pub fn apply(theme: Theme, look: &Appearance) {
    let theme = match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let contrast = match look.contrast {
        Contrast::System => "system",
        Contrast::More => "more",
    };
    let items = [
        ("theme", theme.to_owned()),
        ("contrast", contrast.to_owned()),
        ("text-scale", look.text_scale.to_string()),
    ];
    if let Err(error) = keep(&items) {
        api::log(&format!("the appearance could not be applied: {error:?}"));
    }
}

fn keep(items: &[(&str, String)]) -> Result<(), JsValue> {
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
