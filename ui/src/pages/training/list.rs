//! All runs, latest first; those that wait can change places.

use crate::api;
use crate::components::{
    ButtonLink, EmptyState, ErrorNote, ErrorState, IconButton, IconName, LinkTo, PageHeader,
    Progress, Skeleton, StatusBadge, Variant,
};
use crate::hooks::{Query, use_event, use_query};
use crate::i18n::{common, errors, time, training as words};
use crate::route::Route;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{JobChanged, JobDeleted, Reorder, TrainingList, TrainingReorder};
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// All runs.
#[component]
pub fn TrainingListPage() -> Html {
    let query = use_query::<TrainingList>(());
    {
        let query = query.clone();
        use_event::<JobChanged, _>(move |job| query.update(|jobs| upsert(jobs, job)));
    }
    {
        let query = query.clone();
        use_event::<JobDeleted, _>(move |id: JobId| {
            query.update(move |jobs| jobs.retain(|job| job.job_id != id));
        });
    }
    let some = query.data().is_some_and(|jobs| !jobs.is_empty());
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                subtitle={words::SUBTITLE}
                actions={if some { new_run() } else { html! {} }}
            />
            { content(&query) }
        </>
    }
}

fn content(query: &Query<Vec<JobRecord>>) -> Html {
    match (query.data(), query.error()) {
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={5} /> },
        (Some(jobs), _) if jobs.is_empty() => html! {
            <EmptyState
                icon={IconName::Training}
                title={words::EMPTY_TITLE}
                text={words::EMPTY_TEXT}
                action={new_run()}
            />
        },
        (Some(jobs), error) => {
            let n_queued = jobs
                .iter()
                .filter(|job| job.status == JobStatus::Queued)
                .count();
            html! {
                <>
                    if let Some(error) = error { <ErrorNote {error} /> }
                    <ul class="run-list" data-testid="run-list">
                        { for jobs.iter().map(|job| html! {
                            <li key={job.job_id.to_string()}>
                                <RunRow job={job.clone()} {n_queued} on_moved={query.on_retry()} />
                            </li>
                        }) }
                    </ul>
                </>
            }
        }
    }
}

fn new_run() -> Html {
    html! {
        <ButtonLink
            to={Route::NewRun}
            label={words::NEW_RUN}
            variant={Variant::Primary}
            icon={IconName::Plus}
            testid="new-run"
        />
    }
}

/// Puts a changed row in its place; a new one comes first.
fn upsert(jobs: &mut Vec<JobRecord>, job: JobRecord) {
    match jobs.iter_mut().find(|known| known.job_id == job.job_id) {
        Some(known) if known.updated_ms > job.updated_ms => {}
        Some(known) => *known = job,
        None => jobs.push(job),
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created_ms));
}

#[derive(Properties, PartialEq)]
struct RunRowProps {
    job: JobRecord,
    n_queued: usize,
    on_moved: Callback<()>,
}

#[component]
fn RunRow(props: &RunRowProps) -> Html {
    let job = &props.job;
    let id = job.job_id.to_string();
    let settled = job.status == JobStatus::Completed;
    html! {
        <article class="run-row" data-testid={format!("run-{id}")} data-status={job.status.as_str()}>
            <div class="run-row__head">
                <LinkTo to={Route::Job { id: id.clone() }} class="run-row__name" testid={format!("run-open-{id}")}>
                    <span dir="auto">{ &job.name }</span>
                </LinkTo>
                <StatusBadge status={job.status} />
            </div>
            <p class="run-row__facts">
                <span dir="auto">{ &job.dataset_name }</span>
                <span>{ common::preset(job.preset) }</span>
                <span>{ time::ago(job.created_ms) }</span>
            </p>
            <div class="run-row__progress">
                if job.status == JobStatus::Queued {
                    <QueuePlace job={job.clone()} n_queued={props.n_queued} on_moved={props.on_moved.clone()} />
                } else if !settled {
                    <Progress
                        value={(job.total_steps > 0).then_some(job.progress)}
                        label={words::progress_of(&job.name)}
                        paused={!matches!(job.status, JobStatus::Starting | JobStatus::Loading | JobStatus::Running)}
                    />
                    <span class="run-row__percent">{ number::percent(job.progress, 0) }</span>
                }
            </div>
            if job.status != JobStatus::Queued {
                <dl class="run-row__figures">
                    { figure(words::TRAIN_LOSS, common::loss_or_dash(job.loss)) }
                    { figure(words::VAL_LOSS, common::loss_or_dash(job.val_loss)) }
                    { time_figure(job) }
                </dl>
            }
        </article>
    }
}

fn figure(label: &'static str, value: String) -> Html {
    html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> }
}

/// What remains of a live run; how long an ended one took.
fn time_figure(job: &JobRecord) -> Html {
    if job.status == JobStatus::Running {
        let left = job
            .eta_s
            .map_or_else(|| common::NONE_YET.to_owned(), number::duration);
        return figure(words::REMAINING, left);
    }
    let took = job.started_ms.zip(job.finished_ms).map_or_else(
        || common::NONE_YET.to_owned(),
        |(from, to)| number::duration((to - from) as f64 / 1000.0),
    );
    figure(words::ELAPSED, took)
}

/// Where a run stands in the queue, with buttons to move it.
#[component]
fn QueuePlace(props: &RunRowProps) -> Html {
    let toasts = use_toasts();
    let place = props.job.queue_position.unwrap_or_default();
    let move_to = {
        let (id, on_moved) = (props.job.job_id.clone(), props.on_moved.clone());
        move |position: u32| {
            let (id, on_moved, toasts) = (id.clone(), on_moved.clone(), toasts.clone());
            Callback::from(move |_: MouseEvent| {
                let request = Reorder {
                    job_id: id.clone(),
                    position,
                };
                let (on_moved, toasts) = (on_moved.clone(), toasts.clone());
                wasm_bindgen_futures::spawn_local(async move {
                    if let Err(error) = api::call::<TrainingReorder>(request).await {
                        toasts.error(errors::describe(&error).message);
                    }
                    on_moved.emit(());
                });
            })
        }
    };
    let id = &props.job.job_id;
    html! {
        <>
            <span class="run-row__queue">{ words::queue_place(place) }</span>
            <IconButton
                icon={IconName::ChevronUp}
                label={words::MOVE_UP}
                disabled={place == 0}
                onclick={move_to(place.saturating_sub(1))}
                testid={format!("run-up-{id}")}
            />
            <IconButton
                icon={IconName::ChevronDown}
                label={words::MOVE_DOWN}
                disabled={place as usize + 1 >= props.n_queued}
                onclick={move_to(place + 1)}
                testid={format!("run-down-{id}")}
            />
        </>
    }
}
