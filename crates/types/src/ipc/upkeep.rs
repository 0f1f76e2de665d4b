//! Looking after the program: power, start with the system, back-up, logs.

use serde::{Deserialize, Serialize};

/// What the machine and the system can do, and how they stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemAbilities {
    /// The battery; absent where there is none or the system does not tell.
    pub battery: Option<Battery>,
    /// Whether the program can keep the machine from falling asleep.
    pub can_prevent_sleep: bool,
    /// Whether the program starts with the system; absent where that cannot be arranged.
    pub starts_with_system: Option<bool>,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    /// Its charge, 0 to 100, where it is told.
    pub percent: Option<f64>,
    /// Whether the machine lives on it now.
    pub in_use: bool,
}

/// A file that was written or is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlace {
    /// Where it is.
    pub path: String,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Where it is.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
}

/// What a back-up holds, looked at before it takes the present database's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSummary {
    /// Where it is.
    pub path: String,
    /// The version of its form.
    pub version: u32,
    /// Profiles.
    pub n_users: u64,
    /// Runs.
    pub n_jobs: u64,
    /// When its latest row was made.
    pub latest_ms: Option<crate::UtcMs>,
}

/// What moving the large things to another folder would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceCheck {
    /// Where they would go.
    pub path: String,
    /// What they take.
    pub size_bytes: u64,
    /// Room on the disk there.
    pub free_bytes: u64,
    /// Whether others who use this computer could read nothing there.
    pub is_private: bool,
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceMoved {
    /// It is done; the program starts again.
    Done,
    /// It was stopped, and everything is as before.
    Stopped,
}
