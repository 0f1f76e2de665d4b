//! One run: where it stands, its curves, what it writes.

use super::charts::Charts;
use super::checkpoints::Checkpoints;
use super::details::Details;
use super::feed::use_job;
use super::header::{Banner, ChosenFell, JobHeader, Standing, WentBack};
use super::log::LogView;
use super::samples::Samples;
use super::write::WriteBox;
use crate::components::{
    Card, Deferred, EmptyState, ErrorNote, ErrorState, IconName, Skeleton, Tab, Tabs, tab_id,
};
use crate::i18n::training as words;
use crate::route::Route;
use crate::state::job::JobState;
use amoozgar_types::id::JobId;
use yew::prelude::*;
use yew_router::prelude::*;

/// The id of the element that shows the open tab's content.
const PANEL: &str = "job-part";

/// Props of [`JobPage`].
#[derive(Properties, PartialEq)]
pub struct JobPageProps {
    /// The run's id.
    pub id: String,
}

/// One run.
#[component]
pub fn JobPage(props: &JobPageProps) -> Html {
    let id = JobId::new(props.id.clone());
    let feed = use_job(&id);
    let navigator = use_navigator();
    use_effect_with(feed.state.deleted, move |deleted| {
        if let (true, Some(navigator)) = (*deleted, navigator) {
            navigator.replace(&Route::Training);
        }
    });
    let Some(job) = feed.state.job.clone() else {
        return match feed.error {
            Some(error) => html! { <ErrorState {error} on_retry={feed.reload} /> },
            None => html! { <Skeleton lines={8} /> },
        };
    };
    html! {
        <div class="job" data-testid="job-page">
            <JobHeader job={job.clone()} on_changed={feed.reload.clone()} />
            if let Some(error) = feed.error { <ErrorNote {error} /> }
            <Banner job={job.clone()} />
            <WentBack job={job.clone()} />
            <ChosenFell job={job.clone()} />
            <Standing job={job.clone()} loading={feed.state.loading} />
            <Charts curves={feed.state.curves.clone()} ended={job.status.has_ended()} />
            <Deferred>
                <Parts state={(*feed.state).clone()} />
            </Deferred>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PartsProps {
    state: JobState,
}

const TABS: [(&str, &str); 5] = [
    (words::TAB_SAMPLES, "job-tab-samples"),
    (words::TAB_WRITE, "job-tab-write"),
    (words::TAB_CHECKPOINTS, "job-tab-checkpoints"),
    (words::TAB_DETAILS, "job-tab-details"),
    (words::TAB_LOG, "job-tab-log"),
];

/// The parts of which one is shown.
#[component]
fn Parts(props: &PartsProps) -> Html {
    let selected = use_state(|| 0_usize);
    let state = &props.state;
    let Some(job) = state.job.clone() else {
        return html! {};
    };
    let tabs: Vec<Tab> = TABS
        .iter()
        .map(|&(label, testid)| Tab {
            label: label.into(),
            testid: Some(testid.into()),
        })
        .collect();
    let onselect = {
        let selected = selected.setter();
        move |index| selected.set(index)
    };
    let part = match *selected {
        0 => html! { <Samples samples={state.samples.clone()} /> },
        2 => html! { <Checkpoints checkpoints={state.checkpoints.clone()} /> },
        3 => {
            let last = state.curves.validation.last();
            let (classes, preference) =
                last.map_or((None, None), |last| (last.classes, last.preference));
            html! { <Details {job} spec={state.spec.clone()} {classes} {preference} /> }
        }
        4 => html! { <LogView id={job.job_id.clone()} status={job.status} /> },
        _ => html! {},
    };
    let writing = *selected == 1;
    html! {
        <Card class="job__parts">
            <Tabs label={words::TABS} panel={PANEL} {tabs} selected={*selected} {onselect} />
            <div class="job__part" role="tabpanel" id={PANEL} aria-labelledby={tab_id(PANEL, *selected)}>
                { part }
                // Stays mounted: what the model wrote is still there after a look at another part.
                <div hidden={!writing}>
                    if state.can_write() {
                        <WriteBox id={state.job.as_ref().map(|job| job.job_id.clone())} />
                    } else {
                        <EmptyState icon={IconName::Sparkle} title={words::TAB_WRITE} text={words::WRITE_LATER} />
                    }
                </div>
            </div>
        </Card>
    }
}
