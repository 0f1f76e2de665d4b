//! What can wait until something is on the screen.

use crate::api;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use yew::prelude::*;

/// Whether the component's first frame was painted: `false` at first, so that a long list can begin
/// with what is in sight and be filled up after it.
#[hook]
pub fn use_painted() -> bool {
    let painted = use_state_eq(|| false);
    let (set, at_once) = (painted.setter(), painted.setter());
    use_effect_with((), move |()| {
        // The callback runs just before the frame is painted, and what it waits for just after.
        let ready = Closure::once_into_js(move || {
            wasm_bindgen_futures::spawn_local(async move {
                yew::platform::time::sleep(Duration::ZERO).await;
                set.set(true);
            });
        });
        let asked = web_sys::window().map(|window| {
            window.request_animation_frame(ready.unchecked_ref::<js_sys::Function>())
        });
        if let Some(Err(error)) = asked {
            api::log(&format!("no frame was promised: {error:?}"));
            at_once.set(true);
        }
    });
    *painted
}
