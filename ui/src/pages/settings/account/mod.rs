//! One's own profile: name, password, recovery codes, idle lock, sessions; and for administrators
//! the profiles of this computer.

mod codes;
mod idle;
mod password;
mod sessions;
mod users;

use crate::api;
use crate::components::{Badge, Button, Card, ErrorNote, TextField, Tone, Variant};
use crate::hooks::use_session;
use crate::i18n::account;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{AccountUpdateProfile, UpdateProfile};
use amoozgar_types::user::{Role, User};
use codes::CodesCard;
use idle::IdleCard;
use password::PasswordCard;
use sessions::SessionsCard;
use users::UsersCard;
use yew::prelude::*;

/// Everything about the signed-in profile.
#[component]
pub fn AccountSection() -> Html {
    let Some(user) = use_session().user() else {
        return html! {};
    };
    html! {
        <div class="account">
            <NameCard user={user.clone()} />
            <PasswordCard user={user.clone()} />
            if user.has_password {
                <CodesCard />
                <IdleCard />
            }
            <SessionsCard />
            if user.role == Role::Administrator {
                <UsersCard me={user.user_id.clone()} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct NameCardProps {
    user: User,
}

#[component]
fn NameCard(props: &NameCardProps) -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let name = use_state(|| props.user.name.clone());
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let given = name.trim().to_owned();
    let wrong = given.is_empty().then_some(account::NAME_NEEDED);
    let changed = given != props.user.name;
    let onsubmit = {
        let (busy, failure, given) = (busy.clone(), failure.clone(), given.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if *busy || !changed || given.is_empty() {
                return;
            }
            busy.set(true);
            failure.set(None);
            let (session, toasts) = (session.clone(), toasts.clone());
            let (busy, failure) = (busy.clone(), failure.clone());
            let request = UpdateProfile {
                name: given.clone(),
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountUpdateProfile>(request).await {
                    Ok(user) => {
                        session.changed(user);
                        toasts.success(account::RENAMED);
                    }
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(false);
            });
        }
    };
    let oninput = {
        let name = name.clone();
        Callback::from(move |text| name.set(text))
    };
    html! {
        <Card
            title={account::ACCOUNT}
            actions={html! { <Badge label={account::role(props.user.role)} tone={Tone::Label} /> }}
        >
            <form class="settings__form" {onsubmit} novalidate={true}>
                <TextField
                    id="account-name"
                    label={account::NAME}
                    value={(*name).clone()}
                    {oninput}
                    error={wrong}
                    testid="account-name"
                />
                if let Some(error) = (*failure).clone() {
                    <ErrorNote {error} />
                }
                <div class="settings__actions">
                    <Button
                        label={account::RENAME}
                        variant={Variant::Primary}
                        disabled={!changed || given.is_empty()}
                        loading={*busy}
                        testid="account-rename"
                    />
                </div>
            </form>
        </Card>
    }
}
