//! The button that puts a repository into the queue of downloads.

use crate::api;
use crate::components::{Button, IconName, Variant};
use crate::i18n::{downloads, errors};
use crate::state::downloads::use_downloads;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{DownloadsEnqueue, NewDownload};
use yew::prelude::*;

/// Props of [`DownloadButton`].
#[derive(Properties, PartialEq)]
pub struct DownloadButtonProps {
    /// What to download.
    pub request: NewDownload,
    /// Its words.
    pub label: AttrValue,
    /// Its weight.
    #[prop_or_default]
    pub variant: Variant,
    /// Cannot be pressed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// Enqueues, and says so.
#[component]
pub fn DownloadButton(props: &DownloadButtonProps) -> Html {
    let queue = use_downloads();
    let toasts = use_toasts();
    let busy = use_state(|| false);
    let onclick = {
        let (busy, request) = (busy.clone(), props.request.clone());
        move |_| {
            busy.set(true);
            let (busy, request) = (busy.clone(), request.clone());
            let (queue, toasts) = (queue.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<DownloadsEnqueue>(request).await {
                    Ok(record) => {
                        toasts.success(downloads::enqueued(&record.repo));
                        queue.took(record);
                    }
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
                busy.set(false);
            });
        }
    };
    html! {
        <Button
            label={props.label.clone()}
            icon={IconName::Download}
            variant={props.variant}
            disabled={props.disabled}
            loading={*busy}
            {onclick}
            testid={props.testid.clone()}
        />
    }
}
