//! How a model was trained here: the run's curves, its settings and its samples, as the run's page shows
//! them.

use crate::components::{Card, Deferred, ErrorNote, Skeleton};
use crate::i18n::{library as words, training};
use crate::pages::training::{Charts, Details, Samples, use_job};
use amoozgar_types::id::JobId;
use yew::prelude::*;

/// Props of [`OfRun`].
#[derive(Properties, PartialEq)]
pub struct OfRunProps {
    /// The run.
    pub id: JobId,
}

/// Curves, settings, samples.
#[component]
pub fn OfRun(props: &OfRunProps) -> Html {
    let feed = use_job(&props.id);
    let state = &feed.state;
    let Some(job) = state.job.clone() else {
        return match feed.error {
            Some(error) => html! { <Card title={words::MADE_BY}><ErrorNote {error} /></Card> },
            None => html! { <Card title={words::MADE_BY}><Skeleton lines={6} /></Card> },
        };
    };
    let last = state.curves.validation.last();
    let classes = last.and_then(|last| last.classes);
    let preference = last.and_then(|last| last.preference);
    html! {
        <div class="model-run" data-testid="model-run-made">
            <Charts curves={state.curves.clone()} ended={job.status.has_ended()} />
            <Deferred>
                <Card title={words::MADE_BY}>
                    <Details {job} spec={state.spec.clone()} {classes} {preference} />
                </Card>
                <Card title={training::TAB_SAMPLES}>
                    <Samples samples={state.samples.clone()} />
                </Card>
            </Deferred>
        </div>
    }
}
