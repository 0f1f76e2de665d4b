//! `amoozgar train`: a run without the window. The same engine, the same events, the same folder.

use super::{is_standard, read_text, signalled};
use crate::clock::new_id;
use crate::exit;
use crate::jobs::{fall_in_words, pairs_in_words, read_in_words, scores_in_words};
use crate::paths::{JOB_FILE, Paths};
use crate::process::{RunLock, worker, write_line};
use crate::{error, files};
use amoozgar_engine::Control;
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::id::JobId;
use amoozgar_types::spec::SpecFile;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, TrainEvent, TrainSpec};
use clap::Args;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// The exit status of a process that a second Ctrl-C ended.
const KILLED_BY_INTERRUPT: i32 = 130;

/// A specification for a run that is there, until the run has accepted it.
const NEXT_JOB_FILE: &str = "job.next.json";

#[derive(Debug, Args)]
pub struct Train {
    /// The specification, in TOML or JSON; `-` reads standard input.
    #[arg(required_unless_present = "resume")]
    spec: Option<PathBuf>,
    /// Go on with the run in this folder from its latest checkpoint.
    #[arg(long, value_name = "JOB_DIR", conflicts_with = "job_dir")]
    resume: Option<PathBuf>,
    /// The new run's folder, instead of one under the data folder.
    #[arg(long, value_name = "DIR")]
    job_dir: Option<PathBuf>,
}

/// Trains to the end, or until Ctrl-C, which saves a checkpoint first. Events go to standard output
/// in JSON; where standard error is a terminal, a line of words goes there.
pub fn run(arguments: &Train, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    let prepared = match prepare(arguments, data_dir) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let failed = TrainEvent::Failed {
                error: failure.clone(),
            };
            write(&failed)?;
            eprintln!("amoozgar: {}", error::sentence(&failure));
            return Ok(exit::of_error(&failure));
        }
    };
    let (job_dir, spec) = (&prepared.job_dir, worker::read_spec(&prepared.spec));
    if let Ok(spec) = &spec {
        let mut again = vec!["train".as_ref(), "--resume".as_ref(), job_dir.as_os_str()];
        again.extend(prepared.is_new().then_some(prepared.spec.as_os_str()));
        worker::start_again_with_environment(spec.threads, &again);
    }
    let control = Control::new();
    stop_on_signals(control.clone());
    let words = io::stderr().is_terminal();
    if words {
        eprintln!("{}", job_dir.display());
    }
    let mut total_steps = 0;
    let status = worker::run(spec, job_dir, &control, &mut |event| {
        if let TrainEvent::Started(plan) = event {
            total_steps = plan.total_steps;
            prepared.accept()?;
        }
        if words && let Some(line) = line(event, total_steps) {
            eprintln!("{line}");
        }
        if let TrainEvent::Failed { error } = event {
            eprintln!("amoozgar: {}", error::sentence(error));
        }
        write_line(event)
    });
    prepared.discard();
    Ok(status)
}

/// A run's folder, and where its specification is.
struct Prepared {
    job_dir: PathBuf,
    /// No other process trains there.
    _lock: RunLock,
    /// job.json, or beside it a specification that the run has not accepted yet.
    spec: PathBuf,
}

impl Prepared {
    /// Lets the run's specification take the place of job.json: the run has started with it.
    fn accept(&self) -> io::Result<()> {
        if self.is_new() {
            std::fs::rename(&self.spec, self.job_dir.join(JOB_FILE))?;
        }
        Ok(())
    }

    /// Removes a specification that was not accepted.
    fn discard(&self) {
        if self.is_new()
            && let Err(failure) = std::fs::remove_file(&self.spec)
            && failure.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%failure, "a specification that was refused is left");
        }
    }

    fn is_new(&self) -> bool {
        self.spec.file_name() == Some(NEXT_JOB_FILE.as_ref())
    }
}

fn write(event: &TrainEvent) -> Result<(), ApiError> {
    write_line(event).map_err(|failure| error::io_error(Path::new("-"), &failure))
}

/// The run's folder, with its specification in it. What is there of a run is not overwritten before the
/// run has started with what is new.
fn prepare(arguments: &Train, data_dir: Option<PathBuf>) -> Result<Prepared, ApiError> {
    let spec = arguments.spec.as_deref().map(read_spec).transpose()?;
    let job_dir = match (&arguments.resume, &arguments.job_dir) {
        (Some(dir), _) if !dir.is_dir() => {
            return Err(ApiError::with(
                ErrorCode::FileNotFound,
                ErrorParams {
                    path: Some(dir.display().to_string()),
                    ..ErrorParams::default()
                },
            ));
        }
        (Some(dir), _) | (None, Some(dir)) => absolute(dir)?,
        (None, None) => Paths::resolve(data_dir)?.job(&JobId::new(new_id())),
    };
    let mut path = job_dir.join(JOB_FILE);
    match &spec {
        // JSON knows no NaN: a setting that is none would be read back as absent.
        Some(spec) => {
            amoozgar_engine::validate(spec).map_err(|failure| error::of_engine(&failure))?;
            files::create_dir(&job_dir)?;
        }
        // A folder that holds no run is left as it is.
        None => drop(worker::read_spec(&path)?),
    }
    let lock = RunLock::take(&job_dir)?;
    if let Some(spec) = spec {
        if path.exists() {
            path = job_dir.join(NEXT_JOB_FILE);
        }
        let text = serde_json::to_vec_pretty(&spec)
            .map_err(|failure| error::internal("job.json could not be encoded", &failure))?;
        files::write_atomically(&path, &text)?;
    }
    Ok(Prepared {
        job_dir,
        _lock: lock,
        spec: path,
    })
}

/// Reads a specification; the paths in it are meant from its own folder.
fn read_spec(path: &Path) -> Result<TrainSpec, ApiError> {
    let text = read_text(path)?;
    let is_json = match path.extension() {
        Some(extension) => extension.eq_ignore_ascii_case("json"),
        None => text.trim_start().starts_with('{'),
    };
    let file: SpecFile = if is_json {
        serde_json::from_str(&text)
            .map_err(|failure| unusable(path, u64::try_from(failure.line()).ok(), &failure))?
    } else {
        toml::from_str(&text).map_err(|failure| {
            let line = failure.span().and_then(|span| {
                let before = text.get(..span.start)?;
                Some(before.matches('\n').count() as u64 + 1)
            });
            unusable(path, line, &failure.message())
        })?
    };
    let base = if is_standard(path) {
        PathBuf::from(".")
    } else {
        path.parent().map(Path::to_owned).unwrap_or_default()
    };
    let base_model = file
        .base_model()
        .map(|model| resolve(&base, model))
        .transpose()?;
    // What is wrong with the base model is said when the run begins.
    let longest = base_model
        .as_deref()
        .and_then(|model| amoozgar_engine::longest_context(Path::new(model)));
    let mut spec = file
        .resolve(longest)
        .map_err(|failure| unusable(path, None, &failure))?;
    spec.base_model = base_model;
    let dataset = &mut spec.dataset;
    dataset.train = resolve(&base, &dataset.train)?;
    dataset.validation = match &dataset.validation {
        Some(validation) => Some(resolve(&base, validation)?),
        None => None,
    };
    Ok(spec)
}

fn unusable(path: &Path, line: Option<u64>, detail: &dyn std::fmt::Display) -> ApiError {
    ApiError::with(
        ErrorCode::InvalidSpec,
        ErrorParams {
            path: Some(path.display().to_string()),
            line,
            detail: Some(match line {
                Some(line) => format!("line {line}: {detail}"),
                None => detail.to_string(),
            }),
            ..ErrorParams::default()
        },
    )
}

fn resolve(base: &Path, path: &str) -> Result<String, ApiError> {
    absolute(&base.join(path)).map(|path| path.display().to_string())
}

fn absolute(path: &Path) -> Result<PathBuf, ApiError> {
    std::path::absolute(path).map_err(|failure| error::io_error(path, &failure))
}

/// The first signal saves and ends; the second ends at once.
pub fn stop_on_signals(control: Control) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(async {
                signalled().await;
                control.send(WorkerCommand::Stop);
                signalled().await;
                std::process::exit(KILLED_BY_INTERRUPT);
            }),
            Err(failure) => tracing::warn!(%failure, "signals cannot be heard"),
        }
    });
}

fn line(event: &TrainEvent, total_steps: u64) -> Option<String> {
    Some(match event {
        TrainEvent::Step(step) if step.step % 10 == 0 || step.step == total_steps => format!(
            "step {}/{total_steps}  loss {:.4}  {:.0} tokens/s{}",
            step.step,
            step.loss.finite().unwrap_or(f64::NAN),
            step.tokens_per_s,
            scores_in_words(step.preference.as_ref())
        ),
        TrainEvent::Conversations(read) => read_in_words(read),
        TrainEvent::Pairs(read) => pairs_in_words(read),
        TrainEvent::ChosenFell { step, nats } => fall_in_words(*step, *nats),
        TrainEvent::Validation(record) if record.preference.is_some() => format!(
            "validation at step {}: loss {:.4} {}",
            record.step,
            record.val_loss.finite().unwrap_or(f64::NAN),
            scores_in_words(record.preference.as_ref())
        ),
        TrainEvent::Validation(record) => format!(
            "validation at step {}: loss {:.4}, {:.4} bits per byte",
            record.step,
            record.val_loss.finite().unwrap_or(f64::NAN),
            record.bits_per_byte
        ),
        TrainEvent::RolledBack {
            diverged_step,
            to_step,
            lr_scale,
        } => format!(
            "the loss at step {diverged_step} is no number: back to step {to_step}, learning rate times {lr_scale}"
        ),
        TrainEvent::Finished(outcome) => format!("finished: {}", outcome.model_dir),
        TrainEvent::Stopped { step, .. } => format!("stopped at step {step}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read_spec;
    use amoozgar_types::TrainSpec;
    use amoozgar_types::spec::{Defaults, Method, Task};
    use std::path::Path;

    fn read(folder: &Path, text: &str) -> TrainSpec {
        let path = folder.join("SPEC.toml");
        std::fs::write(&path, text).unwrap();
        read_spec(&path).unwrap()
    }

    #[test]
    fn a_short_specification_gets_what_suits_its_method_and_its_base_model() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        std::fs::create_dir(&base).unwrap();
        let reference = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("crates/engine/tests/reference/llama/config.json");
        std::fs::copy(reference, base.join("config.json")).unwrap();
        let spec = read(
            folder.path(),
            "method = \"lora\"\nbase_model = \"base\"\n[dataset]\ntrain = \"t.txt\"\n",
        );
        let defaults = Defaults::of(Task::CausalLm, Method::Lora);
        assert!(
            (spec.optimizer.lr - defaults.lr).abs() < 1e-12,
            "the rate of adapters, not of a model from scratch: {}",
            spec.optimizer.lr
        );
        assert_eq!(spec.optimizer.epochs, u64::from(defaults.epochs), "epochs");
        assert_eq!(
            spec.base_model,
            Some(base.display().to_string()),
            "from the specification's folder"
        );
        let longest = amoozgar_engine::longest_context(&base).unwrap();
        assert_eq!(
            spec.model.context_length,
            longest.min(256) as usize,
            "no longer than the base model sees"
        );
    }

    #[test]
    fn one_number_of_a_shape_can_be_written_alone() {
        let folder = tempfile::tempdir().unwrap();
        let spec = read(
            folder.path(),
            "[dataset]\ntrain = \"t.txt\"\n[model]\nn_heads = 2\n",
        );
        assert_eq!(
            (spec.model.n_heads, spec.model.n_kv_heads),
            (2, 2),
            "key and value heads follow"
        );
    }
}
