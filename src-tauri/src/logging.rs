//! The program's own log: files by day under `<data>/logs`, and standard error. Passwords and other
//! secrets never reach it: their types hide them.

use crate::error::TOLD;
use crate::paths::Paths;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// How many days' files are kept.
const MAX_LOG_FILES: usize = 14;

/// The window's log: to a file of the day and to standard error. Keep the guard until the end.
pub fn init_window(paths: &Paths) -> Option<WorkerGuard> {
    let appender = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("amoozgar")
        .filename_suffix("log")
        .max_log_files(MAX_LOG_FILES)
        .build(paths.logs());
    let (file_layer, guard) = match appender {
        Ok(appender) => {
            let (writer, guard) = tracing_appender::non_blocking(appender);
            let layer = fmt::layer().with_ansi(false).with_writer(writer);
            (Some(layer), Some(guard))
        }
        Err(_) => (None, None),
    };
    let console = fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    // A second initialisation (a test) keeps the first subscriber.
    let set = tracing_subscriber::registry()
        .with(filter("info"))
        .with(file_layer)
        .with(console)
        .try_init();
    if set.is_ok() && guard.is_none() {
        tracing::warn!(dir = %paths.logs().display(), "no log file can be written");
    }
    log_panics();
    guard
}

/// The log of a child: standard error alone, warnings and worse.
pub fn init_child() {
    init_console("warn");
}

/// The log of the command line: that of a child, but for failures, which the command tells in a sentence.
pub fn init_command_line() {
    init_console(&format!("warn,{TOLD}=off"));
}

fn init_console(default: &str) {
    let console = fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    let set = tracing_subscriber::registry()
        .with(filter(default))
        .with(console)
        .try_init();
    if set.is_ok() {
        log_panics();
    }
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env("AMOOZGAR_LOG").unwrap_or_else(|_| EnvFilter::new(default))
}

/// A panic is logged with its place before the default hook prints it.
fn log_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        tracing::error!(panic = %info, "the program panicked");
        default(info);
    }));
}
