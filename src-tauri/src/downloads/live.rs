//! A download while a task works on it.

use super::rules::After;
use amoozgar_hub::{Control, Stop};
use amoozgar_store::StoredDownload;
use amoozgar_types::UtcMs;
use amoozgar_types::download::{DownloadProgress, DownloadRecord, DownloadStatus, PartialBytes};
use amoozgar_types::network::NetworkSettings;

/// A download that a task works on.
pub(super) struct Live {
    pub(super) stored: StoredDownload,
    pub(super) control: Control,
    /// The way out that it began with.
    pub(super) network: NetworkSettings,
    /// What it shall become once its task has let go of it.
    pub(super) leaving: Option<After>,
    /// Whether bytes that are not whole are removed then.
    pub(super) partial: PartialBytes,
    /// Bytes that were here when it began; more of them is progress.
    pub(super) began_bytes: u64,
    pub(super) kept_ms: UtcMs,
}

impl Live {
    /// Stops it, to become `after`; the first wish counts.
    pub(super) fn leave(&mut self, after: After) {
        self.leaving.get_or_insert(after);
        self.control.stop(Stop::Pause);
    }

    /// Gives it up, also where it was about to pause.
    pub(super) fn give_up(&mut self) {
        self.leaving = Some(After::plain(DownloadStatus::Cancelled));
        self.control.stop(Stop::Cancel);
    }
}

/// How far it is, as it is told.
pub(super) fn progress_of(record: &DownloadRecord) -> DownloadProgress {
    DownloadProgress {
        download_id: record.download_id.clone(),
        done_bytes: record.done_bytes,
        total_bytes: record.total_bytes,
        percent: record.percent,
        bytes_per_s: record.bytes_per_s,
        eta_s: record.eta_s,
        file: record.file.clone(),
    }
}
