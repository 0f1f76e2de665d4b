//! Amoozgar's shell: it hosts the interface, keeps the queue of training runs, and starts each run
//! as a process of its own.
//!
//! Invariants:
//! - Training never runs in the window's process: [`jobs`] starts `amoozgar worker JOB_DIR`.
//! - Commands are thin: the signed-in user, one call. The work is in the modules of the domain, which take
//!   what they need and know neither `state::App` nor `commands`; imports go down only (see
//!   docs/architecture.md, checked by `cargo xtask tidy`).
//! - What must not run while the place of large things moves takes a `hold::Settled`.
//! - What blocks (`SQLite`, files, inference) runs in `spawn_blocking`; no lock is held across an await.
//! - The webview holds no token: who is signed in is known to `accounts::session` alone, and every command is
//!   guarded before its handler is reached (`commands`).
//!
//! Enter at [`main`]; the window is put together in [`window`].
#![allow(
    clippy::result_large_err,
    reason = "the one error that crosses the bridge carries its parameters by value"
)]

mod accounts;
mod chat;
mod clock;
mod datasets;
mod db;
mod downloads;
mod error;
mod exit;
mod files;
mod hold;
mod logging;
mod machine;
mod models;
mod network;
mod pages;
mod paths;
mod secrets;
mod signals;
mod state;
mod storage;
mod system;
#[cfg(test)]
mod test_rows;
mod transfer;
mod words;

pub mod cli;
pub mod commands;
pub mod events;
pub mod jobs;
pub mod process;
pub mod window;

use std::process::ExitCode;

/// What the executable does: the window where no command is given, else the command.
pub fn main() -> ExitCode {
    files::modes::keep_private();
    pages::keep_small();
    cli::main()
}
