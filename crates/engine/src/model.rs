//! The models: one description of a transformer, a file for each family, its weights by transformers'
//! names, and its walk over a tape.

mod blocks;
mod config;
mod cost;
mod ends;
mod facts;
mod families;
mod fields;
mod forward;
pub(crate) mod gguf;
mod in_gguf;
mod linear_attention;
mod lora;
mod mixer;
mod mixing;
mod network;
mod read;
mod rows;
mod scaling;
mod sight;
mod specs;
mod step;
mod strict;

pub use config::{Encoder, ModelConfig};
pub(crate) use config::{TEXT_PART, in_gguf};
pub(crate) use cost::PartTimes;
pub use facts::{Activation, Facts, NormPlacement, Positions, Predicts, Sorted};
pub use families::Architecture;
pub(crate) use in_gguf::rope_factors;
pub use linear_attention::LinearAttention;
pub(crate) use lora::AdaptedMap;
pub use network::Network;
pub(crate) use read::{Classes, as_stored, read_weights, unfit_weights};
pub use scaling::{Bounds, RopeScaling, Yarn};
pub use sight::{Attention, Sliding};
pub(crate) use specs::{Unfit, block_maps, shapes};
pub use specs::{init, n_parameters};
pub use step::{Batch, Model, StepContext};
