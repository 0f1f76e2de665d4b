//! Making, listing and watching runs.

use yew::prelude::*;

/// All runs.
#[component]
pub fn TrainingListPage() -> Html {
    html! {}
}

/// The new-run form.
#[component]
pub fn NewRunPage() -> Html {
    html! {}
}

/// Props of [`JobPage`].
#[derive(Properties, PartialEq)]
pub struct JobPageProps {
    /// The run's id.
    pub id: String,
}

/// One run.
#[component]
pub fn JobPage(_props: &JobPageProps) -> Html {
    html! {}
}
