//! A user's settings.

use serde::{Deserialize, Serialize};

/// Everything a user can set. Unknown or missing keys fall back to the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark or as the system.
    pub theme: Theme,
    /// Threads of a training run; all cores where absent.
    pub threads: Option<u32>,
    /// Whether closing the window while a job runs keeps the program in the tray.
    pub keep_in_tray: bool,
    /// Whether the system's own notifications are shown.
    pub native_notifications: bool,
    /// Whether the sentence about the tray was shown once.
    pub tray_hint_shown: bool,
}

/// The interface's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            threads: None,
            keep_in_tray: true,
            native_notifications: true,
            tray_hint_shown: false,
        }
    }
}
