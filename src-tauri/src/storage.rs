//! What lies on the disk: where, who may read it, what it takes, moving it, making room, back-ups, and
//! removing everything. Knows nothing of Tauri.

pub mod backup;
pub mod cleanup;
pub mod place;
pub mod privacy;
pub mod relocate;
pub mod usage;
pub mod wipe;

use crate::db::Db;
use amoozgar_store::Store;
use amoozgar_types::{ApiError, ErrorCode};

/// Refuses while something works on what lies in the place, or waits for its turn to.
///
/// # Errors
/// `StillAtWork`.
pub async fn at_rest(db: &Db) -> Result<(), ApiError> {
    let busy = db.call(|store: &Store| {
        Ok(!store.live_jobs()?.is_empty()
            || !store.queued_jobs()?.is_empty()
            || !store.live_downloads()?.is_empty()
            || !store.downloads_in_line()?.is_empty())
    });
    if busy.await? {
        return Err(ApiError::new(ErrorCode::StillAtWork));
    }
    Ok(())
}
