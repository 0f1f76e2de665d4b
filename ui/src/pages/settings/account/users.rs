//! The profiles of this computer, for administrators.

use crate::api;
use crate::components::{
    Badge, Button, Card, Column, ConfirmDialog, DataTable, Dialog, ErrorNote, ErrorState,
    IconButton, IconName, Skeleton, TableRow, TextField, Tone, Variant,
};
use crate::hooks::{use_query, use_session};
use crate::i18n::{account, common, errors, time};
use crate::pages::login::register::password_error;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::{
    AccountDeleteUser, AccountListUsers, AccountResetPassword, AccountSetRole, ResetPassword,
    SetRole,
};
use amoozgar_types::user::{Role, UserOverview};
use yew::prelude::*;

/// Props of [`UsersCard`].
#[derive(Properties, PartialEq)]
pub struct UsersCardProps {
    /// Who looks.
    pub me: UserId,
}

#[derive(Clone, PartialEq)]
enum Asked {
    Delete(UserOverview),
    Reset(UserOverview),
    Role(UserId, Role),
}

/// The list, and what can be done with each.
#[component]
pub fn UsersCard(props: &UsersCardProps) -> Html {
    let users = use_query::<AccountListUsers>(());
    let asked = use_state(|| None::<Asked>);
    let session = use_session();
    let toasts = use_toasts();
    let change_role = {
        let (users, session) = (users.clone(), session.clone());
        Callback::from(move |(user_id, role): (UserId, Role)| {
            let (users, session, toasts) = (users.clone(), session.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountSetRole>(SetRole { user_id, role }).await {
                    Ok(user) => {
                        toasts.success(account::ROLE_CHANGED);
                        session.changed(user);
                        users.reload();
                    }
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
            });
        })
    };
    let ask = {
        let asked = asked.clone();
        Callback::from(move |what: Asked| match what {
            Asked::Role(user_id, role) => change_role.emit((user_id, role)),
            other => asked.set(Some(other)),
        })
    };
    let on_close = {
        let (asked, users) = (asked.clone(), users.clone());
        Callback::from(move |()| {
            asked.set(None);
            users.reload();
        })
    };
    let body = match (users.data(), users.error()) {
        (Some(list), _) => {
            let n_rows = list.len();
            let me = props.me.clone();
            let row = Callback::from(move |index: usize| {
                list.get(index).map_or_else(
                    || TableRow::new("none", Vec::new()),
                    |user| user_row(user, &me, &ask),
                )
            });
            html! {
                <DataTable
                    label={account::USERS_CARD}
                    columns={vec![
                        Column::new(account::COLUMN_USER),
                        Column::new(account::COLUMN_ROLE),
                        Column::new(account::COLUMN_RUNS).numeric(),
                        Column::new(account::COLUMN_DATASETS).numeric(),
                        Column::new(account::COLUMN_SEEN),
                        Column::actions(),
                    ]}
                    {n_rows}
                    {row}
                    testid="users"
                />
            }
        }
        (None, Some(error)) => html! { <ErrorState {error} on_retry={users.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
    };
    html! {
        <Card title={account::USERS_CARD}>
            { body }
            { match (*asked).clone() {
                Some(Asked::Delete(user)) => html! { <DeleteUser {user} {on_close} /> },
                Some(Asked::Reset(user)) => html! { <ResetUser {user} {on_close} /> },
                _ => html! {},
            } }
        </Card>
    }
}

fn user_row(overview: &UserOverview, me: &UserId, ask: &Callback<Asked>) -> TableRow {
    let user = &overview.user;
    let (other_role, role_action) = match user.role {
        Role::Administrator => (Role::User, account::MAKE_USER),
        Role::User => (Role::Administrator, account::MAKE_ADMINISTRATOR),
    };
    let action = |icon: IconName, what: Asked, words: &str, testid: &str| {
        html! {
            <IconButton
                {icon}
                label={account::about(words, &user.name)}
                onclick={ask.reform(move |_: MouseEvent| what.clone())}
                testid={format!("{testid}-{}", user.user_id)}
            />
        }
    };
    TableRow::new(
        user.user_id.to_string(),
        vec![
            html! {
                <span class="account__who">
                    <bdi>{ &user.name }</bdi>
                    if user.user_id == *me { <Badge label={account::YOU} /> }
                    if user.has_password {
                        <span title={account::WITH_PASSWORD}>{ IconName::Lock.svg() }</span>
                    }
                </span>
            },
            html! {
                <Badge
                    label={account::role(user.role)}
                    tone={if user.role == Role::Administrator { Tone::Label } else { Tone::Neutral }}
                />
            },
            html! { common::count(overview.n_jobs) },
            html! { common::count(overview.n_datasets) },
            html! { overview.last_seen_ms.map_or_else(|| account::NEVER_SEEN.to_owned(), time::ago) },
            html! {
                <>
                    { action(
                        IconName::Shield,
                        Asked::Role(user.user_id.clone(), other_role),
                        role_action,
                        "user-role",
                    ) }
                    { action(IconName::Key, Asked::Reset(overview.clone()), account::RESET, "user-reset") }
                    { action(
                        IconName::Trash,
                        Asked::Delete(overview.clone()),
                        account::DELETE_USER,
                        "user-delete",
                    ) }
                </>
            },
        ],
    )
    .testid(format!("user-{}", user.user_id))
}

#[derive(Properties, PartialEq)]
struct AboutUserProps {
    user: UserOverview,
    on_close: Callback<()>,
}

#[component]
fn DeleteUser(props: &AboutUserProps) -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let UserOverview {
        user,
        n_jobs,
        n_datasets,
        ..
    } = props.user.clone();
    let on_confirm = {
        let (busy, failure) = (busy.clone(), failure.clone());
        let (user, on_close) = (user.clone(), props.on_close.clone());
        Callback::from(move |()| {
            busy.set(true);
            let (session, toasts) = (session.clone(), toasts.clone());
            let (busy, failure) = (busy.clone(), failure.clone());
            let (user, on_close) = (user.clone(), on_close.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountDeleteUser>(user.user_id.clone()).await {
                    Ok(()) => {
                        toasts.success(account::user_deleted(&user.name));
                        // The list of profiles is one shorter; it may have been one's own.
                        session.on_retry().emit(());
                        on_close.emit(());
                    }
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        })
    };
    html! {
        <ConfirmDialog
            title={account::DELETE_USER_TITLE}
            text={account::delete_user_text(&user.name, n_jobs, n_datasets)}
            confirm={account::DELETE_USER}
            busy={*busy}
            error={(*failure).clone()}
            {on_confirm}
            on_cancel={props.on_close.clone()}
        />
    }
}

#[component]
fn ResetUser(props: &AboutUserProps) -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let password = use_state(String::new);
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let wrong = password_error(&password);
    let save = {
        let (busy, failure, password) = (busy.clone(), failure.clone(), password.clone());
        let (user_id, on_close) = (props.user.user.user_id.clone(), props.on_close.clone());
        move |_| {
            busy.set(true);
            failure.set(None);
            let (session, toasts) = (session.clone(), toasts.clone());
            let (busy, failure, on_close) = (busy.clone(), failure.clone(), on_close.clone());
            let request = ResetPassword {
                user_id: user_id.clone(),
                password: Some((*password).clone()).filter(|password| !password.is_empty()),
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountResetPassword>(request).await {
                    Ok(user) => {
                        session.changed(user);
                        toasts.success(account::RESET_DONE);
                        on_close.emit(());
                    }
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        }
    };
    let oninput = {
        let password = password.clone();
        Callback::from(move |text| password.set(text))
    };
    html! {
        <Dialog
            title={account::reset_title(&props.user.user.name)}
            on_close={props.on_close.clone()}
            busy={*busy}
            actions={html! {
                <>
                    <Button
                        label={common::CANCEL}
                        disabled={*busy}
                        onclick={props.on_close.reform(|_: MouseEvent| ())}
                    />
                    <Button
                        label={account::RESET}
                        variant={Variant::Primary}
                        disabled={wrong.is_some()}
                        loading={*busy}
                        onclick={save}
                        testid="reset-save"
                    />
                </>
            }}
        >
            <TextField
                id="reset-password"
                kind="password"
                label={account::NEW_PASSWORD}
                value={(*password).clone()}
                {oninput}
                help={account::RESET_HELP}
                error={wrong}
                autocomplete="new-password"
                testid="reset-password"
            />
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
        </Dialog>
    }
}
