//! The pages, one module each.

pub mod dataset;
pub mod datasets;
pub mod home;
pub mod login;
pub mod not_found;
pub mod notifications;
pub mod settings;
pub mod training;
