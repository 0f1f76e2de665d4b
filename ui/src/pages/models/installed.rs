//! What is on this machine, a row each, with what can be done with it.

use super::delete::DeleteModel;
use super::export::ExportDialog;
use super::taken::Taken;
use super::use_dataset::UseDatasetDialog;
use crate::api;
use crate::components::{Badge, IconButton, IconName, LinkTo, Ltr, Tone, Tooltip};
use crate::i18n::{downloads, errors, export, hub as words, methods, time};
use crate::pages::training::address_on;
use crate::route::Route;
use crate::state::toasts::{ShowToast, Toasts, use_toasts};
use amoozgar_text::number;
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::{ModelsConfirm, ModelsOpenFolder};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// Props of [`InstalledList`].
#[derive(Properties, PartialEq)]
pub struct InstalledListProps {
    /// What is here.
    pub models: Vec<InstalledModel>,
    /// Something went or came.
    pub on_changed: Callback<()>,
}

/// What is being asked about a model.
#[derive(Clone, PartialEq)]
enum Asking {
    Nothing,
    Delete(InstalledModel),
    Export(InstalledModel),
    Use(InstalledModel),
}

/// The rows, and the dialog of the one that was asked for.
#[component]
pub fn InstalledList(props: &InstalledListProps) -> Html {
    let asking = use_state(|| Asking::Nothing);
    let toasts = use_toasts();
    let ask = {
        let asking = asking.clone();
        Callback::from(move |what| asking.set(what))
    };
    let close = {
        let asking = asking.clone();
        Callback::from(move |()| asking.set(Asking::Nothing))
    };
    let on_deleted = {
        let (close, on_changed) = (close.clone(), props.on_changed.clone());
        Callback::from(move |()| {
            close.emit(());
            on_changed.emit(());
        })
    };
    let dialog = match (*asking).clone() {
        Asking::Nothing => html! {},
        Asking::Delete(model) => html! { <DeleteModel {model} on_cancel={close} {on_deleted} /> },
        Asking::Export(model) => {
            html! { <ExportDialog taken={Taken::listed(&model)} on_close={close} /> }
        }
        Asking::Use(model) => html! { <UseDatasetDialog {model} on_close={close} /> },
    };
    html! {
        <>
            <ul class="models" data-testid="models-list">
                { for props.models.iter().map(|model| row(model, &ask, &toasts, &props.on_changed)) }
            </ul>
            { dialog }
        </>
    }
}

fn row(
    model: &InstalledModel,
    ask: &Callback<Asking>,
    toasts: &Toasts,
    on_changed: &Callback<()>,
) -> Html {
    let latin = matches!(model.model, ModelRef::Hub { .. });
    let name = if latin {
        html! { <Ltr text={model.name.clone()} /> }
    } else {
        html! { <span dir="auto">{ &model.name }</span> }
    };
    let icon = match (&model.model, model.kind) {
        (_, RepoKind::Dataset) => IconName::Database,
        (ModelRef::Trained { .. }, _) => IconName::Sparkle,
        _ => IconName::Box,
    };
    let to = match (&model.model, model.kind) {
        (ModelRef::Hub { repo, kind }, RepoKind::Dataset) => Route::repo(*kind, repo),
        (model, _) => Route::model(model),
    };
    html! {
        <li key={model.path.clone()} class="model-row" data-testid={format!("model-{}", model.name)}>
            <span class="table__icon">{ icon.svg() }</span>
            <div class="model-row__body">
                <div class="model-row__head">
                    <LinkTo {to} class="model-row__name">{ name }</LinkTo>
                    <Badge label={words::source(&model.model)} tone={tone(&model.model)} />
                    if model.is_unverified {
                        <Tooltip text={words::UNVERIFIED_HELP}>
                            <Badge
                                label={words::UNVERIFIED}
                                tone={Tone::Warning}
                                testid={format!("model-unverified-{}", model.name)}
                            />
                        </Tooltip>
                    }
                </div>
                <p class="model-row__facts">
                    if let Some(architecture) = &model.architecture {
                        <span><Ltr text={architecture.clone()} /></span>
                    }
                    <span>{ number::bytes(model.size_bytes) }</span>
                    <span>{ downloads::files(model.n_files) }</span>
                    if model.partial_bytes > 0 {
                        <span>{ words::REMOVED_PARTIAL }{ ": " }{ number::bytes(model.partial_bytes) }</span>
                    }
                    <span>{ time::ago(model.created_ms) }</span>
                </p>
            </div>
            { actions(model, ask, toasts, on_changed) }
        </li>
    }
}

fn tone(model: &ModelRef) -> Tone {
    match model {
        ModelRef::Trained { .. } => Tone::Label,
        ModelRef::Hub { .. } | ModelRef::Imported { .. } => Tone::Neutral,
    }
}

/// Asks whether an imported repository's files are the Hub's own.
fn confirm(
    model: &InstalledModel,
    toasts: &Toasts,
    on_changed: &Callback<()>,
) -> Callback<MouseEvent> {
    let (model, toasts, on_changed) = (model.clone(), toasts.clone(), on_changed.clone());
    Callback::from(move |_| {
        let (model, toasts, on_changed) = (model.clone(), toasts.clone(), on_changed.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<ModelsConfirm>(model.model).await {
                Ok(()) => {
                    toasts.success(words::confirmed(&model.name));
                    on_changed.emit(());
                }
                Err(error) => toasts.error(errors::describe(&error).message),
            }
        });
    })
}

fn actions(
    model: &InstalledModel,
    ask: &Callback<Asking>,
    toasts: &Toasts,
    on_changed: &Callback<()>,
) -> Html {
    let open = {
        let (target, toasts) = (model.model.clone(), toasts.clone());
        move |_| {
            let (target, toasts) = (target.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<ModelsOpenFolder>(target).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        }
    };
    let asking = |what: fn(InstalledModel) -> Asking| {
        let (model, ask) = (model.clone(), ask.clone());
        Callback::from(move |_: MouseEvent| ask.emit(what(model.clone())))
    };
    let name = model.name.as_str();
    html! {
        <div class="model-row__actions">
            if model.is_unverified {
                <IconButton
                    icon={IconName::Check}
                    label={words::label(words::CONFIRM, name)}
                    onclick={confirm(model, toasts, on_changed)}
                    testid={format!("model-confirm-{name}")}
                />
            }
            if model.kind == RepoKind::Dataset {
                <IconButton
                    icon={IconName::Plus}
                    label={words::label(words::USE_DATASET, name)}
                    onclick={asking(Asking::Use)}
                    testid={format!("model-use-{name}")}
                />
            }
            if model.kind == RepoKind::Model {
                <a
                    class="icon-button"
                    href={format!("#{}", address_on(&model.model))}
                    title={methods::TRAIN_ON_THIS}
                    aria-label={words::label(methods::TRAIN_ON_THIS, name)}
                    data-testid={format!("model-train-{name}")}
                >
                    { IconName::Training.svg() }
                </a>
            }
            <IconButton
                icon={IconName::Upload}
                label={words::label(export::EXPORT, name)}
                onclick={asking(Asking::Export)}
                testid={format!("model-export-{name}")}
            />
            <IconButton
                icon={IconName::Folder}
                label={words::label(words::OPEN_FOLDER, name)}
                onclick={open}
                testid={format!("model-folder-{name}")}
            />
            if model.may_delete {
                <IconButton
                    icon={IconName::Trash}
                    label={words::label(words::DELETE, name)}
                    onclick={asking(Asking::Delete)}
                    testid={format!("model-delete-{name}")}
                />
            }
        </div>
    }
}
