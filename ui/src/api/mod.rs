//! The bridge to the shell: typed commands, channels, events and the file dialog.
//!
//! Nothing else in the interface may name `window.__TAURI__`. A failure always arrives as an
//! [`ApiError`]; what the shell rejected without one becomes [`ErrorCode::Internal`].

mod bridge;
mod dialog;
pub mod gate;
mod listen;

pub use dialog::{FileFilter, pick_file, pick_folder, pick_save};
pub use listen::{listen, listen_file_drop};

use amoozgar_types::ipc::Command;
use amoozgar_types::{ApiError, ErrorCode};
use gate::Turned;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;
use yew::Callback;

/// Sends `request` to the command `C` and waits for its answer; while the window is locked it waits
/// for that to end first.
pub async fn call<C: Command>(request: C::Request) -> Result<C::Response, ApiError> {
    let args = js_sys::Object::new();
    set(&args, "request", &to_js(&request)?)?;
    send::<C>(args).await
}

/// Like [`call`], with a channel beside the request over which the shell sends values of `T` until
/// the subscription ends. Values that cannot be read are dropped with a line on the console.
pub async fn call_with_channel<C: Command, T: DeserializeOwned + 'static>(
    request: C::Request,
    on_message: Callback<T>,
) -> Result<C::Response, ApiError> {
    let args = js_sys::Object::new();
    set(&args, "request", &to_js(&request)?)?;
    let channel = bridge::new_channel().map_err(internal)?;
    let handler = Closure::<dyn FnMut(JsValue)>::new(move |value: JsValue| {
        match serde_wasm_bindgen::from_value(value) {
            Ok(message) => on_message.emit(message),
            Err(error) => log(&format!("unreadable message of `{}`: {error}", C::NAME)),
        }
    });
    channel.set_onmessage(handler.as_ref());
    // The shell may send for as long as the page lives; the browser's collector owns it from here.
    handler.into_js_value();
    set(&args, "channel", channel.as_ref())?;
    send::<C>(args).await
}

async fn send<C: Command>(args: js_sys::Object) -> Result<C::Response, ApiError> {
    loop {
        let outcome = answer(bridge::invoke(C::NAME, args.clone().into()).await);
        match &outcome {
            Err(error) if error.code == ErrorCode::Locked => {
                gate::tell(Turned::Locked);
                gate::wait().await;
            }
            Err(error) if error.code == ErrorCode::SessionExpired => {
                gate::tell(Turned::Expired);
                return outcome;
            }
            Err(error) if error.code == ErrorCode::NotSignedIn => {
                gate::tell(Turned::Out);
                return outcome;
            }
            _ => return outcome,
        }
    }
}

/// Writes a technical line to the webview's console.
pub fn log(message: &str) {
    bridge::warn(message);
}

fn answer<T: DeserializeOwned>(outcome: Result<JsValue, JsValue>) -> Result<T, ApiError> {
    match outcome {
        Ok(value) => serde_wasm_bindgen::from_value(value)
            .map_err(|error| ApiError::detail(ErrorCode::Internal, error)),
        Err(rejected) => {
            Err(serde_wasm_bindgen::from_value(rejected.clone())
                .unwrap_or_else(|_| internal(rejected)))
        }
    }
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue, ApiError> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| ApiError::detail(ErrorCode::Internal, error))
}

fn set(object: &js_sys::Object, key: &str, value: &JsValue) -> Result<(), ApiError> {
    js_sys::Reflect::set(object, &JsValue::from_str(key), value)
        .map(|_| ())
        .map_err(internal)
}

/// What JavaScript threw or rejected with, as an error of ours.
fn internal(thrown: JsValue) -> ApiError {
    let text = thrown
        .as_string()
        .or_else(|| {
            js_sys::Reflect::get(&thrown, &JsValue::from_str("message"))
                .ok()
                .and_then(|message| message.as_string())
        })
        .unwrap_or_else(|| format!("{thrown:?}"));
    ApiError::detail(ErrorCode::Internal, text)
}
