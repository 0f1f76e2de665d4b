//! Profiles, signing in, sessions, and what an administrator may do.

use crate::UtcMs;
use crate::id::{SessionId, UserId};
use serde::{Deserialize, Serialize};

/// What a profile may do beside its own affairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks after the profiles of this computer; the first one is.
    Administrator,
    /// Its own affairs alone.
    #[default]
    User,
}

/// A local profile, as the interface may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub user_id: UserId,
    /// What people call themselves.
    pub name: String,
    /// What it may do.
    #[serde(default)]
    pub role: Role,
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

/// What is left of the recovery codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStatus {
    /// Codes that can still be used.
    pub n_left: u32,
    /// When they were made.
    pub created_ms: Option<UtcMs>,
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

/// One session of the signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its id.
    pub session_id: SessionId,
    /// Whether it is this window's.
    pub current: bool,
    /// Whether a token in the keyring brings it back at the next start.
    pub remembered: bool,
    /// When it began.
    pub created_ms: UtcMs,
    /// When it was last used.
    pub last_seen_ms: UtcMs,
    /// When it ends if nothing happens.
    pub expires_ms: UtcMs,
}

/// A profile as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOverview {
    /// The profile.
    pub user: User,
    /// Its runs.
    pub n_jobs: u64,
    /// Its imported datasets.
    pub n_datasets: u64,
    /// When it last signed in.
    pub last_seen_ms: Option<UtcMs>,
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
