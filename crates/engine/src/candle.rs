//! Differentiable operations on candle's tensors, for graphs: on the CPU in f32 each is one of the
//! [`crate::kernels`] with a gradient of its own, anywhere else its [`twin`], composed of candle's plain
//! operations. Training does not come here: it walks a [`crate::tape`]. Only tests
//! use this module: the twins are the oracles of the kernels' gradients.
//!
//! candle's own fused `softmax_last_dim`, `rms_norm`, `rope` and `sdpa` cut the graph without a word: none of
//! them may stand here.

mod attention;
mod cross_entropy;
mod embedding;
mod gated;
mod gelu;
mod layer_norm;
mod lend;
mod linear;
mod rms_norm;
mod rope;
pub mod twin;

pub use crate::kernels::gelu::Kind as GeluKind;
pub use attention::attention;
pub use cross_entropy::linear_cross_entropy;
pub use embedding::embedding;
pub use gated::{geglu, swiglu};
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::{Frozen, frozen_linear, linear, lora_linear};
pub use rms_norm::rms_norm;
pub use rope::{Rotation, rope};
