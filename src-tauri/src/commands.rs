//! One handler per command of the contract, of some six lines: the signed-in user, one call. The work
//! is in the modules of the domain, which take what they need and know neither `App` nor this folder.
//!
//! Two things are seen to before anything is done: `guard` lets nobody call what is not theirs, and
//! what changes runs, models or datasets cannot be called without a `Settled` from `App::hold`, which
//! none gets while everything moves or the place is not there.

pub mod account;
pub mod chat;
pub mod cleanup;
pub mod compare;
pub mod dashboard;
pub mod datasets;
pub mod downloads;
pub mod hub;
pub mod inference;
pub mod models;
pub mod network;
pub mod notifications;
pub mod place;
pub mod profile;
pub mod services;
pub mod settings;
pub mod system;
pub mod training;
pub mod transfer;
pub mod upkeep;
pub mod users;

use crate::clock::steady_ms;
use crate::state::App;
use amoozgar_types::ipc::{Command, TransferProgress, access_of};
use amoozgar_types::{ApiError, ErrorCode};
use std::ops::ControlFlow;
use tauri::ipc::{Channel, Invoke};
use tauri::{Manager, Wry};

/// What the handler of `C` takes.
type Request<C> = <C as Command>::Request;
/// What the handler of `C` answers.
type Answer<C> = Result<<C as Command>::Response, ApiError>;

/// Passes what is told of a copying on to the interface, as long as it listens.
fn to_channel(channel: Channel<TransferProgress>) -> impl Fn(TransferProgress) + Send + Sync {
    move |progress| {
        if channel.send(progress).is_err() {
            tracing::debug!("nobody watches the copy");
        }
    }
}

/// Whether whoever sent may go on: not once nobody listens.
fn sent(outcome: tauri::Result<()>) -> ControlFlow<()> {
    match outcome {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Makes the list for Tauri and the list of names from one, so that neither can lack an entry.
macro_rules! handlers {
    ($($module:ident :: $name:ident),* $(,)?) => {
        /// Tauri's side of every command.
        pub fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
            let handlers: Box<dyn Fn(Invoke<Wry>) -> bool + Send + Sync> =
                Box::new(tauri::generate_handler![$($module::$name),*]);
            move |invoke| match guard(&invoke) {
                Ok(()) => handlers(invoke),
                Err(refused) => {
                    invoke.resolver.reject(refused);
                    true
                }
            }
        }

        /// The name of every registered handler.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

/// Refuses a call before its handler sees it, and before its request is read: which commands need
/// whom is said in the contract, and what is not named there needs a signed-in user.
fn guard(invoke: &Invoke<Wry>) -> Result<(), ApiError> {
    let access = access_of(invoke.message.command());
    match invoke.message.webview_ref().try_state::<App>() {
        Some(app) => app.session.permits(access, steady_ms()),
        None => Err(ApiError::new(ErrorCode::NotSignedIn)),
    }
}

handlers![
    account::account_status,
    account::account_register,
    account::account_login,
    account::account_recover,
    account::account_logout,
    account::account_lock,
    account::account_unlock,
    account::account_touch,
    profile::account_update_profile,
    profile::account_change_password,
    profile::account_recovery_status,
    profile::account_new_recovery_codes,
    profile::account_sessions,
    profile::account_end_session,
    users::account_list_users,
    users::account_delete_user,
    users::account_reset_password,
    users::account_set_role,
    settings::settings_get,
    settings::settings_set,
    datasets::datasets_list,
    datasets::datasets_import,
    datasets::datasets_preview,
    datasets::datasets_conversations,
    datasets::datasets_delete,
    datasets::datasets_share,
    training::training_bases,
    training::training_estimate,
    training::training_create,
    training::training_page,
    training::training_get,
    training::training_pause,
    training::training_resume,
    training::training_stop,
    training::training_delete,
    training::training_reorder,
    training::training_metrics,
    training::training_recipe,
    training::training_log,
    training::training_subscribe,
    training::training_unsubscribe,
    compare::training_compare,
    compare::training_compare_export,
    inference::inference_generate,
    inference::inference_stop,
    chat::chats_page,
    chat::chat_models,
    chat::chat_create,
    chat::chat_get,
    chat::chat_rename,
    chat::chat_configure,
    chat::chat_delete,
    chat::chat_send,
    chat::chat_regenerate,
    chat::chat_follow,
    chat::chat_stop,
    hub::hub_catalog,
    hub::hub_search,
    hub::hub_repo,
    hub::hub_open_page,
    downloads::downloads_enqueue,
    downloads::downloads_list,
    downloads::downloads_pause,
    downloads::downloads_resume,
    downloads::downloads_retry,
    downloads::downloads_cancel,
    downloads::downloads_reorder,
    downloads::downloads_clear_finished,
    models::models_list,
    models::models_detail,
    models::models_check,
    models::models_files,
    models::models_open_folder,
    models::models_delete,
    models::models_confirm,
    transfer::models_found,
    transfer::models_import,
    transfer::models_export,
    transfer::models_transfer_stop,
    network::connection_test,
    network::secret_set,
    network::secret_status,
    network::secret_delete,
    notifications::notifications_list,
    notifications::notifications_unread_count,
    notifications::notifications_mark_read,
    notifications::notifications_mark_all_read,
    notifications::notifications_clear,
    system::system_app_info,
    system::system_interactive,
    system::system_ending,
    system::system_open_folder,
    services::service_key_set,
    services::service_keys,
    services::service_test,
    system::system_abilities,
    system::system_autostart,
    upkeep::database_backup,
    upkeep::database_inspect,
    upkeep::database_restore,
    system::logs_export,
    upkeep::wipe_everything,
    place::place_look,
    place::place_move,
    place::place_let_go,
    dashboard::system_snapshot,
    dashboard::system_subscribe,
    dashboard::system_unsubscribe,
    dashboard::system_history,
    dashboard::dashboard_overview,
    dashboard::dashboard_disk,
    cleanup::cleanup_list,
    cleanup::cleanup_remove,
    cleanup::cleanup_adopt,
];

#[cfg(test)]
mod tests {
    use amoozgar_types::ipc::COMMANDS;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_of_the_contract_has_a_handler_and_no_other_has() {
        let registered: BTreeSet<_> = super::NAMES.iter().collect();
        let agreed: BTreeSet<_> = COMMANDS.iter().collect();
        assert_eq!(registered, agreed, "handlers against types::ipc::COMMANDS");
        assert_eq!(
            super::NAMES.len(),
            registered.len(),
            "no handler is registered twice"
        );
    }
}
