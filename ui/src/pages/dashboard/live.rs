//! Following the machine over a channel for as long as the page is open.

use crate::api;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{SubscriptionId, SystemSubscribe, SystemUnsubscribe};
use amoozgar_types::machine::Snapshot;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The machine as the page sees it.
#[derive(Clone, PartialEq)]
pub struct Live {
    /// The latest look; `None` until the first one has come.
    pub snapshot: Option<Rc<Snapshot>>,
    /// Why it cannot be followed.
    pub error: Option<ApiError>,
    /// Tries again.
    pub retry: Callback<()>,
}

/// Follows the machine while the component is mounted.
#[hook]
pub fn use_machine() -> Live {
    let snapshot = use_state(|| None::<Rc<Snapshot>>);
    let error = use_state(|| None::<ApiError>);
    let attempt = use_state(|| 0_u32);
    {
        let (snapshot, error) = (snapshot.setter(), error.setter());
        use_effect_with(*attempt, move |_| {
            let ended = Rc::new(Cell::new(false));
            let confirmed = Rc::new(Cell::new(None::<SubscriptionId>));
            follow(snapshot, error, ended.clone(), confirmed.clone());
            move || {
                ended.set(true);
                if let Some(id) = confirmed.take() {
                    unsubscribe(id);
                }
            }
        });
    }
    let retry = {
        let (attempt, error) = (attempt.clone(), error.clone());
        Callback::from(move |()| {
            error.set(None);
            attempt.set(*attempt + 1);
        })
    };
    Live {
        snapshot: (*snapshot).clone(),
        error: (*error).clone(),
        retry,
    }
}

fn follow(
    snapshot: UseStateSetter<Option<Rc<Snapshot>>>,
    error: UseStateSetter<Option<ApiError>>,
    ended: Rc<Cell<bool>>,
    confirmed: Rc<Cell<Option<SubscriptionId>>>,
) {
    let on_look = {
        let ended = ended.clone();
        Callback::from(move |look: Snapshot| {
            if !ended.get() {
                snapshot.set(Some(Rc::new(look)));
            }
        })
    };
    spawn_local(async move {
        match api::call_with_channel::<SystemSubscribe, Snapshot>((), on_look).await {
            // The page was left before the shell had answered.
            Ok(id) if ended.get() => unsubscribe(id),
            Ok(id) => confirmed.set(Some(id)),
            Err(failure) if !ended.get() => error.set(Some(failure)),
            Err(_) => {}
        }
    });
}

fn unsubscribe(id: SubscriptionId) {
    spawn_local(async move {
        if let Err(error) = api::call::<SystemUnsubscribe>(id).await {
            api::log(&format!("a subscription could not be ended: {error}"));
        }
    });
}
