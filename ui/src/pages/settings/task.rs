//! A button's work: under way, then a toast of what came of it.

use crate::i18n::errors;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use std::future::Future;
use yew::prelude::*;

/// What a button does, one at a time.
#[derive(Clone)]
pub struct Task {
    busy: UseStateHandle<bool>,
    said: Callback<Result<String, ApiError>>,
}

impl Task {
    /// Whether it is under way.
    pub fn is_busy(&self) -> bool {
        *self.busy
    }

    /// Does `work` and says what it answers; nothing where it answers `None`.
    pub fn run(&self, work: impl Future<Output = Result<Option<String>, ApiError>> + 'static) {
        let (busy, said) = (self.busy.clone(), self.said.clone());
        busy.set(true);
        wasm_bindgen_futures::spawn_local(async move {
            match work.await {
                Ok(Some(words)) => said.emit(Ok(words)),
                Ok(None) => {}
                Err(error) => said.emit(Err(error)),
            }
            busy.set(false);
        });
    }
}

/// One button's work.
#[hook]
pub fn use_task() -> Task {
    let toasts = use_toasts();
    let busy = use_state_eq(|| false);
    let said = Callback::from(move |outcome: Result<String, ApiError>| match outcome {
        Ok(words) => toasts.success(words),
        Err(error) => toasts.error(errors::describe(&error).message),
    });
    Task { busy, said }
}
