//! Downloads: the queue of what is wanted from the Hub, and one task per download that brings it.
//! Knows nothing of Tauri: what happens is told to an [`Observer`].
//!
//! Invariants:
//! - A status changes only through `DownloadStatus::may_become`; one task, the queue, writes all rows.
//! - "Installed" is said only after `amoozgar_hub` has verified every file and put it in its place.
//! - Nothing that came is asked for again: to pause, to quit and to be killed are the same to the
//!   bytes.
//! - Each download goes by its owner's settings: the way out, the rate, the hours, how many at once.
//!
//! Enter at [`Downloads`]; what may follow what is in `rules`.

mod handle;
mod live;
mod message;
mod queue;
mod requests;
mod rules;
mod task;

#[cfg(test)]
mod queue_tests;

#[cfg(test)]
#[path = "../../crates/hub/tests/support/protocol.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the hub's own tests use the rest"
)]
mod protocol;
#[cfg(test)]
#[path = "../../crates/hub/tests/support/server.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the hub's own tests use the rest"
)]
mod server;
#[cfg(test)]
#[path = "../../crates/hub/tests/support/wire.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the hub's own tests use the rest"
)]
mod wire;

pub use handle::Downloads;
pub use queue::Outside;
pub use rules::Moment;

use amoozgar_types::download::{DownloadProgress, DownloadRecord};
use amoozgar_types::id::{DownloadId, UserId};

/// Who is told what happens to downloads.
pub trait Observer: Send + Sync + 'static {
    /// A row changed its state or came to be.
    fn changed(&self, owner: &UserId, download: &DownloadRecord);
    /// Bytes came.
    fn progressed(&self, owner: &UserId, progress: &DownloadProgress);
    /// A row is gone.
    fn removed(&self, owner: &UserId, download_id: &DownloadId);
    /// The live download that began first, each time that something of it changed.
    fn live(&self, download: Option<&DownloadRecord>);
    /// A download is installed or has failed. May block.
    fn ended(&self, owner: &UserId, download: &DownloadRecord);
}
