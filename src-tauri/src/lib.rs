//! Amoozgar's shell: it hosts the interface, keeps the queue of training runs, and starts each run
//! as a process of its own.
//!
//! Invariants:
//! - Training never runs in the window's process: [`jobs`] starts `amoozgar worker JOB_DIR`.
//! - Commands are thin: the signed-in user, one call, one error mapping (`error`).
//! - What blocks (`SQLite`, files, inference) runs in `spawn_blocking`; no lock is held across an await.
//! - The webview holds no token: who is signed in is known to `session` alone, and every command is
//!   guarded before its handler is reached (`commands`).
//!
//! Enter at [`main`]; the window is put together in [`window`].
#![allow(
    clippy::result_large_err,
    reason = "the one error that crosses the bridge carries its parameters by value"
)]

mod autostart;
mod clock;
mod db;
mod downloads;
mod error;
mod files;
mod instance;
mod logging;
mod machine;
mod notify;
mod pages;
mod password;
mod paths;
mod place;
mod power;
mod redact;
mod relocate;
mod remember;
mod secrets;
mod service_keys;
mod session;
mod state;
mod tray;
mod wipe;
mod words;

pub mod cli;
pub mod commands;
pub mod events;
pub mod jobs;
pub mod window;

use std::process::ExitCode;

/// What the executable does: the window where no command is given, else the command.
pub fn main() -> ExitCode {
    pages::keep_small();
    cli::main()
}
