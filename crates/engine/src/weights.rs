//! A model's weights: their values in memory, their names and storages, and the files that hold them.
//! It knows no model: which weights there are is said by [`crate::model`].

pub mod adapter;
mod parameters;
pub(crate) mod safetensors;
mod weight;

pub use parameters::{Layout, Parameter, ParameterId, Parameters, Role};
pub use weight::{Storage, Weight};
