//! The queue: one task that owns which jobs are live. Every request reaches it as a message, so no
//! two of them can cross; when a run ends, the next one starts.

mod next;

use super::backoff::Backoff;
use super::context::Context;
use super::supervisor::Order;
use super::{Observer, Subscriptions};
use crate::clock::now_ms;
use crate::db::{Db, blocking};
use crate::files::within;
use crate::hold::Settled;
use crate::models::installed;
use crate::paths::JOB_FILE;
use crate::{error, files};
use amoozgar_store::{Store, StoredJob};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::EndingChoice;
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::{ApiError, ErrorCode, TrainSpec};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// How many runs work at a time.
const MAX_LIVE: usize = 1;
/// How long a worker may be silent, once the program quits, before somebody is asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run to be made.
pub struct NewJob {
    /// Whose it is.
    pub owner: UserId,
    /// Its row; the queue sets its place.
    pub record: JobRecord,
    /// What it runs by.
    pub spec: TrainSpec,
    /// Its folder, not yet there.
    pub job_dir: PathBuf,
}

/// A handle on the queue.
#[derive(Clone)]
pub struct Jobs {
    messages: UnboundedSender<Message>,
    /// Who watches which run.
    pub subscriptions: Arc<Subscriptions>,
}

enum Message {
    Create(Box<NewJob>, Reply<JobRecord>),
    Act(Action, UserId, JobId, Reply<()>),
    Reorder(UserId, JobId, u32, Reply<()>),
    Ended(JobId),
    TryAgain,
    OrphanGone,
    Ending(EndingChoice),
    Quit(oneshot::Sender<()>),
}

type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

#[derive(Debug, Clone, Copy)]
enum Action {
    Pause,
    Resume,
    Stop,
    Delete,
}

impl Jobs {
    /// Starts the queue's task on the current runtime. What was live when the program last ended is
    /// interrupted; then the queue goes on.
    /// Nothing new begins while it is `held`. All runs lie in `folder`.
    pub fn start(
        db: Db,
        observer: Arc<dyn Observer>,
        program: PathBuf,
        folder: PathBuf,
        held: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(db, observer, program, folder, held, PATIENCE)
    }

    /// [`Self::start`], with another patience for silent workers once the program quits.
    pub(super) fn start_with(
        db: Db,
        observer: Arc<dyn Observer>,
        program: PathBuf,
        folder: PathBuf,
        held: impl Fn() -> bool + Send + Sync + 'static,
        patience: Duration,
    ) -> Self {
        let subscriptions = Arc::new(Subscriptions::default());
        let (messages, inbox) = unbounded_channel();
        let queue = Queue {
            context: Context {
                db,
                observer,
                subscriptions: Arc::clone(&subscriptions),
                program,
                patience,
                folder,
            },
            messages: messages.clone(),
            live: HashMap::new(),
            n_orphans: 0,
            held: Box::new(held),
            is_recovered: false,
            backoff: Backoff::default(),
            tries_again: false,
            quitting: Vec::new(),
        };
        tokio::spawn(queue.run(inbox));
        Self {
            messages,
            subscriptions,
        }
    }

    /// Writes the run's folder and row, and queues it.
    pub async fn create(&self, job: NewJob, _settled: &Settled) -> Result<JobRecord, ApiError> {
        self.ask(|reply| Message::Create(Box::new(job), reply))
            .await
    }

    /// Asks a running job to save and wait.
    pub async fn pause(&self, owner: UserId, job_id: JobId) -> Result<(), ApiError> {
        self.act(Action::Pause, owner, job_id).await
    }

    /// Lets a paused job go on, or queues an ended one again.
    pub async fn resume(
        &self,
        owner: UserId,
        job_id: JobId,
        _settled: &Settled,
    ) -> Result<(), ApiError> {
        self.act(Action::Resume, owner, job_id).await
    }

    /// Asks a live job to save and end, or takes it off the queue.
    pub async fn stop(&self, owner: UserId, job_id: JobId) -> Result<(), ApiError> {
        self.act(Action::Stop, owner, job_id).await
    }

    /// Removes an ended job with its folder.
    pub async fn delete(
        &self,
        owner: UserId,
        job_id: JobId,
        _settled: &Settled,
    ) -> Result<(), ApiError> {
        self.act(Action::Delete, owner, job_id).await
    }

    /// Moves a queued job.
    pub async fn reorder(
        &self,
        owner: UserId,
        job_id: JobId,
        position: u32,
    ) -> Result<(), ApiError> {
        self.ask(|reply| Message::Reorder(owner, job_id, position, reply))
            .await
    }

    /// Sees every live worker save and end, however long that takes; nothing starts any more.
    pub async fn quit(&self) {
        let (reply, done) = oneshot::channel();
        if self.messages.send(Message::Quit(reply)).is_ok() {
            // The queue answers, or is gone, which is what was asked for.
            let _ = done.await;
        }
    }

    /// What a person decides about the runs that [`Self::quit`] waits for.
    pub fn decide(&self, choice: EndingChoice) {
        // Where the queue is gone there is nothing to wait for.
        let _ = self.messages.send(Message::Ending(choice));
    }

    async fn act(&self, action: Action, owner: UserId, job_id: JobId) -> Result<(), ApiError> {
        self.ask(|reply| Message::Act(action, owner, job_id, reply))
            .await
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        let gone = || ApiError::detail(ErrorCode::Internal, "the queue has ended");
        self.messages.send(message(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

struct Queue {
    context: Context,
    messages: UnboundedSender<Message>,
    live: HashMap<JobId, UnboundedSender<Order>>,
    /// Workers that a killed window left, which are ending.
    n_orphans: usize,
    held: Box<dyn Fn() -> bool + Send + Sync>,
    /// What was live when the program last ended is seen to.
    is_recovered: bool,
    /// Starts in a row that the database did not take.
    backoff: Backoff,
    /// The next try is on its way.
    tries_again: bool,
    quitting: Vec<oneshot::Sender<()>>,
}

impl Queue {
    async fn run(mut self, mut inbox: UnboundedReceiver<Message>) {
        self.start_next().await;
        while let Some(message) = inbox.recv().await {
            match message {
                Message::Create(job, reply) => {
                    answer(reply, self.create(*job).await);
                    self.start_next().await;
                }
                Message::Act(action, owner, job_id, reply) => {
                    answer(reply, self.act(action, owner, job_id).await);
                    self.start_next().await;
                }
                Message::Reorder(owner, job_id, position, reply) => {
                    answer(reply, self.reorder(owner, job_id, position).await);
                }
                Message::Ended(job_id) => {
                    self.live.remove(&job_id);
                    self.start_next().await;
                    if self.live.is_empty() {
                        self.context.observer.progressed(None);
                    }
                }
                Message::TryAgain => {
                    self.tries_again = false;
                    self.start_next().await;
                }
                Message::OrphanGone => {
                    self.n_orphans = self.n_orphans.saturating_sub(1);
                    self.start_next().await;
                }
                Message::Ending(choice) => {
                    for orders in self.live.values().filter(|_| !self.quitting.is_empty()) {
                        // As below.
                        let _ = orders.send(Order::Ending(choice));
                    }
                }
                Message::Quit(reply) => {
                    self.quitting.push(reply);
                    for orders in self.live.values() {
                        // A supervisor that is gone has ended its worker already.
                        let _ = orders.send(Order::Quit);
                    }
                }
            }
            if !self.quitting.is_empty() && self.live.is_empty() {
                for reply in self.quitting.drain(..) {
                    let _ = reply.send(());
                }
            }
        }
    }

    async fn create(&self, job: NewJob) -> Result<JobRecord, ApiError> {
        let NewJob {
            owner,
            mut record,
            spec,
            job_dir,
        } = job;
        let db = self.context.db.clone();
        let whose = owner.clone();
        let stored = blocking(move || {
            let made = write_job_dir(&job_dir, &spec).and_then(|()| {
                record.queue_position = Some(db.now(Store::next_queue_position)?);
                let dir = job_dir.display().to_string();
                db.now(|store| store.insert_job(&whose, &record, &spec, &dir))
            });
            if let Err(failure) = made {
                if let Err(left) = files::remove_dir(&job_dir) {
                    tracing::warn!(error = %left, "the folder of a refused run is left");
                }
                return Err(failure);
            }
            Ok(record)
        })
        .await?;
        self.context.observer.changed(&owner, &stored);
        Ok(stored)
    }

    async fn act(&self, action: Action, owner: UserId, job_id: JobId) -> Result<(), ApiError> {
        let job = self.find(&owner, &job_id).await?;
        let status = job.record.status;
        match (action, status) {
            (Action::Pause, JobStatus::Running) => self.order(&job_id, WorkerCommand::Pause),
            (Action::Resume, JobStatus::Paused) => self.order(&job_id, WorkerCommand::Resume),
            (Action::Resume, _) if status.may_become(JobStatus::Queued) => {
                self.queue_again(&owner, job.record).await
            }
            (Action::Stop, JobStatus::Queued) => self.take_off(&owner, job.record).await,
            (Action::Stop, _) if status.is_live() => self.order(&job_id, WorkerCommand::Stop),
            (Action::Delete, _) if status.has_ended() => self.delete(&owner, job).await,
            _ => Err(error::invalid_state(status.as_str())),
        }
    }

    async fn queue_again(&self, owner: &UserId, mut record: JobRecord) -> Result<(), ApiError> {
        record.status = JobStatus::Queued;
        record.queue_position = None;
        record.error = None;
        record.finished_ms = None;
        record.updated_ms = now_ms().max(record.updated_ms);
        self.write(owner, &record).await
    }

    async fn take_off(&self, owner: &UserId, mut record: JobRecord) -> Result<(), ApiError> {
        let now = now_ms();
        record.status = JobStatus::Stopped;
        record.queue_position = None;
        record.finished_ms = Some(now);
        record.updated_ms = now.max(record.updated_ms);
        self.write(owner, &record).await
    }

    async fn delete(&self, owner: &UserId, job: StoredJob) -> Result<(), ApiError> {
        let db = self.context.db.clone();
        let (whose, job_id) = (owner.clone(), job.record.job_id.clone());
        let (dir, home) = (PathBuf::from(job.job_dir), self.context.folder.clone());
        blocking(move || {
            installed::refuse_needed(&db, &dir, Some(&job_id))?;
            db.now(|store| store.delete_job(&whose, &job_id))?;
            match within::remove_child(&home, &dir) {
                // The run goes off the list; what its row names elsewhere is not the program's to remove.
                Err(failure) if failure.code == ErrorCode::UnsafePath => {
                    tracing::warn!(error = %failure, "the folder of a removed run is left");
                    Ok(())
                }
                removed => removed.map(drop),
            }
        })
        .await?;
        self.context.observer.deleted(owner, &job.record.job_id);
        Ok(())
    }

    async fn reorder(&self, owner: UserId, job_id: JobId, position: u32) -> Result<(), ApiError> {
        self.find(&owner, &job_id).await?;
        let queued = self
            .context
            .db
            .call(move |store| {
                store.reorder(&job_id, position)?;
                store.queued_jobs()
            })
            .await?;
        for job in queued {
            self.context.observer.changed(&job.owner, &job.record);
        }
        Ok(())
    }

    async fn find(&self, owner: &UserId, job_id: &JobId) -> Result<StoredJob, ApiError> {
        let (owner, job_id) = (owner.clone(), job_id.clone());
        self.context
            .db
            .call(move |store| store.job(&owner, &job_id))
            .await?
            .ok_or_else(error::not_found)
    }

    fn order(&self, job_id: &JobId, command: WorkerCommand) -> Result<(), ApiError> {
        self.live
            .get(job_id)
            .and_then(|orders| orders.send(Order::Send(command)).ok())
            .ok_or_else(|| error::invalid_state("no process belongs to the job"))
    }

    async fn write(&self, owner: &UserId, record: &JobRecord) -> Result<(), ApiError> {
        let row = record.clone();
        let job_id = record.job_id.clone();
        let stored = self
            .context
            .db
            .call(move |store| {
                store.update_job(&row)?;
                store.job_unscoped(&job_id)
            })
            .await?
            .ok_or_else(error::not_found)?;
        self.context.observer.changed(owner, &stored.record);
        Ok(())
    }
}

fn write_job_dir(job_dir: &std::path::Path, spec: &TrainSpec) -> Result<(), ApiError> {
    files::create_dir(job_dir)?;
    let text = serde_json::to_vec_pretty(spec)
        .map_err(|failure| error::internal("job.json could not be encoded", &failure))?;
    files::write_atomically(&job_dir.join(JOB_FILE), &text)
}

fn answer<T>(reply: Reply<T>, result: Result<T, ApiError>) {
    if reply.send(result).is_err() {
        tracing::debug!("whoever asked is gone");
    }
}
