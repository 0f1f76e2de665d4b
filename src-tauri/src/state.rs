//! What the shell knows while it runs: the folders, the database, the queue, who is signed in.

use crate::accounts::Session;
use crate::accounts::session::Signed;
use crate::chat::Chats;
use crate::db::Db;
use crate::downloads::Downloads;
use crate::hold::Hold;
use crate::jobs::{Curves, Jobs, Live};
use crate::machine::Watchers;
use crate::paths::Paths;
use crate::process::{Checker, Converter, Inference, Inspector, Measurer};
use crate::secrets::Secrets;
use crate::transfer::Transfers;
use amoozgar_types::id::UserId;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
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
    /// Has children look at what people bring.
    pub inspector: Arc<Inspector>,
    /// Has a child foresee what runs will need.
    pub measurer: Arc<Measurer>,
    /// Has a child write.
    pub inference: Arc<Inference>,
    /// The conversations.
    pub chats: Chats,
    /// Has a child write models for other programs.
    pub converter: Converter,
    /// Has a child check models.
    pub checker: Checker,
    /// The imports, exports and moves under way.
    pub transfers: Transfers,
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

    /// The session of this window, without which nothing of one's own profile can be changed.
    pub fn signed(&self) -> Result<Signed, ApiError> {
        self.session
            .signed()
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
        self.chats.leave();
        self.inference.unload();
        self.jobs.subscriptions.clear();
        self.machine.clear();
    }

    /// Whether something works that closing the window should not end.
    pub fn is_busy(&self) -> bool {
        self.live.get().is_some() || self.downloads.is_busy() || self.hold.is_moving()
    }
}
