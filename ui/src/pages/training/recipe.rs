//! A run's settings and data for who moves on to GPU servers: the button, and its dialog.

use crate::api;
use crate::components::{Button, ChoiceCard, Dialog, ErrorNote, IconName, Ltr, Variant};
use crate::i18n::{common, export, library as words};
use crate::pages::models::{Place, file_name, joined};
use amoozgar_types::ApiError;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{RecipeWish, TrainingRecipe};
use amoozgar_types::library::{Recipe, RecipeProgram};
use yew::prelude::*;

/// Props of [`RecipeButton`].
#[derive(Properties, PartialEq)]
pub struct RecipeButtonProps {
    /// The run.
    pub id: JobId,
    /// What people call it.
    pub name: AttrValue,
}

/// The button of a run.
#[component]
pub fn RecipeButton(props: &RecipeButtonProps) -> Html {
    let is_open = use_state(|| false);
    let set = |open: bool| {
        let is_open = is_open.setter();
        Callback::from(move |()| is_open.set(open))
    };
    html! {
        <>
            <Button
                label={words::RECIPE}
                icon={IconName::Cpu}
                onclick={set(true).reform(|_: MouseEvent| ())}
                testid="job-recipe"
            />
            if *is_open {
                <RecipeDialog id={props.id.clone()} name={props.name.clone()} on_close={set(false)} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RecipeDialogProps {
    id: JobId,
    name: AttrValue,
    on_close: Callback<()>,
}

#[component]
fn RecipeDialog(props: &RecipeDialogProps) -> Html {
    let program = use_state(|| RecipeProgram::Axolotl);
    let folder = use_state(String::new);
    let name = use_state(|| file_name(&props.name));
    let tried = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let written = use_state(|| None::<Recipe>);
    let begin = {
        let (tried, busy) = (tried.setter(), busy.setter());
        let (failure, written) = (failure.setter(), written.setter());
        let (id, program, path) = (props.id.clone(), *program, joined(&folder, &name));
        move |_: MouseEvent| {
            tried.set(true);
            let Some(path) = path.clone() else { return };
            let (busy, failure, written) = (busy.clone(), failure.clone(), written.clone());
            let job_id = id.clone();
            busy.set(true);
            failure.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                let request = RecipeWish {
                    job_id,
                    program,
                    path,
                };
                match api::call::<TrainingRecipe>(request).await {
                    Ok(recipe) => written.set(Some(recipe)),
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(false);
            });
        }
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let on_failure = {
        let failure = failure.setter();
        Callback::from(move |error| failure.set(Some(error)))
    };
    let actions = if written.is_some() {
        html! {
            <Button label={common::CLOSE} variant={Variant::Primary} onclick={close} testid="recipe-close" />
        }
    } else {
        html! {
            <>
                <Button label={common::CANCEL} onclick={close} testid="dialog-cancel" />
                <Button label={export::DO} variant={Variant::Primary} loading={*busy} onclick={begin} testid="recipe-start" />
            </>
        }
    };
    html! {
        <Dialog
            title={words::RECIPE_TITLE}
            on_close={props.on_close.clone()}
            busy={*busy}
            testid="recipe-dialog"
            {actions}
        >
            if let Some(recipe) = &*written {
                { done(recipe) }
            } else {
                <p class="dialog__text">{ words::RECIPE_TEXT }</p>
                { programs(&program) }
                <Place {folder} {name} tried={*tried} {on_failure} />
                if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
            }
        </Dialog>
    }
}

fn programs(chosen: &UseStateHandle<RecipeProgram>) -> Html {
    html! {
        <div role="radiogroup" aria-label={words::RECIPE_FOR} class="export-forms__cards">
            { for RecipeProgram::ALL.iter().map(|&program| {
                let set = chosen.setter();
                html! {
                    <ChoiceCard
                        key={program.name()}
                        group="recipe-program"
                        title={program.name()}
                        text={words::program_purpose(program)}
                        selected={**chosen == program}
                        onselect={Callback::from(move |()| set.set(program))}
                        testid={format!("recipe-for-{}", program.name().to_lowercase())}
                    />
                }
            }) }
        </div>
    }
}

/// Where it is, and what has no counterpart there.
fn done(recipe: &Recipe) -> Html {
    html! {
        <div class="export-done" data-testid="recipe-done" role="status">
            <p>{ words::RECIPE_DONE }</p>
            <p class="export-done__path"><Ltr text={recipe.path.clone()} /></p>
            <p>{ words::without_counterpart(recipe.without_counterpart.len()) }</p>
            <ul class="check__faults">
                { for recipe.without_counterpart.iter().map(|setting| html! {
                    <li key={setting.clone()}><Ltr text={setting.clone()} /></li>
                }) }
            </ul>
        </div>
    }
}
