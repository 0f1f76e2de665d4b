//! Deleting what is installed, after asking.

use crate::api;
use crate::components::ConfirmDialog;
use crate::i18n::{common, hub as words, library};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::{ModelsDelete, TrainingDelete};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// Props of [`DeleteModel`].
#[derive(Properties, PartialEq)]
pub struct DeleteModelProps {
    /// Which.
    pub model: InstalledModel,
    /// What its deletion frees, where more is known of it than its size.
    #[prop_or_default]
    pub frees_bytes: Option<u64>,
    /// Leave it.
    pub on_cancel: Callback<()>,
    /// It is gone.
    pub on_deleted: Callback<()>,
}

/// The question, and the deletion with its failure in place.
#[component]
pub fn DeleteModel(props: &DeleteModelProps) -> Html {
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let toasts = use_toasts();
    let model = &props.model;
    let listed_bytes = model.size_bytes + model.partial_bytes;
    let frees_bytes = props.frees_bytes.unwrap_or(listed_bytes);
    let on_confirm = {
        let (busy, failure) = (busy.clone(), failure.clone());
        let (model, on_deleted) = (model.clone(), props.on_deleted.clone());
        Callback::from(move |()| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (model, on_deleted) = (model.clone(), on_deleted.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let outcome = match model.model {
                    ModelRef::Trained { job_id } => api::call::<TrainingDelete>(job_id).await,
                    other => api::call::<ModelsDelete>(other).await,
                };
                match outcome {
                    Ok(()) => {
                        toasts.success(library::deleted(&model.name, frees_bytes));
                        on_deleted.emit(());
                    }
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        })
    };
    let title = match model.kind {
        RepoKind::Model => words::DELETE_TITLE,
        RepoKind::Dataset => words::DELETE_DATASET_TITLE,
    };
    html! {
        <ConfirmDialog
            {title}
            text={library::delete_text(&model.model, &model.name, frees_bytes)}
            confirm={common::DELETE}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.on_cancel.clone()}
        />
    }
}
