//! Tells the interface, the tray and the notifications what happens to runs and downloads.

use super::{front, notify, tray};
use crate::accounts::Session;
use crate::db::Db;
use crate::downloads;
use crate::events::emit;
use crate::jobs::{Live, Observer};
use amoozgar_types::ApiError;
use amoozgar_types::download::{DownloadProgress, DownloadRecord};
use amoozgar_types::id::{DownloadId, JobId, UserId};
use amoozgar_types::ipc::{
    DownloadChanged, DownloadProgressed, DownloadRemoved, EndingRun, EndingTold, JobChanged,
    JobDeleted,
};
use amoozgar_types::job::JobRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::AppHandle;

/// Tells the interface, the tray and the notifications what happens to jobs.
pub struct Announcer {
    /// Tauri's side.
    pub handle: AppHandle,
    /// Where notifications are kept.
    pub db: Db,
    /// Whose events may be shown.
    pub session: Arc<Session>,
    /// What runs.
    pub live: Arc<Live>,
    /// Whether the window was shown last to ask, or to say that it waits.
    pub asked: AtomicBool,
}

impl Observer for Announcer {
    fn changed(&self, owner: &UserId, job: &JobRecord) {
        if self.session.is(owner) {
            emit::<JobChanged>(&self.handle, job);
        }
    }

    fn deleted(&self, owner: &UserId, job_id: &JobId) {
        if self.session.is(owner) {
            emit::<JobDeleted>(&self.handle, job_id);
        }
    }

    fn progressed(&self, live: Option<(&UserId, &JobRecord)>) {
        let live = live
            .filter(|(_, job)| job.status.is_live())
            .map(|(owner, job)| (owner.clone(), job.clone()));
        self.live.set(live.clone());
        tray::show(&self.handle, live.as_ref().map(|(_, job)| job));
    }

    fn stuck(&self, _failure: &ApiError) {
        notify::stuck(&self.handle);
    }

    fn ending(&self, owner: &UserId, run: &EndingRun) {
        let is_new = self.asked.swap(run.asks, Ordering::Relaxed) != run.asks;
        if is_new || !front::is_shown(&self.handle) {
            front::show(&self.handle);
        }
        let name = run.name.clone().filter(|_| self.session.is(owner));
        emit::<EndingTold>(
            &self.handle,
            &EndingRun {
                name,
                ..run.clone()
            },
        );
    }

    fn ended(&self, owner: &UserId, job: &JobRecord) {
        let told = notify::job_ended(&self.handle, &self.db, &self.session, owner, job);
        if let Err(failure) = told {
            tracing::error!(error = %failure, "a notification could not be kept");
        }
    }
}

impl downloads::Observer for Announcer {
    fn changed(&self, owner: &UserId, download: &DownloadRecord) {
        if self.session.is(owner) {
            emit::<DownloadChanged>(&self.handle, download);
        }
    }

    fn progressed(&self, owner: &UserId, progress: &DownloadProgress) {
        if self.session.is(owner) {
            emit::<DownloadProgressed>(&self.handle, progress);
        }
    }

    fn removed(&self, owner: &UserId, download_id: &DownloadId) {
        if self.session.is(owner) {
            emit::<DownloadRemoved>(&self.handle, download_id);
        }
    }

    fn live(&self, download: Option<&DownloadRecord>) {
        tray::show_download(&self.handle, download);
    }

    fn ended(&self, owner: &UserId, download: &DownloadRecord) {
        let told = notify::download_ended(&self.handle, &self.db, &self.session, owner, download);
        if let Err(failure) = told {
            tracing::error!(error = %failure, "a notification could not be kept");
        }
    }
}
