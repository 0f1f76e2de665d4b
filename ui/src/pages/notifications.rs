//! What happened.

use yew::prelude::*;


#[component]
pub fn NotificationsPage() -> Html {
    html! {}
}
