//! What lies over the page: a dialog, a drawer at its side, and asking before what cannot be undone.
//!
//! All three are the webview's own modal `dialog`: it keeps the focus inside, gives it back when it
//! closes, and hides the page behind from screen readers. Mount one to open it, unmount it to close.

use super::ids::use_id;
use super::{Button, ErrorNote, IconButton, IconName, Variant};
use crate::api;
use crate::i18n::common;
use crate::state::modals::{ModalAction, use_modals};
use amoozgar_types::ApiError;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

/// Where a modal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// In the middle.
    #[default]
    Middle,
    /// In the middle, with room for a form or a table.
    Wide,
    /// At the line's end, as high as the window: a drawer.
    Side,
    /// Near the top, where a palette is expected.
    Top,
}

impl Place {
    fn class(self) -> &'static str {
        match self {
            Self::Middle => "dialog",
            Self::Wide => "dialog dialog--wide",
            Self::Side => "dialog dialog--side",
            Self::Top => "dialog dialog--top",
        }
    }
}

/// Props of [`Modal`].
#[derive(Properties, PartialEq)]
pub struct ModalProps {
    /// Where it stands.
    #[prop_or_default]
    pub place: Place,
    /// The id of the element that names it.
    pub labelled_by: AttrValue,
    /// Called by Escape and by a click beside it.
    pub on_close: Callback<()>,
    /// It is at work and cannot be left.
    #[prop_or_default]
    pub busy: bool,
    /// `data-testid`.
    #[prop_or(AttrValue::Static("dialog"))]
    pub testid: AttrValue,
    /// What it holds.
    pub children: Html,
}

/// The bare modal, for what has a frame of its own.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let dialog = use_node_ref();
    let modals = use_modals().dispatcher();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let opened = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &opened {
                if let Err(error) = dialog.show_modal() {
                    api::log(&format!("a dialog could not open: {error:?}"));
                }
                modals.dispatch(ModalAction::Opened(dialog.clone().into()));
            }
            move || {
                if let Some(dialog) = opened {
                    dialog.close();
                    modals.dispatch(ModalAction::Closed(dialog.into()));
                }
            }
        });
    }
    let leave = {
        let (on_close, busy) = (props.on_close.clone(), props.busy);
        move || {
            if !busy {
                on_close.emit(());
            }
        }
    };
    let oncancel = {
        let leave = leave.clone();
        move |event: Event| {
            event.prevent_default();
            leave();
        }
    };
    // The webview closes a modal at the second Escape whatever the page says, so Escape is answered
    // before it becomes `cancel`.
    let onkeydown = {
        let leave = leave.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" && !event.default_prevented() {
                event.prevent_default();
                leave();
            }
        }
    };
    let onclick = {
        let dialog = dialog.clone();
        move |event: MouseEvent| {
            let beside = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlElement>().ok())
                .zip(dialog.cast::<HtmlElement>())
                .is_some_and(|(target, dialog)| target == dialog);
            if beside {
                leave();
            }
        }
    };
    html! {
        <dialog
            ref={dialog.clone()}
            class={props.place.class()}
            aria-labelledby={props.labelled_by.clone()}
            data-testid={props.testid.clone()}
            {oncancel}
            {onkeydown}
            {onclick}
        >
            <div class="dialog__frame">{ props.children.clone() }</div>
        </dialog>
    }
}

/// Props of [`Dialog`].
#[derive(Properties, PartialEq)]
pub struct DialogProps {
    /// Its heading.
    pub title: AttrValue,
    /// Where it stands; [`Place::Side`] makes it a drawer.
    #[prop_or_default]
    pub place: Place,
    /// The buttons at its foot.
    #[prop_or_default]
    pub actions: Html,
    /// Called by its cross, by Escape and by a click beside it.
    pub on_close: Callback<()>,
    /// It is at work and cannot be left.
    #[prop_or_default]
    pub busy: bool,
    /// `data-testid`.
    #[prop_or(AttrValue::Static("dialog"))]
    pub testid: AttrValue,
    /// What it holds.
    #[prop_or_default]
    pub children: Html,
}

/// A dialog or a drawer with heading, cross and buttons.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let title_id = use_id("dialog");
    let on_cross = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <Modal
            place={props.place}
            labelled_by={title_id.clone()}
            on_close={props.on_close.clone()}
            busy={props.busy}
            testid={props.testid.clone()}
        >
            <header class="dialog__header">
                <h2 class="dialog__title" id={title_id}>{ &props.title }</h2>
                <IconButton
                    icon={IconName::Close}
                    label={common::CLOSE}
                    disabled={props.busy}
                    onclick={on_cross}
                    testid="dialog-close"
                />
            </header>
            <div class="dialog__body">{ props.children.clone() }</div>
            if props.actions != Html::default() {
                <footer class="dialog__actions">{ props.actions.clone() }</footer>
            }
        </Modal>
    }
}

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

/// A modal question.
#[component]
pub fn ConfirmDialog(props: &ConfirmDialogProps) -> Html {
    let title_id = use_id("dialog");
    html! {
        <Modal
            labelled_by={title_id.clone()}
            on_close={props.on_cancel.clone()}
            busy={props.busy}
        >
            <h2 class="dialog__title" id={title_id}>{ &props.title }</h2>
            <p class="dialog__text">{ &props.text }</p>
            if let Some(error) = &props.error {
                <ErrorNote error={error.clone()} />
            }
            <div class="dialog__actions">
                <Button
                    label={common::CANCEL}
                    disabled={props.busy}
                    onclick={props.on_cancel.reform(|_: MouseEvent| ())}
                    testid="dialog-cancel"
                />
                <Button
                    label={props.confirm.clone()}
                    variant={props.variant}
                    loading={props.busy}
                    onclick={props.on_confirm.reform(|_: MouseEvent| ())}
                    testid="dialog-confirm"
                />
            </div>
        </Modal>
    }
}
