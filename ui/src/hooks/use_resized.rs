//! Whether an element's size changed.

use crate::api;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// Calls back whenever the size of one of the elements changed, after layout and before it is drawn, and
/// once at the beginning. `elements` stay on the page for as long as the component.
#[hook]
pub fn use_resized<const N: usize>(elements: [NodeRef; N], changed: Callback<()>) {
    use_effect_with((), move |()| {
        let heard = Closure::<dyn Fn()>::new(move || changed.emit(()));
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref());
        match &observer {
            Ok(observer) => {
                for element in elements.iter().filter_map(NodeRef::cast::<Element>) {
                    observer.observe(&element);
                }
            }
            Err(error) => api::log(&format!("sizes are not watched: {error:?}")),
        }
        move || {
            if let Ok(observer) = observer {
                observer.disconnect();
            }
            drop(heard);
        }
    });
}
