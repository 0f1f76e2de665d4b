//! Who is signed in, and which profiles there are.

use crate::hooks::{Query, use_query};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{Account, AccountStatus, User};
use std::rc::Rc;
use yew::prelude::*;

/// The session, as pages see it.
#[derive(Clone)]
pub struct Session {
    query: Query<Account>,
    account: Option<Rc<Account>>,
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.account == other.account && self.error() == other.error()
    }
}

impl Session {
    /// Profiles and the signed-in user; `None` until the shell has answered.
    pub fn account(&self) -> Option<Rc<Account>> {
        self.account.clone()
    }

    /// The signed-in user.
    pub fn user(&self) -> Option<User> {
        self.account
            .as_ref()
            .and_then(|account| account.user.clone())
    }

    /// Why the shell could not say who is signed in.
    pub fn error(&self) -> Option<ApiError> {
        self.query.error()
    }

    /// Asks the shell again.
    pub fn on_retry(&self) -> Callback<()> {
        self.query.on_retry()
    }

    /// A profile signed in.
    pub fn signed_in(&self, user: User) {
        self.query.update(move |account| {
            if !account.profiles.contains(&user) {
                account.profiles.push(user.clone());
            }
            account.user = Some(user);
        });
    }

    /// Nobody is signed in any more.
    pub fn signed_out(&self) {
        self.query.update(|account| account.user = None);
    }
}

/// Props of [`SessionProvider`].
#[derive(Properties, PartialEq)]
pub struct SessionProviderProps {
    /// What sees the session.
    pub children: Html,
}

/// Asks the shell once who is signed in and shares the answer.
#[component]
pub fn SessionProvider(props: &SessionProviderProps) -> Html {
    let query = use_query::<AccountStatus>(());
    let session = Session {
        account: query.data(),
        query,
    };
    html! {
        <ContextProvider<Session> context={session}>
            { props.children.clone() }
        </ContextProvider<Session>>
    }
}

/// The session of this window.
#[hook]
pub fn use_session() -> Session {
    use_context::<Session>().expect("BUG: every page is inside SessionProvider")
}
