//! Greeting, the way to the first model, what runs, what ran, and the machine.

mod live;
mod machine;
mod onward;
mod steps;
mod tips;

use crate::components::{
    ButtonLink, Card, ErrorState, IconName, LinkTo, PageHeader, Skeleton, StatusBadge, Variant,
};
use crate::hooks::{use_event, use_kept_query, use_session};
use crate::i18n::{common, home, time};
use crate::route::Route;
use amoozgar_types::ipc::{JobChanged, JobDeleted, TrainingPage};
use amoozgar_types::job::{JobGroup, JobPage, JobQuery};
use amoozgar_types::job::{JobRecord, JobStatus};
use live::LiveJob;
use machine::MachineCard;
use onward::{Onward, onward};
use steps::FirstSteps;
use yew::prelude::*;

/// Rows of the list of ended runs.
const N_RECENT: usize = 5;
/// Of the latest runs, how many are looked through for ended ones.
const N_LATEST: u32 = 20;

/// The first page after sign-in.
#[component]
pub fn HomePage() -> Html {
    let user = use_session().user();
    let query = use_kept_query::<TrainingPage>(JobQuery {
        limit: N_LATEST,
        ..JobQuery::default()
    });
    // A run that goes on may be older than the latest ones.
    let active = use_kept_query::<TrainingPage>(JobQuery {
        group: JobGroup::Active,
        limit: N_LATEST,
        ..JobQuery::default()
    });
    {
        let (query, active) = (query.clone(), active.clone());
        use_event::<JobChanged, _>(move |_| {
            query.reload();
            active.reload();
        });
    }
    {
        let (query, active) = (query.clone(), active.clone());
        use_event::<JobDeleted, _>(move |_| {
            query.reload();
            active.reload();
        });
    }
    let jobs = query
        .data()
        .zip(active.data())
        .map(|(latest, active)| together(&latest, &active));
    let failure = query.error().or_else(|| active.error());
    let on_retry = {
        let (query, active) = (query.clone(), active.clone());
        Callback::from(move |()| {
            query.reload();
            active.reload();
        })
    };
    let finished_one = query.data().is_some_and(|page| page.n_completed > 0);
    let title = user
        .map(|user| home::greeting(&user.name))
        .unwrap_or_default();
    html! {
        <>
            <PageHeader
                {title}
                subtitle={if finished_one { home::SUBTITLE } else { home::SUBTITLE_NEW }}
                actions={html! {
                    <ButtonLink
                        to={Route::NewRun}
                        label={home::NEW_RUN}
                        icon={IconName::Plus}
                        variant={Variant::Primary}
                        testid="home-new-run"
                    />
                }}
            />
            { match (jobs, failure) {
                (_, Some(error)) => html! { <ErrorState {error} {on_retry} /> },
                (None, None) => html! { <Card><Skeleton lines={6} /></Card> },
                (Some(jobs), None) => html! { <Overview {jobs} {finished_one} /> },
            } }
        </>
    }
}

/// The latest runs with those that go on, each once, latest first.
fn together(latest: &JobPage, active: &JobPage) -> Vec<JobRecord> {
    let mut jobs = latest.jobs.clone();
    for job in &active.jobs {
        if jobs.iter().all(|known| known.job_id != job.job_id) {
            jobs.push(job.clone());
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created_ms));
    jobs
}

#[derive(Properties, PartialEq)]
struct OverviewProps {
    jobs: Vec<JobRecord>,
    finished_one: bool,
}

#[component]
fn Overview(props: &OverviewProps) -> Html {
    let jobs = &props.jobs;
    let live = jobs.iter().find(|job| job.status.is_live());
    let n_queued = jobs
        .iter()
        .filter(|job| job.status == JobStatus::Queued)
        .count();
    let recent: Vec<_> = jobs
        .iter()
        .filter(|job| job.status.has_ended())
        .take(N_RECENT)
        .cloned()
        .collect();
    let finished_one = props.finished_one;
    html! {
        <>
            if !finished_one {
                <FirstSteps latest={jobs.first().cloned()} />
            }
            <div class="home">
                <div class="home__main">
                    if let Some(job) = live {
                        <LiveJob key={job.job_id.to_string()} job={job.clone()} {n_queued} />
                    } else if let Some(job) = onward(jobs) {
                        <Onward key={job.job_id.to_string()} job={job.clone()} />
                    }
                    if !recent.is_empty() {
                        <Recent jobs={recent} />
                    }
                </div>
                <div class="home__aside">
                    <MachineCard jobs={jobs.clone()} />
                </div>
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RecentProps {
    jobs: Vec<JobRecord>,
}

#[component]
fn Recent(props: &RecentProps) -> Html {
    html! {
        <Card title={home::RECENT} actions={html! {
            <LinkTo to={Route::Training} class="text-link">
                { home::ALL_RUNS }
                { IconName::Forward.svg() }
            </LinkTo>
        }}>
            <ul class="recent">
                { for props.jobs.iter().map(|job| html! {
                    <li key={job.job_id.to_string()}>
                        <LinkTo to={Route::Job { id: job.job_id.to_string() }} class="recent__link">
                            <span class="recent__name" dir="auto">{ &job.name }</span>
                            <StatusBadge status={job.status} />
                            <span class="recent__fact">
                                <span class="muted">{ home::VAL_LOSS }</span>
                                { " " }
                                { common::loss_or_dash(job.val_loss) }
                            </span>
                            <span class="recent__time muted">{ time::ago(job.updated_ms) }</span>
                        </LinkTo>
                    </li>
                }) }
            </ul>
        </Card>
    }
}
