//! What a page can do without in its first frame.

use crate::hooks::use_painted;
use yew::prelude::*;

/// Props of [`Deferred`].
#[derive(Properties, PartialEq)]
pub struct DeferredProps {
    /// What follows; out of sight when a page opens, as a rule.
    pub children: Html,
}

/// Shows its children when the first frame is painted, so that what is in sight does not wait for them.
#[component]
pub fn Deferred(props: &DeferredProps) -> Html {
    if use_painted() {
        props.children.clone()
    } else {
        html! {}
    }
}
