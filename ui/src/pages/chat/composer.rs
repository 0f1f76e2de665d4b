//! The field for the next message. What is typed stays until it is sent, also while the page is away.

use crate::components::{Button, IconName, Variant};
use crate::hooks::{keep, kept};
use crate::i18n::chat as words;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Lines that the field grows to.
const MOST_LINES: usize = 8;
/// What browsers say of a key that an input method took.
const TAKEN_KEY: u32 = 229;

/// A message on its way; the callback hears whether it went.
pub type Sending = (String, Callback<bool>);

/// Props of [`Composer`].
#[derive(Properties, PartialEq)]
pub struct ComposerProps {
    /// Names the conversation.
    pub draft: AttrValue,
    /// Whether an answer is under way: it can be stopped, and nothing can be sent.
    pub is_under_way: bool,
    /// Whether there is somebody to send to.
    pub can_send: bool,
    /// Called with what is sent.
    pub on_send: Callback<Sending>,
    /// Stops the answer under way.
    pub on_stop: Callback<()>,
}

/// Enter sends, Shift+Enter is a new line; what an input method takes is its own.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let name = format!("draft {}", props.draft);
    let text = {
        let name = name.clone();
        use_state(move || kept::<String>(&name).map_or_else(String::new, |text| (*text).clone()))
    };
    let is_sending = use_state(|| false);
    let area = use_node_ref();
    {
        let area = area.clone();
        use_effect_with((), move |()| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                // A page that cannot give the focus is still a page.
                let _ = area.focus();
            }
        });
    }
    let set = {
        let (text, name) = (text.setter(), name.clone());
        move |value: String| {
            keep(name.clone(), Rc::new(value.clone()));
            text.set(value);
        }
    };
    let can_send = props.can_send && !props.is_under_way && !*is_sending && !text.trim().is_empty();
    let send = {
        let (set, is_sending) = (set.clone(), is_sending.setter());
        let (on_send, text) = (props.on_send.clone(), (*text).clone());
        move || {
            if !can_send {
                return;
            }
            is_sending.set(true);
            let (set, is_sending) = (set.clone(), is_sending.clone());
            let done = Callback::from(move |went: bool| {
                is_sending.set(false);
                if went {
                    set(String::new());
                }
            });
            on_send.emit((text.clone(), done));
        }
    };
    let onkeydown = {
        let send = send.clone();
        move |event: KeyboardEvent| {
            let is_composed = event.is_composing() || event.key_code() == TAKEN_KEY;
            if event.key() == "Enter" && !event.shift_key() && !is_composed {
                event.prevent_default();
                send();
            }
        }
    };
    let oninput = move |event: InputEvent| {
        let target = event.target();
        if let Some(area) = target.and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok())
        {
            set(area.value());
        }
    };
    let n_lines = text.split('\n').count().clamp(1, MOST_LINES);
    html! {
        <form class="composer" onsubmit={move |event: SubmitEvent| {
            event.prevent_default();
            send();
        }}>
            <label class="visually-hidden" for="chat-text">{ words::COMPOSE }</label>
            <textarea
                ref={area}
                id="chat-text"
                class="composer__text"
                rows={n_lines.to_string()}
                dir={if text.is_empty() { "rtl" } else { "auto" }}
                value={(*text).clone()}
                placeholder={words::COMPOSE_PLACEHOLDER}
                aria-describedby="chat-text-help"
                data-testid="chat-text"
                {oninput}
                {onkeydown}
            />
            if props.is_under_way {
                <Button
                    label={words::STOP}
                    icon={IconName::Stop}
                    onclick={props.on_stop.reform(|_: MouseEvent| ())}
                    testid="chat-stop"
                />
            } else {
                <Button
                    label={words::SEND}
                    variant={Variant::Primary}
                    icon={IconName::Send}
                    disabled={!can_send}
                    loading={*is_sending}
                    testid="chat-send"
                />
            }
            <p class="composer__help" id="chat-text-help">{ words::COMPOSE_HELP }</p>
        </form>
    }
}
