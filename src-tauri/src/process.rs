//! Every child of the program. [`child`] starts, follows, bounds, stops and reaps them; the other
//! modules say what each does, on both sides of its pipes.
//!
//! | child | what for | ends |
//! |---|---|---|
//! | `amoozgar worker JOB_DIR` | one training run | when its input closes: it saves first |
//! | `amoozgar measure` | a plan's memory and time | at once when its input closes |
//! | `amoozgar inspect` | a dataset, a model's folder, an archive | at once when its input closes |
//! | `amoozgar infer` | a loaded model that writes | at once when its input closes |
//! | `amoozgar convert` | a model for other programs | when its input closes: it clears away first |
//! | `amoozgar check` | every byte of a model's files | when its input closes |
//! | a program of the system | keeping awake, graphics processors | when its input closes, or in time |
//!
//! Invariants:
//! - Nothing whose size depends on a file or a model runs in the window's process: a crash, a hang or
//!   memory that runs out there costs a child, and whoever asked gets an `ApiError`.
//! - No child outlives the program for long, none is left as a zombie, and none can fill the window's
//!   memory by what it prints.
//! - A side that answers requests (`requests`) knows nothing of the window.

mod bounds;
mod ended;
mod lines;
mod orphan;
mod requests;
mod run_lock;
mod task;
mod warm;

pub mod ask;
pub mod check;
pub mod child;
pub mod convert;
pub mod infer;
pub mod inspect;
pub mod measure;
pub mod worker;

pub use check::Checker;
pub use convert::Converter;
pub use ended::Ended;
pub use infer::Inference;
pub use inspect::Inspector;
pub use measure::Measurer;
pub use orphan::Orphan;
pub use requests::write_line;
pub use run_lock::RunLock;
