//! Local profiles: who uses this computer, what they may do, their sessions.

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

/// What is left of the recovery codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStatus {
    /// Codes that can still be used.
    pub n_left: u32,
    /// When they were made.
    pub created_ms: Option<UtcMs>,
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
