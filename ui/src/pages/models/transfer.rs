//! What import, export and moving share: how far the copying is, and stopping it.

use crate::api;
use crate::components::{Button, IconName, Ltr, Progress};
use crate::i18n::{downloads, errors, hub as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{ModelsTransferStop, TransferProgress};
use yew::prelude::*;

/// Props of [`Transfer`].
#[derive(Properties, PartialEq)]
pub struct TransferProps {
    /// What is being done.
    pub label: AttrValue,
    /// How far it is; absent until the first word of it.
    pub progress: Option<TransferProgress>,
}

/// A bar, its numbers, the file at hand, and a button that stops.
#[component]
pub fn Transfer(props: &TransferProps) -> Html {
    let toasts = use_toasts();
    let stopping = use_state(|| false);
    let number = props.progress.as_ref().map(|progress| progress.transfer);
    let stop = {
        let stopping = stopping.clone();
        move |_| {
            let Some(number) = number else { return };
            stopping.set(true);
            let toasts = toasts.clone();
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<ModelsTransferStop>(number).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        }
    };
    let value = props
        .progress
        .as_ref()
        .filter(|progress| progress.total_bytes > 0)
        .map(|progress| progress.done_bytes as f64 * 100.0 / progress.total_bytes as f64);
    html! {
        <div class="transfer">
            <p>{ &props.label }</p>
            <Progress {value} label={props.label.clone()} testid="transfer-progress" />
            if let Some(progress) = &props.progress {
                <p class="muted">
                    { downloads::amount(progress.done_bytes, progress.total_bytes) }
                    if let Some(remaining_s) = progress.remaining_s {
                        { " · " }{ downloads::remaining(remaining_s) }
                    }
                </p>
                if let Some(file) = &progress.file {
                    <p class="muted transfer__file"><Ltr text={file.clone()} /></p>
                }
            }
            <Button
                label={words::STOP}
                icon={IconName::Stop}
                loading={*stopping}
                disabled={number.is_none()}
                onclick={stop}
                testid="transfer-stop"
            />
        </div>
    }
}
