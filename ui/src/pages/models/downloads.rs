//! The downloads panel: the queue as it is, and what can be done with it.

use super::download_row::{DownloadRow, Wish, download_row};
use crate::api;
use crate::components::{Button, Card, ChoiceCard, Dialog, ErrorNote, ErrorState, Variant};
use crate::i18n::{downloads as words, errors};
use crate::state::downloads::use_downloads;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::download::{DownloadRecord, PartialBytes};
use amoozgar_types::id::DownloadId;
use amoozgar_types::ipc::{
    DownloadCancel, DownloadReorder, DownloadsCancel, DownloadsClearFinished, DownloadsPause,
    DownloadsReorder, DownloadsResume, DownloadsRetry,
};
use yew::prelude::*;

/// Every download with its buttons; nothing while there is none.
#[component]
pub fn DownloadsPanel() -> Html {
    let downloads = use_downloads();
    let toasts = use_toasts();
    let busy = use_state(|| None::<DownloadId>);
    let doomed = use_state(|| None::<DownloadRecord>);
    let on_wish = {
        let (busy, doomed, toasts) = (busy.clone(), doomed.clone(), toasts.clone());
        Callback::from(move |(record, wish): (DownloadRecord, Wish)| {
            if wish == Wish::Cancel {
                doomed.set(Some(record));
                return;
            }
            busy.set(Some(record.download_id.clone()));
            let (busy, toasts) = (busy.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = fulfil(&record, wish).await {
                    toasts.error(errors::describe(&error).message);
                }
                busy.set(None);
            });
        })
    };
    let clear = move |_| {
        let toasts = toasts.clone();
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<DownloadsClearFinished>(()).await {
                Ok(()) => toasts.success(words::CLEARED),
                Err(error) => toasts.error(errors::describe(&error).message),
            }
        });
    };
    let close = {
        let doomed = doomed.clone();
        Callback::from(move |()| doomed.set(None))
    };
    let list = match (downloads.list(), downloads.error()) {
        (_, Some(error)) => {
            return html! { <ErrorState {error} on_retry={downloads.on_retry()} /> };
        }
        (Some(list), None) if !list.is_empty() => list,
        _ => return html! {},
    };
    let n_in_line = list
        .iter()
        .filter(|record| record.status.is_in_line())
        .count();
    let ended = list.iter().any(|record| record.status.has_ended());
    html! {
        <Card
            title={words::TITLE}
            testid="downloads"
            actions={html! {
                if ended {
                    <Button
                        label={words::CLEAR_FINISHED}
                        variant={Variant::Ghost}
                        onclick={clear}
                        testid="downloads-clear"
                    />
                }
            }}
        >
            <ul class="downloads">
                { for list.iter().map(|record| {
                    let (on_wish, wished) = (on_wish.clone(), record.clone());
                    download_row(&DownloadRow {
                        record,
                        n_in_line: n_in_line as u32,
                        busy: *busy == Some(record.download_id.clone()),
                        on_wish: Callback::from(move |wish| on_wish.emit((wished.clone(), wish))),
                    })
                }) }
            </ul>
            if let Some(record) = (*doomed).clone() {
                <CancelDownload {record} on_close={close} />
            }
        </Card>
    }
}

async fn fulfil(record: &DownloadRecord, wish: Wish) -> Result<(), amoozgar_types::ApiError> {
    let download_id = record.download_id.clone();
    let place = record.queue_position.unwrap_or_default();
    let to = |position| DownloadReorder {
        download_id: download_id.clone(),
        position,
    };
    match wish {
        Wish::Pause => api::call::<DownloadsPause>(download_id).await,
        Wish::Resume => api::call::<DownloadsResume>(download_id).await,
        Wish::Retry => api::call::<DownloadsRetry>(download_id).await,
        Wish::Earlier => api::call::<DownloadsReorder>(to(place.saturating_sub(1))).await,
        Wish::Later => api::call::<DownloadsReorder>(to(place + 1)).await,
        // Asked for by the dialog, which knows what shall happen to the bytes.
        Wish::Cancel => Ok(()),
    }
}

#[derive(Properties, PartialEq)]
struct CancelDownloadProps {
    record: DownloadRecord,
    on_close: Callback<()>,
}

/// Asks what happens to the bytes that are here, and gives the download up.
#[component]
fn CancelDownload(props: &CancelDownloadProps) -> Html {
    let partial = use_state(|| PartialBytes::Keep);
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let record = &props.record;
    let onclick = {
        let (busy, failure, on_close) = (busy.clone(), failure.clone(), props.on_close.clone());
        let request = DownloadCancel {
            download_id: record.download_id.clone(),
            partial: if record.done_bytes == 0 {
                PartialBytes::Remove
            } else {
                *partial
            },
        };
        move |_| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, on_close) = (busy.clone(), failure.clone(), on_close.clone());
            let request = request.clone();
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<DownloadsCancel>(request).await {
                    Ok(()) => on_close.emit(()),
                    Err(error) => {
                        failure.set(Some(error));
                        busy.set(false);
                    }
                }
            });
        }
    };
    let choose = |what: PartialBytes| {
        let partial = partial.clone();
        Callback::from(move |()| partial.set(what))
    };
    let leave = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <Dialog
            title={words::CANCEL_TITLE}
            on_close={props.on_close.clone()}
            busy={*busy}
            testid="download-cancel-dialog"
            actions={html! {
                <>
                    <Button label={words::CANCEL_NOT} disabled={*busy} onclick={leave} testid="dialog-cancel" />
                    <Button
                        label={words::CANCEL_DO}
                        variant={Variant::Danger}
                        loading={*busy}
                        {onclick}
                        testid="dialog-confirm"
                    />
                </>
            }}
        >
            <p class="dialog__text">{ words::cancel_text(&record.repo, record.done_bytes) }</p>
            if record.done_bytes > 0 {
                <div class="choices" role="radiogroup" aria-label={words::CANCEL_CHOICE}>
                    <ChoiceCard
                        group="partial"
                        title={words::CANCEL_KEEP}
                        text={words::CANCEL_KEEP_HELP}
                        selected={*partial == PartialBytes::Keep}
                        onselect={choose(PartialBytes::Keep)}
                        testid="download-cancel-keep"
                    />
                    <ChoiceCard
                        group="partial"
                        title={words::CANCEL_REMOVE}
                        text={words::CANCEL_REMOVE_HELP}
                        selected={*partial == PartialBytes::Remove}
                        onselect={choose(PartialBytes::Remove)}
                        testid="download-cancel-remove"
                    />
                </div>
            }
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
        </Dialog>
    }
}
