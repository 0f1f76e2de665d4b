//! How many notifications are unread, for the badge in the navigation.

use crate::hooks::{Query, use_event, use_query};
use amoozgar_types::ipc::{NotificationAdded, NotificationsUnreadCount};
use yew::prelude::*;

/// The number of unread notifications.
#[derive(Clone)]
pub struct Unread {
    query: Query<u32>,
    count: u32,
}

impl PartialEq for Unread {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Unread {
    /// How many are unread.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Counts again, after the list changed.
    pub fn recount(&self) {
        self.query.reload();
    }
}

/// Props of [`UnreadProvider`].
#[derive(Properties, PartialEq)]
pub struct UnreadProviderProps {
    /// What sees the number.
    pub children: Html,
}

/// Counts once, and again at every new notification.
#[component]
pub fn UnreadProvider(props: &UnreadProviderProps) -> Html {
    let query = use_query::<NotificationsUnreadCount>(());
    {
        let query = query.clone();
        use_event::<NotificationAdded, _>(move |_| query.reload());
    }
    let unread = Unread {
        count: query.data().map_or(0, |count| *count),
        query,
    };
    html! {
        <ContextProvider<Unread> context={unread}>
            { props.children.clone() }
        </ContextProvider<Unread>>
    }
}

/// The unread notifications of the signed-in user.
#[hook]
pub fn use_unread() -> Unread {
    use_context::<Unread>().expect("BUG: every guarded page is inside UnreadProvider")
}
