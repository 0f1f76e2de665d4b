//! What is done when the interface panics.
//!
//! WebAssembly is built with `panic = "abort"`: a panic ends the module, and no part of the page that
//! Yew has drawn answers any more. Nothing can be caught, so the panic is only told, to the console and
//! to `static/rescue.js`, which lies outside the module and offers the way back. Failures that are
//! values (`ApiError`) never come here: each part of a page shows its own and the rest stays alive.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = window, js_name = amoozgarRescue)]
    fn rescue(detail: &str);

    #[wasm_bindgen(js_namespace = console)]
    fn error(message: &str);
}

/// Tells every panic from now on.
pub fn install() {
    yew::set_custom_panic_hook(Box::new(|panic| {
        let detail = panic.to_string();
        error(&detail);
        rescue(&detail);
    }));
}
