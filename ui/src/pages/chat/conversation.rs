//! One conversation, new or kept: its head, its messages, and the field for the next one.

use super::composer::{Composer, Sending};
use super::exchange::{Ends, configuration, open};
use super::form::{Change, Form};
use super::head::Head;
use super::messages::Messages;
use super::rename::{DeleteChat, RenameDialog};
use super::settings::SettingsPanel;
use super::thread::{Happened, Thread};
use crate::api;
use crate::components::{
    ButtonLink, EmptyState, ErrorNote, ErrorState, IconName, Skeleton, Variant,
};
use crate::hooks::{use_kept_query, use_paced};
use crate::i18n::chat as words;
use crate::route::Route;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatRecord, ModelChoice, ModelOffer};
use amoozgar_types::id::{ChatId, MessageId};
use amoozgar_types::ipc::{ChatConfigureTo, ChatModels};
use std::rc::Rc;
use std::time::Duration;
use yew::prelude::*;
use yew_router::prelude::*;

/// How long settings rest before they are stored.
const SETTLED: Duration = Duration::from_millis(500);

/// Props of [`Conversation`].
#[derive(Properties, PartialEq)]
pub struct ConversationProps {
    /// Which; a new one where absent.
    pub id: Option<ChatId>,
    /// The latest conversation, whose model a new one begins with.
    pub latest: Option<ChatRecord>,
    /// The list is another.
    pub on_changed: Callback<()>,
}

/// What lies over the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Nothing,
    Rename,
    Delete,
}

/// One conversation.
#[component]
pub fn Conversation(props: &ConversationProps) -> Html {
    let thread = use_reducer(Thread::default);
    let form = use_reducer(Form::default);
    let failure = use_state(|| None::<ApiError>);
    let unread = use_state(|| None::<ApiError>);
    let over = use_state(|| Over::Nothing);
    let offers = use_kept_query::<ChatModels>(());
    let navigator = use_navigator();
    let read = {
        let (thread, form, unread) = (thread.dispatcher(), form.dispatcher(), unread.setter());
        let id = props.id.clone();
        use_callback(id, move |(), id: &Option<ChatId>| {
            if let Some(id) = id.clone() {
                unread.set(None);
                open(id, thread.clone(), form.clone(), unread.clone());
            }
        })
    };
    use_effect_with(read.clone(), |read| read.emit(()));
    // An answer whose end was missed.
    use_effect_with((thread.is_stale(), read.clone()), |(is_stale, read)| {
        if *is_stale {
            read.emit(());
        }
    });
    use_first_model(props, &form, offers.data().as_deref());
    use_stored_settings(props.id.clone(), &form, &thread);
    let made = use_mut_ref(|| None::<ChatId>);
    let ends = Ends {
        id: props.id.clone(),
        thread: thread.dispatcher(),
        failure: failure.setter(),
    };
    let on_send = {
        let (ends, form, chat) = (ends.clone(), (*form).clone(), thread.chat.clone());
        let (on_changed, navigator) = (props.on_changed.clone(), navigator.clone());
        move |sending: Sending| {
            let (on_changed, navigator) = (on_changed.clone(), navigator.clone());
            let is_new = ends.id.is_none();
            let opened = move |id: &ChatId| {
                on_changed.emit(());
                if let Some(navigator) = navigator.as_ref().filter(|_| is_new) {
                    navigator.replace(&Route::OneChat { id: id.to_string() });
                }
            };
            ends.send(sending, form.clone(), chat.clone(), made.clone(), opened);
        }
    };
    let on_regenerate = {
        let ends = ends.clone();
        move |message_id: MessageId| ends.regenerate(message_id)
    };
    let on_stop = move |()| ends.stop();
    let show = |what: Over| {
        let over = over.setter();
        Callback::from(move |()| over.set(what))
    };
    if let Some(error) = (*unread).clone() {
        let on_retry = read.clone();
        return html! { <div class="chat"><ErrorState {error} {on_retry} /></div> };
    }
    let known = offers.data();
    let has_models = known.as_ref().is_none_or(|offers| !offers.is_empty());
    let is_reading = props.id.is_some() && thread.chat.is_none();
    let body = if is_reading {
        html! { <div class="chat__body"><Skeleton lines={6} /></div> }
    } else if !thread.messages.is_empty() {
        html! { <Messages thread={(*thread).clone()} {on_regenerate} /> }
    } else if has_models {
        html! {
            <div class="chat__body">
                <EmptyState icon={IconName::Chat} title={words::BEGIN_TITLE} text={words::BEGIN_TEXT} />
            </div>
        }
    } else {
        no_model()
    };
    html! {
        <section class="chat" data-testid="chat" aria-label={words::TITLE}>
            <Head
                chat={thread.chat.clone()}
                offers={Rc::new(known.as_deref().cloned().unwrap_or_default())}
                form={form.clone()}
                is_under_way={thread.is_under_way}
                on_rename={show(Over::Rename)}
                on_delete={show(Over::Delete)}
            />
            <SettingsPanel form={form.clone()} />
            if thread.is_plain() {
                <p class="chat__note" data-testid="chat-plain">{ words::PLAIN_TEMPLATE }</p>
            }
            { body }
            if let Some(error) = (*failure).clone().or(offers.error()) { <ErrorNote {error} /> }
            <Composer
                draft={props.id.as_ref().map_or_else(|| "new".to_owned(), ToString::to_string)}
                is_under_way={thread.is_under_way}
                can_send={form.model.is_some() && form.settings().is_some()}
                {on_send}
                {on_stop}
            />
            { over_it(*over, props, &thread, navigator, show(Over::Nothing)) }
        </section>
    }
}

fn no_model() -> Html {
    html! {
        <div class="chat__body">
            <EmptyState
                icon={IconName::Box}
                title={words::NO_MODEL_TITLE}
                text={words::NO_MODEL_TEXT}
                action={html! {
                    <div class="chat__ways">
                        <ButtonLink
                            to={Route::Catalog}
                            label={words::GET_MODEL}
                            variant={Variant::Primary}
                            icon={IconName::Download}
                            testid="chat-get-model"
                        />
                        <ButtonLink
                            to={Route::NewRun}
                            label={words::TRAIN_MODEL}
                            icon={IconName::Training}
                            testid="chat-train-model"
                        />
                    </div>
                }}
            />
        </div>
    }
}

fn over_it(
    over: Over,
    props: &ConversationProps,
    thread: &UseReducerHandle<Thread>,
    navigator: Option<Navigator>,
    on_close: Callback<()>,
) -> Html {
    let Some(chat) = thread.chat.clone() else {
        return html! {};
    };
    match over {
        Over::Nothing => html! {},
        Over::Rename => {
            let (thread, on_changed) = (thread.dispatcher(), props.on_changed.clone());
            let closed = on_close.clone();
            let on_renamed = move |chat: ChatRecord| {
                thread.dispatch(Happened::Changed(chat));
                on_changed.emit(());
                closed.emit(());
            };
            html! { <RenameDialog {chat} {on_close} {on_renamed} /> }
        }
        Over::Delete => {
            let on_changed = props.on_changed.clone();
            let on_deleted = move |()| {
                on_changed.emit(());
                if let Some(navigator) = &navigator {
                    navigator.replace(&Route::Chat);
                }
            };
            html! { <DeleteChat {chat} on_cancel={on_close} {on_deleted} /> }
        }
    }
}

/// Gives a new conversation the model of the latest one, else the first that is there.
#[hook]
fn use_first_model(
    props: &ConversationProps,
    form: &UseReducerHandle<Form>,
    offers: Option<&Vec<ModelOffer>>,
) {
    let is_offered = |choice: &ModelChoice| {
        offers.is_some_and(|offers| offers.iter().any(|offer| offer.model == choice.model))
    };
    let last = props.latest.as_ref().and_then(|chat| chat.model.as_ref());
    let last = last.map(|model| model.choice.clone()).filter(is_offered);
    let first = || Some(ModelChoice::plain(offers?.first()?.model.clone()));
    let is_wanted = props.id.is_none() && form.model.is_none();
    let choice = if is_wanted { last.or_else(first) } else { None };
    let form = form.dispatcher();
    use_effect_with(choice, move |choice| {
        if let Some(choice) = choice.clone() {
            form.dispatch(Change::Model(choice));
        }
    });
}

/// Stores what was changed in the fields of a conversation that is kept, once the fields rest.
#[hook]
fn use_stored_settings(
    id: Option<ChatId>,
    form: &UseReducerHandle<Form>,
    thread: &UseReducerHandle<Thread>,
) {
    let settled = use_paced(&**form, SETTLED);
    let (thread, chat) = (thread.dispatcher(), thread.chat.clone());
    use_effect_with(settled, move |form| {
        let (Some(id), Some(chat)) = (id, chat) else {
            return;
        };
        let Some(request) = configuration(&id, form).filter(|_| form.differs_from(&chat)) else {
            return;
        };
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<ChatConfigureTo>(request).await {
                Ok(chat) => thread.dispatch(Happened::Changed(chat)),
                // It is stored before the next message, which says what is wrong.
                Err(error) => api::log(&format!("settings were not stored: {error}")),
            }
        });
    });
}
