//! The models: one description of a transformer, a file for each family, its weights by transformers'
//! names, and its walk over a tape.

mod blocks;
mod config;
mod cost;
mod facts;
mod families;
mod fields;
mod forward;
mod lora;
mod network;
mod read;
mod specs;
mod step;

pub use config::ModelConfig;
pub(crate) use cost::PartTimes;
pub use facts::{Activation, Facts, NormPlacement, Positions, Predicts};
pub use families::Architecture;
pub use network::Network;
pub(crate) use read::{Classes, as_stored, read_weights};
pub(crate) use specs::{block_maps, shapes};
pub use specs::{init, n_parameters};
pub use step::{Batch, Model, StepContext};
