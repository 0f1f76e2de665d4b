//! All datasets.

use yew::prelude::*;


#[component]
pub fn DatasetsPage() -> Html {
    html! {}
}
