//! What happened, by day.

use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, EmptyState, ErrorState, Icon, IconName, PageHeader, Skeleton,
    Variant,
};
use crate::hooks::{use_event, use_query};
use crate::i18n::{errors, notifications as words, time};
use crate::route::Route;
use crate::state::notifications::use_unread;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{
    Command, NotificationAdded, NotificationContent, NotificationRecord, NotificationsClear,
    NotificationsList, NotificationsMarkAllRead, NotificationsMarkRead,
};
use yew::prelude::*;
use yew_router::prelude::*;

/// The list with its actions.
#[component]
pub fn NotificationsPage() -> Html {
    let query = use_query::<NotificationsList>(());
    let asking = use_state(|| false);
    {
        let query = query.clone();
        use_event::<NotificationAdded, _>(move |_| query.reload());
    }
    let reload = {
        let query = query.clone();
        Callback::from(move |()| query.reload())
    };
    let mark_all = use_change::<NotificationsMarkAllRead>(reload.clone());
    let clear = use_change::<NotificationsClear>(reload.clone());
    let mark_read = use_change::<NotificationsMarkRead>(reload);
    let list = query.data();
    let any = list.as_ref().is_some_and(|list| !list.is_empty());
    let any_unread = list
        .as_ref()
        .is_some_and(|list| list.iter().any(|notification| !notification.read));
    let ask = |wanted: bool| {
        let asking = asking.clone();
        move || asking.set(wanted)
    };
    let (open, close) = (ask(true), ask(false));
    let on_confirm = {
        let close = close.clone();
        Callback::from(move |()| {
            close();
            clear.emit(());
        })
    };
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                subtitle={words::SUBTITLE}
                actions={html! {
                    if any {
                        <Button
                            label={words::MARK_ALL_READ}
                            icon={IconName::Check}
                            disabled={!any_unread}
                            onclick={mark_all.reform(|_| ())}
                            testid="notifications-mark-all"
                        />
                        <Button
                            label={words::CLEAR}
                            icon={IconName::Trash}
                            variant={Variant::Ghost}
                            onclick={move |_| open()}
                            testid="notifications-clear"
                        />
                    }
                }}
            />
            { match (list, query.error()) {
                (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
                (None, None) => html! { <Card><Skeleton lines={5} /></Card> },
                (Some(list), None) if list.is_empty() => html! {
                    <EmptyState
                        icon={IconName::Bell}
                        title={words::EMPTY_TITLE}
                        text={words::EMPTY_TEXT}
                    />
                },
                (Some(list), None) => html! {
                    { for by_day(&list).into_iter().map(|(day, items)| html! {
                        <Day key={day.clone()} day={day.clone()} {items} on_open={mark_read.clone()} />
                    }) }
                },
            } }
            if *asking {
                <ConfirmDialog
                    title={words::CLEAR_TITLE}
                    text={words::CLEAR_TEXT}
                    confirm={words::CLEAR}
                    {on_confirm}
                    on_cancel={Callback::from(move |()| close())}
                />
            }
        </>
    }
}

/// Sends `C`, then calls `done` and counts the unread again; a failure is a toast.
#[hook]
fn use_change<C>(done: Callback<()>) -> Callback<C::Request>
where
    C: Command<Response = ()> + 'static,
    C::Request: 'static,
{
    let unread = use_unread();
    let toasts = use_toasts();
    Callback::from(move |request: C::Request| {
        let (done, unread, toasts) = (done.clone(), unread.clone(), toasts.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<C>(request).await {
                Ok(()) => {
                    unread.recount();
                    done.emit(());
                }
                Err(error) => toasts.error(errors::describe(&error).message),
            }
        });
    })
}

/// The list, latest first, cut where the day changes.
fn by_day(list: &[NotificationRecord]) -> Vec<(String, Vec<NotificationRecord>)> {
    let mut days: Vec<(String, Vec<NotificationRecord>)> = Vec::new();
    for notification in list {
        let day = time::day(notification.created_ms);
        match days.last_mut() {
            Some((open, items)) if *open == day => items.push(notification.clone()),
            _ => days.push((day, vec![notification.clone()])),
        }
    }
    days
}

#[derive(Properties, PartialEq)]
struct DayProps {
    day: AttrValue,
    items: Vec<NotificationRecord>,
    on_open: Callback<amoozgar_types::id::NotificationId>,
}

#[component]
fn Day(props: &DayProps) -> Html {
    html! {
        <section class="day">
            <h2 class="day__title">{ &props.day }</h2>
            <ul class="notices">
                { for props.items.iter().map(|item| html! {
                    <Notice
                        key={item.notification_id.to_string()}
                        item={item.clone()}
                        on_open={props.on_open.clone()}
                    />
                }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct NoticeProps {
    item: NotificationRecord,
    on_open: Callback<amoozgar_types::id::NotificationId>,
}

#[component]
fn Notice(props: &NoticeProps) -> Html {
    let item = &props.item;
    let navigator = use_navigator();
    let (icon, tone) = match item.content {
        NotificationContent::TrainingCompleted { .. }
        | NotificationContent::DownloadCompleted { .. } => (IconName::Check, "success"),
        NotificationContent::TrainingFailed { .. } | NotificationContent::DownloadFailed { .. } => {
            (IconName::Alert, "danger")
        }
        NotificationContent::TrainingInterrupted { .. } => (IconName::Pause, "warning"),
    };
    let (title, text) = words::words(&item.content);
    let onclick = {
        let (id, read) = (item.notification_id.clone(), item.read);
        let (route, on_open) = (item.content.route(), props.on_open.clone());
        move |_| {
            if !read {
                on_open.emit(id.clone());
            }
            if let (Some(navigator), Some(route)) = (&navigator, Route::recognize(&route)) {
                navigator.push(&route);
            }
        }
    };
    html! {
        <li>
            <button
                type="button"
                class={classes!("notice", (!item.read).then_some("is-unread"))}
                title={words::open_label(&item.content)}
                data-testid={format!("notification-{}", item.notification_id)}
                {onclick}
            >
                <span class={classes!("notice__icon", format!("notice__icon--{tone}"))}>
                    <Icon name={icon} />
                </span>
                <span class="notice__body">
                    <span class="notice__title">
                        { title }
                        if !item.read {
                            <span class="notice__dot" role="img" aria-label={words::UNREAD} />
                        }
                    </span>
                    <span class="notice__text" dir="auto">{ text }</span>
                </span>
                <time class="notice__time">{ time::clock(item.created_ms) }</time>
                <Icon name={IconName::Forward} />
            </button>
        </li>
    }
}
