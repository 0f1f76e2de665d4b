//! How a caller steers a download from elsewhere.

use crate::HubError;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;

/// Steers a running download. Clones steer the same one.
///
/// To pause is to stop with every byte kept: the same request, made again, goes on where it was,
/// also after a restart of the program.
#[derive(Debug, Clone)]
pub struct Control(Arc<watch::Sender<Option<Stop>>>);

/// How a download is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Keep what has come; it will go on later.
    Pause,
    /// Give up, but keep what has come.
    Cancel,
    /// Give up and remove what has come of files that are not whole.
    Discard,
}

impl Default for Control {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Control {
    /// A control of which nothing is asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the download to stop; returns at once. The first wish counts.
    pub fn stop(&self, how: Stop) {
        self.0.send_if_modified(|wish| {
            let first = wish.is_none();
            wish.get_or_insert(how);
            first
        });
    }

    /// What was asked.
    pub fn wish(&self) -> Option<Stop> {
        *self.0.borrow()
    }

    /// Returns once a stop is asked for.
    pub async fn wished(&self) -> Stop {
        let mut wish = self.0.subscribe();
        // The sender lives as long as `self`, so only a wish ends the wait.
        match wish.wait_for(Option::is_some).await.map(|wish| *wish) {
            Ok(Some(how)) => how,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Does `work` unless a stop is wanted, before it or during it.
    pub(crate) async fn guard<T>(
        &self,
        work: impl Future<Output = Result<T, HubError>>,
    ) -> Result<T, HubError> {
        tokio::select! {
            biased;
            _ = self.wished() => Err(HubError::Stopped),
            done = work => done,
        }
    }
}
