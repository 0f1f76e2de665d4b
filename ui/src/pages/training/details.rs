//! How a run was set up and what came of it.

use crate::api;
use crate::components::{Button, IconName, Ltr, Skeleton};
use crate::i18n::{common, errors, methods, preference, time, training as words};
use crate::state::job::Shared;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::event::{ClassScores, PreferenceScores};
use amoozgar_types::ipc::{Folder, SystemOpenFolder};
use amoozgar_types::job::JobRecord;
use amoozgar_types::spec::{DEFAULT_BETA, Method, TrainSpec};
use yew::prelude::*;

/// Props of [`Details`].
#[derive(Properties, PartialEq)]
pub struct DetailsProps {
    /// The row.
    pub job: Shared<JobRecord>,
    /// What it runs by.
    pub spec: Option<Shared<TrainSpec>>,
    /// What a classifier's last validation found.
    pub classes: Option<ClassScores>,
    /// What the last validation found of pairs.
    pub preference: Option<PreferenceScores>,
}

/// Result, settings, folders.
#[component]
pub fn Details(props: &DetailsProps) -> Html {
    html! {
        <div class="details" data-testid="job-details">
            <ResultFacts job={props.job.clone()} classes={props.classes} preference={props.preference} />
            if let Some(spec) = &props.spec {
                <section>
                    <h3 class="details__title">{ words::SETTINGS }</h3>
                    { settings(&props.job, spec) }
                </section>
            } else {
                <Skeleton lines={4} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ResultFactsProps {
    job: Shared<JobRecord>,
    classes: Option<ClassScores>,
    preference: Option<PreferenceScores>,
}

#[component]
fn ResultFacts(props: &ResultFactsProps) -> Html {
    let job = &props.job;
    let toasts = use_toasts();
    let open = |folder: Folder| {
        let toasts = toasts.clone();
        Callback::from(move |_: MouseEvent| {
            let (toasts, folder) = (toasts.clone(), folder.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<SystemOpenFolder>(folder).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        })
    };
    let when = |at: Option<i64>| at.map_or_else(|| common::NONE_YET.to_owned(), time::long);
    let bits = job.bits_per_byte.map_or_else(
        || common::NONE_YET.to_owned(),
        |bits| number::format_decimal(bits, 3),
    );
    html! {
        <section>
            <h3 class="details__title">{ words::RESULT }</h3>
            <dl class="rows">
                { fact(words::VAL_LOSS, common::loss_or_dash(job.val_loss)) }
                if let Some(classes) = props.classes {
                    { fact(words::ACCURACY, words::share(classes.accuracy)) }
                    { fact(words::MACRO_F1, words::share(classes.macro_f1)) }
                    { fact(words::MAJORITY_ACCURACY, words::share(classes.majority_accuracy)) }
                } else if let Some(found) = props.preference {
                    { fact(preference::PREFERRED, words::share(found.accuracy)) }
                    { fact(preference::MARGIN, number::format_decimal(found.margin(), 3)) }
                } else {
                    { fact(words::BITS_PER_BYTE, bits) }
                }
                { fact(words::CREATED, time::long(job.created_ms)) }
                { fact(words::STARTED, when(job.started_ms)) }
                { fact(words::FINISHED, when(job.finished_ms)) }
                <div><dt>{ words::JOB_ID }</dt><dd><Ltr text={job.job_id.to_string()} /></dd></div>
                if let Some(model_dir) = job.model_dir.clone() {
                    <div><dt>{ words::MODEL_DIR }</dt><dd><Ltr text={model_dir} /></dd></div>
                }
            </dl>
            <div class="details__actions">
                if job.model_dir.is_some() {
                    <Button
                        label={words::OPEN_MODEL}
                        icon={IconName::Folder}
                        onclick={open(Folder::Model(job.job_id.clone()))}
                        testid="job-open-model"
                    />
                }
                <Button
                    label={words::OPEN_JOB}
                    icon={IconName::Folder}
                    onclick={open(Folder::Job(job.job_id.clone()))}
                    testid="job-open-folder"
                />
            </div>
        </section>
    }
}

fn settings(job: &JobRecord, spec: &TrainSpec) -> Html {
    let (model, optimizer) = (&spec.model, &spec.optimizer);
    let whole = |value: usize| common::count(value as u64);
    let parameters = if job.n_parameters > 0 {
        words::large(job.n_parameters)
    } else {
        common::NONE_YET.to_owned()
    };
    let threads = spec
        .threads
        .map_or_else(|| words::ALL_CORES.to_owned(), whole);
    html! {
        <dl class="rows">
            <div><dt>{ words::DATASET }</dt><dd dir="auto">{ &job.dataset_name }</dd></div>
            { fact(methods::METHOD, methods::name(spec.task, spec.method).to_owned()) }
            if let Some(base) = &spec.base_model {
                <div>
                    <dt>{ methods::BASE_MODEL }</dt>
                    <dd dir="auto" data-testid="job-base">{ job.base_name.as_ref().unwrap_or(base) }</dd>
                </div>
                { fact(words::PARAMETERS, parameters) }
            } else {
                { fact(words::MODEL_SIZE, common::preset(job.preset).to_owned()) }
                { fact(words::PARAMETERS, parameters) }
                { fact(words::LAYERS, whole(model.n_layers)) }
                { fact(words::WIDTH, whole(model.d_model)) }
                { fact(words::HEADS, whole(model.n_heads)) }
                { fact(words::VOCABULARY, whole(spec.tokenizer.vocab_size)) }
            }
            if spec.method == Method::Lora { { lora(spec) } }
            if let Some(objective) = spec.preference() {
                <div>
                    <dt>{ preference::TITLE }</dt>
                    <dd data-testid="job-objective"><Ltr text={preference::objective(objective).0} /></dd>
                </div>
                { fact(methods::fields::BETA.0, number::as_typed(&spec.beta.unwrap_or(DEFAULT_BETA).to_string())) }
            }
            { fact(words::CONTEXT, whole(model.context_length)) }
            { fact(words::EPOCHS, common::count(optimizer.epochs)) }
            { fact(words::BATCH, whole(optimizer.batch_size)) }
            if let Some(micro_batch) = optimizer.micro_batch {
                { fact(words::MICRO_BATCH, whole(micro_batch)) }
            }
            <div><dt>{ words::LR }</dt><dd><Ltr text={words::rate(optimizer.lr)} /></dd></div>
            { fact(methods::fields::OPTIMIZER.0, methods::chosen(methods::OPTIMIZERS, optimizer.kind).to_owned()) }
            { fact(methods::fields::SCHEDULE.0, methods::chosen(methods::SCHEDULES, optimizer.schedule).to_owned()) }
            { fact(methods::fields::DTYPE.0, methods::chosen(methods::DTYPES, spec.dtype).to_owned()) }
            { fact(words::WEIGHT_DECAY, number::format_decimal(optimizer.weight_decay, 2)) }
            { fact(words::SEED, number::digits(&spec.seed.to_string())) }
            { fact(words::THREADS, threads) }
        </dl>
    }
}

/// The adapters of a run.
fn lora(spec: &TrainSpec) -> Html {
    let lora = &spec.lora;
    let targets = lora.targets.join(", ");
    html! {
        <>
            { fact(methods::fields::RANK.0, common::count(lora.rank as u64)) }
            { fact(methods::fields::ALPHA.0, number::as_typed(&lora.alpha.to_string())) }
            if !targets.is_empty() {
                <div><dt>{ methods::fields::TARGETS.0 }</dt><dd><Ltr text={targets} /></dd></div>
            }
            { fact(methods::fields::STORAGE.0, methods::chosen(methods::STORAGES, lora.base).to_owned()) }
        </>
    }
}

fn fact(label: &'static str, value: String) -> Html {
    html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> }
}
