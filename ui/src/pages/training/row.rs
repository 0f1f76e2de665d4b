//! One run of the list: its state, its figures, its place in the queue.

use crate::api;
use crate::components::{Checkbox, IconButton, IconName, LinkTo, Progress, StatusBadge};
use crate::i18n::{common, compare, errors, methods, time, training as words};
use crate::route::Route;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{Reorder, TrainingReorder};
use amoozgar_types::job::{JobRecord, JobStatus};
use yew::prelude::*;

/// Props of [`RunRow`].
#[derive(Properties, PartialEq)]
pub struct RunRowProps {
    /// The run.
    pub job: JobRecord,
    /// How many wait in the queue.
    pub n_queued: u32,
    /// Its place in the queue changed.
    pub on_moved: Callback<()>,
    /// Whether it is chosen for a comparison.
    pub chosen: bool,
    /// Whether it may be chosen.
    pub can_choose: bool,
    /// Chooses it, or no longer.
    pub onchoose: Callback<JobId>,
    /// The present minute: how long ago it was created is drawn again when another begins.
    pub minute: i64,
}

/// One run of the list, as an item of it.
#[component]
pub fn RunRow(props: &RunRowProps) -> Html {
    let job = &props.job;
    let id = job.job_id.to_string();
    let settled = job.status == JobStatus::Completed;
    html! {
        <li class="run-row" data-testid={format!("run-{id}")} data-status={job.status.as_str()}>
            <div class="run-row__head">
                <Checkbox
                    label={compare::choose(&job.name)}
                    bare=true
                    checked={props.chosen}
                    disabled={!props.chosen && !props.can_choose}
                    onchange={props.onchoose.reform({
                        let id = job.job_id.clone();
                        move |_| id.clone()
                    })}
                    testid={format!("run-choose-{id}")}
                />
                <LinkTo
                    to={Route::Job { id: id.clone() }}
                    class="run-row__name"
                    dir="auto"
                    testid={format!("run-open-{id}")}
                >
                    { &job.name }
                </LinkTo>
                <StatusBadge status={job.status} />
            </div>
            <p class="run-row__facts">
                <span dir="auto">{ &job.dataset_name }</span>
                <span>{ methods::size_or_method(job) }</span>
                <span>{ time::ago(job.created_ms) }</span>
            </p>
            if !settled {
                <div class="run-row__progress">
                    if job.status == JobStatus::Queued {
                        <QueuePlace
                            job_id={job.job_id.clone()}
                            place={job.queue_position.unwrap_or_default()}
                            n_queued={props.n_queued}
                            on_moved={props.on_moved.clone()}
                        />
                    } else {
                        <Progress
                            value={(job.total_steps > 0).then_some(job.progress)}
                            label={words::progress_of(&job.name)}
                            paused={!matches!(job.status, JobStatus::Starting | JobStatus::Loading | JobStatus::Running)}
                        />
                        <span class="run-row__percent">{ number::percent(job.progress, 0) }</span>
                    }
                </div>
            }
            if job.status != JobStatus::Queued {
                <dl class="run-row__figures">
                    { figure(words::TRAIN_LOSS, common::loss_or_dash(job.loss)) }
                    { figure(words::VAL_LOSS, common::loss_or_dash(job.val_loss)) }
                    { time_figure(job) }
                </dl>
            }
        </li>
    }
}

fn figure(label: &'static str, value: String) -> Html {
    html! { <><dt>{ label }</dt><dd>{ value }</dd></> }
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

#[derive(Properties, PartialEq)]
struct QueuePlaceProps {
    job_id: JobId,
    place: u32,
    n_queued: u32,
    on_moved: Callback<()>,
}

/// Where a run stands in the queue, with buttons to move it.
#[component]
fn QueuePlace(props: &QueuePlaceProps) -> Html {
    let toasts = use_toasts();
    let place = props.place;
    let move_to = {
        let (id, on_moved) = (props.job_id.clone(), props.on_moved.clone());
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
    let id = &props.job_id;
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
                disabled={place + 1 >= props.n_queued}
                onclick={move_to(place + 1)}
                testid={format!("run-down-{id}")}
            />
        </>
    }
}
