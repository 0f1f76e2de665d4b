//! The models: one description of a transformer with flags for Llama, Qwen2, Qwen3, GPT-2 and BERT,
//! its weights by transformers' names, and its walk over a tape.

mod blocks;
mod config;
mod cost;
mod forward;
mod lora;
mod network;
mod step;
mod weights;

pub use config::{Architecture, ModelConfig};
pub(crate) use cost::PartTimes;
pub use network::Network;
pub use step::{Batch, Model, StepContext};
pub use weights::{Classes, init, n_parameters, read_weights};
pub(crate) use weights::{block_maps, shapes};
