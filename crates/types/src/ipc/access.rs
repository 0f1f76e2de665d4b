//! Who may call which command. What is named nowhere here needs a signed-in user and an unlocked
//! window, so a new command is guarded before anyone thinks of it.

/// Who may call a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, before signing in too.
    Anyone,
    /// Whoever is signed in, while the window is locked too.
    Locked,
    /// Whoever is signed in, while the window is not locked.
    User,
    /// An administrator, while the window is not locked.
    Administrator,
}

const ANYONE: &[&str] = &[
    "account_status",
    "account_register",
    "account_login",
    "account_recover",
    "system_app_info",
    "system_interactive",
    // The program ends for whoever sits there; without this it would have to be killed.
    "system_ending",
];

const LOCKED: &[&str] = &["account_logout", "account_unlock", "account_touch"];

const ADMINISTRATOR: &[&str] = &[
    "account_list_users",
    "account_delete_user",
    "account_reset_password",
    "account_set_role",
    // The database is everyone's: whoever has it whole, or puts another in its place, has theirs.
    "database_backup",
    "database_inspect",
    "database_restore",
    // So is the place of their things, and everything there is.
    "cleanup_adopt",
    "place_look",
    "place_move",
    "place_let_go",
    "wipe_everything",
];

/// Who may call the command `name`.
pub fn access_of(name: &str) -> Access {
    if ANYONE.contains(&name) {
        Access::Anyone
    } else if LOCKED.contains(&name) {
        Access::Locked
    } else if ADMINISTRATOR.contains(&name) {
        Access::Administrator
    } else {
        Access::User
    }
}

#[cfg(test)]
mod tests {
    use super::{ADMINISTRATOR, ANYONE, Access, LOCKED, access_of};
    use crate::ipc::COMMANDS;

    #[test]
    fn what_is_open_to_more_or_fewer_than_users_is_a_command_of_the_contract() {
        for name in [ANYONE, LOCKED, ADMINISTRATOR].concat() {
            assert!(COMMANDS.contains(&name), "`{name}` is no command");
        }
        assert_eq!(
            access_of("a_command_of_tomorrow"),
            Access::User,
            "what nobody thought of needs a signed-in user"
        );
    }
}
