//! Setting, changing and removing one's own password.

use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, Dialog, ErrorNote, IconName, TextField, Variant,
};
use crate::hooks::use_session;
use crate::i18n::account;
use crate::pages::codes::Codes;
use crate::pages::login::register::{LEAST_PASSWORD_CHARS, password_error};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{AccountChangePassword, ChangePassword};
use amoozgar_types::user::User;
use yew::prelude::*;

#[derive(Clone, Default, PartialEq)]
struct Form {
    current: String,
    password: String,
    again: String,
}

/// Props of [`PasswordCard`].
#[derive(Properties, PartialEq)]
pub struct PasswordCardProps {
    /// Whose.
    pub user: User,
}

/// The form, and the codes that come with a first password.
#[component]
pub fn PasswordCard(props: &PasswordCardProps) -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let form = use_state(Form::default);
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let removing = use_state(|| false);
    let codes = use_state(|| None::<Vec<String>>);
    let has_password = props.user.has_password;
    let send = {
        let (form, busy, failure) = (form.clone(), busy.clone(), failure.clone());
        let (removing, codes) = (removing.clone(), codes.clone());
        Callback::from(move |password: Option<String>| {
            let (session, toasts) = (session.clone(), toasts.clone());
            let (form, busy, failure) = (form.clone(), busy.clone(), failure.clone());
            let (removing, codes) = (removing.clone(), codes.clone());
            let removes = password.is_none();
            let request = ChangePassword {
                current: Some(form.current.clone()).filter(|_| has_password),
                password,
            };
            busy.set(true);
            failure.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountChangePassword>(request).await {
                    Ok(changed) => {
                        form.set(Form::default());
                        codes.set(changed.codes);
                        session.changed(changed.user);
                        toasts.success(if removes {
                            account::PASSWORD_REMOVED
                        } else {
                            account::PASSWORD_SAVED
                        });
                    }
                    Err(error) => failure.set(Some(error)),
                }
                removing.set(false);
                busy.set(false);
            });
        })
    };
    let new_error = password_error(&form.password);
    let again_error = (form.password != form.again && !form.again.is_empty())
        .then_some(account::PASSWORDS_DIFFER);
    let good = form.password.chars().count() >= LEAST_PASSWORD_CHARS
        && form.password == form.again
        && !(has_password && form.current.is_empty());
    let onsubmit = {
        let (send, password, busy) = (send.clone(), form.password.clone(), *busy);
        move |event: SubmitEvent| {
            event.prevent_default();
            if good && !busy {
                send.emit(Some(password.clone()));
            }
        }
    };
    let change = |set: fn(&mut Form, String)| {
        let form = form.clone();
        Callback::from(move |text| {
            let mut next = (*form).clone();
            set(&mut next, text);
            form.set(next);
        })
    };
    let ask = {
        let removing = removing.clone();
        move |_| removing.set(true)
    };
    let keep = {
        let removing = removing.clone();
        Callback::from(move |()| removing.set(false))
    };
    let shown = {
        let codes = codes.clone();
        Callback::from(move |()| codes.set(None))
    };
    html! {
        <Card title={account::PASSWORD_CARD}>
            <form class="settings__form" {onsubmit} novalidate={true}>
                if has_password {
                    <TextField
                        id="password-current"
                        kind="password"
                        label={account::CURRENT_PASSWORD}
                        value={form.current.clone()}
                        oninput={change(|form, text| form.current = text)}
                        autocomplete="current-password"
                        testid="password-current"
                    />
                } else {
                    <div class="note">
                        { IconName::Info.svg() }
                        <p>{ account::NO_PASSWORD_TEXT }</p>
                    </div>
                }
                <TextField
                    id="password-new"
                    kind="password"
                    label={account::NEW_PASSWORD}
                    value={form.password.clone()}
                    oninput={change(|form, text| form.password = text)}
                    error={new_error}
                    autocomplete="new-password"
                    testid="password-new"
                />
                <TextField
                    id="password-new-again"
                    kind="password"
                    label={account::PASSWORD_AGAIN}
                    value={form.again.clone()}
                    oninput={change(|form, text| form.again = text)}
                    error={again_error}
                    autocomplete="new-password"
                    testid="password-new-again"
                />
                if let Some(error) = (*failure).clone() {
                    <ErrorNote {error} />
                }
                <div class="settings__actions">
                    <Button
                        label={if has_password { account::CHANGE_PASSWORD } else { account::SET_PASSWORD }}
                        variant={Variant::Primary}
                        disabled={!good}
                        loading={*busy}
                        testid="password-save"
                    />
                    if has_password {
                        <Button
                            label={account::REMOVE_PASSWORD}
                            variant={Variant::Ghost}
                            disabled={form.current.is_empty() || *busy}
                            onclick={ask}
                            testid="password-remove"
                        />
                    }
                </div>
            </form>
            if *removing {
                <ConfirmDialog
                    title={account::REMOVE_PASSWORD_TITLE}
                    text={account::REMOVE_PASSWORD_TEXT}
                    confirm={account::REMOVE_PASSWORD}
                    busy={*busy}
                    on_confirm={send.reform(|()| None)}
                    on_cancel={keep}
                />
            }
            if let Some(codes) = (*codes).clone() {
                <CodesDialog {codes} on_close={shown} />
            }
        </Card>
    }
}

/// Props of [`CodesDialog`].
#[derive(Properties, PartialEq)]
pub struct CodesDialogProps {
    /// The codes.
    pub codes: Vec<String>,
    /// They were kept.
    pub on_close: Callback<()>,
}

/// Codes that were just made.
#[component]
pub fn CodesDialog(props: &CodesDialogProps) -> Html {
    html! {
        <Dialog
            title={account::CODES_TITLE}
            on_close={props.on_close.clone()}
            actions={html! {
                <Button
                    label={account::CODES_KEPT}
                    variant={Variant::Primary}
                    onclick={props.on_close.reform(|_: MouseEvent| ())}
                    testid="codes-kept"
                />
            }}
        >
            <Codes codes={props.codes.clone()} />
        </Dialog>
    }
}
