//! Conversations with the models of this machine: the list beside the one that is open.

mod composer;
mod conversation;
mod exchange;
mod form;
mod head;
mod list;
mod messages;
mod rename;
mod settings;
mod thread;

use crate::components::{Button, Variant};
use crate::components::{Dialog, IconName, PageHeader, Place};
use crate::hooks::{use_kept_query, use_paced};
use crate::i18n::chat as words;
use amoozgar_types::chat::ChatQuery;
use amoozgar_types::id::ChatId;
use amoozgar_types::ipc::ChatsPage;
use conversation::Conversation;
use list::ChatList;
use std::time::Duration;
use yew::prelude::*;

/// Conversations of one page of the list.
const PER_PAGE: u32 = 40;
/// How long a search waits for the next letter.
const TYPING: Duration = Duration::from_millis(200);

/// Props of [`ChatPage`].
#[derive(Properties, PartialEq)]
pub struct ChatPageProps {
    /// The open conversation; a new one where absent.
    #[prop_or_default]
    pub id: Option<AttrValue>,
}

/// The list and the open conversation; in a narrow window the list lies over it.
#[component]
pub fn ChatPage(props: &ChatPageProps) -> Html {
    let search = use_state_eq(String::new);
    let page = use_state_eq(|| 0_u32);
    let is_list_open = use_state_eq(|| false);
    let asked = use_paced(&*search, TYPING);
    let query = use_kept_query::<ChatsPage>(ChatQuery {
        search: asked,
        limit: PER_PAGE,
        offset: *page * PER_PAGE,
    });
    let on_changed = {
        let query = query.clone();
        Callback::from(move |()| query.reload())
    };
    let on_search = {
        let (search, page) = (search.setter(), page.setter());
        Callback::from(move |text: String| {
            page.set(0);
            search.set(text);
        })
    };
    let list = html! {
        <ChatList
            answer={query.data()}
            error={query.error()}
            on_retry={query.on_retry()}
            search={(*search).clone()}
            {on_search}
            page={*page}
            per_page={PER_PAGE}
            on_page={let page = page.setter(); move |at| page.set(at)}
            open={props.id.clone()}
            on_open={let is_list_open = is_list_open.setter(); move |()| is_list_open.set(false)}
        />
    };
    let latest = query
        .data()
        .and_then(|page| page.chats.first().map(|found| found.chat.clone()));
    let id = props.id.clone();
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                actions={html! {
                    <span class="chat-page__open-list">
                        <Button
                            label={words::LIST}
                            variant={Variant::Secondary}
                            icon={IconName::Lines}
                            onclick={let is_list_open = is_list_open.setter(); move |_| is_list_open.set(true)}
                            testid="chat-open-list"
                        />
                    </span>
                }}
            />
            <div class="chat-page">
                <aside class="chat-page__list" aria-label={words::LIST}>{ list.clone() }</aside>
                <Conversation
                    key={id.as_ref().map_or_else(|| "new".to_owned(), ToString::to_string)}
                    id={id.as_ref().map(|id| ChatId::new(id.to_string()))}
                    {latest}
                    {on_changed}
                />
            </div>
            if *is_list_open {
                <Dialog
                    title={words::LIST}
                    place={Place::Side}
                    on_close={let is_list_open = is_list_open.setter(); move |()| is_list_open.set(false)}
                    testid="chat-list-dialog"
                >
                    { list }
                </Dialog>
            }
        </>
    }
}
