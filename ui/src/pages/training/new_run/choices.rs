//! What the run does, from which model, with which text, in which size.

use crate::components::{
    ButtonLink, Card, ChoiceCard, EmptyState, ErrorState, IconName, Skeleton, Variant,
};
use crate::i18n::{common, methods, training as words};
use crate::pages::training::form::{Base, Form, FormAction, Goal};
use crate::route::Route;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::DatasetRecord;
use amoozgar_types::installed::BaseModel;
use amoozgar_types::spec::SizePreset;
use std::rc::Rc;
use yew::prelude::*;

fn icon(goal: Goal) -> IconName {
    match goal {
        Goal::Scratch => IconName::Sparkle,
        Goal::Lora => IconName::Edit,
        Goal::Full => IconName::Settings,
        Goal::Continue => IconName::Book,
    }
}

/// Props of the choices that need the form alone.
#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    /// The form.
    pub form: UseReducerHandle<Form>,
}

/// What the run does.
#[component]
pub fn MethodChoice(props: &ChoiceProps) -> Html {
    html! {
        <Card title={methods::STEP_METHOD}>
            <div class="choice-grid choice-grid--two" role="radiogroup" aria-label={methods::STEP_METHOD}>
                { for Goal::ALL.into_iter().map(|goal| {
                    let form = props.form.dispatcher();
                    html! {
                        <ChoiceCard
                            key={methods::testid(goal)}
                            group="method"
                            title={methods::goal(goal)}
                            text={methods::text(goal)}
                            icon={icon(goal)}
                            selected={props.form.goal == goal}
                            testid={methods::testid(goal)}
                            onselect={move |()| form.dispatch(FormAction::Goal(goal))}
                        />
                    }
                }) }
            </div>
        </Card>
    }
}

/// Props of [`BaseChoice`].
#[derive(Properties, PartialEq)]
pub struct BaseChoiceProps {
    /// The form.
    pub form: UseReducerHandle<Form>,
    /// The models on this machine, once they are known.
    pub bases: Option<Rc<Vec<BaseModel>>>,
    /// Why they are not.
    pub error: Option<ApiError>,
    /// Asks for them again.
    pub on_retry: Callback<()>,
}

/// The model to go on from; those that cannot be gone on from stand below, with the reason.
#[component]
pub fn BaseChoice(props: &BaseChoiceProps) -> Html {
    let content = match (&props.bases, &props.error) {
        (None, Some(error)) => {
            html! { <ErrorState error={error.clone()} on_retry={props.on_retry.clone()} /> }
        }
        (None, None) => html! { <Skeleton lines={2} /> },
        (Some(bases), _) => offered(&props.form, bases),
    };
    html! { <Card title={methods::STEP_BASE}>{ content }</Card> }
}

fn offered(form: &UseReducerHandle<Form>, bases: &[BaseModel]) -> Html {
    let (fit, unfit): (Vec<_>, Vec<_>) = bases.iter().partition(|base| Base::of(base).is_some());
    let missing = if fit.is_empty() {
        html! {
            <EmptyState
                icon={IconName::Box}
                title={methods::NO_BASES}
                text={methods::NO_BASES_TEXT}
                action={html! {
                    <ButtonLink to={Route::Catalog} label={methods::TO_CATALOG} variant={Variant::Primary} testid="run-to-catalog" />
                }}
            />
        }
    } else if form.base.is_none() {
        let text = if form.wanted_base.is_some() {
            methods::BASE_GONE
        } else {
            methods::CHOOSE_BASE
        };
        html! { <p class="field__error" role="alert" data-testid="run-base-missing">{ text }</p> }
    } else {
        html! {}
    };
    html! {
        <>
            if !fit.is_empty() {
                <div class="choice-grid" role="radiogroup" aria-label={methods::STEP_BASE}>
                    { for fit.iter().map(|base| base_card(form, base)) }
                </div>
            }
            { missing }
            if !unfit.is_empty() {
                <details class="new-run__unfit">
                    <summary>{ methods::UNFIT_BASES }</summary>
                    <div class="choice-grid">
                        { for unfit.iter().map(|base| base_card(form, base)) }
                    </div>
                </details>
            }
        </>
    }
}

fn base_card(form: &UseReducerHandle<Form>, base: &BaseModel) -> Html {
    let chosen = form.base.as_ref().map(|base| &base.model);
    let (found, dispatcher) = (Base::of(base), form.dispatcher());
    let disabled = found.is_none();
    html! {
        <ChoiceCard
            key={base.model.key()}
            group="base"
            title={base.name.clone()}
            text={methods::base_text(&base.fitness)}
            meta={base.architecture.as_ref().map_or_else(Html::default, |family| html! {
                <span class="choice-card__meta" dir="ltr">{ family }</span>
            })}
            icon={IconName::Box}
            selected={chosen == Some(&base.model)}
            {disabled}
            testid={format!("run-base-{}", base.model.key())}
            onselect={move |()| {
                if let Some(base) = &found {
                    dispatcher.dispatch(FormAction::Base(base.clone()));
                }
            }}
        />
    }
}

/// Props of [`DatasetChoice`].
#[derive(Properties, PartialEq)]
pub struct DatasetChoiceProps {
    /// What there is.
    pub datasets: Rc<Vec<DatasetRecord>>,
    /// The form.
    pub form: UseReducerHandle<Form>,
}

/// The text.
#[component]
pub fn DatasetChoice(props: &DatasetChoiceProps) -> Html {
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
                            text={words::dataset_size(dataset.n_rows + dataset.n_validation_rows, dataset.size_bytes)}
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

/// The size of a model of fresh weights.
#[component]
pub fn PresetChoice(props: &ChoiceProps) -> Html {
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
                            selected={props.form.preset.0 == preset}
                            {testid}
                            onselect={move |()| form.dispatch(FormAction::Preset(preset))}
                        />
                    }
                }) }
            </div>
        </Card>
    }
}
