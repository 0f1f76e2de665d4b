//! The command line: the window where no command is given, the worker, and the commands that need no
//! display. The only place of the shell that prints.
#![allow(clippy::print_stdout, reason = "a command's output is what it is for")]

mod bench;
mod chat;
mod classes;
mod dataset;
mod download;
mod drawing;
mod export;
mod model;
mod recipe;
mod tokens;
mod train;

use crate::error;
use crate::exit;
use crate::logging;
use crate::paths::Paths;
use crate::process::{check, convert, infer, inspect, measure, worker};
use crate::signals::signalled;
use crate::{commands, window};
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Train, fine-tune and try out language models on an ordinary computer, in Persian.
#[derive(Debug, Parser)]
#[command(name = "amoozgar", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Where data lives, instead of the platform's folder or `AMOOZGAR_DATA_DIR`.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work on one training job: events to standard output, orders from standard input.
    Worker {
        /// The job's folder, with its job.json.
        job_dir: PathBuf,
    },
    /// Answer the window's questions about datasets, model folders and bundles: JSON lines.
    #[command(hide = true)]
    Inspect,
    /// Foresee for the window what runs will need: JSON lines.
    #[command(hide = true)]
    Measure,
    /// Load a model and write for the window: JSON lines.
    #[command(hide = true)]
    Infer,
    /// Write a model for other programs for the window: JSON lines.
    #[command(hide = true)]
    Convert,
    /// Check a model's files for the window: JSON lines.
    #[command(hide = true)]
    Check,
    /// Train a model from a specification; prints one event a line.
    Train(train::Train),
    /// Let a model continue a prompt.
    Generate(model::Generate),
    /// Talk to a model: each line of standard input is answered.
    Chat(chat::Chat),
    /// Measure a model on a text.
    Evaluate(model::Evaluate),
    /// Write a model as other programs read it.
    Export(export::Export),
    /// Write a run's settings and data for Axolotl or LLaMA-Factory.
    Recipe(recipe::Recipe),
    /// Show a text as a model reads it.
    Tokens(tokens::Tokens),
    /// Measure the training step on this machine.
    Bench(bench::Bench),
    /// Download a model or a dataset from the Hugging Face Hub; prints the snapshot's path.
    Download(download::Download),
    /// Look at a dataset, or normalize one.
    #[command(subcommand)]
    Dataset(dataset::Dataset),
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(failure) => {
            let status = if failure.use_stderr() {
                exit::BAD_INPUT
            } else {
                exit::FINISHED
            };
            if let Err(broken) = failure.print() {
                tracing::debug!(%broken, "nobody reads the usage");
            }
            return ExitCode::from(status);
        }
    };
    let Some(command) = cli.command else {
        return match Paths::resolve(cli.common.data_dir) {
            Ok(paths) => window::run(paths, commands::handler()),
            Err(failure) => window::refuse(&failure),
        };
    };
    match &command {
        Command::Worker { job_dir } => return worker::main(job_dir),
        Command::Inspect => return inspect::main(),
        Command::Measure => return measure::main(),
        Command::Infer => return infer::main(),
        Command::Convert => return convert::main(),
        Command::Check => return check::main(),
        _ => {}
    }
    logging::init_command_line();
    let mode = cli_mode(cli.common.json);
    let done = match command {
        Command::Train(arguments) => train::run(&arguments, cli.common.data_dir),
        Command::Generate(arguments) => model::generate(&arguments, mode, cli.common.data_dir),
        Command::Chat(arguments) => chat::run(&arguments, mode, cli.common.data_dir),
        Command::Evaluate(arguments) => model::evaluate(&arguments, mode, cli.common.data_dir),
        Command::Export(arguments) => export::run(&arguments, mode, cli.common.data_dir),
        Command::Recipe(arguments) => recipe::run(&arguments, mode, cli.common.data_dir),
        Command::Tokens(arguments) => tokens::run(&arguments, mode, cli.common.data_dir),
        Command::Bench(arguments) => bench::run(&arguments, mode),
        Command::Download(arguments) => download::run(&arguments, mode, cli.common.data_dir),
        Command::Dataset(arguments) => dataset::run(&arguments, mode),
        Command::Worker { .. }
        | Command::Inspect
        | Command::Measure
        | Command::Infer
        | Command::Convert
        | Command::Check => {
            unreachable!("BUG: children have their own way in")
        }
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(failure) => report(mode, &failure),
    }
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Words,
    Json,
}

fn cli_mode(json: bool) -> Mode {
    if json { Mode::Json } else { Mode::Words }
}

fn report(mode: Mode, failure: &ApiError) -> ExitCode {
    #[derive(Serialize)]
    struct Report<'a> {
        error: &'a ApiError,
    }
    if mode == Mode::Json
        && let Err(unheard) = print_json(&Report { error: failure })
    {
        tracing::debug!(error = %unheard, "nobody reads the error");
    }
    eprintln!("amoozgar: {}", error::sentence(failure));
    ExitCode::from(exit::of_error(failure))
}

fn print_json(value: &impl Serialize) -> Result<(), ApiError> {
    let text = serde_json::to_string(value)
        .map_err(|failure| error::internal("the answer could not be encoded", &failure))?;
    print_text(&format!("{text}\n"))
}

/// Prints at once, so that a pipe gets each piece as it comes.
fn print_text(text: &str) -> Result<(), ApiError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|failure| error::io_error(Path::new("-"), &failure))
}

/// Reads a whole text file, or standard input for `-`.
fn read_text(path: &Path) -> Result<String, ApiError> {
    let bytes = if is_standard(path) {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
            .map_err(|failure| error::io_error(path, &failure))?
    } else {
        std::fs::read(path).map_err(|failure| error::io_error(path, &failure))?
    };
    String::from_utf8(bytes).map_err(|failure| {
        let offset = failure.utf8_error().valid_up_to();
        let newlines = failure
            .as_bytes()
            .iter()
            .take(offset)
            .filter(|byte| **byte == b'\n')
            .count();
        ApiError::with(
            ErrorCode::InvalidUtf8,
            ErrorParams {
                path: Some(path.display().to_string()),
                line: Some(newlines as u64 + 1),
                offset: Some(offset as u64),
                ..ErrorParams::default()
            },
        )
    })
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file that the engine can open: the path itself, or a copy of standard input that goes when
/// this is dropped.
struct Input {
    path: PathBuf,
    is_copy: bool,
}

impl Input {
    fn open(path: &Path) -> Result<Self, ApiError> {
        if !is_standard(path) {
            return Ok(Self {
                path: path.to_owned(),
                is_copy: false,
            });
        }
        let copy = std::env::temp_dir().join(format!("amoozgar-{}.txt", crate::clock::new_id()));
        let spooled = Self {
            path: copy,
            is_copy: true,
        };
        std::fs::File::create(&spooled.path)
            .and_then(|mut file| io::copy(&mut io::stdin().lock(), &mut file))
            .map_err(|failure| error::io_error(&spooled.path, &failure))?;
        Ok(spooled)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if self.is_copy
            && let Err(failure) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%failure, path = %self.path.display(), "a temporary copy is left");
        }
    }
}
