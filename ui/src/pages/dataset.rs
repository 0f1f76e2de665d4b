//! One dataset.

use yew::prelude::*;

/// Props of [`DatasetPage`].
#[derive(Properties, PartialEq)]
pub struct DatasetPageProps {
    /// Its id.
    pub id: AttrValue,
}

#[component]
pub fn DatasetPage(_props: &DatasetPageProps) -> Html {
    html! {}
}
