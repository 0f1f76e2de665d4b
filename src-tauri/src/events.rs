//! Typed events to the interface.

use amoozgar_types::ipc::Event;
use tauri::{AppHandle, Emitter};

/// Emits `E` to every window; a failure is logged, for the interface can always ask again.
pub fn emit<E: Event>(app: &AppHandle, payload: &E::Payload)
where
    E::Payload: Clone,
{
    if let Err(error) = app.emit(E::NAME, payload) {
        tracing::warn!(event = E::NAME, %error, "an event could not be emitted");
    }
}
