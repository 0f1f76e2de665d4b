//! What Amoozgar remembers: one `SQLite` file, one module per table, append-only migrations.
//!
//! Invariants:
//! - Synchronous; knows nothing of Tauri, tokio or candle. Callers keep it off their async threads.
//! - A database newer than the program is refused, an older one is copied before it is migrated, a
//!   damaged one is set aside by renaming and never overwritten.
//! - What belongs to a user is read and changed only through that user's id, except by the job
//!   queue, which serves all users.
//! - A job's status changes only as [`JobStatus::may_become`](amoozgar_types::job::JobStatus) allows,
//!   a download's as [`DownloadStatus::may_become`](amoozgar_types::download::DownloadStatus) does.
//! - A loss comes back bit for bit; a diverged one is the text `diverged`, never NULL or NaN.
//! - The clock is passed in.
//!
//! Enter at [`Store::open`].
#![deny(missing_docs)]

mod backup;
mod chat_messages;
mod chats;
mod checkpoints;
mod column;
mod compare;
mod datasets;
mod downloads;
mod error;
mod job_pages;
mod jobs;
mod machine;
mod metrics;
mod migrations;
mod model_owners;
mod needs;
mod notifications;
mod open;
mod overview;
mod place;
mod queue;
mod recovery;
mod samples;
mod sessions;
mod settings;
mod thin;
mod users;
mod wipe_wish;

pub use backup::{Backup, inspect, prepare_restore, take_restored};
pub use chat_messages::FoldedMessage;
pub use chats::{StoredChat, StoredChatPage};
pub use datasets::StoredDataset;
pub use downloads::StoredDownload;
pub use error::StoreError;
pub use jobs::StoredJob;
pub use needs::BaseUse;
pub use open::Opened;
pub use overview::JobFolder;
pub use place::Moved;
pub use sessions::StoredSession;
pub use users::Attempt;
pub use wipe_wish::wished_to_wipe;

use amoozgar_types::UtcMs;
use error::Doing;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The open database. Share it as `Arc<Store>`; every method takes `&self` and blocks briefly.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database at `path`, making or migrating it as needed. `now` names what is set
    /// aside.
    ///
    /// # Errors
    /// [`StoreError::Newer`] where a later version of the program made it, and whatever the system
    /// says of the file.
    pub fn open(path: &Path, now: UtcMs) -> Result<Opened, StoreError> {
        open::open(path, now, migrations::ALL)
    }

    /// Moves everything from the write-ahead log into the file itself, so that whoever copies the file has
    /// all of it, and leaves the log empty. Call it before the program ends.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.connection()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .doing("empty the write-ahead log")
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere has rolled its transaction back, so the connection is sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one transaction: all of it is kept, or none.
    fn write<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing(action)?;
        let answer = work(&transaction)?;
        transaction.commit().doing(action)?;
        Ok(answer)
    }
}
