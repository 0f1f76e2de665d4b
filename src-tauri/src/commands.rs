//! One handler per command of the contract: the signed-in user, one call, one error mapping.

pub mod account;
pub mod compare;
pub mod datasets;
pub mod inference;
pub mod notifications;
pub mod services;
pub mod settings;
pub mod system;
pub mod training;
pub mod upkeep;

mod plan;
#[cfg(test)]
pub(crate) mod test_rows;

use amoozgar_types::ApiError;
use amoozgar_types::ipc::Command;
use tauri::Wry;
use tauri::ipc::Invoke;

/// What the handler of `C` takes.
type Request<C> = <C as Command>::Request;
/// What the handler of `C` answers.
type Answer<C> = Result<<C as Command>::Response, ApiError>;

/// Makes the list for Tauri and the list of names from one, so that neither can lack an entry.
macro_rules! handlers {
    ($($module:ident :: $name:ident),* $(,)?) => {
        /// Tauri's side of every command.
        pub fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($module::$name),*]
        }

        /// The name of every registered handler.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

handlers![
    account::account_status,
    account::account_register,
    account::account_login,
    account::account_logout,
    settings::settings_get,
    settings::settings_set,
    datasets::datasets_list,
    datasets::datasets_import,
    datasets::datasets_preview,
    datasets::datasets_delete,
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
    training::training_log,
    training::training_subscribe,
    training::training_unsubscribe,
    compare::training_compare,
    compare::training_compare_export,
    inference::inference_generate,
    inference::inference_stop,
    notifications::notifications_list,
    notifications::notifications_unread_count,
    notifications::notifications_mark_read,
    notifications::notifications_mark_all_read,
    notifications::notifications_clear,
    system::system_app_info,
    system::system_interactive,
    system::system_open_folder,
    services::service_key_set,
    services::service_keys,
    services::service_test,
    upkeep::system_abilities,
    upkeep::system_autostart,
    upkeep::database_backup,
    upkeep::database_inspect,
    upkeep::database_restore,
    upkeep::logs_export,
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
