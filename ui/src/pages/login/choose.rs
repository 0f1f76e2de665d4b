//! Choosing a profile, with its password where it has one.

use super::recover::RecoverForm;
use crate::api;
use crate::components::{Button, Checkbox, ErrorNote, IconName, Spinner, TextField, Variant};
use crate::hooks::use_session;
use crate::i18n::{account, common};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::{AccountLogin, Login};
use amoozgar_types::user::User;
use yew::prelude::*;

/// Props of [`ChooseProfile`].
#[derive(Properties, PartialEq)]
pub struct ChooseProfileProps {
    /// Who could sign in.
    pub profiles: Vec<User>,
    /// To the form for a new profile.
    pub on_new: Callback<()>,
}

/// A card for each profile. One without a password signs in on click.
#[component]
pub fn ChooseProfile(props: &ChooseProfileProps) -> Html {
    let chosen = use_state(|| None::<User>);
    let recovering = use_state(|| false);
    let sign_in = use_sign_in();
    let expired = use_session().has_expired();
    if let Some(user) = (*chosen).clone() {
        let on_back = {
            let (chosen, sign_in) = (chosen.clone(), sign_in.clone());
            Callback::from(move |()| {
                sign_in.forget();
                chosen.set(None);
            })
        };
        let recover = {
            let (recovering, sign_in) = (recovering.clone(), sign_in.clone());
            Callback::from(move |wanted| {
                sign_in.forget();
                recovering.set(wanted);
            })
        };
        if *recovering {
            return html! { <RecoverForm {user} on_back={recover.reform(|()| false)} /> };
        }
        let on_forgot = recover.reform(|()| true);
        return html! { <PasswordForm {user} {sign_in} {on_back} {on_forgot} /> };
    }
    let choose = {
        let (chosen, sign_in) = (chosen.clone(), sign_in.clone());
        Callback::from(move |user: User| {
            if user.has_password {
                sign_in.forget();
                chosen.set(Some(user));
            } else {
                sign_in.with(Login {
                    user_id: user.user_id,
                    password: None,
                    remember: false,
                });
            }
        })
    };
    let on_new = props.on_new.clone();
    html! {
        <div class="login__form">
            <header>
                <h2>{ account::CHOOSE_TITLE }</h2>
                <p class="muted">{ account::CHOOSE_TEXT }</p>
            </header>
            if expired {
                <div class="note note--warning" role="status" data-testid="login-expired">
                    { IconName::Clock.svg() }
                    <p>{ account::EXPIRED }</p>
                </div>
            }
            <ul class="profiles">
                { for props.profiles.iter().map(|user| html! {
                    <ProfileCard
                        key={user.user_id.to_string()}
                        user={user.clone()}
                        busy={sign_in.busy.as_ref() == Some(&user.user_id)}
                        onchoose={choose.clone()}
                    />
                }) }
            </ul>
            if let Some(error) = (*sign_in.failure).clone() {
                <ErrorNote {error} />
            }
            <div class="login__actions">
                <Button
                    label={account::NEW_PROFILE}
                    variant={Variant::Ghost}
                    icon={IconName::Plus}
                    onclick={move |_| on_new.emit(())}
                    testid="login-new"
                />
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ProfileCardProps {
    user: User,
    busy: bool,
    onchoose: Callback<User>,
}

#[component]
fn ProfileCard(props: &ProfileCardProps) -> Html {
    let (user, onchoose) = (props.user.clone(), props.onchoose.clone());
    html! {
        <li>
            <button
                type="button"
                class="profile-card"
                disabled={props.busy}
                data-testid={format!("profile-{}", props.user.user_id)}
                onclick={move |_| onchoose.emit(user.clone())}
            >
                <span class="avatar avatar--large" aria-hidden="true">
                    { common::initial(&props.user.name) }
                </span>
                <span class="profile-card__text">
                    <span class="profile-card__name" dir="auto">{ &props.user.name }</span>
                    <span class="muted">
                        { if props.user.has_password { account::WITH_PASSWORD } else { account::WITHOUT_PASSWORD } }
                    </span>
                </span>
                if props.busy {
                    <Spinner />
                } else {
                    { (if props.user.has_password { IconName::Lock } else { IconName::Forward }).svg() }
                }
            </button>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct PasswordFormProps {
    user: User,
    sign_in: SignIn,
    on_back: Callback<()>,
    on_forgot: Callback<()>,
}

#[component]
fn PasswordForm(props: &PasswordFormProps) -> Html {
    let password = use_state(String::new);
    let remember = use_state(|| false);
    let missing = use_state(|| false);
    let oninput = {
        let (password, missing) = (password.clone(), missing.clone());
        Callback::from(move |text| {
            missing.set(false);
            password.set(text);
        })
    };
    let onsubmit = {
        let (password, missing) = (password.clone(), missing.clone());
        let (sign_in, user_id) = (props.sign_in.clone(), props.user.user_id.clone());
        let remember = *remember;
        move |event: SubmitEvent| {
            event.prevent_default();
            if password.is_empty() {
                missing.set(true);
            } else if sign_in.busy.is_none() {
                sign_in.with(Login {
                    user_id: user_id.clone(),
                    password: Some((*password).clone()),
                    remember,
                });
            }
        }
    };
    let on_back = props.on_back.clone();
    let on_forgot = props.on_forgot.clone();
    let set_remember = {
        let remember = remember.clone();
        Callback::from(move |on| remember.set(on))
    };
    html! {
        <form class="login__form" {onsubmit} novalidate={true}>
            <header class="login__who">
                <span class="avatar avatar--large" aria-hidden="true">
                    { common::initial(&props.user.name) }
                </span>
                <h2 dir="auto">{ account::hello(&props.user.name) }</h2>
            </header>
            <TextField
                id="password"
                kind="password"
                label={account::PASSWORD}
                value={(*password).clone()}
                {oninput}
                error={missing.then_some(account::PASSWORD_NEEDED)}
                autocomplete="current-password"
                autofocus={true}
                testid="login-password"
            />
            <div>
                <Checkbox
                    label={account::REMEMBER}
                    checked={*remember}
                    onchange={set_remember}
                    testid="login-remember"
                />
                <p class="field__help">{ account::REMEMBER_HELP }</p>
            </div>
            if let Some(error) = (*props.sign_in.failure).clone() {
                <ErrorNote {error} />
            }
            <div class="login__actions">
                <Button
                    label={account::ENTER}
                    variant={Variant::Primary}
                    loading={props.sign_in.busy.is_some()}
                    testid="login-submit"
                />
                <Button
                    label={account::OTHER_PROFILE}
                    variant={Variant::Ghost}
                    icon={IconName::User}
                    onclick={move |_| on_back.emit(())}
                    testid="login-back"
                />
                <Button
                    label={account::FORGOT}
                    variant={Variant::Ghost}
                    icon={IconName::Key}
                    onclick={move |_| on_forgot.emit(())}
                    testid="login-forgot"
                />
            </div>
        </form>
    }
}

/// Signing in, and how it goes.
#[derive(Clone, PartialEq)]
struct SignIn {
    busy: UseStateHandle<Option<UserId>>,
    failure: UseStateHandle<Option<ApiError>>,
    send: Callback<Login>,
}

impl SignIn {
    fn with(&self, login: Login) {
        self.send.emit(login);
    }

    fn forget(&self) {
        self.failure.set(None);
    }
}

#[hook]
fn use_sign_in() -> SignIn {
    let session = use_session();
    let busy = use_state(|| None);
    let failure = use_state(|| None);
    let send = {
        let (busy, failure) = (busy.clone(), failure.clone());
        Callback::from(move |login: Login| {
            busy.set(Some(login.user_id.clone()));
            failure.set(None);
            let (session, busy, failure) = (session.clone(), busy.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountLogin>(login).await {
                    Ok(signed) => session.signed_in(signed),
                    Err(error) => {
                        busy.set(None);
                        failure.set(Some(error));
                    }
                }
            });
        })
    };
    SignIn {
        busy,
        failure,
        send,
    }
}
