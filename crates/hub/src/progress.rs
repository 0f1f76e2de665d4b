//! What a download says while it works.
//!
//! Order: `Started`, then any of `Progress`, `Retrying`, `FileDone`, and exactly one of `Finished`,
//! `Stopped`, `Failed`. `Progress` comes about five times a second, and not at all where nothing
//! changed. The observer is called from the download itself and must not block.

use crate::repo::Commit;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The pause between two events of progress.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// What is going to be downloaded.
    Started {
        /// `owner/name`.
        repo: String,
        /// The commit that all files come from.
        commit: Commit,
        /// Files of the snapshot.
        n_files: usize,
        /// Bytes of the snapshot.
        total_bytes: u64,
        /// Bytes that were there already.
        present_bytes: u64,
    },
    /// How far it is.
    Progress(Progress),
    /// An attempt failed; another follows.
    Retrying {
        /// The file, where it was about one.
        file: Option<String>,
        /// Failures in a row.
        attempt: u32,
        /// Milliseconds until the next attempt.
        wait_ms: u64,
        /// Why.
        reason: String,
    },
    /// A file is whole and verified.
    FileDone {
        /// The file.
        file: String,
    },
    /// Every file is verified and the snapshot is in its place.
    Finished {
        /// The snapshot's folder.
        snapshot: PathBuf,
        /// Its commit.
        commit: Commit,
    },
    /// The caller stopped it.
    Stopped {
        /// Bytes that are kept for later.
        kept_bytes: u64,
    },
    /// It cannot go on.
    Failed {
        /// Why.
        reason: String,
    },
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// Bytes that are here.
    pub done_bytes: u64,
    /// Bytes of the snapshot.
    pub total_bytes: u64,
    /// Share that is here, 0 to 100; 100 only when nothing is missing.
    pub percent: f64,
    /// Bytes per second, smoothed over the last seconds.
    pub bytes_per_s: f64,
    /// Seconds until the end at that speed; absent while there is none.
    pub eta_s: Option<f64>,
    /// The file that got bytes last.
    pub file: Option<String>,
}

/// Counts bytes and knows how fast they come.
#[derive(Debug)]
pub(crate) struct Meter {
    total_bytes: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    done_bytes: u64,
    /// Bytes that came over the network since `since`.
    arrived: u64,
    since: Duration,
    bytes_per_s: f64,
    /// How much of the smoothing window was seen, 0 to 1: an average of one second is one of one
    /// second, not one of three with two of nothing.
    weight: f64,
    file: Option<String>,
}

impl Meter {
    /// Time constant of the smoothing.
    const WINDOW_S: f64 = 3.0;

    pub(crate) fn new(total_bytes: u64, present_bytes: u64, now: Duration) -> Self {
        Self {
            total_bytes,
            inner: Mutex::new(Inner {
                done_bytes: present_bytes,
                arrived: 0,
                since: now,
                bytes_per_s: 0.0,
                weight: 0.0,
                file: None,
            }),
        }
    }

    /// `n` bytes of `file` came.
    pub(crate) fn arrived(&self, file: &str, n: u64) {
        let mut inner = self.inner();
        inner.done_bytes += n;
        inner.arrived += n;
        if inner.file.as_deref() != Some(file) {
            inner.file = Some(file.to_owned());
        }
    }

    /// `n` bytes turned out not to be there.
    pub(crate) fn lost(&self, n: u64) {
        let mut inner = self.inner();
        inner.done_bytes = inner.done_bytes.saturating_sub(n);
    }

    pub(crate) fn done_bytes(&self) -> u64 {
        self.inner().done_bytes
    }

    /// Where it is now.
    pub(crate) fn progress(&self, now: Duration) -> Progress {
        let mut inner = self.inner();
        let seconds = now.saturating_sub(inner.since).as_secs_f64();
        if seconds > 0.0 {
            let keep = (-seconds / Self::WINDOW_S).exp();
            let speed = inner.arrived as f64 / seconds;
            inner.bytes_per_s = keep * inner.bytes_per_s + (1.0 - keep) * speed;
            inner.weight = keep * inner.weight + (1.0 - keep);
            inner.arrived = 0;
            inner.since = now;
        }
        let bytes_per_s = if inner.weight > 0.0 {
            inner.bytes_per_s / inner.weight
        } else {
            0.0
        };
        let missing = self.total_bytes.saturating_sub(inner.done_bytes);
        let percent = if missing == 0 {
            100.0
        } else {
            (inner.done_bytes as f64 / self.total_bytes as f64 * 100.0).min(99.99)
        };
        Progress {
            done_bytes: inner.done_bytes,
            total_bytes: self.total_bytes,
            percent,
            bytes_per_s,
            eta_s: (bytes_per_s >= 1.0).then(|| missing as f64 / bytes_per_s),
            file: inner.file.clone(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::Meter;
    use std::time::Duration;

    const MB: u64 = 1_000_000;

    fn at(tenths: u64) -> Duration {
        Duration::from_millis(100 * tenths)
    }

    #[test]
    fn a_steady_stream_shows_its_speed_and_the_time_that_is_left() {
        let meter = Meter::new(100 * MB, 0, at(0));
        for tick in 1..=50 {
            meter.arrived("model.safetensors", MB / 5);
            let progress = meter.progress(at(2 * tick));
            assert!(
                (progress.bytes_per_s - 1e6).abs() < 1.0,
                "a megabyte a second from the first moment: {progress:?}"
            );
        }
        let progress = meter.progress(at(101));
        assert_eq!(progress.done_bytes, 10 * MB);
        assert!(
            progress
                .eta_s
                .is_some_and(|eta| (88.0..100.0).contains(&eta)),
            "ninety megabytes are left: {progress:?}"
        );
        assert_eq!(progress.percent, 10.0);
        assert_eq!(progress.file.as_deref(), Some("model.safetensors"));
    }

    #[test]
    fn silence_ends_the_promise_of_an_end() {
        let meter = Meter::new(100 * MB, 0, at(0));
        meter.arrived("a", MB);
        assert!(
            meter.progress(at(2)).eta_s.is_some(),
            "while bytes come there is one"
        );
        let silent = (2..600).map(|tick| meter.progress(at(2 * tick))).last();
        assert!(
            silent.is_some_and(|progress| progress.eta_s.is_none()),
            "none after two minutes of nothing"
        );
    }

    #[test]
    fn nothing_to_do_is_all_done_and_almost_done_is_not() {
        assert_eq!(
            Meter::new(0, 0, at(0)).progress(at(0)).percent,
            100.0,
            "and no NaN"
        );
        let meter = Meter::new(1 << 50, (1 << 50) - 1, at(0));
        assert!(meter.progress(at(1)).percent < 100.0, "one byte is missing");
    }
}
