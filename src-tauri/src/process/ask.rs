//! The window's side of a child that answers each request with one line. The child is started when it is
//! first asked, stays warm for a while, and is killed where it does not answer in time.

use super::child::{Child, Event, Launch};
use super::warm::Warm;
use crate::error;
use amoozgar_types::process::Reply;
use amoozgar_types::{ApiError, ErrorCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bytes of an answer: a hundred rows of a dataset, with room for how JSON writes them.
const LINE_BYTES: usize = 16 << 20;

/// A subcommand that is asked again and again.
pub struct Answerer {
    program: PathBuf,
    subcommand: &'static str,
    at_work: Semaphore,
    warm: Warm<Child>,
}

impl Answerer {
    /// `subcommand` of `program`, as no more than `n_at_once` children; one of them stays for
    /// `stays_warm` after its last answer.
    pub fn new(
        program: &Path,
        subcommand: &'static str,
        n_at_once: usize,
        stays_warm: Duration,
    ) -> Self {
        Self {
            program: program.to_owned(),
            subcommand,
            at_work: Semaphore::new(n_at_once),
            warm: Warm::new(stays_warm),
        }
    }

    /// Asks, and answers within `limit` of a free child. A child that has to be started is held to
    /// `memory_bytes`. Where the caller lets go, the child is killed.
    ///
    /// # Errors
    /// What the child answers, or why it could not.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        request: &impl Serialize,
        memory_bytes: u64,
        limit: Duration,
    ) -> Result<T, ApiError> {
        let _turn =
            self.at_work.acquire().await.map_err(|failure| {
                error::internal("the children can be asked no more", &failure)
            })?;
        let line = serde_json::to_string(request)
            .map_err(|failure| error::internal("a request could not be encoded", &failure))?;
        let mut child = match self.take_warm() {
            Some(child) => child,
            None => {
                Launch::new(&self.program, LINE_BYTES)
                    .argument(self.subcommand)
                    .environment(super::worker::environment(None))
                    .memory(memory_bytes)
                    .start()
                    .await?
            }
        };
        let reply = exchange(&mut child, &line, limit).await?;
        child.take_time();
        self.warm.put(child);
        understood(&reply)
    }

    /// The process id of the child that waits for a request, if one does.
    pub fn warm_id(&self) -> Option<u32> {
        self.warm.look(Child::id).flatten()
    }

    fn take_warm(&self) -> Option<Child> {
        let mut child = self.warm.take()?;
        // One may have ended while nobody looked.
        child.is_running().then_some(child)
    }
}

/// One request and its answer.
async fn exchange(child: &mut Child, line: &str, limit: Duration) -> Result<String, ApiError> {
    child.end_within(limit);
    if let Err(failure) = child.say(line).await {
        // Its end says why.
        tracing::debug!(%failure, "a child takes no requests");
    }
    loop {
        match child.next().await {
            Event::Line(reply) => return Ok(reply),
            Event::Words(words) => tracing::info!(%words, "a child says"),
            Event::Ended(ended) => return Err(ended.error()),
        }
    }
}

fn understood<T: DeserializeOwned>(reply: &str) -> Result<T, ApiError> {
    match serde_json::from_str(reply) {
        Ok(Reply::Done { answer }) => Ok(answer),
        Ok(Reply::Failed { error }) => Err(*error),
        Err(failure) => Err(ApiError::detail(
            ErrorCode::Internal,
            format!("a child's answer cannot be read: {failure}"),
        )),
    }
}
