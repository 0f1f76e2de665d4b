//! What starts next: what was left by the program before is seen to first, a row says that its run is starting
//! before there is a process, and a database that fails is tried again later.

use super::{MAX_LIVE, Message, Queue, write_job_dir};
use crate::clock::now_ms;
use crate::db::blocking;
use crate::jobs::supervisor::{self, Supervised};
use crate::paths::JOB_FILE;
use crate::process::{Orphan, worker};
use amoozgar_store::{Store, StoredJob};
use amoozgar_types::job::JobStatus;
use amoozgar_types::{ApiError, TrainSpec};
use std::path::PathBuf;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

impl Queue {
    /// Marks what was live when the program last ended as interrupted, and sees the workers gone.
    async fn recover(&mut self) -> Result<(), ApiError> {
        let left = self.context.db.try_call(Store::live_jobs).await?;
        for StoredJob {
            owner,
            mut record,
            job_dir,
            ..
        } in left
        {
            let pid = record.pid.take();
            let now = now_ms();
            record.status = JobStatus::Interrupted;
            record.eta_s = None;
            record.tokens_per_s = None;
            record.updated_ms = now.max(record.updated_ms);
            record.finished_ms = Some(now);
            self.write(&owner, &record).await?;
            self.context.announce(&owner, &record).await;
            if let Some(pid) = pid {
                self.see_gone(Orphan {
                    pid,
                    job_dir: PathBuf::from(job_dir),
                });
            }
        }
        Ok(())
    }

    /// Waits for a worker of before, which may be saving for long, without holding anyone up. Nothing
    /// starts beside it: both would want the machine's memory.
    fn see_gone(&mut self, orphan: Orphan) {
        self.n_orphans += 1;
        let messages = self.messages.clone();
        tokio::task::spawn_blocking(move || {
            orphan.wait();
            let _ = messages.send(Message::OrphanGone);
        });
    }

    /// Starts what is next, once the database says that it runs: a process that no row knows of would be
    /// started again and again.
    pub(super) async fn start_next(&mut self) {
        let is_busy = self.live.len() >= MAX_LIVE || (self.is_recovered && self.n_orphans > 0);
        if is_busy || !self.quitting.is_empty() || (self.held)() {
            return;
        }
        match self.take_next().await {
            Ok(next) => {
                self.backoff.worked();
                if let Some(next) = next {
                    self.supervise(next);
                }
            }
            Err(failure) => self.try_later(failure).await,
        }
    }

    /// The first of those that wait, whose row says from now on that it is starting.
    async fn take_next(&mut self) -> Result<Option<Supervised>, ApiError> {
        if !self.is_recovered {
            self.recover().await?;
            self.is_recovered = true;
            if self.n_orphans > 0 {
                return Ok(None);
            }
        }
        let queued = self.context.db.try_call(Store::queued_jobs).await?;
        let Some(next) = queued.into_iter().next() else {
            return Ok(None);
        };
        let owner = next.owner.clone();
        let settings = self.context.db.call(move |store| store.settings(&owner));
        let priority = settings.await.unwrap_or_default().compute.priority;
        let mut job = next.record;
        supervisor::begin(&mut job, now_ms());
        let row = job.clone();
        self.context
            .db
            .try_call(move |store| store.update_job(&row))
            .await?;
        let (dir, spec) = (PathBuf::from(&next.job_dir), next.spec.clone());
        let renewed = blocking(move || {
            renew_job_file(&dir, &spec);
            Ok(())
        });
        if let Err(failure) = renewed.await {
            tracing::warn!(error = %failure, "job.json was not looked at");
        }
        Ok(Some(Supervised {
            owner: next.owner,
            job,
            job_dir: PathBuf::from(next.job_dir),
            threads: next.spec.threads,
            priority,
        }))
    }

    fn supervise(&mut self, next: Supervised) {
        let job_id = next.job.job_id.clone();
        let (orders, inbox) = unbounded_channel();
        self.live.insert(job_id.clone(), orders);
        let work = supervisor::run(self.context.clone(), next, inbox);
        let messages = self.messages.clone();
        tokio::spawn(async move {
            // A task of its own, so that even a panic in it frees the queue.
            if let Err(failure) = tokio::spawn(work).await {
                tracing::error!(%failure, "a supervisor panicked");
            }
            let _ = messages.send(Message::Ended(job_id));
        });
    }

    /// The database failed: it is said once, and tried again further and further apart.
    async fn try_later(&mut self, failure: ApiError) {
        let is_new = self.backoff.n_failed() == 0;
        let wait = self.backoff.failed();
        if is_new {
            tracing::error!(error = %failure, "the database fails; nothing is started before it works");
            self.context.stuck(failure).await;
        }
        if self.tries_again {
            return;
        }
        self.tries_again = true;
        let messages = self.messages.clone();
        tokio::spawn(async move {
            sleep(wait).await;
            // The queue is gone where the program has ended.
            let _ = messages.send(Message::TryAgain);
        });
    }
}

/// Paths in the row follow a move of the data; the file that the worker reads follows the row.
fn renew_job_file(job_dir: &std::path::Path, spec: &TrainSpec) {
    let is_other = worker::read_spec(&job_dir.join(JOB_FILE)).is_ok_and(|found| found != *spec);
    if is_other && let Err(failure) = write_job_dir(job_dir, spec) {
        tracing::warn!(error = %failure, "job.json could not be renewed");
    }
}
