//! The head of a run's page: name, state, what can be done, how far it is.

use super::form::again;
use super::new_run::address_on;
use super::recipe::RecipeButton;
use crate::api;
use crate::components::{
    Button, ConfirmDialog, ErrorNote, IconName, LinkTo, PageHeader, Progress, StatusBadge, Variant,
};
use crate::i18n::{common, errors, methods, preference, training as words};
use crate::pages::models::{TakeAlong, Taken};
use crate::route::Route;
use crate::state::job::Shared;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::event::LoadingStage;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{Command, TrainingDelete, TrainingPause, TrainingResume, TrainingStop};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::spec::{Method, Task};
use yew::prelude::*;
use yew_router::prelude::*;

/// Props of [`JobHeader`].
#[derive(Properties, PartialEq)]
pub struct JobHeaderProps {
    /// The row.
    pub job: Shared<JobRecord>,
    /// Something was asked of the run.
    pub on_changed: Callback<()>,
}

/// Name, state and actions.
#[component]
pub fn JobHeader(props: &JobHeaderProps) -> Html {
    let job = &props.job;
    let before = html! {
        <LinkTo to={Route::Training} class="back-link">
            { IconName::Back.svg() }
            { words::ALL_RUNS }
        </LinkTo>
    };
    let actions = html! {
        <>
            <span class="job__status" data-testid="job-status" data-status={job.status.as_str()}>
                <StatusBadge status={job.status} />
            </span>
            <Actions
                id={job.job_id.clone()}
                status={job.status}
                taken={Taken::of_run(job)}
                can_go_on={job.model_dir.is_some() && job.task == Task::CausalLm}
                can_repeat={job.task == Task::CausalLm}
                moves_on={has_recipe(job).then(|| AttrValue::from(job.name.clone()))}
                on_changed={props.on_changed.clone()}
            />
        </>
    };
    html! {
        <PageHeader
            title={job.name.clone()}
            subtitle={methods::about_run(job)}
            {before}
            {actions}
        />
    }
}

#[derive(Properties, PartialEq)]
struct ActionsProps {
    id: JobId,
    status: JobStatus,
    /// What it left to be taken along.
    taken: Option<Taken>,
    /// Whether it left a model that another run can go on from.
    can_go_on: bool,
    /// Whether the form can make the same run again.
    can_repeat: bool,
    /// What it is called where its settings can be written for GPU servers.
    moves_on: Option<AttrValue>,
    on_changed: Callback<()>,
}

/// What is asked before it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Stop,
    Delete,
}

/// The buttons that the state allows.
#[component]
fn Actions(props: &ActionsProps) -> Html {
    let question = use_state(|| None::<Question>);
    let status = props.status;
    let can_pause = status == JobStatus::Running;
    let can_resume = matches!(
        status,
        JobStatus::Paused | JobStatus::Stopped | JobStatus::Interrupted | JobStatus::Failed
    );
    let can_stop = status.is_live() || status == JobStatus::Queued;
    let ask = |what: Question| {
        let question = question.setter();
        Callback::from(move |_: MouseEvent| question.set(Some(what)))
    };
    let close = {
        let question = question.setter();
        Callback::from(move |()| question.set(None))
    };
    html! {
        <div class="job__actions">
            if can_pause {
                <AskButton<TrainingPause>
                    id={props.id.clone()} label={words::PAUSE} icon={IconName::Pause}
                    testid="job-pause" on_changed={props.on_changed.clone()}
                />
            }
            if can_resume {
                <AskButton<TrainingResume>
                    id={props.id.clone()} label={words::RESUME} icon={IconName::Play}
                    variant={Variant::Primary}
                    testid="job-resume" on_changed={props.on_changed.clone()}
                />
            }
            if can_stop {
                <Button
                    label={if status == JobStatus::Queued { words::LEAVE_QUEUE } else { words::STOP }}
                    icon={IconName::Stop} onclick={ask(Question::Stop)} testid="job-stop"
                />
            }
            if let Some(taken) = &props.taken { <TakeAlong taken={taken.clone()} /> }
            if props.can_go_on {
                <LinkButton
                    address={address_on(&trained(&props.id))}
                    label={methods::TRAIN_ON_THIS} icon={IconName::Training} testid="job-train-on"
                />
            }
            if props.can_repeat && status.has_ended() {
                <LinkButton
                    address={again::address_again(&props.id)}
                    label={methods::RUN_AGAIN} icon={IconName::Refresh} testid="job-again"
                />
            }
            if let Some(name) = &props.moves_on {
                <RecipeButton id={props.id.clone()} name={name.clone()} />
            }
            if status.has_ended() {
                <Button
                    label={words::DELETE} variant={Variant::Ghost} icon={IconName::Trash}
                    onclick={ask(Question::Delete)} testid="job-delete"
                />
            }
            if let Some(what) = *question {
                <Confirm
                    id={props.id.clone()} {what} {close} on_changed={props.on_changed.clone()}
                />
            }
        </div>
    }
}

/// Whether Axolotl and LLaMA-Factory know such runs: they go on from finished models and make no classifiers.
fn has_recipe(job: &JobRecord) -> bool {
    job.task == Task::CausalLm && job.method != Method::Scratch
}

fn trained(job_id: &JobId) -> ModelRef {
    ModelRef::Trained {
        job_id: job_id.clone(),
    }
}

#[derive(Properties, PartialEq)]
struct LinkButtonProps {
    address: String,
    label: AttrValue,
    icon: IconName,
    testid: AttrValue,
}

/// A link to the form, with what it is to begin with in its address.
#[component]
fn LinkButton(props: &LinkButtonProps) -> Html {
    html! {
        <a
            href={format!("#{}", props.address)}
            class={Variant::Secondary.class()}
            data-testid={props.testid.clone()}
        >
            { props.icon.svg() }
            <span>{ &props.label }</span>
        </a>
    }
}

#[derive(Properties, PartialEq)]
struct AskButtonProps {
    id: JobId,
    label: AttrValue,
    icon: IconName,
    #[prop_or_default]
    variant: Variant,
    testid: AttrValue,
    on_changed: Callback<()>,
}

/// A button that sends one command about the run.
#[component]
fn AskButton<C: Command<Request = JobId, Response = ()> + 'static>(props: &AskButtonProps) -> Html {
    let busy = use_state(|| false);
    let toasts = use_toasts();
    let onclick = {
        let (id, busy, on_changed) = (props.id.clone(), busy.setter(), props.on_changed.clone());
        move |_| {
            let (id, busy, on_changed) = (id.clone(), busy.clone(), on_changed.clone());
            let toasts = toasts.clone();
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<C>(id).await {
                    toasts.error(errors::describe(&error).message);
                }
                busy.set(false);
                on_changed.emit(());
            });
        }
    };
    html! {
        <Button
            label={props.label.clone()}
            variant={props.variant}
            icon={props.icon}
            loading={*busy}
            {onclick}
            testid={props.testid.clone()}
        />
    }
}

#[derive(Properties, PartialEq)]
struct ConfirmProps {
    id: JobId,
    what: Question,
    close: Callback<()>,
    on_changed: Callback<()>,
}

/// Asks, then stops or deletes.
#[component]
fn Confirm(props: &ConfirmProps) -> Html {
    let (busy, failure) = (use_state(|| false), use_state(|| None::<ApiError>));
    let (toasts, navigator) = (use_toasts(), use_navigator());
    let what = props.what;
    let on_confirm = {
        let (id, close, on_changed) = (
            props.id.clone(),
            props.close.clone(),
            props.on_changed.clone(),
        );
        let (busy, failure) = (busy.setter(), failure.setter());
        move |()| {
            let (id, close, on_changed) = (id.clone(), close.clone(), on_changed.clone());
            let (busy, failure) = (busy.clone(), failure.clone());
            let (toasts, navigator) = (toasts.clone(), navigator.clone());
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                let outcome = match what {
                    Question::Stop => api::call::<TrainingStop>(id).await,
                    Question::Delete => api::call::<TrainingDelete>(id).await,
                };
                match (outcome, what) {
                    (Err(error), _) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                    (Ok(()), Question::Stop) => {
                        close.emit(());
                        on_changed.emit(());
                    }
                    (Ok(()), Question::Delete) => {
                        toasts.success(words::DELETED);
                        if let Some(navigator) = navigator {
                            navigator.replace(&Route::Training);
                        }
                    }
                }
            });
        }
    };
    let (title, text, confirm, variant) = match what {
        Question::Stop => (
            words::STOP_TITLE,
            words::STOP_TEXT,
            words::STOP,
            Variant::Primary,
        ),
        Question::Delete => (
            words::DELETE_TITLE,
            words::DELETE_TEXT,
            common::DELETE,
            Variant::Danger,
        ),
    };
    html! {
        <ConfirmDialog
            {title} {text} {confirm} {variant}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.close.clone()}
        />
    }
}

/// Props of [`Banner`].
#[derive(Properties, PartialEq)]
pub struct BannerProps {
    /// The row.
    pub job: Shared<JobRecord>,
}

/// Why the run does not go on, and what can be done.
#[component]
pub fn Banner(props: &BannerProps) -> Html {
    let job = &props.job;
    let (class, title, text) = match job.status {
        JobStatus::Interrupted => (
            "note note--warning",
            Some(words::INTERRUPTED_TITLE),
            words::INTERRUPTED_TEXT,
        ),
        JobStatus::Stopped => ("note", None, words::STOPPED_TEXT),
        JobStatus::Paused => ("note", None, words::PAUSED_TEXT),
        JobStatus::Failed => {
            let error = job.error.clone();
            return html! {
                <div class="job__failure" data-testid="job-banner">
                    <p class="job__failure-title">{ words::FAILED_TITLE }</p>
                    if let Some(error) = error { <ErrorNote {error} /> }
                </div>
            };
        }
        _ => return html! {},
    };
    html! {
        <div {class} role="status" data-testid="job-banner">
            { (if title.is_some() { IconName::Alert } else { IconName::Info }).svg() }
            <div>
                if let Some(title) = title { <strong>{ title }</strong> }
                <p>{ text }</p>
            </div>
        </div>
    }
}

/// That the better answers' likelihood collapsed while the run learnt to prefer them.
#[component]
pub fn ChosenFell(props: &BannerProps) -> Html {
    let Some(step) = props.job.chosen_fell_step else {
        return html! {};
    };
    html! {
        <div class="note note--warning" role="status" data-testid="job-chosen-fell">
            { IconName::Alert.svg() }
            <p>{ preference::chosen_fell(step) }</p>
        </div>
    }
}

/// That the run went back once because its loss was no number.
#[component]
pub fn WentBack(props: &BannerProps) -> Html {
    let job = &props.job;
    // A run that failed in the end says so itself.
    let Some(step) = job
        .diverged_step
        .filter(|_| job.status != JobStatus::Failed)
    else {
        return html! {};
    };
    html! {
        <div class="note note--warning" role="status" data-testid="job-went-back">
            { IconName::Alert.svg() }
            <p>{ words::went_back(step) }</p>
        </div>
    }
}

/// Props of [`Standing`].
#[derive(Properties, PartialEq)]
pub struct StandingProps {
    /// The row.
    pub job: Shared<JobRecord>,
    /// What is being done before the first step.
    pub loading: Option<(LoadingStage, f64)>,
}

/// How far it is, how fast, how well.
#[component]
pub fn Standing(props: &StandingProps) -> Html {
    let job = &props.job;
    let unknown = matches!(job.status, JobStatus::Starting | JobStatus::Loading);
    let value = match props.loading {
        Some((_, fraction)) if unknown => Some(100.0 * fraction),
        _ if unknown => None,
        _ => Some(job.progress),
    };
    let said = match props.loading {
        Some((stage, _)) if unknown => Some(words::stage(stage)),
        _ if unknown || job.status == JobStatus::Queued => {
            Some(words::before_first_step(job.status))
        }
        _ => None,
    };
    let dash = || common::NONE_YET.to_owned();
    html! {
        <section class="card standing">
            <div class="standing__bar">
                <Progress
                    {value}
                    label={words::PROGRESS}
                    paused={!matches!(
                        job.status,
                        JobStatus::Starting | JobStatus::Loading | JobStatus::Running | JobStatus::Completed
                    )}
                    testid="job-progress"
                />
                <strong class="standing__percent" data-testid="job-percent">
                    { value.map_or_else(dash, |value| number::percent(value, 0)) }
                </strong>
            </div>
            if let Some(said) = said {
                <p class="standing__stage" data-testid="job-stage" role="status">{ said }</p>
            }
            <dl class="figures">
                { figure(words::STEP, words::step_of(job.step, job.total_steps), "job-step") }
                { figure(words::EPOCH, number::format_decimal(job.epoch, 2), "job-epoch") }
                { figure(words::TRAIN_LOSS, common::loss_or_dash(job.loss), "job-loss") }
                { figure(words::VAL_LOSS, common::loss_or_dash(job.val_loss), "job-val-loss") }
                { time_figure(job) }
                { figure(words::SPEED, job.tokens_per_s.map_or_else(dash, words::speed), "job-speed") }
            </dl>
        </section>
    }
}

fn figure(label: &'static str, value: String, testid: &'static str) -> Html {
    html! {
        <div class="figures__one">
            <dt>{ label }</dt>
            <dd data-testid={testid}>{ value }</dd>
        </div>
    }
}

/// What remains of a run; how long an ended one took.
fn time_figure(job: &JobRecord) -> Html {
    if job.status.has_ended()
        && let (Some(from), Some(to)) = (job.started_ms, job.finished_ms)
    {
        let took = number::duration((to - from) as f64 / 1000.0);
        return figure(words::ELAPSED, took, "job-elapsed");
    }
    let left = job
        .eta_s
        .filter(|_| job.status == JobStatus::Running)
        .map_or_else(|| common::NONE_YET.to_owned(), number::duration);
    figure(words::REMAINING, left, "job-eta")
}
