//! Dialog, drawer, question, toasts, tooltip, palette.

use crate::components::{
    Button, Card, ConfirmDialog, Dialog, IconName, Place, TextField, Tooltip, Variant,
};
use crate::i18n::{common, dev as words};
use crate::palette::use_palette;
use crate::state::toasts::{ShowToast, use_toasts};
use yew::prelude::*;

#[derive(Clone, Copy, PartialEq)]
enum Open {
    Dialog(Place),
    Question,
}

/// Buttons that open each.
#[component]
pub fn Over() -> Html {
    let open = use_state_eq(|| None::<Open>);
    let toasts = use_toasts();
    let palette = use_palette();
    let opens = |what: Open| {
        let open = open.clone();
        move |_: MouseEvent| open.set(Some(what))
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(None))
    };
    let show_toasts = move |_: MouseEvent| {
        toasts.success(words::TOAST_TEXTS[0]);
        toasts.info(words::TOAST_TEXTS[1]);
        toasts.error(words::TOAST_TEXTS[2]);
    };
    let shown = match *open {
        None => html! {},
        Some(Open::Question) => html! {
            <ConfirmDialog
                title={words::OPEN_CONFIRM}
                text={words::BODY}
                confirm={common::DELETE}
                on_confirm={close.clone()}
                on_cancel={close}
            />
        },
        Some(Open::Dialog(place)) => html! {
            <Dialog
                title={words::OPEN_DIALOG}
                {place}
                on_close={close.clone()}
                actions={html! {
                    <Button
                        label={common::CLOSE}
                        variant={Variant::Primary}
                        onclick={close.reform(|_: MouseEvent| ())}
                    />
                }}
            >
                <p>{ words::BODY }</p>
                <TextField id="dev-inside" label={words::TEXT} value="" oninput={Callback::noop()} />
            </Dialog>
        },
    };
    html! {
        <Card title={words::OVER}>
            <div class="dev__row">
                <Button label={words::OPEN_DIALOG} onclick={opens(Open::Dialog(Place::Wide))} testid="dev-dialog" />
                <Button label={words::OPEN_DRAWER} onclick={opens(Open::Dialog(Place::Side))} testid="dev-drawer" />
                <Button label={words::OPEN_CONFIRM} onclick={opens(Open::Question)} testid="dev-confirm" />
                <Button label={words::OPEN_TOASTS} onclick={show_toasts} testid="dev-toasts" />
                <Button
                    label={words::OPEN_PALETTE}
                    icon={IconName::Search}
                    onclick={move |_: MouseEvent| palette.open()}
                />
                <Tooltip text={words::TOOLTIP}>
                    <Button label={words::TOOLTIP_ON} onclick={Callback::noop()} testid="dev-tooltip" />
                </Tooltip>
            </div>
            { shown }
        </Card>
    }
}
