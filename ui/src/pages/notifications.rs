//! What happened, by day.

use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, EmptyState, ErrorState, IconName, PageHeader, SegmentedChoice,
    SegmentedOption, Select, SelectOption, Skeleton, Variant,
};
use crate::hooks::{use_event, use_kept_query};
use crate::i18n::{errors, notifications as words, preferences, time};
use crate::route::Route;
use crate::state::notifications::use_unread;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{
    Command, NotificationAdded, NotificationsClear, NotificationsList, NotificationsMarkAllRead,
    NotificationsMarkRead,
};
use amoozgar_types::notification::{NotificationContent, NotificationKind, NotificationRecord};
use yew::prelude::*;
use yew_router::prelude::*;

/// The list with its actions.
#[component]
pub fn NotificationsPage() -> Html {
    let query = use_kept_query::<NotificationsList>(());
    let asking = use_state(|| false);
    let filter = use_state_eq(Filter::default);
    let n_shown = use_state_eq(|| AT_ONCE);
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
                (Some(list), None) => {
                    let matching: Vec<_> = list
                        .iter()
                        .filter(|notification| filter.lets_through(notification))
                        .cloned()
                        .collect();
                    let set = {
                        let (filter, n_shown) = (filter.clone(), n_shown.clone());
                        Callback::from(move |next| {
                            n_shown.set(AT_ONCE);
                            filter.set(next);
                        })
                    };
                    html! {
                        <>
                            <FilterBar filter={*filter} onchange={set.clone()} />
                            if matching.is_empty() {
                                <EmptyState
                                    icon={IconName::Filter}
                                    title={words::NOTHING_FOUND}
                                    text={words::NOTHING_FOUND_TEXT}
                                    action={html! {
                                        <Button
                                            label={words::SHOW_ALL}
                                            onclick={set.reform(|_| Filter::default())}
                                            testid="notifications-show-all"
                                        />
                                    }}
                                />
                            }
                            { for by_day(matching.get(..*n_shown).unwrap_or(&matching)).into_iter().map(|(day, items)| html! {
                                <Day key={day.clone()} day={day.clone()} {items} on_open={mark_read.clone()} />
                            }) }
                            if matching.len() > *n_shown {
                                <div class="pager">
                                    <Button
                                        label={words::more(matching.len() - *n_shown)}
                                        onclick={let n_shown = n_shown.clone(); move |_| n_shown.set(*n_shown + AT_ONCE)}
                                        testid="notifications-more"
                                    />
                                </div>
                            }
                        </>
                    }
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

/// How many are drawn at once.
const AT_ONCE: usize = 100;

/// What is shown of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Filter {
    unread_only: bool,
    kind: Option<NotificationKind>,
}

impl Filter {
    fn lets_through(self, notification: &NotificationRecord) -> bool {
        !(self.unread_only && notification.read)
            && self
                .kind
                .is_none_or(|kind| notification.content.kind() == kind)
    }
}

#[derive(Properties, PartialEq)]
struct FilterBarProps {
    filter: Filter,
    onchange: Callback<Filter>,
}

/// All or unread, and of which kind.
#[component]
fn FilterBar(props: &FilterBarProps) -> Html {
    let filter = props.filter;
    let mut options = vec![SelectOption::new("", words::EVERY_KIND)];
    options.extend(
        NotificationKind::ALL
            .iter()
            .map(|kind| SelectOption::new(format!("{kind:?}"), preferences::kind(*kind))),
    );
    let choose_kind = props.onchange.reform(move |text: String| Filter {
        kind: NotificationKind::ALL
            .iter()
            .copied()
            .find(|kind| format!("{kind:?}") == text),
        ..filter
    });
    let choose_read = props.onchange.reform(move |index: usize| Filter {
        unread_only: index == 1,
        ..filter
    });
    let option = |label: &'static str, testid: &'static str| SegmentedOption {
        label: label.into(),
        icon: None,
        testid: Some(testid.into()),
    };
    html! {
        <div class="run-filter">
            <div class="notices-filter__kind">
                <Select
                    id="notifications-kind"
                    label={words::KIND}
                    {options}
                    value={filter.kind.map(|kind| format!("{kind:?}")).unwrap_or_default()}
                    onchange={choose_kind}
                    testid="notifications-kind"
                />
            </div>
            <SegmentedChoice
                label={words::READ_OR_NOT}
                options={vec![
                    option(words::READ_AND_UNREAD, "notifications-all"),
                    option(words::UNREAD_ONLY, "notifications-unread"),
                ]}
                selected={usize::from(filter.unread_only)}
                onselect={choose_read}
            />
        </div>
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
                    { icon.svg() }
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
                { IconName::Forward.svg() }
            </button>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use amoozgar_types::id::{JobId, NotificationId};
    use amoozgar_types::notification::{NotificationContent, NotificationKind, NotificationRecord};

    #[test]
    fn a_filter_shows_what_is_unread_and_of_its_kind() {
        let notice = |read| NotificationRecord {
            notification_id: NotificationId::new("n"),
            content: NotificationContent::TrainingInterrupted {
                job_id: JobId::new("j"),
                job_name: String::new(),
            },
            read,
            created_ms: 0,
        };
        let every = Filter::default();
        assert!(every.lets_through(&notice(true)), "everything");
        let unread = Filter {
            unread_only: true,
            ..every
        };
        assert!(!unread.lets_through(&notice(true)), "read");
        assert!(unread.lets_through(&notice(false)), "unread");
        let of = |kind| Filter {
            kind: Some(kind),
            ..every
        };
        assert!(
            of(NotificationKind::Interrupted).lets_through(&notice(true)),
            "of its kind"
        );
        assert!(
            !of(NotificationKind::Download).lets_through(&notice(true)),
            "of another kind"
        );
    }
}
