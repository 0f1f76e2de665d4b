//! What a run will need before it starts, what can be made of a model's folder, and how fast the machine is.

mod bench;
mod estimate;
mod fitness;
pub(crate) mod footprint;
mod measure;
mod sampled;
mod small_text;

pub use bench::{BenchReport, Scenario, bench};
pub use estimate::{estimate, least_memory_bytes, make_it_fit};
pub use fitness::{base_fitness, gguf_files, longest_context};
