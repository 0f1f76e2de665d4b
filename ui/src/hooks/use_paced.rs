//! What changes faster than it is worth drawing.

use std::cell::{Cell, RefCell};
use std::time::Duration;
use yew::prelude::*;

/// `value` as it was at most `pause` ago: a change is taken at once where the last one is older than
/// that, and the latest of those that follow when the pause is over. None is lost.
#[hook]
pub fn use_paced<T>(value: &T, pause: Duration) -> T
where
    T: Clone + PartialEq + 'static,
{
    let shown = use_state_eq(|| value.clone());
    let latest = use_memo((), |()| RefCell::new(value.clone()));
    let pausing = use_memo((), |()| Cell::new(false));
    let set = shown.setter();
    use_effect_with(value.clone(), move |value| {
        latest.replace(value.clone());
        if pausing.get() {
            return;
        }
        let mut taken = value.clone();
        set.set(taken.clone());
        pausing.set(true);
        wasm_bindgen_futures::spawn_local(async move {
            loop {
                yew::platform::time::sleep(pause).await;
                let next = latest.borrow().clone();
                if next == taken {
                    break;
                }
                set.set(next.clone());
                taken = next;
            }
            pausing.set(false);
        });
    });
    (*shown).clone()
}
