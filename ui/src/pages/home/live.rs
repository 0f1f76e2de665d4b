//! The run under way, followed live.

use crate::api;
use crate::components::{ButtonLink, Card, IconName, Progress, StatusBadge};
use crate::i18n::{common, home};
use crate::route::Route;
use amoozgar_text::number;
use amoozgar_types::ipc::{JobUpdate, TrainingSubscribe, TrainingUnsubscribe};
use amoozgar_types::job::{JobRecord, JobStatus};
use std::cell::Cell;
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`LiveJob`].
#[derive(Properties, PartialEq)]
pub struct LiveJobProps {
    /// The row as the list knows it.
    pub job: JobRecord,
    /// How many wait behind it.
    pub n_queued: usize,
}

/// Progress, loss, speed and the time that remains.
#[component]
pub fn LiveJob(props: &LiveJobProps) -> Html {
    let latest = use_live_row(&props.job);
    // The list hears of a new state first.
    let job = latest
        .filter(|row| row.updated_ms >= props.job.updated_ms)
        .unwrap_or_else(|| props.job.clone());
    let progress = (job.total_steps > 0).then_some(job.progress);
    let facts = [
        (home::LOSS, common::loss_or_dash(job.loss)),
        (home::VAL_LOSS, common::loss_or_dash(job.val_loss)),
        (
            home::SPEED,
            job.tokens_per_s
                .map_or_else(|| common::NONE_YET.to_owned(), home::speed),
        ),
        (
            home::REMAINING,
            job.eta_s
                .map_or_else(|| common::NONE_YET.to_owned(), number::duration),
        ),
    ];
    html! {
        <Card title={home::RUNNING} class="live" testid="home-live" actions={html! {
            <ButtonLink
                to={Route::Job { id: job.job_id.to_string() }}
                label={home::STEP_READ_ACTION}
                icon={IconName::Training}
            />
        }}>
            <div class="live__head">
                <strong class="live__name" dir="auto">{ &job.name }</strong>
                <StatusBadge status={job.status} />
            </div>
            <Progress
                value={progress}
                label={home::PROGRESS}
                paused={job.status == JobStatus::Paused}
            />
            <div class="live__under">
                <span>{ number::percent(job.progress, 0) }</span>
                if job.total_steps > 0 {
                    <span class="muted">{ home::steps(job.step, job.total_steps) }</span>
                }
            </div>
            <dl class="facts facts--plain">
                { for facts.into_iter().map(|(name, value)| html! {
                    <div class="facts__item" key={name}><dt>{ name }</dt><dd>{ value }</dd></div>
                }) }
            </dl>
            if props.n_queued > 0 {
                <p class="muted">{ home::queued(props.n_queued) }</p>
            }
        </Card>
    }
}

/// The job's row as the shell's channel tells it while the component lives.
#[hook]
fn use_live_row(job: &JobRecord) -> Option<JobRecord> {
    let row = use_state(|| None);
    let id = job.job_id.clone();
    {
        let row = row.clone();
        use_effect_with(id, move |id| {
            let alive = Rc::new(Cell::new(true));
            let (id, listening, ended) = (id.clone(), alive.clone(), alive.clone());
            let subscription = Rc::new(Cell::new(None));
            let held = subscription.clone();
            let on_update = Callback::from(move |update: JobUpdate| {
                if listening.get() {
                    row.set(Some(update.job));
                }
            });
            wasm_bindgen_futures::spawn_local(async move {
                match api::call_with_channel::<TrainingSubscribe, _>(id, on_update).await {
                    Ok(id) if alive.get() => held.set(Some(id)),
                    Ok(id) => unsubscribe(id),
                    Err(error) => api::log(&format!("no live updates: {error}")),
                }
            });
            move || {
                ended.set(false);
                if let Some(id) = subscription.take() {
                    unsubscribe(id);
                }
            }
        });
    }
    (*row).clone()
}

fn unsubscribe(id: amoozgar_types::ipc::SubscriptionId) {
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(error) = api::call::<TrainingUnsubscribe>(id).await {
            api::log(&format!("a subscription could not be ended: {error}"));
        }
    });
}
