//! One's own sessions.

use crate::api;
use crate::components::{
    Badge, Button, Card, Column, DataTable, ErrorState, Skeleton, TableRow, Tone, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{account, errors, time};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::id::SessionId;
use amoozgar_types::ipc::{AccountEndSession, AccountSessions};
use amoozgar_types::user::SessionRecord;
use yew::prelude::*;

/// The list; every session but this window's can be ended.
#[component]
pub fn SessionsCard() -> Html {
    let sessions = use_query::<AccountSessions>(());
    let toasts = use_toasts();
    let end = {
        let sessions = sessions.clone();
        Callback::from(move |id: SessionId| {
            let (sessions, toasts) = (sessions.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountEndSession>(id).await {
                    Ok(()) => toasts.success(account::SESSION_ENDED),
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
                sessions.reload();
            });
        })
    };
    let body = match (sessions.data(), sessions.error()) {
        (Some(list), _) => {
            let n_rows = list.len();
            let row = Callback::from(move |index: usize| {
                list.get(index).map_or_else(
                    || TableRow::new("none", Vec::new()),
                    |session| session_row(session, &end),
                )
            });
            html! {
                <DataTable
                    label={account::SESSIONS_CARD}
                    columns={vec![
                        Column::new(account::COLUMN_KIND),
                        Column::new(account::COLUMN_SEEN),
                        Column::new(account::COLUMN_EXPIRES),
                        Column::actions(),
                    ]}
                    {n_rows}
                    {row}
                    testid="sessions"
                />
            }
        }
        (None, Some(error)) => html! { <ErrorState {error} on_retry={sessions.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={2} /> },
    };
    html! { <Card title={account::SESSIONS_CARD}>{ body }</Card> }
}

fn session_row(session: &SessionRecord, end: &Callback<SessionId>) -> TableRow {
    let kind = if session.remembered {
        account::SESSION_REMEMBERED
    } else {
        account::SESSION_PLAIN
    };
    let action = if session.current {
        html! { <Badge label={account::SESSION_CURRENT} tone={Tone::Live} /> }
    } else {
        let id = session.session_id.clone();
        html! {
            <Button
                label={account::SESSION_END}
                variant={Variant::Ghost}
                onclick={end.reform(move |_: MouseEvent| id.clone())}
            />
        }
    };
    TableRow::new(
        session.session_id.to_string(),
        vec![
            html! { kind },
            html! { time::ago(session.last_seen_ms) },
            html! { time::short(session.expires_ms) },
            action,
        ],
    )
}
