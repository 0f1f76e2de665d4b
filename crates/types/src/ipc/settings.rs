//! A user's settings.

use super::{
    ChatService, ComputeSettings, Digits, DownloadSettings, NetworkSettings, NotifySettings,
};
use serde::{Deserialize, Serialize};

/// Everything a user can set. Unknown or missing keys fall back to the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark or as the system.
    pub theme: Theme,
    /// Contrast and size of the text.
    pub appearance: Appearance,
    /// Threads of a training run; all cores where absent.
    pub threads: Option<u32>,
    /// Whether closing the window while a job runs keeps the program in the tray.
    pub keep_in_tray: bool,
    /// Whether the system's own notifications are shown.
    pub native_notifications: bool,
    /// Whether the sentence about the tray was shown once.
    pub tray_hint_shown: bool,
    /// How the Hub is reached.
    pub network: NetworkSettings,
    /// How downloads go about it.
    pub downloads: DownloadSettings,
    /// Which digits numbers are shown with.
    pub digits: Digits,
    /// What a run may use of the machine.
    pub compute: ComputeSettings,
    /// What the system's own notifications are shown for.
    pub notify: NotifySettings,
    /// Servers for chat that the user names.
    pub services: Vec<ChatService>,
    /// Signing in and staying signed in.
    pub account: AccountSettings,
}

/// Signing in and staying signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// Minutes without keyboard or mouse after which the window asks for the password, 1 to 480;
    /// never where absent. A profile without a password is never locked.
    pub idle_lock_min: Option<u32>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            idle_lock_min: Some(30),
        }
    }
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

/// Contrast and size of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Appearance {
    /// How strongly text and edges stand out.
    pub contrast: Contrast,
    /// The size of everything shown, in percent, within [`TEXT_SCALES`].
    pub text_scale: u16,
}

/// The sizes that pages are made for, in percent.
pub const TEXT_SCALES: std::ops::RangeInclusive<u16> = 100..=200;

/// How strongly text and edges stand out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contrast {
    /// As the system.
    #[default]
    System,
    /// Strongly: 7:1 for text.
    More,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            contrast: Contrast::System,
            text_scale: 100,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            appearance: Appearance::default(),
            threads: None,
            keep_in_tray: true,
            native_notifications: true,
            tray_hint_shown: false,
            network: NetworkSettings::default(),
            downloads: DownloadSettings::default(),
            digits: Digits::default(),
            compute: ComputeSettings::default(),
            notify: NotifySettings::default(),
            services: Vec::new(),
            account: AccountSettings::default(),
        }
    }
}
