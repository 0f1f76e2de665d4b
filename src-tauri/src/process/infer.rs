//! `amoozgar infer`: a loaded model that writes. [`main`] is the child (`writer`); [`Inference`] is the
//! window's side.

mod writer;

pub use writer::main;

use super::child::{Child, Event, Launch};
use super::warm::Warm;
use super::worker;
use crate::db::blocking;
use crate::error;
use amoozgar_types::process::{Continuation, InferReply, InferRequest, ModelFiles, Prompt};
use amoozgar_types::sampling::{FinishReason, TemplateKind};
use amoozgar_types::{ApiError, ErrorCode};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{AcquireError, Semaphore, watch};

/// Bytes of a line: a whole continuation of the longest kind.
const LINE_BYTES: usize = 4 << 20;
/// How long a model may take to load.
const LOAD_LIMIT: Duration = Duration::from_secs(300);
/// How long it may be silent while it writes: the prompt is read before the first piece.
const SILENCE_LIMIT: Duration = Duration::from_secs(300);
/// How long it may take to hear that it is to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// How long a model stays in memory after it wrote.
const STAYS_WARM: Duration = Duration::from_secs(60);

/// What is told of a text while it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told<'a> {
    /// Another text is being written first.
    Waiting,
    /// This share of the model is in memory.
    Loading(f64),
    /// The model is there, and reads what comes before.
    Reading(TemplateKind),
    /// A further piece, in whole characters.
    Text(&'a str),
}

/// The window's side: one text at a time, by a child that keeps its model for a while.
pub struct Inference {
    program: PathBuf,
    /// Memory that a process could still take.
    free_memory_bytes: fn() -> Result<u64, ApiError>,
    /// Says `true` to the text under way when it is to end.
    under_way: Mutex<watch::Sender<bool>>,
    turn: Semaphore,
    warm: Warm<Held>,
}

/// A child and the model that it holds.
struct Held {
    model: Model,
    template: TemplateKind,
    child: Child,
}

/// Which model a child holds: where it lies, and when that last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    files: ModelFiles,
    changed: Vec<Option<SystemTime>>,
}

/// What ends a text before its end: whoever asked for it, or whoever needs the models.
struct Stops {
    own: watch::Receiver<bool>,
    all: watch::Receiver<bool>,
}

impl Inference {
    /// One that asks children of `program`, each held to the memory that is free when it starts.
    pub fn new(program: &Path, free_memory_bytes: fn() -> Result<u64, ApiError>) -> Self {
        Self {
            program: program.to_owned(),
            free_memory_bytes,
            under_way: Mutex::new(watch::Sender::new(false)),
            turn: Semaphore::new(1),
            warm: Warm::new(STAYS_WARM),
        }
    }

    /// Lets the model of a folder write; `on_text` gets the text piece by piece, and breaks off where
    /// nobody reads it any more. What is under way is stopped first.
    ///
    /// # Errors
    /// Where the model cannot be loaded, or its process could not hold it.
    pub async fn generate(
        &self,
        model_dir: &Path,
        prompt: Prompt,
        mut on_text: impl FnMut(&str) -> ControlFlow<()> + Send,
    ) -> Result<Continuation, ApiError> {
        let files = ModelFiles {
            model_dir: model_dir.display().to_string(),
            adapter_dir: None,
        };
        let (_never, own) = watch::channel(false);
        // Before its turn comes, so that it can be stopped while it waits.
        let mut stops = Stops {
            own,
            all: self.begin(),
        };
        let mut tell = move |told: Told<'_>| match told {
            Told::Text(text) => on_text(text),
            _ => ControlFlow::Continue(()),
        };
        let _turn = self.turn.acquire().await.map_err(closed)?;
        self.write_now(files, prompt, &mut stops, &mut tell).await
    }

    /// Lets a model write when those that were asked before have written. `stop` ends it, before its turn
    /// too; `tell` hears how far it is, and breaks off where nobody reads it any more.
    ///
    /// # Errors
    /// As [`Inference::generate`].
    pub async fn write(
        &self,
        files: ModelFiles,
        prompt: Prompt,
        mut stop: watch::Receiver<bool>,
        mut tell: impl FnMut(Told<'_>) -> ControlFlow<()> + Send,
    ) -> Result<Continuation, ApiError> {
        let _turn = if let Ok(turn) = self.turn.try_acquire() {
            turn
        } else {
            // Who listens no more is found out with the first piece.
            let _ = tell(Told::Waiting);
            tokio::select! {
                turn = self.turn.acquire() => turn.map_err(closed)?,
                () = wanted(&mut stop) => return Ok(cancelled(String::new(), 0)),
            }
        };
        let mut stops = Stops {
            own: stop,
            all: self.begin(),
        };
        self.write_now(files, prompt, &mut stops, &mut tell).await
    }

    /// Ends the text under way, if there is one.
    pub fn stop(&self) {
        lock(&self.under_way).send_replace(true);
    }

    /// Ends the text under way and lets go of the model that is kept.
    pub fn unload(&self) {
        self.stop();
        drop(self.warm.take());
    }

    /// The process id of the child that keeps its model, if one does.
    pub fn warm_id(&self) -> Option<u32> {
        self.warm.look(|held| held.child.id()).flatten()
    }

    /// Stops what is under way, and answers how the text that begins now will hear that it is to end.
    fn begin(&self) -> watch::Receiver<bool> {
        let (sender, stop) = watch::channel(false);
        let before = std::mem::replace(&mut *lock(&self.under_way), sender);
        before.send_replace(true);
        stop
    }

    async fn write_now(
        &self,
        files: ModelFiles,
        prompt: Prompt,
        stops: &mut Stops,
        tell: &mut (dyn FnMut(Told<'_>) -> ControlFlow<()> + Send),
    ) -> Result<Continuation, ApiError> {
        let dir = PathBuf::from(&files.model_dir);
        let written = self.write_by(Model::of(files), prompt, stops, tell).await;
        written.map_err(|failure| at(failure, &dir))
    }

    async fn write_by(
        &self,
        model: Model,
        prompt: Prompt,
        stops: &mut Stops,
        tell: &mut (dyn FnMut(Told<'_>) -> ControlFlow<()> + Send),
    ) -> Result<Continuation, ApiError> {
        let held = if let Some(held) = self.warm_one(&model).await {
            Some(held)
        } else {
            // As above.
            let _ = tell(Told::Loading(0.0));
            self.loaded(model, stops, tell).await?
        };
        let Some(mut held) = held else {
            return Ok(cancelled(String::new(), 0));
        };
        let _ = tell(Told::Reading(held.template));
        held.child.end_within(SILENCE_LIMIT);
        say(&mut held.child, &InferRequest::Generate(prompt)).await?;
        let (made, is_left) = follow(&mut held.child, stops, tell).await?;
        if is_left {
            held.child.take_time();
            self.warm.put(held);
        }
        Ok(made)
    }

    /// The child that is kept, where it holds `model`; another one is ended.
    async fn warm_one(&self, model: &Model) -> Option<Held> {
        let mut held = self.warm.take()?;
        if held.model == *model && held.child.is_running() {
            return Some(held);
        }
        // Its memory is free before another model takes its own.
        held.child.end_within(Duration::ZERO);
        while !matches!(held.child.next().await, Event::Ended(_)) {}
        None
    }

    /// A child that has loaded `model`; `None` where that was stopped.
    async fn loaded(
        &self,
        model: Model,
        stops: &mut Stops,
        tell: &mut (dyn FnMut(Told<'_>) -> ControlFlow<()> + Send),
    ) -> Result<Option<Held>, ApiError> {
        let free_memory_bytes = self.free_memory_bytes;
        let memory_bytes = blocking(free_memory_bytes).await?;
        let mut child = Launch::new(&self.program, LINE_BYTES)
            .argument("infer")
            .environment(worker::environment(None))
            .memory(memory_bytes)
            .start()
            .await?;
        child.end_within(LOAD_LIMIT);
        say(&mut child, &InferRequest::Load(model.files.clone())).await?;
        loop {
            tokio::select! {
                event = child.next() => match event {
                    Event::Line(line) => match reply_of(&line)? {
                        InferReply::Loading { share } => {
                            let _ = tell(Told::Loading(share));
                        }
                        InferReply::Loaded { template } => {
                            return Ok(Some(Held { model, template, child }));
                        }
                        InferReply::Failed { error } => return Err(*error),
                        _ => return Err(unasked(&line)),
                    },
                    Event::Words(words) => tracing::info!(%words, "a child says"),
                    Event::Ended(ended) => return Err(ended.error()),
                },
                // What is loaded in vain is let go of with its process.
                () = stops.wanted() => return Ok(None),
            }
        }
    }
}

impl Stops {
    /// Waits until the text is to end.
    async fn wanted(&mut self) {
        tokio::select! {
            () = wanted(&mut self.own) => {}
            () = wanted(&mut self.all) => {}
        }
    }
}

impl Model {
    fn of(files: ModelFiles) -> Self {
        let changed = |dir: &str| {
            let about = std::fs::metadata(dir).and_then(|about| about.modified());
            about.ok()
        };
        let dirs = std::iter::once(&files.model_dir).chain(&files.adapter_dir);
        Self {
            changed: dirs.map(|dir| changed(dir)).collect(),
            files,
        }
    }
}

/// Passes on what a child writes until it is done; answers whether the child is still there.
async fn follow(
    child: &mut Child,
    stops: &mut Stops,
    tell: &mut (dyn FnMut(Told<'_>) -> ControlFlow<()> + Send),
) -> Result<(Continuation, bool), ApiError> {
    let (mut text, mut n_pieces, mut stopping) = (String::new(), 0, false);
    loop {
        let mut unread = false;
        tokio::select! {
            event = child.next() => match event {
                Event::Line(line) => match reply_of(&line)? {
                    InferReply::Text { text: piece } => {
                        text.push_str(&piece);
                        n_pieces += 1;
                        unread = tell(Told::Text(&piece)).is_break();
                    }
                    InferReply::Generated(made) => return Ok((made, true)),
                    InferReply::Failed { error } => return Err(*error),
                    _ => return Err(unasked(&line)),
                },
                Event::Words(words) => tracing::info!(%words, "a child says"),
                // It was still reading.
                Event::Ended(_) if stopping => return Ok((cancelled(text, n_pieces), false)),
                Event::Ended(ended) => return Err(ended.error()),
            },
            () = stops.wanted(), if !stopping => unread = true,
        }
        if unread && !stopping {
            stopping = true;
            child.end_within(STOP_PATIENCE);
            say(child, &InferRequest::Stop).await?;
        } else if !stopping {
            child.end_within(SILENCE_LIMIT);
        }
    }
}

fn closed(failure: AcquireError) -> ApiError {
    error::internal("the models can be asked no more", &failure)
}

/// What was written of a text that was stopped.
fn cancelled(text: String, n_tokens: u32) -> Continuation {
    Continuation {
        text,
        n_tokens,
        tokens_per_s: 0.0,
        finish: FinishReason::Cancelled,
        n_left_out: 0,
    }
}

fn unasked(line: &str) -> ApiError {
    let start: String = line.chars().take(80).collect();
    ApiError::detail(
        ErrorCode::Internal,
        format!("a child answered what it was not asked: {start}"),
    )
}

/// Waits for a `true`; one that can no longer come is waited for without end.
async fn wanted(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|wanted| *wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A request that the child cannot take is answered by its end, which says why.
async fn say(child: &mut Child, request: &InferRequest) -> Result<(), ApiError> {
    let line = serde_json::to_string(request)
        .map_err(|failure| error::internal("a request could not be encoded", &failure))?;
    if let Err(failure) = child.say(&line).await {
        tracing::debug!(%failure, "a child takes no requests");
    }
    Ok(())
}

fn reply_of(line: &str) -> Result<InferReply, ApiError> {
    serde_json::from_str(line)
        .map_err(|failure| error::internal("a child's answer cannot be read", &failure))
}

/// What went wrong over a model names its folder, where it does not name a file.
fn at(mut failure: ApiError, dir: &Path) -> ApiError {
    failure
        .params
        .path
        .get_or_insert_with(|| dir.display().to_string());
    failure
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
