//! A download: where it stands, what a list shows of it, and the settings that it follows.

use crate::id::DownloadId;
use crate::repo::RepoKind;
use crate::{ApiError, UtcMs};
use serde::{Deserialize, Serialize};

/// Where a download stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadStatus {
    /// Waits for its turn.
    Queued,
    /// Asks the Hub what will come.
    Preparing,
    /// Bytes come.
    Running,
    /// Waits for something outside, and goes on by itself: see [`DownloadRecord::waits_for`].
    Waiting,
    /// The user paused it; what has come is kept.
    Paused,
    /// Every file is here and verified.
    Installed,
    /// It cannot go on by itself; what has come is kept.
    Failed,
    /// The user gave it up.
    Cancelled,
}

impl DownloadStatus {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Preparing,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Installed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Installed => "installed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == name)
    }

    /// Whether a task works on it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Preparing | Self::Running)
    }

    /// Whether it has a place in the queue: waiting for its turn, or for something outside.
    pub fn is_in_line(self) -> bool {
        matches!(self, Self::Queued | Self::Waiting)
    }

    /// Whether it has ended, well or not. What is paused has not.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Installed | Self::Failed | Self::Cancelled)
    }

    /// Whether `next` may follow. Every writer of a status asks this first.
    pub fn may_become(self, next: Self) -> bool {
        use DownloadStatus::{
            Cancelled, Failed, Installed, Paused, Preparing, Queued, Running, Waiting,
        };
        match (self, next) {
            (Queued | Waiting, Preparing | Paused)
            | (Queued, Waiting)
            | (Waiting | Paused | Failed | Cancelled, Queued)
            | (Preparing, Running)
            | (Running, Installed)
            // Back in line: the program ended, the network went, the hours are over.
            | (Preparing | Running, Queued | Waiting | Paused | Failed) => true,
            (from, Cancelled) => !matches!(from, Installed | Cancelled),
            _ => false,
        }
    }
}

/// What a waiting download waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The network, which is tried again now and then.
    Network,
    /// The hours in which downloads may run.
    Hours,
    /// The offline switch is on.
    OfflineSwitch,
}

/// One download as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DownloadRecord {
    /// Its id.
    pub download_id: DownloadId,
    /// `owner/name`.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// The revision that was asked for.
    pub revision: String,
    /// The commit that all files come from, once it is known.
    pub commit: Option<String>,
    /// The files that were asked for, by name or pattern; what is needed where empty.
    pub files: Vec<String>,
    /// Where it stands.
    pub status: DownloadStatus,
    /// What it waits for, while it waits.
    pub waits_for: Option<WaitReason>,
    /// When it will be tried again, while it waits for the network.
    pub retry_ms: Option<UtcMs>,
    /// Place in the queue, from 0, while it is in line.
    pub queue_position: Option<u32>,
    /// Files in all; 0 until it is known.
    pub n_files: u32,
    /// Bytes that are here.
    pub done_bytes: u64,
    /// Bytes in all; 0 until it is known.
    pub total_bytes: u64,
    /// Share that is here, 0 to 100; 100 only when nothing is missing.
    pub percent: f64,
    /// Bytes per second, smoothed; absent while nothing comes.
    pub bytes_per_s: Option<f64>,
    /// Seconds until the end at that speed.
    pub eta_s: Option<f64>,
    /// The file that got bytes last.
    pub file: Option<String>,
    /// Why it failed, or what it waits out.
    pub error: Option<ApiError>,
    /// The folder with its files, once installed.
    pub path: Option<String>,
    /// When it was asked for.
    pub created_ms: UtcMs,
    /// When its state changed last.
    pub updated_ms: UtcMs,
    /// When it ended.
    pub finished_ms: Option<UtcMs>,
}

/// What happens to bytes of files that are not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialBytes {
    /// They stay, for another time.
    Keep,
    /// They are removed.
    Remove,
}

/// How far a download is; told about five times a second while bytes come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DownloadProgress {
    /// Which.
    pub download_id: DownloadId,
    /// Bytes that are here.
    pub done_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Share that is here, 0 to 100; 100 only when nothing is missing.
    pub percent: f64,
    /// Bytes per second, smoothed; absent while nothing comes.
    pub bytes_per_s: Option<f64>,
    /// Seconds until the end at that speed.
    pub eta_s: Option<f64>,
    /// The file that got bytes last.
    pub file: Option<String>,
}

/// How downloads go about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DownloadSettings {
    /// Downloads at once, 1 to 8.
    pub at_once: u32,
    /// Connections at once for one download, 1 to 16.
    pub connections: u32,
    /// The most bytes per second, over all downloads of the user.
    pub limit_bytes_per_s: Option<u64>,
    /// The hours in which downloads run; always where absent.
    pub hours: Option<DownloadHours>,
    /// Whether what ran when the program ended goes on at the next start by itself.
    pub auto_resume: bool,
}

impl Default for DownloadSettings {
    fn default() -> Self {
        Self {
            at_once: 1,
            connections: 8,
            limit_bytes_per_s: None,
            hours: None,
            auto_resume: true,
        }
    }
}

/// Hours of the local day; over midnight where `from` is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadHours {
    /// Minutes after midnight at which downloads begin, 0 to 1439.
    pub from_min: u16,
    /// Minutes after midnight at which they wait again, 0 to 1439.
    pub to_min: u16,
}

impl DownloadHours {
    /// Whether a minute of the day lies within. Two equal ends are the whole day.
    pub fn contains(self, minute: u16) -> bool {
        match self.from_min.cmp(&self.to_min) {
            std::cmp::Ordering::Less => (self.from_min..self.to_min).contains(&minute),
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => minute >= self.from_min || minute < self.to_min,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DownloadHours, DownloadStatus};

    #[test]
    fn hours_may_pass_midnight() {
        let night = DownloadHours {
            from_min: 23 * 60,
            to_min: 7 * 60,
        };
        for (minute, within) in [
            (1380, true),
            (0, true),
            (419, true),
            (420, false),
            (720, false),
        ] {
            assert_eq!(night.contains(minute), within, "minute {minute}");
        }
        let day = DownloadHours {
            from_min: 60,
            to_min: 120,
        };
        assert!(day.contains(60) && !day.contains(120), "the end is outside");
    }

    #[test]
    fn what_is_installed_stays_so_and_only_a_running_download_gets_there() {
        for &status in DownloadStatus::ALL {
            assert!(
                !DownloadStatus::Installed.may_become(status),
                "installed became {status:?}"
            );
            assert_eq!(
                status.may_become(DownloadStatus::Installed),
                status == DownloadStatus::Running,
                "{status:?} to installed"
            );
            assert_eq!(
                DownloadStatus::parse(status.as_str()),
                Some(status),
                "the database's name of {status:?}"
            );
            assert!(!status.may_become(status), "{status:?} is no change");
        }
    }
}
