//! Left-to-right islands.

use yew::prelude::*;

/// Props of [`Ltr`].
#[derive(Properties, PartialEq)]
pub struct LtrProps {
    /// An id, a path, code, a rate such as 2e-3.
    pub text: AttrValue,
}

/// Text that reads from the left, isolated from the Persian around it.
#[component]
pub fn Ltr(props: &LtrProps) -> Html {
    html! { <bdi dir="ltr" class="ltr">{ &props.text }</bdi> }
}
