//! A user's settings: the interface, the machine's share, notifications, services, the account.

use crate::download::DownloadSettings;
use crate::id::ServiceId;
use crate::network::NetworkSettings;
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

/// Which digits numbers are shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digits {
    /// «۱۲۳»
    #[default]
    Persian,
    /// «123»
    Latin,
}

/// What a run may use of the machine, beside threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComputeSettings {
    /// The most memory a run may take, in MiB; all that is free where absent.
    pub memory_limit_mib: Option<u32>,
    /// How readily a run gives way to other programs.
    pub priority: Priority,
    /// What happens when the machine goes on battery.
    pub on_battery: OnBattery,
    /// Whether the machine is kept from falling asleep while a run goes on.
    pub prevent_sleep: bool,
}

/// The least memory limit that can be set, in MiB: below, nothing can be trained.
pub const LEAST_MEMORY_LIMIT_MIB: u32 = 256;

impl Default for ComputeSettings {
    fn default() -> Self {
        Self {
            memory_limit_mib: None,
            priority: Priority::Low,
            on_battery: OnBattery::Ask,
            prevent_sleep: true,
        }
    }
}

/// How readily a run gives way to other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// As any program.
    Normal,
    /// Other programs go first.
    #[default]
    Low,
    /// Only what no other program wants.
    Lowest,
}

/// What happens to a run when the machine goes on battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBattery {
    /// It pauses, and goes on when there is power again.
    Pause,
    /// It goes on.
    Continue,
    /// The user is asked.
    #[default]
    Ask,
}

/// Which events the system's own notifications are shown for, and when they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifySettings {
    /// A run is complete.
    pub completed: bool,
    /// A run failed.
    pub failed: bool,
    /// A run's process died.
    pub interrupted: bool,
    /// A download ended, well or not.
    pub downloads: bool,
    /// When to be quiet.
    pub quiet: QuietHours,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            completed: true,
            failed: true,
            interrupted: true,
            downloads: true,
            quiet: QuietHours::default(),
        }
    }
}

/// Hours in which nothing pops up; the list keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuietHours {
    /// Whether there are any.
    pub on: bool,
    /// From this minute of the day, 0 to 1439.
    pub from_minute: u16,
    /// Until this minute of the day, 0 to 1439; before `from_minute` means the next morning.
    pub to_minute: u16,
    /// How far the user's clock is ahead of UTC, as the window last told.
    pub utc_offset_minutes: i16,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            on: false,
            from_minute: 22 * 60,
            to_minute: 7 * 60,
            utc_offset_minutes: 210,
        }
    }
}

impl QuietHours {
    /// Whether this moment, in UTC milliseconds, lies in them. Hours that begin when they end are none.
    pub fn contain(&self, at_ms: crate::UtcMs) -> bool {
        let local = at_ms.div_euclid(60_000) + i64::from(self.utc_offset_minutes);
        let minute = local.rem_euclid(24 * 60);
        let (from, to) = (i64::from(self.from_minute), i64::from(self.to_minute));
        self.on
            && if from <= to {
                (from..to).contains(&minute)
            } else {
                minute >= from || minute < to
            }
    }
}

/// A server that the user names, which speaks as that of `OpenAI` does. Its key is in the system's keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatService {
    /// Its id.
    pub service_id: ServiceId,
    /// What people call it; 1 to 60 characters.
    pub name: String,
    /// What `/models` and `/chat/completions` follow, as `http://127.0.0.1:8080/v1`.
    pub base_url: String,
    /// The model to ask; the server's own choice where empty.
    #[serde(default)]
    pub model: String,
}

/// The most services of a user.
pub const MOST_SERVICES: usize = 20;

#[cfg(test)]
mod tests {
    use super::QuietHours;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn quiet_hours_follow_the_users_clock_and_reach_over_midnight() {
        let night = QuietHours {
            on: true,
            from_minute: 22 * 60,
            to_minute: 7 * 60,
            utc_offset_minutes: 210,
        };
        // 18:30 UTC is 22:00 in Tehran, 03:29 UTC is 06:59.
        for (at, quiet) in [
            (18 * HOUR_MS + HOUR_MS / 2, true),
            (18 * HOUR_MS + HOUR_MS / 2 - 1, false),
            (3 * HOUR_MS + 29 * 60_000, true),
            (3 * HOUR_MS + 30 * 60_000, false),
            (9 * HOUR_MS, false),
        ] {
            assert_eq!(night.contain(at), quiet, "{at} ms after midnight UTC");
        }
        let off = QuietHours { on: false, ..night };
        assert!(!off.contain(20 * HOUR_MS), "off means never");
    }

    #[test]
    fn quiet_hours_within_a_day_end_that_day_and_equal_ends_are_none() {
        let noon = QuietHours {
            on: true,
            from_minute: 12 * 60,
            to_minute: 14 * 60,
            utc_offset_minutes: 0,
        };
        assert!(noon.contain(13 * HOUR_MS), "within");
        assert!(!noon.contain(14 * HOUR_MS), "the end is outside");
        let none = QuietHours {
            to_minute: 12 * 60,
            ..noon
        };
        assert!(!none.contain(12 * HOUR_MS), "no time at all");
    }
}
