//! Choosing or making a profile. The only page before sign-in.

mod choose;
mod recover;
pub mod register;

use crate::components::Logo;
use crate::hooks::use_session;
use crate::i18n::{account, common};
use choose::ChooseProfile;
use register::RegisterForm;
use yew::prelude::*;

/// The first start's form where there is no profile, else the profiles to choose from.
#[component]
pub fn LoginPage() -> Html {
    let session = use_session();
    let making = use_state(|| false);
    let profiles = session
        .account()
        .map(|account| account.profiles.clone())
        .unwrap_or_default();
    let first = profiles.is_empty();
    let show = {
        let making = making.clone();
        Callback::from(move |wanted| making.set(wanted))
    };
    html! {
        <div class="login">
            <section class="login__hero" aria-label={common::APP_NAME}>
                <div class="login__brand">
                    <Logo />
                    <span>{ common::APP_NAME }</span>
                </div>
                <div class="login__words">
                    <h1>{ account::WELCOME }</h1>
                    <p>{ account::WELCOME_TEXT }</p>
                </div>
                <Curve />
            </section>
            <main class="login__panel">
                if first || *making {
                    <RegisterForm on_back={(!first).then(|| show.reform(|()| false))} />
                } else {
                    <ChooseProfile {profiles} on_new={show.reform(|()| true)} />
                }
            </main>
        </div>
    }
}

/// A loss curve as an ornament.
#[component]
fn Curve() -> Html {
    html! {
        <svg class="login__curve" viewBox="0 0 400 160" preserveAspectRatio="none" aria-hidden="true">
            <path
                class="login__curve-area"
                d="M0 8c30 66 62 78 96 92s66 12 104 24 92 18 200 20v16H0z"
            />
            <path
                class="login__curve-line"
                d="M0 8c30 66 62 78 96 92s66 12 104 24 92 18 200 20"
            />
        </svg>
    }
}
