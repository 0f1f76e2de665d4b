//! The child's side of its pipes: requests come in on a thread of their own, so that a closed input ends
//! the process at once, whatever it is at.

use super::bounds;
use crate::exit;
use crate::logging;
use amoozgar_types::ApiError;
use amoozgar_types::process::Reply;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc;

/// What every child that answers requests does first.
pub fn begin() -> Result<(), ExitCode> {
    logging::init_child();
    bounds::apply()
}

/// Hands every request to `hear`, on another thread. The process ends where its input does, and where it
/// is asked what it does not know.
pub fn listen<Q: DeserializeOwned>(mut hear: impl FnMut(Q) + Send + 'static) {
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str(&line) {
                Ok(request) => hear(request),
                Err(failure) => {
                    tracing::error!(%failure, "not a request");
                    std::process::exit(exit::BAD_INPUT.into());
                }
            }
        }
        std::process::exit(exit::FINISHED.into());
    });
}

/// Answers every request with one line, one after another, until nobody reads.
pub fn serve<Q, F>(answer: F) -> ExitCode
where
    Q: DeserializeOwned + Send + 'static,
    F: Fn(Q) -> Result<serde_json::Value, ApiError>,
{
    let (sender, requests) = mpsc::channel();
    listen(move |request: Q| {
        // The other side is gone only while the process ends.
        let _ = sender.send(request);
    });
    for request in requests {
        let reply = match answer(request) {
            Ok(answer) => Reply::Done { answer },
            Err(error) => Reply::Failed {
                error: Box::new(error),
            },
        };
        if let Err(failure) = write_line(&reply) {
            tracing::debug!(%failure, "nobody reads the answers");
            return ExitCode::from(exit::FAILED);
        }
    }
    ExitCode::from(exit::FINISHED)
}

/// Writes a message as one line, so that whoever reads never sees half of one.
pub fn write_line(message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
