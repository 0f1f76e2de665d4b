//! Asking before what cannot be undone.

use super::{Button, ErrorNote, Variant};
use crate::api;
use crate::i18n::common;
use amoozgar_types::ApiError;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Props of [`ConfirmDialog`].
#[derive(Properties, PartialEq)]
pub struct ConfirmDialogProps {
    /// What is asked.
    pub title: AttrValue,
    /// What will happen.
    pub text: AttrValue,
    /// The words of the button that does it.
    pub confirm: AttrValue,
    /// The weight of that button.
    #[prop_or(Variant::Danger)]
    pub variant: Variant,
    /// It is being done.
    #[prop_or_default]
    pub busy: bool,
    /// It failed.
    #[prop_or_default]
    pub error: Option<ApiError>,
    /// Do it.
    pub on_confirm: Callback<()>,
    /// Leave it (also by Escape).
    pub on_cancel: Callback<()>,
}

/// A modal question. Mount it to open it; unmount it to close it.
#[component]
pub fn ConfirmDialog(props: &ConfirmDialogProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let opened = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &opened
                && let Err(error) = dialog.show_modal()
            {
                api::log(&format!("a dialog could not open: {error:?}"));
            }
            move || {
                if let Some(dialog) = opened {
                    dialog.close();
                }
            }
        });
    }
    let oncancel = {
        let (on_cancel, busy) = (props.on_cancel.clone(), props.busy);
        move |event: Event| {
            event.prevent_default();
            if !busy {
                on_cancel.emit(());
            }
        }
    };
    let (on_confirm, on_cancel) = (props.on_confirm.clone(), props.on_cancel.clone());
    html! {
        <dialog
            ref={dialog}
            class="dialog"
            aria-labelledby="dialog-title"
            data-testid="dialog"
            {oncancel}
        >
            <h2 class="dialog__title" id="dialog-title">{ &props.title }</h2>
            <p class="dialog__text">{ &props.text }</p>
            if let Some(error) = &props.error {
                <ErrorNote error={error.clone()} />
            }
            <div class="dialog__actions">
                <Button
                    label={common::CANCEL}
                    disabled={props.busy}
                    onclick={move |_| on_cancel.emit(())}
                    testid="dialog-cancel"
                />
                <Button
                    label={props.confirm.clone()}
                    variant={props.variant}
                    loading={props.busy}
                    onclick={move |_| on_confirm.emit(())}
                    testid="dialog-confirm"
                />
            </div>
        </dialog>
    }
}
