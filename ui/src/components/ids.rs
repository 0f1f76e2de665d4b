//! What several components need: ids that are unique on the page, and moving the focus among
//! siblings by arrow keys.

use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement};
use yew::prelude::*;

/// A DOM id that no other component on the page has, the same at every rendering.
#[hook]
pub fn use_id(prefix: &'static str) -> AttrValue {
    thread_local! {
        static NEXT: Cell<u32> = const { Cell::new(0) };
    }
    let id = use_memo((), |()| {
        let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        AttrValue::from(format!("{prefix}-{number}"))
    });
    (*id).clone()
}

/// Where an arrow key, Home or End leads in a row of `count` things that reads from the right, as the
/// WAI-ARIA patterns have it; `None` for any other key.
pub fn moved(key: &str, at: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowLeft" | "ArrowDown" => Some(if at >= last { 0 } else { at + 1 }),
        "ArrowRight" | "ArrowUp" => Some(if at == 0 { last } else { at - 1 }),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

/// Gives the keyboard to the child with this index of the element that handles `event`.
pub fn focus_child(event: &Event, index: usize) {
    let child = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
        .and_then(|target| target.parent_element())
        .and_then(|parent| parent.children().item(index as u32))
        .and_then(|child| child.dyn_into::<HtmlElement>().ok());
    focus(child);
}

/// Gives the keyboard to an element, where there is one.
pub fn focus(element: Option<HtmlElement>) {
    if let Some(element) = element {
        // What cannot be focused leaves the focus where it is.
        let _ = element.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn arrows_go_round_in_reading_direction() {
        assert_eq!(moved("ArrowLeft", 0, 3), Some(1), "left is onward");
        assert_eq!(moved("ArrowLeft", 2, 3), Some(0), "and round the end");
        assert_eq!(moved("ArrowRight", 0, 3), Some(2), "right is back");
        assert_eq!(moved("End", 0, 3), Some(2), "the last");
        assert_eq!(moved("a", 0, 3), None, "letters move nothing");
        assert_eq!(moved("Home", 0, 0), None, "nothing to move in");
    }
}
