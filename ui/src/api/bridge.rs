//! The few JavaScript functions of Tauri that the interface uses, as they are.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// `core.invoke(command, args)`.
    #[wasm_bindgen(js_namespace = ["window", "__TAURI__", "core"], catch)]
    pub async fn invoke(command: &str, args: JsValue) -> Result<JsValue, JsValue>;

    /// `event.listen(name, handler)`: a promise of the function that ends it.
    #[wasm_bindgen(js_namespace = ["window", "__TAURI__", "event"], catch)]
    pub async fn listen(name: &str, handler: &JsValue) -> Result<JsValue, JsValue>;

    /// A channel from the shell.
    #[wasm_bindgen(extends = js_sys::Object)]
    pub type Channel;

    /// What is called with each value.
    #[wasm_bindgen(method, setter)]
    pub fn set_onmessage(this: &Channel, handler: &JsValue);

    #[wasm_bindgen(js_namespace = console)]
    pub fn warn(message: &str);
}

/// `new core.Channel()`.
pub fn new_channel() -> Result<Channel, JsValue> {
    let mut at: JsValue = js_sys::global().into();
    for key in ["__TAURI__", "core", "Channel"] {
        at = js_sys::Reflect::get(&at, &JsValue::from_str(key))?;
    }
    let constructor = js_sys::Function::from(at);
    let made = js_sys::Reflect::construct(&constructor, &js_sys::Array::new())?;
    Ok(wasm_bindgen::JsCast::unchecked_into(made))
}
