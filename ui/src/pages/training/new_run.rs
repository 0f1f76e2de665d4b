//! The new-run form.

mod advanced;
mod choices;
mod conversations;
mod preference;
mod settings;

use super::estimate::EstimatePanel;
use super::form::again::{Asked, address_with_model};
use super::form::{Form, FormAction, FormErrors, Goal};
use crate::api;
use crate::components::{
    Button, ButtonLink, Deferred, EmptyState, ErrorNote, ErrorState, IconName, LinkTo, PageHeader,
    Skeleton, Variant,
};
use crate::hooks::{use_kept_query, use_query};
use crate::i18n::training as words;
use crate::route::Route;
use advanced::Advanced;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::DatasetRecord;
use amoozgar_types::id::JobId;
use amoozgar_types::installed::BaseModel;
use amoozgar_types::ipc::{DatasetsList, NewRun, TrainingBases, TrainingCreate, TrainingGet};
use amoozgar_types::model_ref::ModelRef;
use choices::{BaseChoice, DatasetChoice, MethodChoice, PresetChoice};
use conversations::ConversationsChoice;
use preference::PreferenceSettings;
use settings::{LoraSettings, Settings};
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;

/// Chooses method, model, text and settings of a run, says what it will need, and starts it.
#[component]
pub fn NewRunPage() -> Html {
    let datasets = use_kept_query::<DatasetsList>(());
    let address = use_location()
        .map(|place| place.query_str().to_owned())
        .unwrap_or_default();
    let asked = Asked::read(&address, |text| {
        js_sys::decode_uri_component(text).map_or_else(|_| text.to_owned(), Into::into)
    });
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
        (Some(list), _) => match asked.from.clone() {
            Some(id) => html! { <RunAgain key={address} {id} datasets={list} /> },
            None => html! { <RunForm key={address} start={asked.form()} datasets={list} /> },
        },
    };
    html! {
        <>
            <PageHeader
                title={words::NEW_TITLE}
                subtitle={words::NEW_SUBTITLE}
                before={html! { <LinkTo to={Route::Training} class="back-link">
            { IconName::Back.svg() }
            { words::ALL_RUNS }
        </LinkTo> }}
            />
            { content }
        </>
    }
}

/// The form's address with a model to go on from.
pub fn address_on(model: &ModelRef) -> String {
    address_with_model(model, |text| js_sys::encode_uri_component(text).into())
}

#[derive(Properties, PartialEq)]
struct RunAgainProps {
    id: JobId,
    datasets: Rc<Vec<DatasetRecord>>,
}

/// The form with the settings of an earlier run.
#[component]
fn RunAgain(props: &RunAgainProps) -> Html {
    let run = use_query::<TrainingGet>(props.id.clone());
    match (run.data(), run.error()) {
        (Some(run), _) => {
            html! { <RunForm start={Form::again(&run)} datasets={props.datasets.clone()} /> }
        }
        (None, Some(error)) => html! { <ErrorState {error} on_retry={run.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={6} /> },
    }
}

#[derive(Properties, PartialEq)]
struct RunFormProps {
    start: Form,
    datasets: Rc<Vec<DatasetRecord>>,
}

#[component]
fn RunForm(props: &RunFormProps) -> Html {
    let start = props.start.clone();
    let form = use_reducer(move || start);
    let bases = use_query::<TrainingBases>(());
    let tried = use_state(|| false);
    {
        let form = form.clone();
        use_effect_with(props.datasets.clone(), move |datasets| {
            if let Some((id, name)) = form.first_of(datasets) {
                form.dispatch(FormAction::Dataset(id, name));
            }
        });
    }
    {
        let form = form.dispatcher();
        use_effect_with(bases.data(), move |bases: &Option<Rc<Vec<BaseModel>>>| {
            if let Some(bases) = bases {
                form.dispatch(FormAction::Bases(bases.clone()));
            }
        });
    }
    let (busy, failure, start_run) = use_start();
    let on_fit = {
        let form = form.dispatcher();
        Callback::from(move |changes| form.dispatch(FormAction::Fit(changes)))
    };
    let checked = form.check();
    let errors = checked.as_ref().err().cloned().unwrap_or_default();
    let onsubmit = {
        let (tried, busy) = (tried.clone(), busy);
        move |event: SubmitEvent| {
            event.prevent_default();
            tried.set(true);
            if let (Ok(run), false) = (checked.clone(), busy) {
                start_run.emit(run);
            }
        }
    };
    let goes_on = form.goal.goes_on();
    html! {
        <form class="new-run" novalidate=true {onsubmit}>
            <div class="new-run__fields">
                <MethodChoice form={form.clone()} />
                if goes_on {
                    <BaseChoice
                        form={form.clone()} bases={bases.data()} error={bases.error()}
                        on_retry={bases.on_retry()}
                    />
                }
                <DatasetChoice datasets={props.datasets.clone()} form={form.clone()} />
                <ConversationsChoice datasets={props.datasets.clone()} form={form.clone()} />
                if !goes_on { <PresetChoice form={form.clone()} /> }
                if goes_on && form.rows.objective.is_some() {
                    <PreferenceSettings form={form.clone()} errors={errors.clone()} />
                }
                <Deferred>
                    <Settings form={form.clone()} errors={errors.clone()} />
                    if form.goal == Goal::Lora {
                        <LoraSettings form={form.clone()} errors={errors.clone()} />
                    }
                    <Advanced form={form.clone()} errors={errors.clone()} opened={*tried && errors.in_advanced()} />
                </Deferred>
            </div>
            <aside class="new-run__side">
                <EstimatePanel request={form.to_estimate()} {on_fit} />
                if let Some(error) = failure { <ErrorNote {error} /> }
                if *tried && errors != FormErrors::default() {
                    <p class="field__error" role="alert">{ words::FIX_FIELDS }</p>
                }
                <Button
                    label={words::START}
                    variant={Variant::Primary}
                    icon={IconName::Play}
                    loading={busy}
                    testid="run-start"
                />
            </aside>
        </form>
    }
}

/// Whether a run is being made, why none was, and what makes one and opens its page.
#[hook]
fn use_start() -> (bool, Option<ApiError>, Callback<NewRun>) {
    let (busy, failure) = (use_state(|| false), use_state(|| None::<ApiError>));
    let navigator = use_navigator();
    let start = {
        let (busy, failure) = (busy.setter(), failure.setter());
        Callback::from(move |run: NewRun| {
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
        })
    };
    (*busy, (*failure).clone(), start)
}
