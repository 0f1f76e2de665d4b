//! Events of the shell.

use super::bridge;
use amoozgar_types::ipc::Event;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use yew::Callback;

/// Ends the listening when dropped.
#[must_use]
pub struct ListenGuard {
    state: Rc<RefCell<State>>,
    _handler: Closure<dyn FnMut(JsValue)>,
}

enum State {
    /// The shell has not confirmed yet.
    Pending,
    /// The function that ends it.
    Listening(js_sys::Function),
    /// Dropped.
    Ended,
}

impl Drop for ListenGuard {
    fn drop(&mut self) {
        let state = self.state.replace(State::Ended);
        if let State::Listening(unlisten) = state {
            end(&unlisten);
        }
    }
}

fn end(unlisten: &js_sys::Function) {
    if unlisten.call0(&JsValue::NULL).is_err() {
        super::log("a listener could not be removed");
    }
}

#[derive(Deserialize)]
struct Envelope<P> {
    payload: P,
}

/// Calls `callback` with the payload of every event `E` until the guard is dropped.
pub fn listen<E: Event>(callback: Callback<E::Payload>) -> ListenGuard
where
    E::Payload: 'static,
{
    listen_to(E::NAME, callback)
}

/// Calls `callback` with the paths of files that are dropped on the window. The shell tells of dropped
/// links as well; an address is no path.
pub fn listen_file_drop(callback: Callback<Vec<String>>) -> ListenGuard {
    #[derive(Deserialize)]
    struct Dropped {
        paths: Vec<String>,
    }
    listen_to(
        "tauri://drag-drop",
        Callback::from(move |dropped: Dropped| {
            let mut paths = dropped.paths;
            paths.retain(|path| is_absolute(path));
            if !paths.is_empty() {
                callback.emit(paths);
            }
        }),
    )
}

/// Whether a text is a whole path, of Unix or of Windows.
fn is_absolute(path: &str) -> bool {
    match path.as_bytes() {
        [b'/', ..] | [b'\\', b'\\', ..] => true,
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

fn listen_to<P: DeserializeOwned + 'static>(
    name: &'static str,
    callback: Callback<P>,
) -> ListenGuard {
    let state = Rc::new(RefCell::new(State::Pending));
    let live = state.clone();
    let handler = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        if matches!(*live.borrow(), State::Ended) {
            return;
        }
        match serde_wasm_bindgen::from_value::<Envelope<P>>(event) {
            Ok(envelope) => callback.emit(envelope.payload),
            Err(error) => super::log(&format!("unreadable event `{name}`: {error}")),
        }
    });
    let function = handler.as_ref().clone();
    let pending = state.clone();
    wasm_bindgen_futures::spawn_local(async move {
        match bridge::listen(name, &function).await {
            Ok(unlisten) => {
                let unlisten: js_sys::Function = unlisten.unchecked_into();
                if matches!(*pending.borrow(), State::Ended) {
                    end(&unlisten);
                } else {
                    pending.replace(State::Listening(unlisten));
                }
            }
            Err(error) => super::log(&format!("cannot listen to `{name}`: {error:?}")),
        }
    });
    ListenGuard {
        state,
        _handler: handler,
    }
}
