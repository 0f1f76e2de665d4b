//! Code, commands and other text that is copied as it is.

use super::{IconButton, IconName};
use crate::i18n::common;
use crate::state::toasts::{ShowToast, use_toasts};
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

/// Props of [`CodeBlock`].
#[derive(Properties, PartialEq)]
pub struct CodeBlockProps {
    /// The code.
    pub code: AttrValue,
    /// What it is, for screen readers.
    pub label: AttrValue,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// Code that reads from the left, with a button that copies it.
#[component]
pub fn CodeBlock(props: &CodeBlockProps) -> Html {
    let toasts = use_toasts();
    let onclick = {
        let code = props.code.clone();
        move |_| {
            let (code, toasts) = (code.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match copy(&code).await {
                    Ok(()) => toasts.success(common::COPIED),
                    Err(()) => toasts.error(common::NOT_COPIED),
                }
            });
        }
    };
    html! {
        <div class="code" data-testid={props.testid.clone()}>
            <pre dir="ltr" tabindex="0" role="region" aria-label={props.label.clone()}>
                <code>{ &props.code }</code>
            </pre>
            <IconButton icon={IconName::Copy} label={common::COPY} {onclick} />
        </div>
    }
}

/// Puts a text on the clipboard.
pub async fn copy(text: &str) -> Result<(), ()> {
    let window = web_sys::window().ok_or(())?;
    JsFuture::from(window.navigator().clipboard().write_text(text))
        .await
        .map(|_| ())
        .map_err(|_| ())
}
