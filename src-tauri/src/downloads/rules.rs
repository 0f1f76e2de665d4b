//! What may happen next to a download, decided without doing anything: by its state, its owner's
//! settings, the hour and what else is live.

use crate::error;
use amoozgar_hub::HubError;
use amoozgar_types::download::{DownloadRecord, DownloadStatus, WaitReason};
use amoozgar_types::settings::Settings;
use amoozgar_types::{ApiError, UtcMs};
use std::time::Duration;

/// The first pause before the network is tried again; each further one is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(4);
/// The longest one: whoever has the network back should not have to wait for long.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// The moment at which something is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// UTC.
    pub now_ms: UtcMs,
    /// Minutes since local midnight.
    pub minute: u16,
    /// Nothing may begin: the place of downloads moves, or is not there.
    pub held: bool,
}

/// What becomes of a download in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its turn has come.
    Start,
    /// It waits for something outside.
    Wait(WaitReason),
    /// It waits for its turn, and for nothing else any more.
    Queue,
    /// It stays as it is.
    Stay,
}

/// What the owner's settings and the hour keep every download from.
pub fn kept_by(settings: &Settings, moment: Moment) -> Option<WaitReason> {
    let hours = settings.downloads.hours;
    if settings.network.offline {
        Some(WaitReason::OfflineSwitch)
    } else if hours.is_some_and(|hours| !hours.contains(moment.minute)) {
        Some(WaitReason::Hours)
    } else {
        None
    }
}

/// What becomes of a download in line while `n_live` others are live.
pub fn verdict(
    download: &DownloadRecord,
    settings: &Settings,
    moment: Moment,
    n_live: usize,
) -> Verdict {
    if moment.held {
        return Verdict::Stay;
    }
    if let Some(reason) = kept_by(settings, moment) {
        return if download.waits_for == Some(reason) {
            Verdict::Stay
        } else {
            Verdict::Wait(reason)
        };
    }
    let waits_out = download.waits_for == Some(WaitReason::Network)
        && download.retry_ms.is_some_and(|retry| retry > moment.now_ms);
    if waits_out {
        Verdict::Stay
    } else if n_live < settings.downloads.at_once.max(1) as usize {
        Verdict::Start
    } else if download
        .waits_for
        .is_some_and(|reason| reason != WaitReason::Network)
    {
        Verdict::Queue
    } else {
        Verdict::Stay
    }
}

/// What a download becomes that a task has let go of.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// Its state.
    pub status: DownloadStatus,
    /// What it waits for.
    pub waits_for: Option<WaitReason>,
    /// When it is tried again.
    pub retry_ms: Option<UtcMs>,
    /// Why it failed, or what it waits out.
    pub error: Option<ApiError>,
}

impl After {
    /// A state that needs no reason.
    pub fn plain(status: DownloadStatus) -> Self {
        Self {
            status,
            waits_for: None,
            retry_ms: None,
            error: None,
        }
    }

    /// It waits, and may go on at any moment.
    pub fn waiting(reason: WaitReason) -> Self {
        Self {
            waits_for: Some(reason),
            ..Self::plain(DownloadStatus::Waiting)
        }
    }

    /// What a failure makes of it, after `n_in_vain` attempts before this one that brought nothing.
    pub fn failure(failure: &HubError, n_in_vain: u32, now_ms: UtcMs) -> Self {
        if matches!(failure, HubError::Offline) {
            return Self::waiting(WaitReason::OfflineSwitch);
        }
        let error = Some(error::of_hub(failure));
        if !failure.is_network() {
            return Self {
                error,
                ..Self::plain(DownloadStatus::Failed)
            };
        }
        let own = FIRST_RETRY
            .saturating_mul(1 << n_in_vain.min(8))
            .min(LONGEST_RETRY);
        let pause = match failure {
            HubError::RateLimited {
                wait: Some(wait), ..
            } => own.max(*wait),
            _ => own,
        };
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        Self {
            retry_ms: Some(now_ms.saturating_add(pause_ms)),
            error,
            ..Self::waiting(WaitReason::Network)
        }
    }
}

/// What was live or in line when the program ended, at the next start; `None` where it stays.
pub fn at_start(status: DownloadStatus, settings: &Settings) -> Option<DownloadStatus> {
    let goes_on = settings.downloads.auto_resume;
    match (status.is_live(), status.is_in_line()) {
        (true, _) if goes_on => Some(DownloadStatus::Queued),
        (true, _) | (_, true) if !goes_on => Some(DownloadStatus::Paused),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{After, Moment, Verdict, at_start, verdict};
    use crate::downloads::queue_tests::record;
    use amoozgar_hub::HubError;
    use amoozgar_types::ErrorCode;
    use amoozgar_types::download::{DownloadHours, DownloadStatus, WaitReason};
    use amoozgar_types::settings::Settings;
    use std::time::Duration;

    const NOON: Moment = Moment {
        now_ms: 1_000_000,
        minute: 720,
        held: false,
    };

    fn nights() -> Settings {
        let mut settings = Settings::default();
        settings.downloads.hours = Some(DownloadHours {
            from_min: 60,
            to_min: 420,
        });
        settings
    }

    #[test]
    fn nothing_begins_while_the_place_of_downloads_is_held() {
        let held = Moment { held: true, ..NOON };
        let queued = record("d", DownloadStatus::Queued);
        assert_eq!(
            verdict(&queued, &Settings::default(), held, 0),
            Verdict::Stay
        );
    }

    #[test]
    fn a_download_starts_when_its_turn_the_hour_and_the_switch_allow_it() {
        let queued = record("d", DownloadStatus::Queued);
        let free = Settings::default();
        assert_eq!(verdict(&queued, &free, NOON, 0), Verdict::Start);
        assert_eq!(
            verdict(&queued, &free, NOON, 1),
            Verdict::Stay,
            "one at a time"
        );
        assert_eq!(
            verdict(&queued, &nights(), NOON, 0),
            Verdict::Wait(WaitReason::Hours),
            "not at noon"
        );
        let mut offline = nights();
        offline.network.offline = true;
        assert_eq!(
            verdict(&queued, &offline, NOON, 0),
            Verdict::Wait(WaitReason::OfflineSwitch),
            "the switch goes before the hour"
        );
        let mut waiting = record("d", DownloadStatus::Waiting);
        waiting.waits_for = Some(WaitReason::Hours);
        assert_eq!(verdict(&waiting, &nights(), NOON, 0), Verdict::Stay);
        assert_eq!(
            verdict(&waiting, &free, NOON, 1),
            Verdict::Queue,
            "it says what it really waits for"
        );
    }

    #[test]
    fn what_waits_for_the_network_is_tried_again_at_its_time() {
        let mut waiting = record("d", DownloadStatus::Waiting);
        waiting.waits_for = Some(WaitReason::Network);
        waiting.retry_ms = Some(NOON.now_ms + 1);
        let free = Settings::default();
        assert_eq!(verdict(&waiting, &free, NOON, 0), Verdict::Stay, "not yet");
        waiting.retry_ms = Some(NOON.now_ms);
        assert_eq!(verdict(&waiting, &free, NOON, 0), Verdict::Start, "now");
        assert_eq!(
            verdict(&waiting, &free, NOON, 1),
            Verdict::Stay,
            "it still does not know whether the network is back"
        );
    }

    #[test]
    fn a_lost_network_is_waited_out_and_everything_else_is_told() {
        let stalled = HubError::Stalled {
            host: "hub.example".into(),
            idle: Duration::from_secs(30),
        };
        let mut pauses = Vec::new();
        for n_in_vain in 0..7 {
            let after = After::failure(&stalled, n_in_vain, 0);
            assert_eq!(after.waits_for, Some(WaitReason::Network));
            pauses.push(after.retry_ms.unwrap_or_default() / 1000);
        }
        assert_eq!(pauses, [4, 8, 16, 32, 60, 60, 60], "doubled up to a minute");
        let asked = HubError::RateLimited {
            host: "hub.example".into(),
            wait: Some(Duration::from_secs(3600)),
        };
        assert_eq!(
            After::failure(&asked, 0, 0).retry_ms,
            Some(3_600_000),
            "as long as the host asks"
        );
        let gone = HubError::RepoNotFound { repo: "a/b".into() };
        let after = After::failure(&gone, 0, 0);
        assert_eq!(after.status, DownloadStatus::Failed);
        assert_eq!(
            after.error.map(|error| error.code),
            Some(ErrorCode::RepoNotFound)
        );
    }

    #[test]
    fn at_the_start_things_go_on_by_themselves_or_pause_as_the_owner_wants() {
        use DownloadStatus::{Failed, Installed, Paused, Queued, Running, Waiting};
        let going_on = Settings::default();
        let mut by_hand = Settings::default();
        by_hand.downloads.auto_resume = false;
        for (status, automatic, manual) in [
            (Running, Some(Queued), Some(Paused)),
            (Queued, None, Some(Paused)),
            (Waiting, None, Some(Paused)),
            (Paused, None, None),
            (Installed, None, None),
            (Failed, None, None),
        ] {
            assert_eq!(at_start(status, &going_on), automatic, "{status:?}");
            assert_eq!(at_start(status, &by_hand), manual, "{status:?} by hand");
        }
    }
}
