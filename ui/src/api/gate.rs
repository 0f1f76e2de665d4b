//! What a call does when the window is locked or nobody is signed in any more.
//!
//! A call that meets a locked window waits here and is sent again once it is open, so that a page
//! behind the lock neither fails nor has to fetch anew. Whoever keeps the session is told of both.

use js_sys::{Function, Promise};
use std::cell::RefCell;
use wasm_bindgen_futures::JsFuture;
use yew::Callback;

/// Why a call was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// The window is locked.
    Locked,
    /// The session ended by itself.
    Expired,
    /// Nobody is signed in.
    Out,
}

thread_local! {
    static WAITING: RefCell<Vec<Function>> = const { RefCell::new(Vec::new()) };
    static LISTENER: RefCell<Option<Callback<Turned>>> = const { RefCell::new(None) };
}

/// Has `listener` told when a call is turned away.
pub fn on_turned(listener: Option<Callback<Turned>>) {
    LISTENER.with(|kept| kept.replace(listener));
}

/// The window is open: whoever waits goes on.
pub fn opened() {
    for resolve in WAITING.with(RefCell::take) {
        // A waiter that cannot be woken is one whose page is gone.
        let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
    }
}

pub(super) fn tell(turned: Turned) {
    let listener = LISTENER.with(|kept| kept.borrow().clone());
    if let Some(listener) = listener {
        listener.emit(turned);
    }
}

pub(super) async fn wait() {
    let promise = Promise::new(&mut |resolve, _| {
        WAITING.with(|waiting| waiting.borrow_mut().push(resolve));
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}
