//! A forgotten password, replaced with the help of a recovery code.

use super::register::{LEAST_PASSWORD_CHARS, password_error};
use crate::api;
use crate::components::{Button, ErrorNote, IconName, TextField, Variant};
use crate::hooks::use_session;
use crate::i18n::account;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{AccountRecover, Recover};
use amoozgar_types::user::User;
use yew::prelude::*;

/// Props of [`RecoverForm`].
#[derive(Properties, PartialEq)]
pub struct RecoverFormProps {
    /// Whose password.
    pub user: User,
    /// Back to the password.
    pub on_back: Callback<()>,
}

/// Code and new password; signs in.
#[component]
pub fn RecoverForm(props: &RecoverFormProps) -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let code = use_state(String::new);
    let password = use_state(String::new);
    let submitted = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let code_error = code.trim().is_empty().then_some(account::CODE_NEEDED);
    let new_error = if password.is_empty() {
        Some(account::password_too_short(LEAST_PASSWORD_CHARS))
    } else {
        password_error(&password)
    };
    let onsubmit = {
        let good = code_error.is_none() && new_error.is_none();
        let (submitted, busy, failure) = (submitted.clone(), busy.clone(), failure.clone());
        let request = Recover {
            user_id: props.user.user_id.clone(),
            code: (*code).clone(),
            password: (*password).clone(),
        };
        move |event: SubmitEvent| {
            event.prevent_default();
            submitted.set(true);
            if *busy || !good {
                return;
            }
            busy.set(true);
            failure.set(None);
            let (session, toasts) = (session.clone(), toasts.clone());
            let (busy, failure, request) = (busy.clone(), failure.clone(), request.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountRecover>(request).await {
                    Ok(signed) => {
                        toasts.success(account::RECOVERED);
                        session.signed_in(signed);
                    }
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        }
    };
    let set = |into: &UseStateHandle<String>| {
        let into = into.clone();
        Callback::from(move |text| into.set(text))
    };
    let on_back = props.on_back.clone();
    html! {
        <form class="login__form" {onsubmit} novalidate={true}>
            <header>
                <h2>{ account::RECOVER_TITLE }</h2>
                <p class="muted">{ account::RECOVER_TEXT }</p>
            </header>
            <TextField
                id="recovery-code"
                label={account::RECOVERY_CODE}
                value={(*code).clone()}
                oninput={set(&code)}
                dir="ltr"
                help={account::NO_CODES_HELP}
                error={code_error.filter(|_| *submitted)}
                autofocus={true}
                testid="recover-code"
            />
            <TextField
                id="recovery-password"
                kind="password"
                label={account::NEW_PASSWORD}
                value={(*password).clone()}
                oninput={set(&password)}
                error={new_error.filter(|_| *submitted || !password.is_empty())}
                autocomplete="new-password"
                testid="recover-password"
            />
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
            <div class="login__actions">
                <Button
                    label={account::RECOVER}
                    variant={Variant::Primary}
                    loading={*busy}
                    testid="recover-submit"
                />
                <Button
                    label={account::ENTER}
                    variant={Variant::Ghost}
                    icon={IconName::Back}
                    onclick={move |_| on_back.emit(())}
                    testid="recover-back"
                />
            </div>
        </form>
    }
}
