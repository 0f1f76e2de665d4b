//! The messages of a conversation. The reader stays where they are while text comes; only who is at the end
//! is kept there.

use super::thread::{Phase, Thread};
use crate::components::{ErrorNote, IconButton, IconName, copy};
use crate::hooks::use_resized;
use crate::i18n::{chat as words, common};
use crate::rich::message;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::bidi::direction;
use amoozgar_types::chat::{ChatMessage, MessageStatus, Role, Side};
use amoozgar_types::id::MessageId;
use std::rc::Rc;
use web_sys::HtmlElement;
use yew::prelude::*;

/// CSS pixels from the end within which a reader is at the end.
const AT_END: i32 = 48;

/// Props of [`Messages`].
#[derive(Properties, PartialEq)]
pub struct MessagesProps {
    /// What is shown.
    pub thread: Thread,
    /// Asks for another answer.
    pub on_regenerate: Callback<MessageId>,
}

/// The messages, the answers of two models beside each other.
#[component]
pub fn Messages(props: &MessagesProps) -> Html {
    let area = use_node_ref();
    let inner = use_node_ref();
    let is_at_end = use_state_eq(|| true);
    // The same for who hears of sizes, and where the last scroll event left the reader.
    let follows = use_mut_ref(|| true);
    let last_top = use_mut_ref(|| 0);
    {
        let (scrolled, follows) = (area.clone(), follows.clone());
        let on_resize = move |()| {
            if *follows.borrow() {
                to_end(&scrolled);
            }
        };
        use_resized([area.clone(), inner.clone()], on_resize.into());
    }
    let n_messages = props.thread.messages.len();
    {
        // What a person sends themselves is always in sight.
        let (area, is_at_end, follows) = (area.clone(), is_at_end.setter(), follows.clone());
        use_effect_with(n_messages, move |_| {
            to_end(&area);
            *follows.borrow_mut() = true;
            is_at_end.set(true);
        });
    }
    let onscroll = {
        let (area, is_at_end) = (area.clone(), is_at_end.setter());
        move |_: Event| {
            if let Some(area) = area.cast::<HtmlElement>() {
                let left = area.scroll_height() - area.scroll_top() - area.client_height();
                // Text that came since this scroll began is no reason to stay behind: only who went up does.
                let went_up = area.scroll_top() < last_top.replace(area.scroll_top());
                if left <= AT_END || went_up {
                    *follows.borrow_mut() = left <= AT_END;
                    is_at_end.set(left <= AT_END);
                }
            }
        }
    };
    let turns = turns(&props.thread.messages);
    let last = turns.len().saturating_sub(1);
    let shown = turns.iter().enumerate().map(|(index, turn)| {
        draw_turn(
            index,
            turn,
            props,
            index == last && !props.thread.is_under_way,
        )
    });
    html! {
        <div class="messages">
            <div
                ref={area.clone()}
                class="messages__scroll"
                role="log"
                aria-label={words::MESSAGES}
                aria-busy={props.thread.is_under_way.then_some("true")}
                tabindex="0"
                data-testid="chat-messages"
                {onscroll}
            >
                <div ref={inner} class="messages__inner">{ for shown }</div>
            </div>
            if !*is_at_end {
                <span class="messages__end">
                    <IconButton
                        icon={IconName::ChevronDown}
                        label={words::TO_END}
                        onclick={move |_| to_end(&area)}
                        testid="chat-to-end"
                    />
                </span>
            }
        </div>
    }
}

fn to_end(area: &NodeRef) {
    if let Some(area) = area.cast::<HtmlElement>() {
        area.set_scroll_top(area.scroll_height());
    }
}

/// A person's message, or the answers to one.
fn turns(messages: &[Rc<ChatMessage>]) -> Vec<&[Rc<ChatMessage>]> {
    messages
        .chunk_by(|a, b| a.role == Role::Assistant && b.role == Role::Assistant)
        .collect()
}

fn draw_turn(
    index: usize,
    turn: &[Rc<ChatMessage>],
    props: &MessagesProps,
    can_regenerate: bool,
) -> Html {
    let is_pair = turn.len() > 1;
    let messages = turn.iter().map(|message| match message.role {
        Role::Assistant => {
            let phase = props.thread.phase.as_ref();
            let phase = phase.filter(|(id, _)| *id == message.message_id);
            let on_regenerate = can_regenerate.then(|| props.on_regenerate.clone());
            html! {
                <AnswerView
                    key={message.message_id.to_string()}
                    message={message.clone()}
                    phase={phase.map(|(_, phase)| *phase)}
                    {on_regenerate}
                />
            }
        }
        _ => html! {
            <article
                key={message.message_id.to_string()}
                class="said said--own"
                aria-label={words::YOU}
                data-testid="chat-question"
            >
                <p class="said__text" dir={direction(&message.content)}>{ &message.content }</p>
            </article>
        },
    });
    html! {
        <div key={index} class={classes!("turn", is_pair.then_some("turn--pair"))}>{ for messages }</div>
    }
}

#[derive(Properties, PartialEq)]
struct AnswerViewProps {
    message: Rc<ChatMessage>,
    phase: Option<Phase>,
    on_regenerate: Option<Callback<MessageId>>,
}

#[component]
fn AnswerView(props: &AnswerViewProps) -> Html {
    let message = &props.message;
    let name = message
        .model_name
        .clone()
        .unwrap_or_else(|| words::ASSISTANT.to_owned());
    let side = match message.side {
        Side::First => "first",
        Side::Second => "second",
    };
    let is_writing = message.status == MessageStatus::Writing;
    html! {
        <article
            class="said said--answer"
            aria-label={name.clone()}
            data-testid="chat-answer"
            data-side={side}
            data-state={message.status.as_str()}
        >
            <p class="said__name"><bdi>{ name }</bdi></p>
            <div class="said__body" data-testid="chat-answer-text">
                { message::view(&message.content) }
                if is_writing && message.content.is_empty() {
                    <p class="said__phase" role="status">{ phase_words(props.phase) }</p>
                } else if is_writing {
                    <span class="model-text__caret" aria-hidden="true" />
                }
            </div>
            { notes(message) }
            if !is_writing { <Actions ..props.clone() /> }
        </article>
    }
}

impl Clone for AnswerViewProps {
    fn clone(&self) -> Self {
        Self {
            message: self.message.clone(),
            phase: self.phase,
            on_regenerate: self.on_regenerate.clone(),
        }
    }
}

fn phase_words(phase: Option<Phase>) -> String {
    match phase {
        None => words::IN_LINE.to_owned(),
        Some(Phase::Waiting) => words::WAITING.to_owned(),
        Some(Phase::Loading(share)) => words::loading(share),
        Some(Phase::Reading) => words::READING.to_owned(),
    }
}

/// What is to be known of an answer beside its text.
fn notes(message: &ChatMessage) -> Html {
    let is_silent = message.content.trim().is_empty();
    let ended = match message.status {
        MessageStatus::Stopped => Some(words::STOPPED),
        MessageStatus::Cut => Some(words::CUT),
        MessageStatus::Whole if is_silent => Some(words::SILENT),
        _ => None,
    };
    html! {
        <>
            if let Some(ended) = ended { <p class="said__note">{ ended }</p> }
            if message.n_left_out > 0 {
                <p class="said__note">{ words::left_out(message.n_left_out) }</p>
            }
            if let Some(error) = message.error.clone() { <ErrorNote {error} /> }
        </>
    }
}

#[component]
fn Actions(props: &AnswerViewProps) -> Html {
    let toasts = use_toasts();
    let message = props.message.clone();
    let on_copy = {
        let text = message.content.clone();
        move |_: MouseEvent| {
            let (text, toasts) = (text.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match copy(&text).await {
                    Ok(()) => toasts.success(common::COPIED),
                    Err(()) => toasts.error(common::NOT_COPIED),
                }
            });
        }
    };
    let facts = message
        .n_tokens
        .filter(|n| *n > 0)
        .map(|n| words::facts(n, message.tokens_per_s));
    html! {
        <footer class="said__actions">
            if !message.content.is_empty() {
                <IconButton icon={IconName::Copy} label={words::COPY} onclick={on_copy} testid="chat-copy" />
            }
            if let Some(on_regenerate) = props.on_regenerate.clone() {
                <IconButton
                    icon={IconName::Refresh}
                    label={words::REGENERATE}
                    onclick={move |_| on_regenerate.emit(message.message_id.clone())}
                    testid="chat-regenerate"
                />
            }
            if let Some(facts) = facts { <span class="said__facts">{ facts }</span> }
        </footer>
    }
}
