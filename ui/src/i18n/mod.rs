//! Every word that a person reads, a module per page.
//!
//! Constants and functions of numbers and names only; no markup, no effects. Terms follow the
//! project's glossary, so that one thing has one name everywhere.

pub mod account;
pub mod chat;
pub mod common;
pub mod compare;
pub mod conversations;
pub mod dashboard;
pub mod datasets;
#[cfg(debug_assertions)]
pub mod dev;
pub mod downloads;
pub mod ending;
pub mod errors;
pub mod export;
mod field_names;
pub mod help;
pub mod home;
pub mod hub;
pub mod library;
pub mod methods;
pub mod network;
pub mod notifications;
pub mod palette;
pub mod parameters;
pub mod place;
pub mod preference;
pub mod preferences;
pub mod settings;
pub mod time;
pub mod training;
