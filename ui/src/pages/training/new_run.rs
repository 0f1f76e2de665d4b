//! The new-run form.

use super::estimate::EstimatePanel;
use super::form::{Form, FormAction, FormErrors};
use crate::api;
use crate::components::{
    Button, ButtonLink, Card, ChoiceCard, EmptyState, ErrorNote, ErrorState, Icon, IconName,
    LinkTo, NumberField, PageHeader, Skeleton, Steps, TextField, Variant,
};
use crate::hooks::use_kept_query;
use crate::i18n::parameters::Parameter;
use crate::i18n::{common, training as words};
use crate::route::Route;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{DatasetRecord, DatasetsList, TrainingCreate};
use amoozgar_types::spec::SizePreset;
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;

/// Chooses text, size and settings of a run, says what it will need, and starts it.
#[component]
pub fn NewRunPage() -> Html {
    let datasets = use_kept_query::<DatasetsList>(());
    let content = match (datasets.data(), datasets.error()) {
        (None, Some(error)) => html! { <ErrorState {error} on_retry={datasets.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={6} /> },
        (Some(list), _) if list.is_empty() => html! {
            <EmptyState
                icon={IconName::Database}
                title={words::NO_DATASETS}
                text={words::NO_DATASETS_TEXT}
                action={html! {
                    <ButtonLink to={Route::Datasets} label={words::TO_DATASETS} variant={Variant::Primary} />
                }}
            />
        },
        (Some(list), _) => html! { <RunForm datasets={list} /> },
    };
    html! {
        <>
            <PageHeader
                title={words::NEW_TITLE}
                subtitle={words::NEW_SUBTITLE}
                before={html! { <LinkTo to={Route::Training} class="back-link">
            <Icon name={IconName::Back} />
            { words::ALL_RUNS }
        </LinkTo> }}
            />
            { content }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RunFormProps {
    datasets: Rc<Vec<DatasetRecord>>,
}

#[component]
fn RunForm(props: &RunFormProps) -> Html {
    let form = use_reducer(Form::default);
    let tried = use_state(|| false);
    let (busy, failure) = (use_state(|| false), use_state(|| None::<ApiError>));
    let navigator = use_navigator();
    {
        let form = form.clone();
        use_effect_with(props.datasets.clone(), move |datasets| {
            if let Some((id, name)) = form.first_of(datasets) {
                form.dispatch(FormAction::Dataset(id, name));
            }
        });
    }
    let on_fit = {
        let form = form.dispatcher();
        Callback::from(move |changes| form.dispatch(FormAction::Fit(changes)))
    };
    let checked = form.check();
    let errors = checked.as_ref().err().copied().unwrap_or_default();
    let onsubmit = {
        let (tried, busy, failure) = (tried.clone(), busy.clone(), failure.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            tried.set(true);
            let (Ok(run), false) = (checked.clone(), *busy) else {
                return;
            };
            busy.set(true);
            failure.set(None);
            let (busy, failure, navigator) = (busy.clone(), failure.clone(), navigator.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<TrainingCreate>(run).await {
                    Ok(job) => {
                        if let Some(navigator) = navigator {
                            navigator.push(&Route::Job {
                                id: job.job_id.to_string(),
                            });
                        }
                    }
                    Err(error) => {
                        failure.set(Some(error));
                        busy.set(false);
                    }
                }
            });
        }
    };
    html! {
        <form class="new-run" novalidate=true {onsubmit}>
            <div class="new-run__fields">
                <DatasetChoice datasets={props.datasets.clone()} form={form.clone()} />
                <PresetChoice form={form.clone()} />
                <Settings form={form.clone()} {errors} />
            </div>
            <aside class="new-run__side">
                <EstimatePanel request={form.to_estimate()} {on_fit} />
                if let Some(error) = &*failure { <ErrorNote error={error.clone()} /> }
                if *tried && errors != FormErrors::default() {
                    <p class="field__error" role="alert">{ words::FIX_FIELDS }</p>
                }
                <Button
                    label={words::START}
                    variant={Variant::Primary}
                    icon={IconName::Play}
                    loading={*busy}
                    testid="run-start"
                />
            </aside>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct DatasetChoiceProps {
    datasets: Rc<Vec<DatasetRecord>>,
    form: UseReducerHandle<Form>,
}

#[component]
fn DatasetChoice(props: &DatasetChoiceProps) -> Html {
    let chosen = props.form.dataset.as_ref().map(|(id, _)| id);
    html! {
        <Card title={words::STEP_DATASET}>
            <div class="choice-grid" role="radiogroup" aria-label={words::STEP_DATASET}>
                { for props.datasets.iter().map(|dataset| {
                    let (id, name) = (dataset.dataset_id.clone(), dataset.name.clone());
                    let (form, key) = (props.form.dispatcher(), id.to_string());
                    let (testid, selected) = (format!("run-dataset-{id}"), chosen == Some(&id));
                    html! {
                        <ChoiceCard
                            {key}
                            group="dataset"
                            title={name.clone()}
                            text={words::dataset_size(dataset.n_rows, dataset.size_bytes)}
                            icon={IconName::Book}
                            {selected}
                            {testid}
                            onselect={move |()| form.dispatch(FormAction::Dataset(id.clone(), name.clone()))}
                        />
                    }
                }) }
            </div>
            if chosen.is_none() {
                <p class="field__error">{ words::CHOOSE_DATASET }</p>
            }
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct PresetChoiceProps {
    form: UseReducerHandle<Form>,
}

#[component]
fn PresetChoice(props: &PresetChoiceProps) -> Html {
    html! {
        <Card title={words::STEP_SIZE}>
            <div class="choice-grid choice-grid--three" role="radiogroup" aria-label={words::STEP_SIZE}>
                { for SizePreset::ALL.iter().map(|&preset| {
                    let form = props.form.dispatcher();
                    let testid = match preset {
                        SizePreset::Tiny => "run-preset-tiny",
                        SizePreset::Small => "run-preset-small",
                        SizePreset::Medium => "run-preset-medium",
                    };
                    html! {
                        <ChoiceCard
                            key={testid}
                            group="preset"
                            title={common::preset(preset)}
                            text={words::preset_text(preset)}
                            meta={html! { <span class="choice-card__meta">{ words::preset_parameters(preset) }</span> }}
                            selected={props.form.preset == preset}
                            {testid}
                            onselect={move |()| form.dispatch(FormAction::Preset(preset))}
                        />
                    }
                }) }
            </div>
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct SettingsProps {
    form: UseReducerHandle<Form>,
    errors: FormErrors,
}

#[component]
fn Settings(props: &SettingsProps) -> Html {
    let (form, errors) = (&props.form, props.errors);
    let typed = |action: fn(String) -> FormAction| {
        let form = form.dispatcher();
        Callback::from(move |text| form.dispatch(action(text)))
    };
    html! {
        <Card title={words::STEP_SETTINGS}>
            <TextField
                id="run-name"
                label={words::NAME}
                value={form.name()}
                oninput={typed(FormAction::Name)}
                help={words::NAME_HELP}
                error={errors.name.map(|error| AttrValue::from(words::field_error(error)))}
                testid="run-name"
            />
            <div class="field-grid">
                <NumberField
                    id="run-epochs"
                    label={words::EPOCHS}
                    value={form.epochs.clone()}
                    oninput={typed(FormAction::Epochs)}
                    steps={Steps::whole(1, 1000)}
                    help={words::EPOCHS_HELP}
                    explain={Parameter::Epochs.text()}
                    error={errors.epochs.map(|error| AttrValue::from(words::field_error(error)))}
                    testid="run-epochs"
                />
                <NumberField
                    id="run-batch"
                    label={words::BATCH}
                    value={form.batch_size.clone()}
                    oninput={typed(FormAction::BatchSize)}
                    steps={Steps::whole(1, 512)}
                    help={words::BATCH_HELP}
                    explain={Parameter::Batch.text()}
                    error={errors.batch_size.map(|error| AttrValue::from(words::field_error(error)))}
                    testid="run-batch"
                />
                <NumberField
                    id="run-lr"
                    label={words::LR}
                    value={form.lr.clone()}
                    oninput={typed(FormAction::Lr)}
                    help={words::LR_HELP}
                    explain={Parameter::LearningRate.text()}
                    error={errors.lr.map(|error| AttrValue::from(words::field_error(error)))}
                    dir="ltr"
                    testid="run-lr"
                />
                <NumberField
                    id="run-context"
                    label={words::CONTEXT}
                    value={form.context()}
                    oninput={typed(FormAction::Context)}
                    steps={Steps::whole(16, 2048)}
                    help={words::CONTEXT_HELP}
                    explain={Parameter::Context.text()}
                    error={errors.context.map(|error| AttrValue::from(words::field_error(error)))}
                    unit={words::TOKENS}
                    testid="run-context"
                />
            </div>
            if let Some(micro_batch) = form.micro_batch {
                <div class="note new-run__parts" data-testid="run-parts">
                    <p>{ words::in_parts(micro_batch) }</p>
                    <Button
                        label={words::WHOLE_BATCH}
                        variant={Variant::Ghost}
                        onclick={
                            let form = form.dispatcher();
                            move |_| form.dispatch(FormAction::WholeBatch)
                        }
                        testid="run-whole-batch"
                    />
                </div>
            }
        </Card>
    }
}
