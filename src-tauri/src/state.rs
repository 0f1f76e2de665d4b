//! What the shell knows while it runs: the folders, the database, the queue, who is signed in.

use crate::db::Db;
use crate::downloads::{self, Downloads};
use crate::error;
use crate::events::emit;
use crate::jobs::{Curves, Jobs, Observer};
use crate::machine::Watchers;
use crate::paths::Paths;
use crate::place::Hold;
use crate::secrets::Secrets;
use crate::session::Session;
use crate::{notify, tray};
use amoozgar_hub::{Control, Stop};
use amoozgar_types::download::{DownloadProgress, DownloadRecord};
use amoozgar_types::id::{DownloadId, JobId, UserId};
use amoozgar_types::ipc::{
    DownloadChanged, DownloadProgressed, DownloadRemoved, JobChanged, JobDeleted,
};
use amoozgar_types::job::JobRecord;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode};
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tauri::AppHandle;
use tokio::sync::OnceCell;

/// The shell's state, managed by Tauri.
pub struct App {
    /// When the program began.
    pub started: Instant,
    /// The data folder.
    pub paths: Paths,
    /// The database.
    pub db: Db,
    /// The queue.
    pub jobs: Jobs,
    /// Curves that were read already.
    pub curves: Arc<Curves>,
    /// The downloads.
    pub downloads: Downloads,
    /// What the keyring keeps.
    pub secrets: Arc<Secrets>,
    /// Who is signed in.
    pub session: Arc<Session>,
    /// Brings back, once, the session that the keyring remembers.
    pub restored: OnceCell<()>,
    /// Who watches the machine.
    pub machine: Watchers,
    /// Which run is live.
    pub live: Arc<Live>,
    /// The generation under way, to be stopped by setting it.
    pub generation: Mutex<Arc<AtomicBool>>,
    /// Stops the import or export under way.
    pub transfer: Mutex<Control>,
    /// Where a damaged database was set aside at this start.
    pub database_set_aside: Option<String>,
    /// Whether the program is ending.
    pub quitting: AtomicBool,
    /// Whether runs, models and datasets may be changed now.
    pub hold: Hold,
    /// Held for as long as this process uses the data folder.
    pub lock: File,
}

impl App {
    /// The signed-in user, without whom nearly every command is refused.
    pub fn user(&self) -> Result<User, ApiError> {
        self.session
            .user()
            .ok_or(ApiError::new(ErrorCode::NotSignedIn))
    }

    /// The signed-in user's id.
    pub fn user_id(&self) -> Result<UserId, ApiError> {
        self.user().map(|user| user.user_id)
    }

    /// The settings in force: the signed-in user's, else the defaults.
    pub async fn settings(&self) -> Settings {
        let Ok(user_id) = self.user_id() else {
            return Settings::default();
        };
        self.db
            .call(move |store| store.settings(&user_id))
            .await
            .unwrap_or_default()
    }

    /// What was going on for the signed-in user's eyes ends with the session; runs go on.
    pub fn left(&self) {
        self.stop_generation();
        self.jobs.subscriptions.clear();
        self.machine.clear();
    }

    /// Makes room for a new generation: the one under way is stopped.
    pub fn begin_generation(&self) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut current = self
            .generation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        current.store(true, Ordering::Relaxed);
        *current = Arc::clone(&stop);
        stop
    }

    /// Makes room for a new import or export: the one under way is stopped.
    pub fn begin_transfer(&self) -> Control {
        let control = Control::new();
        let mut current = self.transfer.lock().unwrap_or_else(PoisonError::into_inner);
        current.stop(Stop::Cancel);
        *current = control.clone();
        control
    }

    /// Stops the import or export under way, if there is one.
    pub fn stop_transfer(&self) {
        self.transfer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop(Stop::Cancel);
    }

    /// Whether something works that closing the window should not end.
    pub fn is_busy(&self) -> bool {
        self.live.get().is_some() || self.downloads.is_busy() || self.hold.is_moving()
    }

    /// Stops the generation under way, if there is one.
    pub fn stop_generation(&self) {
        self.generation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .store(true, Ordering::Relaxed);
    }
}

/// Which run is live, for the tray and for closing the window.
#[derive(Default)]
pub struct Live {
    job: Mutex<Option<(UserId, JobRecord)>>,
}

impl Live {
    /// The live run with its owner.
    pub fn get(&self) -> Option<(UserId, JobRecord)> {
        self.job
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, job: Option<(UserId, JobRecord)>) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = job;
    }
}

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

/// The failure of a lock or a channel that no caller can act on.
pub fn tauri_error(what: &str, failure: &tauri::Error) -> ApiError {
    error::internal(what, failure)
}
