//! The pages, one module each.

pub mod dataset;
pub mod datasets;
#[cfg(debug_assertions)]
pub mod dev;
pub mod help;
pub mod home;
pub mod login;
pub mod not_found;
pub mod notifications;
pub mod settings;
pub mod training;
