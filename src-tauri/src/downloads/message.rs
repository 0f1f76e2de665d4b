//! What reaches the queue of downloads, and how it answers.

use super::task::{Ended, Told};
use amoozgar_types::ApiError;
use amoozgar_types::download::{DownloadRecord, PartialBytes};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::ipc::NewDownload;
use tokio::sync::oneshot;

/// What reaches the queue.
pub(super) enum Message {
    Enqueue(UserId, NewDownload, Reply<DownloadRecord>),
    Act(Action, UserId, DownloadId, Reply<()>),
    Reorder(UserId, DownloadId, u32, Reply<()>),
    List(UserId, Reply<Vec<DownloadRecord>>),
    Clear(UserId, Reply<()>),
    Told(DownloadId, Told),
    Ended(DownloadId, Ended),
    Look,
    Quit(oneshot::Sender<()>),
}

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// What a user does to a download.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Pause,
    Resume,
    Retry,
    Cancel(PartialBytes),
}

/// Sends an answer; whoever asked may be gone.
pub(super) fn answer<T>(reply: Reply<T>, result: Result<T, ApiError>) {
    if reply.send(result).is_err() {
        tracing::debug!("whoever asked is gone");
    }
}
