//! The real window, driven through `WebDriver` on a desktop of its own for each test.
//!
//! One executable holds them all: it is linked once, and while a journey waits another goes on.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../support/hub_server.rs"]
mod hub_server;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod accounts;
mod chat;
mod clock;
mod closed;
mod closing_the_loop;
mod conversations;
mod dashboard;
mod downloads;
mod encodings;
mod ending;
mod heavy;
mod hub;
mod interrupted;
mod journey;
mod killed_downloads;
mod library;
mod long_history;
mod network;
mod origin;
mod pages;
mod place;
mod privacy;
mod services;
mod settings;
mod starts;
mod take;
mod tuning;
mod visits;
mod writing;
