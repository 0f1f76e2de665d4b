//! The worker process: one training run. It reads job.json, writes one event a line to standard
//! output, and takes `pause`, `resume`, `stop`, `checkpoint` lines on standard input. When standard
//! input closes, the application is gone: the run saves a checkpoint and ends.

use super::requests::write_line;
use super::run_lock::RunLock;
use crate::error;
use crate::exit;
#[cfg(unix)]
use crate::files::modes;
use crate::logging;
use crate::paths::JOB_FILE;
use amoozgar_engine::{Control, End, train};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::settings::Priority;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, TrainEvent, TrainSpec};
use std::ffi::OsStr;
use std::io::{self, BufRead};
use std::path::Path;
#[cfg(unix)]
use std::process::Command;
use std::process::ExitCode;

/// Names, in a worker's environment, how readily it gives way: 0 to 19.
pub const NICE: &str = "AMOOZGAR_NICE";
/// What a worker gives way by that is not told.
const USUAL_NICENESS: i32 = 10;

/// How much a run of this priority is nicer than a program is.
pub fn niceness(priority: Priority) -> i32 {
    match priority {
        Priority::Normal => 0,
        Priority::Low => USUAL_NICENESS,
        Priority::Lowest => 19,
    }
}

/// Runs the job of `job_dir` to its end.
pub fn main(job_dir: &Path) -> ExitCode {
    logging::init_child();
    if let Ok(spec) = read_spec(&job_dir.join(JOB_FILE)) {
        start_again_with_environment(spec.threads, &["worker".as_ref(), job_dir.as_os_str()]);
    }
    yield_to_others();
    let control = Control::new();
    listen(control.clone());
    let locked =
        read_spec(&job_dir.join(JOB_FILE)).and_then(|spec| Ok((spec, RunLock::take(job_dir)?)));
    let (spec, lock) = match locked {
        Ok((spec, lock)) => (Ok(spec), Some(lock)),
        Err(failure) => (Err(failure), None),
    };
    let status = run(spec, job_dir, &control, &mut |event| write_line(event));
    drop(lock);
    ExitCode::from(status)
}

/// Trains, passes every event to `out` and makes sure that the last word is said exactly once.
/// Answers the exit status. When `out` fails nobody listens any more, and the run stops.
pub fn run(
    spec: Result<TrainSpec, ApiError>,
    job_dir: &Path,
    control: &Control,
    out: &mut dyn FnMut(&TrainEvent) -> io::Result<()>,
) -> u8 {
    let mut last_said = false;
    let mut deaf = false;
    let mut emit = |event: TrainEvent| {
        let is_last = matches!(
            event,
            TrainEvent::Finished(_) | TrainEvent::Stopped { .. } | TrainEvent::Failed { .. }
        );
        if is_last && last_said {
            return;
        }
        last_said |= is_last;
        if let Err(failure) = out(&event)
            && !deaf
        {
            deaf = true;
            tracing::warn!(%failure, "nobody reads the events any more: saving and ending");
            control.send(WorkerCommand::Stop);
        }
    };
    let spec = match spec {
        Ok(spec) => spec,
        Err(error) => {
            emit(TrainEvent::Failed { error });
            return exit::BAD_INPUT;
        }
    };
    match train(&spec, job_dir, control, &mut emit) {
        Ok(End::Finished(outcome)) => {
            emit(TrainEvent::Finished(outcome));
            exit::FINISHED
        }
        Ok(End::Stopped { step, checkpoint }) => {
            emit(TrainEvent::Stopped { step, checkpoint });
            exit::STOPPED
        }
        Err(failure) => {
            let error = error::of_engine(&failure);
            let status = exit::of_error(&error);
            emit(TrainEvent::Failed { error });
            status
        }
    }
}

/// Reads a run's specification from its job.json.
pub fn read_spec(path: &Path) -> Result<TrainSpec, ApiError> {
    let text = std::fs::read_to_string(path).map_err(|failure| error::io_error(path, &failure))?;
    serde_json::from_str(&text).map_err(|failure| {
        ApiError::with(
            ErrorCode::InvalidSpec,
            ErrorParams {
                path: Some(path.display().to_string()),
                line: u64::try_from(failure.line()).ok(),
                detail: Some(failure.to_string()),
                ..ErrorParams::default()
            },
        )
    })
}

/// What a process that trains needs in its environment before it starts.
pub fn environment(threads: Option<usize>) -> Vec<(&'static str, String)> {
    let threads = threads
        .filter(|threads| *threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    amoozgar_engine::thread_environment(threads).to_vec()
}

/// Becomes the same program with `arguments` in the environment that training needs, unless it has
/// that already. The process, its id and its streams stay the same.
pub fn start_again_with_environment(threads: Option<usize>, arguments: &[&OsStr]) {
    let environment = environment(threads);
    if environment
        .iter()
        .all(|(name, _)| std::env::var_os(name).is_some())
    {
        return;
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let failure = match std::env::current_exe() {
            // It closes what it writes by itself, and learns the user's own mask.
            Ok(program) => modes::with_users_mask(|| {
                Command::new(program)
                    .args(arguments)
                    .envs(environment)
                    .exec()
            }),
            Err(failure) => failure,
        };
        tracing::warn!(%failure, "the run goes on with fewer threads than it could use");
    }
    #[cfg(not(unix))]
    let _ = arguments;
}

fn listen(control: Control) {
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if let Some(command) = WorkerCommand::parse(&line) {
                control.send(command);
            } else {
                tracing::warn!(%line, "not a command");
            }
        }
        control.send(WorkerCommand::Stop);
    });
}

/// Lets the window stay quick, and makes the worker the first to go when memory runs out.
fn yield_to_others() {
    #[cfg(unix)]
    let niceness: i32 = std::env::var(NICE)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(USUAL_NICENESS);
    #[cfg(unix)]
    if let Err(failure) = rustix::process::nice(niceness.clamp(0, 19)) {
        tracing::warn!(%failure, "the priority could not be lowered");
    }
    #[cfg(target_os = "linux")]
    if let Err(failure) = std::fs::write("/proc/self/oom_score_adj", "500") {
        tracing::debug!(%failure, "the out-of-memory score could not be raised");
    }
}
