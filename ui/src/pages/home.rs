//! Greeting and what runs.

use yew::prelude::*;


#[component]
pub fn HomePage() -> Html {
    html! {}
}
