//! `amoozgar check`: reads every byte of a model's files, in a process that what they claim may bring down.
//! [`main`] is the child, [`Checker`] the window's side.

use super::task;
use amoozgar_engine::{Control, EngineError, ExportProgress, ExportWatch};
use amoozgar_types::ApiError;
use amoozgar_types::library::{CheckFault, CheckReport, FaultKind, KnownFile};
use amoozgar_types::process::CheckRequest;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The child: checks one model, or stops when its input closes.
pub fn main() -> ExitCode {
    task::serve(&check)
}

/// Checksums first, then the weights: bytes that are others are worth knowing of whatever they say.
fn check(
    request: &CheckRequest,
    control: &Control,
    told: &(dyn Fn(ExportProgress) + Sync),
) -> Result<CheckReport, EngineError> {
    let model = Path::new(&request.model);
    let length = |known: &KnownFile| std::fs::metadata(&known.absolute).map_or(0, |it| it.len());
    let hashed_bytes: u64 = request.known.iter().map(length).sum();
    let total_bytes = hashed_bytes + amoozgar_engine::weight_bytes(model);
    let (mut report, mut done_bytes) = (CheckReport::default(), 0);
    for known in &request.known {
        let mut read = |n_bytes| {
            done_bytes += n_bytes;
            told(ExportProgress {
                done_bytes,
                total_bytes,
            });
            if control.stop_wanted() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let same = amoozgar_hub::has_content(Path::new(&known.absolute), &known.oid, &mut read);
        if control.stop_wanted() {
            return Err(EngineError::Stopped);
        }
        let fault = match same {
            Ok(None) => continue,
            Ok(Some(true)) => None,
            Ok(Some(false)) => Some((FaultKind::WrongChecksum, known.oid.clone())),
            Err(failure) => Some((FaultKind::Unreadable, failure.to_string())),
        };
        report.n_checksums += 1;
        if let Some((kind, detail)) = fault {
            report.add(CheckFault {
                file: known.path.clone(),
                weight: None,
                kind,
                detail,
            });
        }
    }
    let onward = |progress: ExportProgress| {
        told(ExportProgress {
            done_bytes: hashed_bytes + progress.done_bytes,
            total_bytes,
        });
    };
    let watch = ExportWatch {
        control,
        told: &onward,
    };
    report.join(amoozgar_engine::check_weights(model, &watch)?);
    Ok(report)
}

/// The window's side: a child for each model that is checked.
pub struct Checker {
    program: PathBuf,
    /// Memory that a process could still take.
    free_memory_bytes: fn() -> Result<u64, ApiError>,
}

impl Checker {
    /// One that starts children of `program`, each held to the memory that is free when it starts.
    pub fn new(program: &Path, free_memory_bytes: fn() -> Result<u64, ApiError>) -> Self {
        Self {
            program: program.to_owned(),
            free_memory_bytes,
        }
    }

    /// Checks a model until it is done or `stop` ends; `told` hears the bytes that are done, of how many.
    /// What is wrong with the model is in the report.
    ///
    /// # Errors
    /// Where its process could not be held.
    pub async fn check(
        &self,
        request: CheckRequest,
        stop: impl Future<Output = ()> + Send,
        told: impl FnMut(u64, u64) + Send,
    ) -> Result<CheckReport, ApiError> {
        let child = (self.program.as_path(), "check");
        let followed =
            task::follow::<CheckReport>(child, self.free_memory_bytes, &request, stop, told);
        Ok(followed.await?.unwrap_or_else(|| CheckReport {
            stopped: true,
            ..CheckReport::default()
        }))
    }
}
