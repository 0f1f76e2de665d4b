//! The notification list.

use super::{Answer, Request};
use crate::state::App;
use amoozgar_types::ipc::{
    NotificationsClear, NotificationsList, NotificationsMarkAllRead, NotificationsMarkRead,
    NotificationsUnreadCount,
};
use tauri::State;

/// Notifications, latest first.
#[tauri::command]
pub async fn notifications_list(
    state: State<'_, App>,
    request: Request<NotificationsList>,
) -> Answer<NotificationsList> {
    let () = request;
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.notifications(&user_id))
        .await
}

/// How many are unread.
#[tauri::command]
pub async fn notifications_unread_count(
    state: State<'_, App>,
    request: Request<NotificationsUnreadCount>,
) -> Answer<NotificationsUnreadCount> {
    let () = request;
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.unread_count(&user_id))
        .await
}

/// Marks one as read.
#[tauri::command]
pub async fn notifications_mark_read(
    state: State<'_, App>,
    request: Request<NotificationsMarkRead>,
) -> Answer<NotificationsMarkRead> {
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.mark_read(&user_id, &request))
        .await
}

/// Marks all as read.
#[tauri::command]
pub async fn notifications_mark_all_read(
    state: State<'_, App>,
    request: Request<NotificationsMarkAllRead>,
) -> Answer<NotificationsMarkAllRead> {
    let () = request;
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.mark_all_read(&user_id))
        .await
}

/// Removes all.
#[tauri::command]
pub async fn notifications_clear(
    state: State<'_, App>,
    request: Request<NotificationsClear>,
) -> Answer<NotificationsClear> {
    let () = request;
    let user_id = state.user_id()?;
    state.db.call(move |store| store.clear(&user_id)).await
}
