//! The way to the queue of downloads from elsewhere: every call is a message, and its answer.

use super::message::{Action, Message, Reply};
use super::queue::{Outside, Queue};
use crate::hold::Settled;
use amoozgar_types::download::{DownloadRecord, PartialBytes};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::ipc::NewDownload;
use amoozgar_types::{ApiError, ErrorCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// A handle on the queue.
#[derive(Clone)]
pub struct Downloads {
    messages: UnboundedSender<Message>,
    busy: Arc<AtomicBool>,
}

impl Downloads {
    /// Starts the queue's task on the current runtime. What was live when the program last ended
    /// goes on, or waits for its owner, as that one's settings say.
    pub fn start(outside: Outside) -> Self {
        let (messages, inbox) = unbounded_channel();
        let busy = Arc::new(AtomicBool::new(false));
        let queue = Queue::new(outside, messages.clone(), Arc::clone(&busy));
        tokio::spawn(queue.run(inbox));
        Self { messages, busy }
    }

    /// Puts a download in line. One that is there already and has not ended, or has ended without
    /// success, is taken up again instead.
    pub async fn enqueue(
        &self,
        owner: UserId,
        wanted: NewDownload,
        _settled: &Settled,
    ) -> Result<DownloadRecord, ApiError> {
        self.ask(|reply| Message::Enqueue(owner, wanted, reply))
            .await
    }

    /// Takes a download out of the line, or stops a live one; what has come is kept.
    pub async fn pause(&self, owner: UserId, id: DownloadId) -> Result<(), ApiError> {
        self.act(Action::Pause, owner, id).await
    }

    /// Puts a paused download back in line, or has a waiting one tried at once.
    pub async fn resume(
        &self,
        owner: UserId,
        id: DownloadId,
        _settled: &Settled,
    ) -> Result<(), ApiError> {
        self.act(Action::Resume, owner, id).await
    }

    /// Puts a failed or cancelled download back in line.
    pub async fn retry(
        &self,
        owner: UserId,
        id: DownloadId,
        _settled: &Settled,
    ) -> Result<(), ApiError> {
        self.act(Action::Retry, owner, id).await
    }

    /// Gives a download up.
    pub async fn cancel(
        &self,
        owner: UserId,
        id: DownloadId,
        partial: PartialBytes,
        _settled: &Settled,
    ) -> Result<(), ApiError> {
        self.act(Action::Cancel(partial), owner, id).await
    }

    /// Moves a download in line to another place.
    pub async fn reorder(
        &self,
        owner: UserId,
        id: DownloadId,
        position: u32,
    ) -> Result<(), ApiError> {
        self.ask(|reply| Message::Reorder(owner, id, position, reply))
            .await
    }

    /// A user's downloads, latest first, as far as they are now.
    pub async fn list(&self, owner: UserId) -> Result<Vec<DownloadRecord>, ApiError> {
        self.ask(|reply| Message::List(owner, reply)).await
    }

    /// Forgets a user's downloads that have ended. What they brought stays.
    pub async fn clear_finished(&self, owner: UserId) -> Result<(), ApiError> {
        self.ask(|reply| Message::Clear(owner, reply)).await
    }

    /// Settings have changed: they hold from now on.
    pub fn look(&self) {
        if self.messages.send(Message::Look).is_err() {
            tracing::debug!("the queue of downloads has ended");
        }
    }

    /// Whether a download is live.
    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// Stops what is live, with every byte kept; returns when all of it is.
    pub async fn quit(&self) {
        let (reply, answer) = oneshot::channel();
        if self.messages.send(Message::Quit(reply)).is_ok() && answer.await.is_err() {
            tracing::debug!("the queue of downloads has ended");
        }
    }

    async fn act(&self, action: Action, owner: UserId, id: DownloadId) -> Result<(), ApiError> {
        self.ask(|reply| Message::Act(action, owner, id, reply))
            .await
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        let gone = || ApiError::detail(ErrorCode::Internal, "the queue of downloads has ended");
        self.messages.send(message(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
