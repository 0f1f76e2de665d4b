//! Text from a model: the cache of what it has read, the sampler, decoding, and a loaded model.

mod answer;
mod cache;
mod continuation;
mod decoder;
mod sampler;
mod session;
mod stops;

pub use answer::Answer;
pub use cache::KvCache;
pub use decoder::Generation;
pub(crate) use decoder::{Asked, continue_prompt};
pub use sampler::SamplingParams;
pub use session::Generator;
