//! Choosing or making a profile.

use yew::prelude::*;


#[component]
pub fn LoginPage() -> Html {
    html! {}
}
