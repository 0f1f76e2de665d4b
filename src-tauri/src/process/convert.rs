//! `amoozgar convert`: writes a model for other programs, in a process that may run out of memory over it.
//! [`main`] is the child, [`Converter`] the window's side.

use super::child::{Event, Launch};
use super::{requests, worker};
use crate::db::blocking;
use crate::error;
use crate::exit;
use amoozgar_engine::{
    Control, EngineError, ExportProgress, ExportWatch, Exported, Form, Lossiest, Precision,
};
use amoozgar_types::ApiError;
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::process::{ConvertReply, ConvertRequest, LossiestTensor, ProgramForm};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of a line that the child prints: a failure with its detail.
const LINE_BYTES: usize = 1 << 20;
/// How long a child may be silent: a large model is read, and a slow disk brought up to date.
const SILENCE_LIMIT: Duration = Duration::from_secs(900);
/// How long it may take to end once it was asked to: it looks between two pieces of a file.
const STOP_PATIENCE: Duration = Duration::from_secs(60);
/// Between two tellings.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// The child: writes one model, or stops when its input closes.
pub fn main() -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    let request: ConvertRequest = match read.map(|_| serde_json::from_str(&line)) {
        Ok(Ok(request)) => request,
        unread => {
            tracing::error!(?unread, "not a request");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };
    let control = Control::new();
    let to_stop = control.clone();
    std::thread::spawn(move || {
        // Whatever comes is dropped; what counts is the end. A pipe that breaks has ended, too.
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        to_stop.send(WorkerCommand::Stop);
    });
    let reply = match convert(&request, &control) {
        Ok(written) => ConvertReply::Done {
            lossiest: written.lossiest.map(lossiest_of),
        },
        Err(EngineError::Stopped) => ConvertReply::Stopped,
        Err(failure) => ConvertReply::Failed {
            error: Box::new(error::of_engine(&failure)),
        },
    };
    if let Err(failure) = requests::write_line(&reply) {
        tracing::debug!(%failure, "nobody reads the answer");
        return ExitCode::from(exit::FAILED);
    }
    ExitCode::from(exit::FINISHED)
}

fn convert(request: &ConvertRequest, control: &Control) -> Result<Exported, EngineError> {
    let last = Mutex::new(None::<Instant>);
    let told = |progress: ExportProgress| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let said = requests::write_line(&ConvertReply::Progress {
            done_bytes: progress.done_bytes,
            total_bytes: progress.total_bytes,
        });
        if let Err(failure) = said {
            tracing::debug!(%failure, "nobody reads how far it is");
        }
    };
    let watch = ExportWatch {
        control,
        told: &told,
    };
    let adapter = request.adapter.as_deref().map(Path::new);
    let (model, out) = (Path::new(&request.model), Path::new(&request.out));
    amoozgar_engine::export_watched(model, adapter, form_of(request.form), out, &watch)
}

/// The tensor that lost most, in the contract's words.
pub fn lossiest_of(most: Lossiest) -> LossiestTensor {
    LossiestTensor {
        tensor: most.tensor,
        kind: most.kind.to_owned(),
        relative_rmse: most.relative_rmse,
    }
}

fn form_of(form: ProgramForm) -> Form {
    match form {
        ProgramForm::Safetensors => Form::Safetensors,
        ProgramForm::Peft => Form::Peft,
        ProgramForm::GgufF16 => Form::Gguf(Precision::F16),
        ProgramForm::GgufQ8 => Form::Gguf(Precision::Q8),
        ProgramForm::GgufQ5KM => Form::Gguf(Precision::Q5KM),
        ProgramForm::GgufQ4KM => Form::Gguf(Precision::Q4KM),
        ProgramForm::GgufQ4 => Form::Gguf(Precision::Q4),
        ProgramForm::GgufAdapter => Form::GgufAdapter,
    }
}

/// How a conversion ended that did not fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Converted {
    /// It is in its place.
    Whole {
        /// The tensor that lost most by being rounded to a few bits.
        lossiest: Option<LossiestTensor>,
    },
    /// It was stopped, and nothing is left.
    Stopped,
}

/// The window's side: a child for each model that is written.
pub struct Converter {
    program: PathBuf,
    /// Memory that a process could still take.
    free_memory_bytes: fn() -> Result<u64, ApiError>,
}

impl Converter {
    /// One that starts children of `program`, each held to the memory that is free when it starts.
    pub fn new(program: &Path, free_memory_bytes: fn() -> Result<u64, ApiError>) -> Self {
        Self {
            program: program.to_owned(),
            free_memory_bytes,
        }
    }

    /// Writes a model until it is done or `stop` ends; `told` hears the bytes that are done, of how many.
    ///
    /// # Errors
    /// Where the model has no such form, or its process could not hold it. Nothing is left then.
    pub async fn convert(
        &self,
        request: ConvertRequest,
        stop: impl Future<Output = ()> + Send,
        told: impl FnMut(u64, u64) + Send,
    ) -> Result<Converted, ApiError> {
        let outcome = self.follow(&request, stop, told).await;
        if !matches!(outcome, Ok(Converted::Whole { .. })) {
            // What was killed could not clear away itself.
            let out = PathBuf::from(&request.out);
            let removed = move || {
                amoozgar_engine::remove_unfinished(&out)
                    .map_err(|failure| error::of_engine(&failure))
            };
            blocking(removed).await?;
        }
        outcome
    }

    async fn follow(
        &self,
        request: &ConvertRequest,
        stop: impl Future<Output = ()> + Send,
        mut told: impl FnMut(u64, u64) + Send,
    ) -> Result<Converted, ApiError> {
        let line = serde_json::to_string(request)
            .map_err(|failure| error::internal("a request could not be encoded", &failure))?;
        let free_memory_bytes = self.free_memory_bytes;
        let mut child = Launch::new(&self.program, LINE_BYTES)
            .argument("convert")
            .environment(worker::environment(None))
            .memory(blocking(free_memory_bytes).await?)
            .start()
            .await?;
        child.end_within(SILENCE_LIMIT);
        if let Err(failure) = child.say(&line).await {
            // Its end says why.
            tracing::debug!(%failure, "a child takes no requests");
        }
        let (mut outcome, mut stopping) = (None, false);
        tokio::pin!(stop);
        loop {
            let event = tokio::select! {
                event = child.next() => event,
                () = &mut stop, if !stopping => {
                    stopping = true;
                    child.end_within(STOP_PATIENCE);
                    child.close_input();
                    continue;
                }
            };
            match event {
                Event::Line(line) => match reply_of(&line)? {
                    ConvertReply::Progress {
                        done_bytes,
                        total_bytes,
                    } => {
                        told(done_bytes, total_bytes);
                        if !stopping {
                            child.end_within(SILENCE_LIMIT);
                        }
                    }
                    ConvertReply::Done { lossiest } => {
                        outcome = Some(Ok(Converted::Whole { lossiest }));
                    }
                    ConvertReply::Stopped => outcome = Some(Ok(Converted::Stopped)),
                    ConvertReply::Failed { error } => outcome = Some(Err(*error)),
                },
                Event::Words(words) => tracing::info!(%words, "a child says"),
                Event::Ended(ended) => {
                    let died = || {
                        if stopping {
                            Ok(Converted::Stopped)
                        } else {
                            Err(ended.error())
                        }
                    };
                    return outcome.unwrap_or_else(died);
                }
            }
        }
    }
}

fn reply_of(line: &str) -> Result<ConvertReply, ApiError> {
    serde_json::from_str(line)
        .map_err(|failure| error::internal("a child's answer cannot be read", &failure))
}
