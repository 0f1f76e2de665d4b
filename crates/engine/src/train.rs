//! Training: text as batches, the optimizer, checkpoints, the loop, and the
//! measurements of a trained model.
//!
//! [`optimizer`], `schedule` and `run_plan` say what a run is and are what plans use too;
//! everything else stands above them.

mod batches;
mod checkpoint;
mod chosen_fall;
mod classify;
mod clock;
mod corpus;
mod evaluate;
pub mod optimizer;
pub(crate) mod packing;
mod preference;
mod reference;
mod rolled_back;
mod run;
mod run_hash;
pub(crate) mod run_plan;
mod schedule;
mod sequences;
mod session;
mod start;
pub(crate) mod token_cache;
pub(crate) mod trained;

pub use classify::{ClassScore, Classification, evaluate_classes, is_classifier};
pub(crate) use corpus::held_out_conversations;
pub use evaluate::{Evaluation, evaluate, logits};
pub use run::{End, train};
pub use run_plan::validate;
pub use schedule::Schedule;
pub use sequences::first_batches;
