//! How many recovery codes are left, and new ones.

use super::password::CodesDialog;
use crate::api;
use crate::components::{Button, Card, ErrorNote, ErrorState, IconName, Skeleton, TextField};
use crate::hooks::use_query;
use crate::i18n::account;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{AccountNewRecoveryCodes, AccountRecoveryStatus, NewRecoveryCodes};
use yew::prelude::*;

/// The number, and the form for new codes.
#[component]
pub fn CodesCard() -> Html {
    let status = use_query::<AccountRecoveryStatus>(());
    let password = use_state(String::new);
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let codes = use_state(|| None::<Vec<String>>);
    let onsubmit = {
        let (status, password, busy) = (status.clone(), password.clone(), busy.clone());
        let (failure, codes) = (failure.clone(), codes.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if *busy || password.is_empty() {
                return;
            }
            busy.set(true);
            failure.set(None);
            let (status, password, busy) = (status.clone(), password.clone(), busy.clone());
            let (failure, codes) = (failure.clone(), codes.clone());
            let request = NewRecoveryCodes {
                password: (*password).clone(),
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountNewRecoveryCodes>(request).await {
                    Ok(made) => {
                        password.set(String::new());
                        codes.set(Some(made.codes));
                        status.reload();
                    }
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(false);
            });
        }
    };
    let left = match (status.data(), status.error()) {
        (Some(status), _) => html! {
            <p data-testid="codes-left">{ account::codes_left(status.n_left) }</p>
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={status.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={1} /> },
    };
    let oninput = {
        let password = password.clone();
        Callback::from(move |text| password.set(text))
    };
    let shown = {
        let codes = codes.clone();
        Callback::from(move |()| codes.set(None))
    };
    html! {
        <Card title={account::CODES_CARD}>
            { left }
            <form class="settings__form" {onsubmit} novalidate={true}>
                <TextField
                    id="codes-password"
                    kind="password"
                    label={account::CURRENT_PASSWORD}
                    value={(*password).clone()}
                    {oninput}
                    help={account::NEW_CODES_TEXT}
                    autocomplete="current-password"
                    testid="codes-password"
                />
                if let Some(error) = (*failure).clone() {
                    <ErrorNote {error} />
                }
                <div class="settings__actions">
                    <Button
                        label={account::NEW_CODES}
                        icon={IconName::Key}
                        disabled={password.is_empty()}
                        loading={*busy}
                        testid="codes-new"
                    />
                </div>
            </form>
            if let Some(codes) = (*codes).clone() {
                <CodesDialog {codes} on_close={shown} />
            }
        </Card>
    }
}
