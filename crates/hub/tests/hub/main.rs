//! The hub against a server that misbehaves as real ones do.
//!
//! What reads the environment, which a process has one of, stands apart (`environment.rs`).
#![allow(clippy::unwrap_used, missing_docs)]

mod access;
mod bundle;
mod cache;
mod imports;
mod network;
mod resume;
mod service;
#[path = "../support/mod.rs"]
mod support;
mod transfer;
