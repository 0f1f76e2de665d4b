//! Groups of a user's settings: numbers, the machine's share, battery, notifications, services.

use crate::id::ServiceId;
use serde::{Deserialize, Serialize};

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

/// A service's key on its way into the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Which service.
    pub service_id: ServiceId,
    /// The key; removes it where empty.
    pub key: String,
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceKey")
            .field("service_id", &self.service_id)
            .finish_non_exhaustive()
    }
}

/// A service to be tried, as it stands in the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTrial {
    /// The base address.
    pub base_url: String,
    /// A key that is not kept yet.
    pub key: Option<String>,
    /// The service whose kept key is used where `key` is absent.
    pub service_id: Option<ServiceId>,
}

impl std::fmt::Debug for ServiceTrial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceTrial")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// The models that it offers, by name.
    pub models: Vec<String>,
    /// How long it took to answer.
    pub took_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::{QuietHours, ServiceKey, ServiceTrial};
    use crate::id::ServiceId;

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

    #[test]
    fn a_key_never_shows_in_what_is_printed() {
        let key = ServiceKey {
            service_id: ServiceId::new("s"),
            key: "sk-secret".into(),
        };
        let trial = ServiceTrial {
            base_url: "http://a".into(),
            key: Some("sk-secret".into()),
            service_id: None,
        };
        let printed = format!("{key:?} {trial:?}");
        assert!(!printed.contains("sk-secret"), "`{printed}`");
    }
}
