//! The words that every part of Amoozgar shares: the domain's types, a module each, and in [`ipc`]
//! the contract between interface and shell.
//!
//! Invariants:
//! - Depends on serde (and thiserror) alone, does no IO, and builds for `wasm32-unknown-unknown`.
//! - Nothing here carries words for people: errors are closed codes with parameters; the Persian
//!   sentences live in the interface.
//! - `ipc` holds requests, responses, commands and events only. It imports the domain's modules, none
//!   of which imports it; nor do the store, the engine and the datasets' crate.
//! - No integer above 2^53 crosses the bridge, and no NaN: a diverged loss is a value of its own.
//!
//! Enter at [`ipc`] for the commands and events, at [`spec`] for what a training run is, and at
//! [`event`] for what a run says while it works.
#![deny(missing_docs)]

pub mod catalog;
pub mod chat;
pub mod compare;
pub mod dataset;
pub mod download;
pub mod elsewhere;
pub mod error;
pub mod event;
pub mod id;
pub mod installed;
pub mod ipc;
pub mod job;
pub mod library;
pub mod limits;
pub mod loss;
pub mod machine;
pub mod model_ref;
pub mod network;
pub mod notification;
pub mod plan;
pub mod process;
pub mod repo;
pub mod sampling;
pub mod secret;
pub mod settings;
pub mod spec;
pub mod storage;
pub mod user;

pub use error::{ApiError, ErrorCode, ErrorParams, UsedBy};
pub use event::TrainEvent;
pub use loss::Loss;
pub use spec::TrainSpec;

/// UTC milliseconds since the Unix epoch.
pub type UtcMs = i64;
