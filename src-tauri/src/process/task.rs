//! Children that do one thing, tell how far they are, and end when their input closes: [`serve`] is such a
//! child's side, [`follow`] the window's. `convert` and `check` say what is done.

use super::child::{Child, Event, Launch};
use super::{requests, worker};
use crate::db::blocking;
use crate::error;
use crate::exit;
use amoozgar_engine::{Control, EngineError, ExportProgress};
use amoozgar_types::ApiError;
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::process::TaskReply;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of a line that the child prints: a failure with its detail, a report.
const LINE_BYTES: usize = 1 << 20;
/// How long a child may be silent: a large model is read, and a slow disk brought up to date.
const SILENCE_LIMIT: Duration = Duration::from_secs(900);
/// How long it may take to end once it was asked to: it looks between two pieces of a file.
const STOP_PATIENCE: Duration = Duration::from_secs(60);
/// Between two tellings.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// What a child does with its one request.
pub(super) type Work<'a, Q, A> =
    &'a dyn Fn(&Q, &Control, &(dyn Fn(ExportProgress) + Sync)) -> Result<A, EngineError>;

/// The child: does what it is asked, once, or stops when its input closes.
pub(super) fn serve<Q: DeserializeOwned, A: Serialize>(work: Work<'_, Q, A>) -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    let request: Q = match read.map(|_| serde_json::from_str(&line)) {
        Ok(Ok(request)) => request,
        unread => {
            tracing::error!(failure = ?unread.err(), "not a request");
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
    let reply = match work(&request, &control, &teller::<A>()) {
        Ok(answer) => TaskReply::Done { answer },
        Err(EngineError::Stopped) => TaskReply::Stopped,
        Err(failure) => TaskReply::Failed {
            error: Box::new(error::of_engine(&failure)),
        },
    };
    if let Err(failure) = requests::write_line(&reply) {
        tracing::debug!(%failure, "nobody reads the answer");
        return ExitCode::from(exit::FAILED);
    }
    ExitCode::from(exit::FINISHED)
}

/// Says how far it is, not too often.
fn teller<A: Serialize>() -> impl Fn(ExportProgress) + Sync {
    let last = Mutex::new(None::<Instant>);
    move |progress: ExportProgress| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let said = requests::write_line(&TaskReply::<A>::Progress {
            done_bytes: progress.done_bytes,
            total_bytes: progress.total_bytes,
        });
        if let Err(failure) = said {
            tracing::debug!(%failure, "nobody reads how far it is");
        }
    }
}

/// The window's side: asks a child `command` of `program` and follows it until it is done or `stop` ends;
/// `told` hears the bytes that are done, of how many. `None` where it was stopped.
///
/// # Errors
/// What the child says, or that it could not be held.
pub(super) async fn follow<A: DeserializeOwned>(
    (program, command): (&Path, &str),
    free_memory_bytes: fn() -> Result<u64, ApiError>,
    request: &(impl Serialize + Sync),
    stop: impl Future<Output = ()> + Send,
    mut told: impl FnMut(u64, u64) + Send,
) -> Result<Option<A>, ApiError> {
    let line = serde_json::to_string(request)
        .map_err(|failure| error::internal("a request could not be encoded", &failure))?;
    let mut child = Launch::new(program, LINE_BYTES)
        .argument(command)
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
                ask_to_stop(&mut child);
                continue;
            }
        };
        match event {
            Event::Line(line) => match reply_of(&line)? {
                TaskReply::Progress {
                    done_bytes,
                    total_bytes,
                } => {
                    told(done_bytes, total_bytes);
                    if !stopping {
                        child.end_within(SILENCE_LIMIT);
                    }
                }
                TaskReply::Done { answer } => outcome = Some(Ok(Some(answer))),
                TaskReply::Stopped => outcome = Some(Ok(None)),
                TaskReply::Failed { error } => outcome = Some(Err(*error)),
            },
            Event::Words(words) => tracing::info!(%words, "a child says"),
            Event::Ended(ended) => {
                let died = || {
                    if stopping {
                        Ok(None)
                    } else {
                        Err(ended.error())
                    }
                };
                return outcome.unwrap_or_else(died);
            }
        }
    }
}

fn ask_to_stop(child: &mut Child) {
    child.end_within(STOP_PATIENCE);
    child.close_input();
}

fn reply_of<A: DeserializeOwned>(line: &str) -> Result<TaskReply<A>, ApiError> {
    serde_json::from_str(line)
        .map_err(|failure| error::internal("a child's answer cannot be read", &failure))
}
