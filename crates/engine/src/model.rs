//! The decoder: its configuration as transformers writes it, its weights by transformers' names.

mod config;
mod llama;

pub use config::LlamaConfig;
pub use llama::{KvCache, Llama};
