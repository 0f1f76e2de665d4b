//! Whether somebody is there: keyboard, mouse, touch and wheel, told at most every twenty seconds.

use crate::api;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{AddEventListenerOptions, Window};
use yew::Callback;

const EVENTS: [&str; 4] = ["keydown", "pointerdown", "pointermove", "wheel"];
const AT_MOST_EVERY_MS: f64 = 20_000.0;

/// Listens for as long as it is kept.
pub struct Watched {
    window: Window,
    heard: Closure<dyn FnMut()>,
}

/// Calls `on_activity` while somebody is there, the first time at once.
pub fn watch(on_activity: Callback<()>) -> Option<Watched> {
    let window = web_sys::window()?;
    let last = Rc::new(Cell::new(f64::NEG_INFINITY));
    let heard = Closure::<dyn FnMut()>::new(move || {
        let now = js_sys::Date::now();
        // A clock that was set back counts as time gone by.
        if (now - last.get()).abs() >= AT_MOST_EVERY_MS {
            last.set(now);
            on_activity.emit(());
        }
    });
    let options = AddEventListenerOptions::new();
    options.set_passive(true);
    options.set_capture(true);
    for name in EVENTS {
        let listening = window.add_event_listener_with_callback_and_add_event_listener_options(
            name,
            heard.as_ref().unchecked_ref(),
            &options,
        );
        if let Err(error) = listening {
            api::log(&format!("`{name}` cannot be listened for: {error:?}"));
        }
    }
    Some(Watched { window, heard })
}

impl Drop for Watched {
    fn drop(&mut self) {
        for name in EVENTS {
            let ended = self.window.remove_event_listener_with_callback_and_bool(
                name,
                self.heard.as_ref().unchecked_ref(),
                true,
            );
            if let Err(error) = ended {
                api::log(&format!("`{name}` is still listened for: {error:?}"));
            }
        }
    }
}
