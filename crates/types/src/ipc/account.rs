//! Profiles, signing in, sessions, and what an administrator may do.

use crate::id::UserId;
use crate::user::{Role, User};
use serde::{Deserialize, Serialize};

/// Who is signed in, and who could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The signed-in user.
    pub user: Option<User>,
    /// Whether the window is locked: only the password, or signing out, leads on.
    #[serde(default)]
    pub locked: bool,
    /// Every profile on this computer; empty at the first start.
    pub profiles: Vec<User>,
}

/// Where the session of this window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody is signed in.
    Out,
    /// Somebody was, for too long without a sign of life.
    Expired,
    /// Somebody is, and must give the password again.
    Locked,
    /// Somebody is.
    In,
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
    /// Whether the next start shall sign it in by itself.
    #[serde(default)]
    pub remember: bool,
}

/// A profile that has just been signed in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// What became of "remember me".
    pub remembered: Remembered,
    /// Recovery codes that were made along with a first password; shown this once.
    pub codes: Option<Vec<String>>,
}

/// What became of "remember me".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remembered {
    /// It was not asked for.
    NotAsked,
    /// The system's keyring holds a token for the next start.
    Kept,
    /// There is no keyring to hold it; the next start will ask again.
    NoKeyring,
}

/// The password that opens a locked window.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// The signed-in profile's.
    pub password: String,
}

/// A forgotten password, replaced with the help of a recovery code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recover {
    /// Whose.
    pub user_id: UserId,
    /// One of the codes that were shown; dashes, spaces and letter case do not count.
    pub code: String,
    /// The new password.
    pub password: String,
}

/// Another password, or none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The present one, where there is one.
    pub current: Option<String>,
    /// The new one; absent removes it.
    pub password: Option<String>,
}

/// What became of a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// The profile as it is now.
    pub user: User,
    /// Recovery codes, where there were none before; shown this once.
    pub codes: Option<Vec<String>>,
}

/// What a profile says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateProfile {
    /// 1 to 64 characters.
    pub name: String,
}

/// Asks for new codes, which end the old ones.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecoveryCodes {
    /// The present password.
    pub password: String,
}

/// The codes themselves; shown once, kept as hashes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// Each opens the profile once.
    pub codes: Vec<String>,
}

/// Another password for another profile.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPassword {
    /// Whose.
    pub user_id: UserId,
    /// The new one; absent removes it.
    pub password: Option<String>,
}

/// Another role for a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRole {
    /// Whose.
    pub user_id: UserId,
    /// What it may do from now on.
    pub role: Role,
}

macro_rules! redacted {
    ($($name:ident($($field:ident),*)),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    )*};
}

redacted!(
    Register(name),
    Login(user_id, remember),
    SignedIn(user, remembered),
    Unlock(),
    Recover(user_id),
    ChangePassword(),
    PasswordChanged(user),
    NewRecoveryCodes(),
    RecoveryCodes(),
    ResetPassword(user_id),
);
