//! The lock: the page stays as it was behind it, until the password is given or one signs out.

use crate::api;
use crate::components::{Button, ErrorNote, IconName, TextField, Variant, use_id};
use crate::hooks::use_session;
use crate::i18n::{account, common, errors};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{AccountLogout, AccountUnlock, Unlock};
use amoozgar_types::user::User;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Props of [`LockScreen`].
#[derive(Properties, PartialEq)]
pub struct LockScreenProps {
    /// Whose password opens it.
    pub user: User,
}

/// Covers everything. It is a modal dialog, for one may be open on the page behind, and only a later
/// one lies above it.
#[component]
pub fn LockScreen(props: &LockScreenProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>()
                && let Err(error) = dialog.show_modal()
            {
                api::log(&format!("the lock could not be shown: {error:?}"));
            }
        });
    }
    let title = use_id("lock");
    html! {
        <dialog
            ref={dialog}
            class="lock"
            aria-labelledby={title.clone()}
            data-testid="lock"
            oncancel={|event: Event| event.prevent_default()}
            onkeydown={|event: KeyboardEvent| {
                // The webview closes a modal at the second Escape whatever the page says.
                if event.key() == "Escape" {
                    event.prevent_default();
                }
                // The page behind has shortcuts of its own.
                event.stop_propagation();
            }}
        >
            <div class="lock__frame">
                <span class="avatar avatar--large" aria-hidden="true">
                    { common::initial(&props.user.name) }
                </span>
                <div>
                    <h2 id={title} dir="auto">{ &props.user.name }</h2>
                    <p class="lock__state">
                        { IconName::Lock.svg() }
                        { account::LOCKED_TITLE }
                    </p>
                </div>
                <UnlockForm />
                <p class="muted">{ account::LOCKED_TEXT }</p>
            </div>
        </dialog>
    }
}

#[component]
fn UnlockForm() -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let password = use_state(String::new);
    let missing = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let onsubmit = {
        let (session, password, missing) = (session.clone(), password.clone(), missing.clone());
        let (busy, failure) = (busy.clone(), failure.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            missing.set(password.is_empty());
            if *busy || password.is_empty() {
                return;
            }
            busy.set(true);
            failure.set(None);
            let (session, busy, failure) = (session.clone(), busy.clone(), failure.clone());
            let request = Unlock {
                password: (*password).clone(),
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountUnlock>(request).await {
                    Ok(_) => session.set_locked(false),
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        }
    };
    let leave = move |_| {
        let (session, toasts) = (session.clone(), toasts.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<AccountLogout>(()).await {
                Ok(()) => session.signed_out(),
                Err(error) => toasts.error(errors::describe(&error).message),
            }
        });
    };
    let oninput = {
        let password = password.clone();
        Callback::from(move |text| password.set(text))
    };
    html! {
        <form class="lock__form" {onsubmit} novalidate={true}>
            <TextField
                id="lock-password"
                kind="password"
                label={account::PASSWORD}
                value={(*password).clone()}
                {oninput}
                error={(*missing && password.is_empty()).then_some(account::PASSWORD_NEEDED)}
                autocomplete="current-password"
                autofocus={true}
                testid="lock-password"
            />
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
            <div class="lock__actions">
                <Button
                    label={account::UNLOCK}
                    variant={Variant::Primary}
                    loading={*busy}
                    testid="lock-submit"
                />
                <Button
                    label={account::LEAVE}
                    variant={Variant::Ghost}
                    icon={IconName::SignOut}
                    onclick={leave}
                    testid="lock-leave"
                />
            </div>
        </form>
    }
}
