//! The pages, one module each.

pub mod chat;
pub mod codes;
pub mod dashboard;
pub mod dataset;
pub mod datasets;
#[cfg(debug_assertions)]
pub mod dev;
pub mod help;
pub mod home;
pub mod lock;
pub mod login;
pub mod models;
pub mod not_found;
pub mod notifications;
pub mod settings;
pub mod training;
pub mod welcome;
