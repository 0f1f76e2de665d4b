//! The messages at the window's corner.

use super::{IconButton, IconName};
use crate::api;
use crate::i18n::common;
use crate::state::modals::use_modals;
use crate::state::toasts::{Toast, ToastAction, ToastKind, use_toasts};
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// How long a message stays. Failures and long sentences need more time to read.
const SHORT_MS: u32 = 5_000;
const LONG_MS: u32 = 12_000;

/// Every message on show: in the topmost modal, where there is one, so that they can be read out and
/// put away there too.
#[component]
pub fn ToastStack() -> Html {
    let toasts = use_toasts();
    let host = use_modals().topmost().cloned();
    let stack = use_node_ref();
    {
        // What came into the webview's top layer later lies above what came before.
        let (stack, newest) = (stack.clone(), toasts.toasts.last().map(|toast| toast.key));
        use_effect_with((newest, host.clone()), move |(newest, _)| {
            let Some(stack) = stack.cast::<HtmlElement>() else {
                return;
            };
            // What is not shown cannot be hidden, and says so.
            let _ = stack.hide_popover();
            if newest.is_some()
                && let Err(error) = stack.show_popover()
            {
                api::log(&format!("the messages could not be shown: {error:?}"));
            }
        });
    }
    let messages = html! {
        <div ref={stack} class="toasts" popover="manual" role="status" aria-live="polite">
            { for toasts.toasts.iter().map(|toast| html! {
                <ToastView key={toast.key} toast={toast.clone()} />
            }) }
        </div>
    };
    match host.or_else(body) {
        Some(host) => create_portal(messages, host),
        None => messages,
    }
}

fn body() -> Option<Element> {
    let document = web_sys::window()?.document()?;
    document.body().map(Element::from)
}

#[derive(Properties, PartialEq)]
struct ToastViewProps {
    toast: Toast,
}

#[component]
fn ToastView(props: &ToastViewProps) -> Html {
    let toasts = use_toasts();
    let key = props.toast.key;
    let (icon, class) = match props.toast.kind {
        ToastKind::Success => (IconName::Check, "toast toast--success"),
        ToastKind::Info => (IconName::Info, "toast toast--info"),
        ToastKind::Error => (IconName::Alert, "toast toast--error"),
    };
    {
        let toasts = toasts.dispatcher();
        let long = props.toast.kind == ToastKind::Error || props.toast.text.chars().count() > 60;
        use_effect_with(key, move |key| {
            let key = *key;
            let after = if long { LONG_MS } else { SHORT_MS };
            let timer = yew::platform::time::sleep(std::time::Duration::from_millis(after.into()));
            yew::platform::spawn_local(async move {
                timer.await;
                toasts.dispatch(ToastAction::Dismiss(key));
            });
        });
    }
    html! {
        <div {class} data-testid="toast">
            { icon.svg() }
            <p class="toast__text">{ &props.toast.text }</p>
            <IconButton
                icon={IconName::Close}
                label={common::CLOSE}
                onclick={move |_| toasts.dispatch(ToastAction::Dismiss(key))}
                testid="toast-close"
            />
        </div>
    }
}
