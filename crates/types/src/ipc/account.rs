//! Profiles and signing in.

use crate::UtcMs;
use crate::id::UserId;
use serde::{Deserialize, Serialize};

/// A local profile, as the interface may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub user_id: UserId,
    /// What people call themselves.
    pub name: String,
    /// Whether signing in asks for a password.
    pub has_password: bool,
    /// When it was made.
    pub created_ms: UtcMs,
}

/// Who is signed in, and who could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The signed-in user.
    pub user: Option<User>,
    /// Every profile on this computer; empty at the first start.
    pub profiles: Vec<User>,
}

/// A new profile.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// 1 to 64 characters.
    pub name: String,
    /// At least 6 characters, where one is wanted.
    pub password: Option<String>,
}

/// Signing in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Which profile.
    pub user_id: UserId,
    /// Its password, where it has one.
    pub password: Option<String>,
}

macro_rules! redacted {
    ($($name:ident($field:ident)),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field(stringify!($field), &self.$field).finish_non_exhaustive()
            }
        }
    )*};
}
redacted!(Register(name), Login(user_id));

#[cfg(test)]
mod tests {
    use super::{Login, Register};
    use crate::id::UserId;

    #[test]
    fn a_password_never_shows_in_debug_output() {
        let register = Register {
            name: "سارا".into(),
            password: Some("s3cret-pass".into()),
        };
        let login = Login {
            user_id: UserId::new("u1"),
            password: Some("s3cret-pass".into()),
        };
        let shown = format!("{register:?} {login:?}");
        assert!(!shown.contains("s3cret"), "leaked in `{shown}`");
        assert!(
            shown.contains("سارا"),
            "the name is there to help: `{shown}`"
        );
    }
}
