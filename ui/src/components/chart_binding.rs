//! The few functions of uPlot that charts use, as they are, and two of the webview's own.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

#[wasm_bindgen]
extern "C" {
    /// A chart on the page.
    #[wasm_bindgen(js_name = uPlot)]
    pub type UPlot;

    /// Draws into `target`.
    #[wasm_bindgen(constructor, js_class = "uPlot", catch)]
    pub fn new(options: &JsValue, data: &JsValue, target: &HtmlElement) -> Result<UPlot, JsValue>;

    /// Replaces the data; scales follow it unless `reset_scales` is false.
    #[wasm_bindgen(method, js_name = setData)]
    pub fn set_data(this: &UPlot, data: &JsValue, reset_scales: bool);

    /// Sets a scale's `{min, max}`.
    #[wasm_bindgen(method, js_name = setScale)]
    pub fn set_scale(this: &UPlot, key: &str, limits: &JsValue);

    /// Its width in CSS pixels.
    #[wasm_bindgen(method, getter)]
    pub fn width(this: &UPlot) -> f64;

    /// Sets the size in CSS pixels, `{width, height}`.
    #[wasm_bindgen(method, js_name = setSize)]
    pub fn set_size(this: &UPlot, size: &JsValue);

    /// Draws again, asking for colours anew.
    #[wasm_bindgen(method)]
    pub fn redraw(this: &UPlot, rebuild_paths: bool, recalc_axes: bool);

    /// Takes the chart off the page.
    #[wasm_bindgen(method)]
    pub fn destroy(this: &UPlot);

    /// Watches the attributes of an element.
    pub type MutationObserver;

    /// Calls `callback` at every change.
    #[wasm_bindgen(constructor, catch)]
    pub fn new(callback: &JsValue) -> Result<MutationObserver, JsValue>;

    /// Begins.
    #[wasm_bindgen(method)]
    pub fn observe(this: &MutationObserver, target: &JsValue, options: &JsValue);

    /// Ends.
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &MutationObserver);
}
