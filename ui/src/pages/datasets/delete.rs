//! Deleting a dataset, after asking.

use crate::api;
use crate::components::ConfirmDialog;
use crate::i18n::{common, datasets};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::dataset::DatasetRecord;
use amoozgar_types::ipc::DatasetsDelete;
use yew::prelude::*;

/// Props of [`DeleteDataset`].
#[derive(Properties, PartialEq)]
pub struct DeleteDatasetProps {
    /// Which.
    pub dataset: DatasetRecord,
    /// Leave it.
    pub on_cancel: Callback<()>,
    /// It is gone.
    pub on_deleted: Callback<()>,
}

/// The question, and the deletion with its failure in place.
#[component]
pub fn DeleteDataset(props: &DeleteDatasetProps) -> Html {
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let toasts = use_toasts();
    let on_confirm = {
        let (busy, failure) = (busy.clone(), failure.clone());
        let (dataset, on_deleted) = (props.dataset.clone(), props.on_deleted.clone());
        Callback::from(move |()| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (dataset, on_deleted) = (dataset.clone(), on_deleted.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<DatasetsDelete>(dataset.dataset_id).await {
                    Ok(()) => {
                        toasts.success(datasets::deleted(&dataset.name));
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
    html! {
        <ConfirmDialog
            title={datasets::DELETE_TITLE}
            text={datasets::delete_text(&props.dataset.name)}
            confirm={common::DELETE}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.on_cancel.clone()}
        />
    }
}
