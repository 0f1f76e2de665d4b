//! Conversations with the models of this machine.

use super::{Answer, Request};
use crate::chat::{conversations, models};
use crate::db::blocking;
use crate::state::App;
use amoozgar_types::ipc::{
    ChatConfigureTo, ChatCreate, ChatDelete, ChatFollow, ChatGet, ChatModels, ChatRegenerateAnswer,
    ChatRenameTo, ChatSendText, ChatStop, ChatUpdate, ChatsPage,
};
use std::sync::Arc;
use tauri::State;
use tauri::ipc::Channel;

/// A page of the user's conversations, latest first.
#[tauri::command]
pub async fn chats_page(state: State<'_, App>, request: Request<ChatsPage>) -> Answer<ChatsPage> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || conversations::page(&db, &user_id, &request)).await
}

/// What a conversation can be with.
#[tauri::command]
pub async fn chat_models(
    state: State<'_, App>,
    request: Request<ChatModels>,
) -> Answer<ChatModels> {
    let () = request;
    let (db, paths, user) = (state.db.clone(), state.paths.clone(), state.user()?);
    let inspector = Arc::clone(&state.inspector);
    blocking(move || models::offers(&db, &paths, &inspector, &user)).await
}

/// Begins a conversation.
#[tauri::command]
pub async fn chat_create(
    state: State<'_, App>,
    request: Request<ChatCreate>,
) -> Answer<ChatCreate> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || conversations::create(&db, &paths, &user_id, request)).await
}

/// One conversation with its messages.
#[tauri::command]
pub async fn chat_get(state: State<'_, App>, request: Request<ChatGet>) -> Answer<ChatGet> {
    state.chats.detail(state.user_id()?, request).await
}

/// Calls it something else.
#[tauri::command]
pub async fn chat_rename(
    state: State<'_, App>,
    request: Request<ChatRenameTo>,
) -> Answer<ChatRenameTo> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || conversations::rename(&db, &user_id, &request)).await
}

/// Changes models and settings for the answers that follow.
#[tauri::command]
pub async fn chat_configure(
    state: State<'_, App>,
    request: Request<ChatConfigureTo>,
) -> Answer<ChatConfigureTo> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    blocking(move || conversations::configure(&db, &paths, &user_id, request)).await
}

/// Removes it with its messages.
#[tauri::command]
pub async fn chat_delete(
    state: State<'_, App>,
    request: Request<ChatDelete>,
) -> Answer<ChatDelete> {
    state.chats.delete(state.user_id()?, request).await
}

/// Adds a person's message and has it answered.
#[tauri::command]
pub async fn chat_send(
    state: State<'_, App>,
    request: Request<ChatSendText>,
) -> Answer<ChatSendText> {
    state.chats.send(state.user_id()?, request).await
}

/// Has a question answered anew.
#[tauri::command]
pub async fn chat_regenerate(
    state: State<'_, App>,
    request: Request<ChatRegenerateAnswer>,
) -> Answer<ChatRegenerateAnswer> {
    state.chats.regenerate(state.user_id()?, request).await
}

/// Tells over `channel` of the answers under way until they have ended.
#[tauri::command]
pub async fn chat_follow(
    state: State<'_, App>,
    request: Request<ChatFollow>,
    channel: Channel<ChatUpdate>,
) -> Answer<ChatFollow> {
    let follower = Box::new(move |update| channel.send(update).is_ok());
    state
        .chats
        .follow(state.user_id()?, request, follower)
        .await
}

/// Ends the answers under way; what has come is kept.
#[tauri::command]
pub async fn chat_stop(state: State<'_, App>, request: Request<ChatStop>) -> Answer<ChatStop> {
    state.chats.stop(state.user_id()?, request).await
}
