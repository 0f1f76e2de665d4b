//! The list of conversations, with its search.

use crate::components::{ButtonLink, ErrorState, IconName, LinkTo, Skeleton, TextField, Variant};
use crate::i18n::{chat as words, time};
use crate::pages::training::Pager;
use crate::route::Route;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatPage, FoundChat};
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`ChatList`].
#[derive(Properties, PartialEq)]
pub struct ChatListProps {
    /// The page of the list, once it is there.
    pub answer: Option<Rc<ChatPage>>,
    /// Why it is not.
    pub error: Option<ApiError>,
    /// Asks again.
    pub on_retry: Callback<()>,
    /// What is looked for.
    pub search: String,
    /// Called with what is typed.
    pub on_search: Callback<String>,
    /// Which page, from 0.
    pub page: u32,
    /// Conversations of a page.
    pub per_page: u32,
    /// Called with the page to show.
    pub on_page: Callback<u32>,
    /// The open conversation.
    pub open: Option<AttrValue>,
    /// One is opened.
    pub on_open: Callback<()>,
}

/// The list of conversations.
#[component]
pub fn ChatList(props: &ChatListProps) -> Html {
    let list = match (&props.answer, &props.error) {
        (_, Some(error)) => {
            html! { <ErrorState error={error.clone()} on_retry={props.on_retry.clone()} /> }
        }
        (None, None) => html! { <Skeleton lines={4} /> },
        (Some(page), None) if page.chats.is_empty() => {
            let none = if page.n_all == 0 {
                words::NONE_YET
            } else {
                words::NONE_FOUND
            };
            html! { <p class="chat-list__none" data-testid="chat-none">{ none }</p> }
        }
        (Some(page), None) => html! {
            <ul class="chat-list__items" data-testid="chat-list">
                { for page.chats.iter().map(|found| item(found, props)) }
            </ul>
        },
    };
    let n_matching = props.answer.as_ref().map_or(0, |page| page.n_matching);
    let on_open = props.on_open.clone();
    html! {
        <div class="chat-list">
            <span onclick={move |_: MouseEvent| on_open.emit(())}>
                <ButtonLink
                    to={Route::Chat}
                    label={words::NEW}
                    icon={IconName::Plus}
                    variant={Variant::Secondary}
                    testid="chat-new"
                />
            </span>
            <TextField
                id="chat-search"
                label={words::SEARCH}
                value={props.search.clone()}
                oninput={props.on_search.clone()}
                placeholder={words::SEARCH_PLACEHOLDER}
                testid="chat-search"
            />
            { list }
            <Pager
                page={props.page}
                n_pages={n_matching.div_ceil(props.per_page.max(1))}
                onpage={props.on_page.clone()}
            />
        </div>
    }
}

fn item(found: &FoundChat, props: &ChatListProps) -> Html {
    let FoundChat { chat, excerpt } = found;
    let id = chat.chat_id.to_string();
    let is_open = props.open.as_deref() == Some(id.as_str());
    let title = if chat.title.is_empty() {
        words::UNNAMED.to_owned()
    } else {
        chat.title.clone()
    };
    let model = chat.model.as_ref().map(|model| model.name.clone());
    let on_open = props.on_open.clone();
    html! {
        <li key={id.clone()} onclick={move |_: MouseEvent| on_open.emit(())}>
            <LinkTo
                to={Route::OneChat { id: id.clone() }}
                class={classes!("chat-list__item", is_open.then_some("is-open"))}
                current={is_open}
                testid={format!("chat-item-{id}")}
            >
                <span class="chat-list__title" dir="auto">{ title }</span>
                if let Some(excerpt) = excerpt {
                    <span class="chat-list__excerpt" dir="auto">{ excerpt }</span>
                }
                <span class="chat-list__facts">
                    <span>{ time::ago(chat.updated_ms) }</span>
                    if let Some(model) = model { <bdi class="chat-list__model">{ model }</bdi> }
                </span>
            </LinkTo>
        </li>
    }
}
