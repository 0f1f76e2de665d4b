//! Models and datasets of the Hub and of this machine: what is here, what comes from a disk and goes to
//! one, and the Hub's pages. Knows nothing of Tauri.

pub mod browse;
pub mod catalog;
mod contents;
pub mod convert;
pub mod elsewhere;
pub mod export;
mod half;
pub mod import;
pub mod installed;
pub mod library;

pub use contents::has_weights;
pub use installed::{cache, folder};
