//! Who is signed in, which profiles there are, and whether the window is locked.

use crate::api;
use crate::api::gate::{self, Turned};
use crate::hooks::{Query, use_event, use_query};
use crate::i18n::account as words;
use crate::state::activity;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    Account, AccountStatus, AccountTouch, Remembered, SessionChanged, SignedIn, Standing,
};
use amoozgar_types::user::User;
use std::rc::Rc;
use yew::prelude::*;

/// What a profile that has just been made is led through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Recovery codes, where a password was chosen; shown once.
    pub codes: Option<Vec<String>>,
}

/// The session, as pages see it.
#[derive(Clone)]
pub struct Session {
    query: Query<Account>,
    account: Option<Rc<Account>>,
    welcome: UseStateHandle<Option<Welcome>>,
    expired: UseStateHandle<bool>,
    no_keyring: Callback<()>,
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.account == other.account
            && self.error() == other.error()
            && self.welcome == other.welcome
            && self.expired == other.expired
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

    /// Whether the password must be given again.
    pub fn is_locked(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.locked)
    }

    /// Whether the last session ended by itself, and nobody has signed in since.
    pub fn has_expired(&self) -> bool {
        *self.expired
    }

    /// What a new profile has yet to be shown.
    pub fn welcome(&self) -> Option<Welcome> {
        (*self.welcome).clone()
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
    pub fn signed_in(&self, signed: SignedIn) {
        let SignedIn {
            user, remembered, ..
        } = signed;
        if remembered == Remembered::NoKeyring {
            self.no_keyring.emit(());
        }
        self.expired.set(false);
        self.changed(user.clone());
        self.query.update(move |account| {
            account.locked = false;
            account.user = Some(user);
        });
        gate::opened();
    }

    /// A profile was made and signed in: it is welcomed first.
    pub fn registered(&self, signed: SignedIn) {
        self.welcome.set(Some(Welcome {
            codes: signed.codes.clone(),
        }));
        self.signed_in(signed);
    }

    /// The welcome is over.
    pub fn welcomed(&self) {
        self.welcome.set(None);
    }

    /// A profile changed, the signed-in one or another.
    pub fn changed(&self, user: User) {
        self.query.update(move |account| {
            match account
                .profiles
                .iter_mut()
                .find(|known| known.user_id == user.user_id)
            {
                Some(known) => *known = user.clone(),
                None => account.profiles.push(user.clone()),
            }
            if let Some(signed) = &mut account.user
                && signed.user_id == user.user_id
            {
                *signed = user;
            }
        });
    }

    /// The window was locked, or opened again.
    pub fn set_locked(&self, locked: bool) {
        self.query.update(move |account| account.locked = locked);
        if !locked {
            gate::opened();
        }
    }

    /// Nobody is signed in any more.
    pub fn signed_out(&self) {
        self.welcome.set(None);
        self.query.update(|account| {
            account.user = None;
            account.locked = false;
        });
        // Whoever waits behind a lock is told that nobody is signed in, and gives up.
        gate::opened();
    }

    fn turned(&self, turned: Turned) {
        match turned {
            Turned::Locked => self.set_locked_by_shell(),
            Turned::Expired => {
                self.expired.set(true);
                self.signed_out();
            }
            Turned::Out => self.signed_out(),
        }
    }

    fn set_locked_by_shell(&self) {
        self.query.update(|account| account.locked = true);
    }
}

/// Props of [`SessionProvider`].
#[derive(Properties, PartialEq)]
pub struct SessionProviderProps {
    /// What sees the session.
    pub children: Html,
}

/// Asks the shell once who is signed in, shares the answer, and follows what becomes of it.
#[component]
pub fn SessionProvider(props: &SessionProviderProps) -> Html {
    let query = use_query::<AccountStatus>(());
    let welcome = use_state_eq(|| None);
    let expired = use_state_eq(|| false);
    let toasts = use_toasts();
    let session = Session {
        account: query.data(),
        query,
        welcome,
        expired,
        no_keyring: Callback::from(move |()| toasts.info(words::NO_KEYRING)),
    };
    let latest = use_mut_ref(|| session.clone());
    *latest.borrow_mut() = session.clone();
    let turned = {
        let latest = latest.clone();
        Callback::from(move |turned| {
            let session = latest.borrow().clone();
            session.turned(turned);
        })
    };
    {
        let turned = turned.clone();
        use_effect_with((), move |()| {
            gate::on_turned(Some(turned));
            || gate::on_turned(None)
        });
    }
    use_event::<SessionChanged, _>({
        let turned = turned.clone();
        move |standing| follow(standing, &turned)
    });
    use_effect_with(session.user().is_some(), move |&signed_in| {
        let watched = signed_in.then(|| {
            activity::watch(Callback::from(move |()| {
                let turned = turned.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    match api::call::<AccountTouch>(()).await {
                        Ok(standing) => follow(standing, &turned),
                        Err(error) => api::log(&format!("no sign of life was taken: {error}")),
                    }
                });
            }))
        });
        move || drop(watched)
    });
    html! {
        <ContextProvider<Session> context={session}>
            { props.children.clone() }
        </ContextProvider<Session>>
    }
}

fn follow(standing: Standing, turned: &Callback<Turned>) {
    match standing {
        Standing::Locked => turned.emit(Turned::Locked),
        Standing::Expired => turned.emit(Turned::Expired),
        Standing::Out => turned.emit(Turned::Out),
        Standing::In => {}
    }
}

/// The session of this window.
#[hook]
pub fn use_session() -> Session {
    use_context::<Session>().expect("BUG: every page is inside SessionProvider")
}
