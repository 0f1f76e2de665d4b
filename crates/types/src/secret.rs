//! The secrets that the program keeps for a user: their names and places, never their values.

use serde::{Deserialize, Serialize};

/// A secret that the program keeps for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretName {
    /// The Hub's access token.
    HubToken,
    /// The proxy's password.
    ProxyPassword,
}

/// Where a secret is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In the system's keyring.
    Keyring,
    /// In this program's memory, until it ends.
    Session,
}
