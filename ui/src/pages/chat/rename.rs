//! Another name for a conversation, and its deletion after asking.

use crate::api;
use crate::components::{Button, ConfirmDialog, Dialog, ErrorNote, TextField, Variant};
use crate::i18n::{chat as words, common};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::chat::ChatRecord;
use amoozgar_types::ipc::{ChatDelete, ChatRename, ChatRenameTo};
use amoozgar_types::limits::chat as limits;
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`RenameDialog`].
#[derive(Properties, PartialEq)]
pub struct RenameDialogProps {
    /// Which.
    pub chat: Rc<ChatRecord>,
    /// It is left, or done.
    pub on_close: Callback<()>,
    /// Its row is another.
    pub on_renamed: Callback<ChatRecord>,
}

/// A field with the name.
#[component]
pub fn RenameDialog(props: &RenameDialogProps) -> Html {
    let title = use_state(|| props.chat.title.clone());
    let failure = use_state(|| None);
    let busy = use_state(|| false);
    let is_usable = limits::TITLE_CHARS.contains(&title.trim().chars().count());
    let save = {
        let (title, failure, busy) = (title.clone(), failure.clone(), busy.clone());
        let (chat_id, on_renamed) = (props.chat.chat_id.clone(), props.on_renamed.clone());
        move || {
            if !is_usable || *busy {
                return;
            }
            busy.set(true);
            let request = ChatRename {
                chat_id: chat_id.clone(),
                title: (*title).clone(),
            };
            let (failure, busy, on_renamed) = (failure.clone(), busy.clone(), on_renamed.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<ChatRenameTo>(request).await {
                    Ok(chat) => on_renamed.emit(chat),
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        }
    };
    let onsubmit = {
        let save = save.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            save();
        }
    };
    html! {
        <Dialog
            title={words::RENAME_TITLE}
            on_close={props.on_close.clone()}
            busy={*busy}
            actions={html! {
                <>
                    <Button
                        label={common::CANCEL}
                        disabled={*busy}
                        onclick={props.on_close.reform(|_: MouseEvent| ())}
                    />
                    <Button
                        label={words::SAVE}
                        variant={Variant::Primary}
                        loading={*busy}
                        disabled={!is_usable}
                        onclick={move |_| save()}
                        testid="chat-rename-save"
                    />
                </>
            }}
        >
            <form novalidate=true {onsubmit}>
                <TextField
                    id="chat-name"
                    label={words::NAME}
                    value={(*title).clone()}
                    oninput={let title = title.setter(); move |text| title.set(text)}
                    error={(!is_usable).then_some(AttrValue::Static(words::NAME_ERROR))}
                    testid="chat-name"
                />
            </form>
            if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
        </Dialog>
    }
}

/// Props of [`DeleteChat`].
#[derive(Properties, PartialEq)]
pub struct DeleteChatProps {
    /// Which.
    pub chat: Rc<ChatRecord>,
    /// Leave it.
    pub on_cancel: Callback<()>,
    /// It is gone.
    pub on_deleted: Callback<()>,
}

/// The question, and the deletion with its failure in place.
#[component]
pub fn DeleteChat(props: &DeleteChatProps) -> Html {
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let toasts = use_toasts();
    let title = if props.chat.title.is_empty() {
        words::UNNAMED.to_owned()
    } else {
        props.chat.title.clone()
    };
    let on_confirm = {
        let (busy, failure) = (busy.clone(), failure.clone());
        let (chat_id, title) = (props.chat.chat_id.clone(), title.clone());
        let on_deleted = props.on_deleted.clone();
        Callback::from(move |()| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (chat_id, title, on_deleted) = (chat_id.clone(), title.clone(), on_deleted.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<ChatDelete>(chat_id).await {
                    Ok(()) => {
                        toasts.success(words::deleted(&title));
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
            title={words::DELETE_TITLE}
            text={words::delete_text(&title)}
            confirm={common::DELETE}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.on_cancel.clone()}
        />
    }
}
