//! One worker process, from its start to its row's last state: it reads the events, stores them in
//! batches, shows them about four times a second, and passes orders on.

use super::context::Context;
use super::progress::{Batch, Effect, Progress};
use super::record::Record;
use super::worker;
use crate::clock::now_ms;
use crate::db::blocking;
use crate::error;
use amoozgar_store::StoreError;
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::id::UserId;
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::settings::Priority;
use amoozgar_types::{ApiError, ErrorCode, TrainEvent};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

/// About four updates a second reach the pages: nobody reads figures faster, and drawing them takes time
/// from the training.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// Metrics are written in batches of this long.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// How long a worker may take to save once the program quits.
const QUIT_PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to follow `stop` (it may be in the middle of reading a large file).
const STOP_PATIENCE: Duration = Duration::from_secs(120);
/// How long it may linger after its last word.
const LAST_PATIENCE: Duration = Duration::from_secs(30);
/// How often, and how far apart, the last state of a row is tried to be written.
const FINISH_ATTEMPTS: u32 = 5;
const FINISH_RETRY: Duration = Duration::from_millis(500);

/// What the queue tells a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Pass this on to the worker.
    Send(WorkerCommand),
    /// The program quits: close the worker's standard input and see it end.
    Quit,
}

/// A job and where it works.
pub struct Supervised {
    /// Whose it is.
    pub owner: UserId,
    /// Its row, queued.
    pub job: JobRecord,
    /// Its folder.
    pub job_dir: PathBuf,
    /// Threads that its specification asks for; all cores where absent.
    pub threads: Option<usize>,
    /// How readily it gives way.
    pub priority: Priority,
}

/// Runs one job to its end; the row is in an ended state afterwards. Answers it.
pub async fn run(
    context: Context,
    supervised: Supervised,
    orders: UnboundedReceiver<Order>,
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
    };
    supervisor.start().await;
    match supervisor.spawn() {
        Ok(child) => {
            supervisor.progress.job.pid = child.id();
            supervisor.follow(child, orders).await;
        }
        Err(failure) => {
            supervisor
                .progress
                .apply(TrainEvent::Failed { error: failure }, now_ms());
            supervisor.finish(String::new()).await;
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
}

impl Supervisor {
    async fn start(&mut self) {
        let now = now_ms();
        let job = &mut self.progress.job;
        job.queue_position = None;
        job.error = None;
        job.started_ms = Some(now);
        job.finished_ms = None;
        self.progress.become_status(JobStatus::Starting, now);
        self.record.note("starting");
        self.store().await;
        self.tell();
    }

    fn spawn(&self) -> Result<Child, ApiError> {
        let program = &self.context.program;
        let mut command = Command::new(program);
        command
            .arg("worker")
            .arg(&self.job_dir)
            .envs(worker::environment(self.threads))
            .env(worker::NICE, worker::niceness(self.priority).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Ctrl-C in a terminal is for the window, which then ends the worker in order.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(CREATE_NO_WINDOW | priority_class(self.priority));
        command
            .spawn()
            .map_err(|failure| error::io_error(program, &failure))
    }

    async fn follow(&mut self, mut child: Child, mut orders: UnboundedReceiver<Order>) {
        let mut stdin = child.stdin.take();
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("BUG: both streams were asked for as pipes");
        };
        let mut events = BufReader::new(stdout).lines();
        let mut words = BufReader::new(stderr).lines();
        let (mut events_open, mut words_open, mut orders_open) = (true, true, true);
        let mut show = interval(SHOW_EVERY);
        let mut store = interval(STORE_EVERY);
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        store.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deadline: Option<Instant> = None;

        let status = loop {
            let overdue = deadline.unwrap_or_else(Instant::now);
            tokio::select! {
                line = events.next_line(), if events_open => match line {
                    Ok(Some(line)) => {
                        if self.take_in(&line).await {
                            deadline = Some(Instant::now() + LAST_PATIENCE);
                        }
                    }
                    Ok(None) => events_open = false,
                    Err(failure) => {
                        self.record.note(&format!("unreadable output: {failure}"));
                        events_open = false;
                    }
                },
                line = words.next_line(), if words_open => match line {
                    Ok(Some(line)) => self.record.note(&line),
                    _ => words_open = false,
                },
                order = orders.recv(), if orders_open => match order {
                    Some(order) => {
                        let patience = self.obey(order, &mut stdin).await;
                        deadline = patience.map(|patience| Instant::now() + patience).or(deadline);
                    }
                    None => orders_open = false,
                },
                _ = show.tick() => self.show(),
                _ = store.tick() => {
                    self.store().await;
                }
                () = sleep_until(overdue), if deadline.is_some() => {
                    deadline = None;
                    self.record.note("the worker did not end in time and is killed");
                    if let Err(failure) = child.start_kill() {
                        tracing::warn!(%failure, "the worker could not be killed");
                    }
                },
                status = child.wait(), if !events_open && !words_open => break status,
            }
        };
        let how = match status {
            Ok(status) => ended_how(status),
            Err(failure) => failure.to_string(),
        };
        self.finish(how).await;
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

    /// Follows an order; answers how long the worker may take to end, where it has to.
    async fn obey(&mut self, order: Order, stdin: &mut Option<ChildStdin>) -> Option<Duration> {
        let Order::Send(command) = order else {
            self.quitting = true;
            self.record.note("the program quits");
            drop(stdin.take());
            return Some(QUIT_PATIENCE);
        };
        self.record.note(&format!("asked to {}", command.as_str()));
        if let Some(pipe) = stdin {
            let line = format!("{}\n", command.as_str());
            let written = async {
                pipe.write_all(line.as_bytes()).await?;
                pipe.flush().await
            };
            if let Err(failure) = written.await {
                tracing::warn!(%failure, "the worker takes no orders any more");
            }
        }
        (command == WorkerCommand::Stop).then_some(STOP_PATIENCE)
    }

    async fn finish(&mut self, how: String) {
        self.record.note(&format!("process ended: {how}"));
        let died = || ApiError::detail(ErrorCode::WorkerDied, how);
        self.progress.end(self.quitting, died, now_ms());
        // On a full disk the worker's unfinished files are gone by now; give the system a moment.
        for attempt in 1..=FINISH_ATTEMPTS {
            if self.store().await {
                break;
            }
            if attempt < FINISH_ATTEMPTS {
                sleep(FINISH_RETRY).await;
            }
        }
        if !self.quitting {
            self.context.announce(&self.owner, &self.progress.job).await;
        }
        self.tell();
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
    /// logged and answered with `false`; the batch is kept for the next time.
    async fn store(&mut self) -> bool {
        let Some(batch) = self.progress.take_to_store() else {
            return true;
        };
        let job = self.progress.job.clone();
        let record = self.record.take();
        let db = self.context.db.clone();
        let written = batch.clone();
        let stored = blocking(move || {
            if let Err(failure) = record.write() {
                tracing::warn!(error = %failure, "the run's log could not be written");
            }
            db.now(|store| write_batch(store, &job, &written))
        });
        if let Err(failure) = stored.await {
            tracing::error!(error = %failure, "a run's progress could not be stored");
            self.progress.put_back(batch);
            return false;
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

#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

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

fn ended_how(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "unknown exit status".to_owned(),
    }
}
