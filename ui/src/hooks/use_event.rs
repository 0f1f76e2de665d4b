//! Listening to the shell while a component lives.

use crate::api;
use amoozgar_types::ipc::Event;
use std::rc::Rc;
use yew::prelude::*;

/// Calls `on_event` with every payload of `E` while the component is mounted. The latest closure is
/// the one called, so it may capture state of the current render.
#[hook]
pub fn use_event<E, F>(on_event: F)
where
    E: Event + 'static,
    E::Payload: 'static,
    F: Fn(E::Payload) + 'static,
{
    let latest = use_mut_ref(|| None::<Rc<dyn Fn(E::Payload)>>);
    *latest.borrow_mut() = Some(Rc::new(on_event));
    use_effect_with((), move |()| {
        let guard = api::listen::<E>(Callback::from(move |payload| {
            let on_event = latest.borrow().clone();
            if let Some(on_event) = on_event {
                on_event(payload);
            }
        }));
        move || drop(guard)
    });
}
