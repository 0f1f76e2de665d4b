//! `amoozgar infer`: a loaded model that writes. [`main`] is the child; it holds one model at a time and
//! hears `Stop` while it writes. [`Inference`] is the window's side.

use super::child::{Child, Event, Launch};
use super::warm::Warm;
use super::{requests, worker};
use crate::db::blocking;
use crate::error;
use crate::exit;
use amoozgar_engine::{Generator, SamplingParams};
use amoozgar_types::ApiError;
use amoozgar_types::process::{Continuation, InferReply, InferRequest, Prompt};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, SystemTime};
use tokio::sync::{Semaphore, watch};

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

/// The child: answers requests until its input closes.
pub fn main() -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, inbox) = mpsc::channel();
    let heard = Arc::clone(&stop);
    requests::listen(move |request: InferRequest| {
        match request {
            InferRequest::Stop => heard.store(true, Ordering::Relaxed),
            // A `Stop` is about what was asked before it.
            InferRequest::Generate(_) => heard.store(false, Ordering::Relaxed),
            _ => {}
        }
        // The other side is gone only while the process ends.
        let _ = sender.send(request);
    });
    let mut generator = None;
    for request in inbox {
        let reply = match answer(&mut generator, request, &stop) {
            Ok(Some(reply)) => reply,
            Ok(None) => continue,
            Err(error) => InferReply::Failed {
                error: Box::new(error),
            },
        };
        if let Err(failure) = requests::write_line(&reply) {
            tracing::debug!(%failure, "nobody reads the answers");
            return ExitCode::from(exit::FAILED);
        }
    }
    ExitCode::from(exit::FINISHED)
}

fn answer(
    generator: &mut Option<Generator>,
    request: InferRequest,
    stop: &AtomicBool,
) -> Result<Option<InferReply>, ApiError> {
    let of_engine = |failure| error::of_engine(&failure);
    let unloaded = || error::invalid_state("no model is loaded");
    Ok(Some(match request {
        InferRequest::Load { model_dir } => {
            // Never two at a time.
            drop(generator.take());
            *generator = Some(Generator::load(Path::new(&model_dir)).map_err(of_engine)?);
            InferReply::Loaded
        }
        InferRequest::Generate(prompt) => {
            let generator = generator.as_ref().ok_or_else(unloaded)?;
            InferReply::Generated(write(generator, &prompt, stop)?)
        }
        InferRequest::CountTokens { text } => {
            let generator = generator.as_ref().ok_or_else(unloaded)?;
            InferReply::Counted {
                n_tokens: generator.count_tokens(&text).map_err(of_engine)? as u64,
            }
        }
        // Whoever reads requests has seen to it.
        InferRequest::Stop => return Ok(None),
        InferRequest::Unload => {
            drop(generator.take());
            InferReply::Unloaded
        }
    }))
}

fn write(
    generator: &Generator,
    prompt: &Prompt,
    stop: &AtomicBool,
) -> Result<Continuation, ApiError> {
    let sampling = SamplingParams {
        max_tokens: prompt.max_tokens as usize,
        temperature: prompt.temperature,
        top_k: prompt.top_k.map(|k| k as usize),
        top_p: prompt.top_p,
        seed: prompt.seed,
    };
    let mut heard = |text: &str| {
        let piece = InferReply::Text {
            text: text.to_owned(),
        };
        if stop.load(Ordering::Relaxed) || requests::write_line(&piece).is_err() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let made = generator
        .generate(&prompt.text, &sampling, &mut heard)
        .map_err(|failure| error::of_engine(&failure))?;
    Ok(Continuation {
        text: made.text,
        n_tokens: u32::try_from(made.n_tokens).unwrap_or(u32::MAX),
        tokens_per_s: made.tokens_per_s,
        stopped: made.stopped,
    })
}

/// The window's side: one continuation at a time, by a child that keeps its model for a while.
pub struct Inference {
    program: PathBuf,
    /// Memory that a process could still take.
    free_memory_bytes: fn() -> Result<u64, ApiError>,
    /// Says `true` to the continuation under way when it is to end.
    under_way: Mutex<watch::Sender<bool>>,
    turn: Semaphore,
    warm: Warm<(Model, Child)>,
}

/// Which model a child holds: the folder, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    dir: PathBuf,
    changed: Option<SystemTime>,
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

    /// Lets the model of a folder continue a prompt; `on_text` gets the text piece by piece, and breaks
    /// off where nobody reads it any more. What is under way is stopped first.
    ///
    /// # Errors
    /// Where the model cannot be loaded, or its process could not hold it.
    pub async fn generate(
        &self,
        model_dir: &Path,
        prompt: Prompt,
        mut on_text: impl FnMut(&str) -> ControlFlow<()> + Send,
    ) -> Result<Continuation, ApiError> {
        let mut stop = self.begin();
        let _turn = self
            .turn
            .acquire()
            .await
            .map_err(|failure| error::internal("the models can be asked no more", &failure))?;
        let model = Model::of(model_dir);
        let mut child = self.holding(&model).await?;
        say(&mut child, &InferRequest::Generate(prompt)).await?;
        let (made, left) = follow(child, &mut stop, &mut on_text)
            .await
            .map_err(|failure| at(failure, model_dir))?;
        if let Some(mut child) = left {
            child.take_time();
            self.warm.put((model, child));
        }
        Ok(made)
    }

    /// Ends the continuation under way, if there is one.
    pub fn stop(&self) {
        lock(&self.under_way).send_replace(true);
    }

    /// Ends the continuation under way and lets go of the model that is kept.
    pub fn unload(&self) {
        self.stop();
        drop(self.warm.take());
    }

    /// The process id of the child that keeps its model, if one does.
    pub fn warm_id(&self) -> Option<u32> {
        self.warm.look(|(_, child)| child.id()).flatten()
    }

    /// Stops what is under way, and answers how this one will hear that it is to stop.
    fn begin(&self) -> watch::Receiver<bool> {
        let (sender, stop) = watch::channel(false);
        let before = std::mem::replace(&mut *lock(&self.under_way), sender);
        before.send_replace(true);
        stop
    }

    /// A child that holds `model`, or was asked to load it.
    async fn holding(&self, model: &Model) -> Result<Child, ApiError> {
        if let Some((held, mut child)) = self.warm.take() {
            if held == *model && child.is_running() {
                child.end_within(SILENCE_LIMIT);
                return Ok(child);
            }
            // Its memory is free before another model takes its own.
            child.end_within(Duration::ZERO);
            while !matches!(child.next().await, Event::Ended(_)) {}
        }
        let free_memory_bytes = self.free_memory_bytes;
        let memory_bytes = blocking(free_memory_bytes).await?;
        let mut child = Launch::new(&self.program, LINE_BYTES)
            .argument("infer")
            .environment(worker::environment(None))
            .memory(memory_bytes)
            .start()
            .await?;
        child.end_within(LOAD_LIMIT);
        let load = InferRequest::Load {
            model_dir: model.dir.display().to_string(),
        };
        say(&mut child, &load).await?;
        Ok(child)
    }
}

impl Model {
    fn of(dir: &Path) -> Self {
        let changed = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified());
        Self {
            dir: dir.to_owned(),
            changed: changed(dir).ok(),
        }
    }
}

/// Passes on what a child writes until it is done; answers with the child, where it is still there.
async fn follow(
    mut child: Child,
    stop: &mut watch::Receiver<bool>,
    on_text: &mut (dyn FnMut(&str) -> ControlFlow<()> + Send),
) -> Result<(Continuation, Option<Child>), ApiError> {
    let (mut text, mut n_pieces, mut stopping) = (String::new(), 0, false);
    loop {
        let mut unread = false;
        tokio::select! {
            event = child.next() => match event {
                Event::Line(line) => match reply_of(&line)? {
                    InferReply::Text { text: piece } => {
                        text.push_str(&piece);
                        n_pieces += 1;
                        unread = on_text(&piece).is_break();
                    }
                    InferReply::Generated(made) => return Ok((made, Some(child))),
                    InferReply::Failed { error } => return Err(*error),
                    InferReply::Loaded | InferReply::Counted { .. } | InferReply::Unloaded => {}
                },
                Event::Words(words) => tracing::info!(%words, "a child says"),
                // It was still loading, or reading the prompt.
                Event::Ended(_) if stopping => {
                    let made = Continuation {
                        text,
                        n_tokens: n_pieces,
                        tokens_per_s: 0.0,
                        stopped: true,
                    };
                    return Ok((made, None));
                }
                Event::Ended(ended) => return Err(ended.error()),
            },
            () = wanted(stop), if !stopping => unread = true,
        }
        if unread && !stopping {
            stopping = true;
            child.end_within(STOP_PATIENCE);
            say(&mut child, &InferRequest::Stop).await?;
        } else if !stopping {
            child.end_within(SILENCE_LIMIT);
        }
    }
}

async fn wanted(stop: &mut watch::Receiver<bool>) {
    // One that was replaced was told so before.
    let _ = stop.wait_for(|wanted| *wanted).await;
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
