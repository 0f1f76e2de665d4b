//! Deleting what is installed, after asking.

use crate::api;
use crate::components::ConfirmDialog;
use crate::i18n::{common, hub as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::ModelsDelete;
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// Props of [`DeleteModel`].
#[derive(Properties, PartialEq)]
pub struct DeleteModelProps {
    /// Which.
    pub model: InstalledModel,
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
    let on_confirm = {
        let (busy, failure) = (busy.clone(), failure.clone());
        let (model, on_deleted) = (model.clone(), props.on_deleted.clone());
        Callback::from(move |()| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (model, on_deleted) = (model.clone(), on_deleted.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<ModelsDelete>(model.model).await {
                    Ok(()) => {
                        toasts.success(words::deleted(&model.name));
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
            text={words::delete_text(&model.name, model.size_bytes + model.partial_bytes)}
            confirm={common::DELETE}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.on_cancel.clone()}
        />
    }
}
