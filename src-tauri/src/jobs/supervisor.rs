//! One worker process, from its start to its row's last state: it reads the events, stores them in
//! batches, shows them about four times a second, and passes orders on.

use super::backoff::Backoff;
use super::context::Context;
use super::progress::{Batch, Effect, Progress};
use super::record::Record;
use crate::clock::now_ms;
use crate::db::blocking;
use crate::process::child::{Child, Event, Launch, LetGo};
use crate::process::worker;
use amoozgar_store::StoreError;
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::{EndingChoice, EndingRun};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::settings::Priority;
use amoozgar_types::{ApiError, ErrorCode, TrainEvent, UtcMs};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// About four updates a second reach the pages: nobody reads figures faster, and drawing them takes time
/// from the training.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// Metrics are written in batches of this long.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// How often it is told that the program waits for a run, and how long nobody need be told at all.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long it may be silent after `stop` (it may be in the middle of reading a large file).
const STOP_PATIENCE: Duration = Duration::from_secs(120);
/// How long it may linger after its last word.
const LAST_PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an event: a sample's text is the longest.
const LINE_BYTES: usize = 16 << 20;
/// How often the last state of a row is tried to be written where the program quits, or no time will help.
const ATTEMPTS: u32 = 4;

/// What the queue tells a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Pass this on to the worker.
    Send(WorkerCommand),
    /// The program quits: close the worker's standard input and see it end.
    Quit,
    /// What a person says about the waiting.
    Ending(EndingChoice),
}

/// A job and where it works.
pub struct Supervised {
    /// Whose it is.
    pub owner: UserId,
    /// Its row, starting.
    pub job: JobRecord,
    /// Its folder.
    pub job_dir: PathBuf,
    /// Threads that its specification asks for; all cores where absent.
    pub threads: Option<usize>,
    /// How readily it gives way.
    pub priority: Priority,
}

/// Makes a queued row one that is starting.
pub fn begin(job: &mut JobRecord, now: UtcMs) {
    job.status = JobStatus::Starting;
    job.queue_position = None;
    job.error = None;
    job.started_ms = Some(now);
    job.finished_ms = None;
    job.updated_ms = now.max(job.updated_ms);
}

/// Runs one job, whose row says that it is starting, to its end; the row is in an ended state afterwards.
/// Answers it.
pub async fn run(
    context: Context,
    supervised: Supervised,
    mut orders: UnboundedReceiver<Order>,
) -> JobRecord {
    let Supervised {
        owner,
        job,
        job_dir,
        threads,
        priority,
    } = supervised;
    let mut supervisor = Supervisor {
        context,
        owner,
        progress: Progress::new(job),
        record: Record::new(job_dir.clone()),
        job_dir,
        threads,
        priority,
        quitting: false,
        stopping: false,
        alive: Instant::now(),
        told: Instant::now(),
        unstored: Backoff::default(),
        may_pass: true,
        store_after: Instant::now(),
        log_is_whole: true,
    };
    supervisor.record.note("starting");
    supervisor.tell();
    match supervisor.spawn().await {
        Ok(child) => {
            supervisor.progress.job.pid = child.id();
            supervisor.follow(child, &mut orders).await;
        }
        Err(failure) => {
            supervisor
                .progress
                .apply(TrainEvent::Failed { error: failure }, now_ms());
            supervisor.finish(String::new(), &mut orders).await;
        }
    }
    supervisor.progress.job
}

struct Supervisor {
    context: Context,
    owner: UserId,
    progress: Progress,
    record: Record,
    job_dir: PathBuf,
    threads: Option<usize>,
    priority: Priority,
    quitting: bool,
    /// It was asked to end.
    stopping: bool,
    /// The worker's latest sign of life, or the latest wish to wait on.
    alive: Instant,
    /// When it was last told that the program waits.
    told: Instant,
    /// Batches in a row that the database did not take.
    unstored: Backoff,
    /// Whether that may pass by itself.
    may_pass: bool,
    /// When the next one is offered.
    store_after: Instant,
    /// The run's own files took everything so far.
    log_is_whole: bool,
}

impl Supervisor {
    async fn spawn(&self) -> Result<Child, ApiError> {
        let launch = Launch::new(&self.context.program, LINE_BYTES)
            .argument("worker")
            .argument(&self.job_dir)
            .environment(worker::environment(self.threads))
            .environment([(worker::NICE, worker::niceness(self.priority).to_string())])
            // It saves what it has before it ends.
            .let_go(LetGo::Close);
        #[cfg(windows)]
        let launch = launch.creation_flags(priority_class(self.priority));
        launch.start().await
    }

    async fn follow(&mut self, mut child: Child, orders: &mut UnboundedReceiver<Order>) {
        let mut orders_open = true;
        let mut show = interval(SHOW_EVERY);
        let mut store = interval(STORE_EVERY);
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        store.set_missed_tick_behavior(MissedTickBehavior::Delay);

        let ended = loop {
            tokio::select! {
                event = child.next() => {
                    self.alive = Instant::now();
                    match event {
                        Event::Line(line) => {
                            if self.take_in(&line).await {
                                child.end_within(LAST_PATIENCE);
                            } else if self.stopping && self.progress.last.is_none() {
                                // It works on what it was asked for.
                                child.end_within(STOP_PATIENCE);
                            }
                        }
                        Event::Words(words) => self.record.note(&words),
                        Event::Ended(ended) => break ended,
                    }
                },
                order = orders.recv(), if orders_open => match order {
                    Some(order) => self.obey(order, &mut child).await,
                    None => orders_open = false,
                },
                _ = show.tick() => {
                    self.show();
                    self.tell_ending();
                }
                _ = store.tick() => {
                    if Instant::now() >= self.store_after {
                        self.store().await;
                    }
                }
            }
        };
        self.finish(ended.how(), orders).await;
    }

    /// Takes in one line of the worker's standard output; answers whether it was the last word.
    async fn take_in(&mut self, line: &str) -> bool {
        let event: TrainEvent = match serde_json::from_str(line) {
            Ok(event) => event,
            Err(failure) => {
                tracing::warn!(%failure, "a worker's line is no event");
                self.record.note(line);
                return false;
            }
        };
        self.record.event(&event, line);
        match self.progress.apply(event, now_ms()) {
            Effect::Keep => false,
            Effect::StatusChanged => {
                self.store().await;
                self.tell();
                false
            }
            Effect::Planned { start_step } => {
                self.store().await;
                self.forget_after(start_step).await;
                self.tell();
                false
            }
            Effect::Last => true,
        }
    }

    /// Follows an order, and gives the worker its time to end where it has to.
    async fn obey(&mut self, order: Order, child: &mut Child) {
        let command = match order {
            Order::Send(command) => command,
            Order::Quit => {
                self.quitting = true;
                self.record.note("the program quits");
                child.close_input();
                if self.progress.last.is_none() {
                    // Nothing but a person ends what may still be writing.
                    self.stopping = false;
                    child.take_time();
                }
                (self.alive, self.told) = (Instant::now(), Instant::now());
                return;
            }
            Order::Ending(EndingChoice::Wait) => {
                self.alive = Instant::now();
                return;
            }
            Order::Ending(EndingChoice::GiveUp) => {
                self.record.note("nobody waits for it to save");
                child.end_within(Duration::ZERO);
                return;
            }
        };
        self.record.note(&format!("asked to {}", command.as_str()));
        if let Err(failure) = child.say(command.as_str()).await {
            tracing::warn!(%failure, "the worker takes no orders any more");
        }
        if command == WorkerCommand::Stop {
            self.stopping = true;
            child.end_within(STOP_PATIENCE);
        }
    }

    /// Puts the row into its last state, and does not let go of the run before that is stored.
    async fn finish(&mut self, how: String, orders: &mut UnboundedReceiver<Order>) {
        self.record.note(&format!("process ended: {how}"));
        let died = || ApiError::detail(ErrorCode::WorkerDied, how);
        self.progress.end(self.quitting, died, now_ms());
        self.unstored.worked();
        while !self.store().await {
            self.tell();
            if (self.quitting || !self.may_pass) && self.unstored.n_failed() >= ATTEMPTS {
                break;
            }
            tokio::select! {
                () = sleep_until(self.store_after) => {}
                order = orders.recv(), if !self.quitting => {
                    // There is no process any more that could follow another one.
                    self.quitting = matches!(order, Some(Order::Quit) | None);
                }
            }
        }
        if !self.quitting {
            self.context.announce(&self.owner, &self.progress.job).await;
        }
        self.tell();
    }

    /// Tells whoever ends the program what it waits for, once that takes a moment.
    fn tell_ending(&mut self) {
        if !self.quitting || self.told.elapsed() < TELL_EVERY {
            return;
        }
        self.told = Instant::now();
        let run = EndingRun {
            name: Some(self.progress.job.name.clone()),
            step: self.progress.job.step,
            saved_step: self.progress.saved_step,
            fraction: self.progress.saving,
            asks: self.alive.elapsed() >= self.context.patience,
        };
        self.context.observer.ending(&self.owner, &run);
    }

    /// Tells the pages that the row's state changed.
    fn tell(&mut self) {
        self.context
            .observer
            .changed(&self.owner, &self.progress.job);
        self.show();
    }

    fn show(&mut self) {
        if let Some(update) = self.progress.take_to_show() {
            self.context.subscriptions.publish(&update);
            self.context
                .observer
                .progressed(Some((&self.owner, &update.job)));
        }
    }

    /// Writes what came in to the database and to the run's files. A failure (a full disk) is
    /// answered with `false` and logged once; the batch is kept for the next time.
    async fn store(&mut self) -> bool {
        let Some(batch) = self.progress.take_to_store() else {
            return true;
        };
        let job = self.progress.job.clone();
        let record = self.record.take();
        let db = self.context.db.clone();
        let written = batch.clone();
        let stored = blocking(move || {
            let logged = record.write();
            Ok((
                logged,
                db.try_now(|store| write_batch(store, &job, &written)),
            ))
        });
        let (logged, stored) = match stored.await {
            Ok(done) => done,
            Err(panicked) => (Ok(()), Err(panicked)),
        };
        if let Err(failure) = logged
            && std::mem::take(&mut self.log_is_whole)
        {
            tracing::warn!(error = %failure, "the run's log could not be written; lines are missing");
        }
        if let Err(failure) = stored {
            if self.unstored.n_failed() == 0 {
                tracing::error!(error = %failure, "a run's progress cannot be stored; it is kept until it can");
            }
            // A row that is gone does not come back.
            self.may_pass = !matches!(failure.code, ErrorCode::NotFound | ErrorCode::InvalidState);
            self.store_after = Instant::now() + self.unstored.failed();
            self.progress.put_back(batch);
            return false;
        }
        if self.unstored.n_failed() > 0 {
            tracing::info!("a run's progress is stored again");
            self.unstored.worked();
        }
        true
    }

    /// A resumed run makes the points after its checkpoint anew.
    async fn forget_after(&self, step: u64) {
        let (db, dir) = (self.context.db.clone(), self.job_dir.clone());
        let job_id = self.progress.job.job_id.clone();
        let cut = blocking(move || {
            Record::truncate_metrics(&dir, step)?;
            db.now(|store| store.truncate_metrics(&job_id, step))
        });
        if let Err(failure) = cut.await {
            tracing::error!(error = %failure, "the old points could not be cut");
        }
    }
}

/// `NORMAL_PRIORITY_CLASS`, `BELOW_NORMAL_PRIORITY_CLASS`, `IDLE_PRIORITY_CLASS`.
#[cfg(windows)]
fn priority_class(priority: Priority) -> u32 {
    match priority {
        Priority::Normal => 0x0000_0020,
        Priority::Low => 0x0000_4000,
        Priority::Lowest => 0x0000_0040,
    }
}

fn write_batch(
    store: &amoozgar_store::Store,
    job: &JobRecord,
    batch: &Batch,
) -> Result<(), StoreError> {
    for row in &batch.rows {
        match store.update_job(row) {
            // Part of a batch that was written before it failed, and comes again.
            Err(StoreError::InvalidTransition { .. }) => {}
            result => result?,
        }
    }
    store.update_job(job)?;
    if !batch.train.is_empty() || !batch.validation.is_empty() {
        store.append_metrics(&job.job_id, &batch.train, &batch.validation)?;
    }
    if !batch.samples.is_empty() {
        store.append_samples(&job.job_id, &batch.samples)?;
    }
    for checkpoint in &batch.checkpoints {
        store.insert_checkpoint(&job.job_id, checkpoint)?;
    }
    Ok(())
}
