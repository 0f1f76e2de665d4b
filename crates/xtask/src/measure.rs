//! What this machine makes of the release build: figures that are recorded in docs/benchmarks.md.
//! They are no tests: machines differ, so nothing fails because it is slow.

mod bench;
mod startup;
mod window;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

/// One measurement.
#[derive(Subcommand)]
pub enum Measurement {
    /// Time the start until a page can be used, and read the idle memory.
    Startup(Startup),
    /// Train the default model on Hafez and measure it against gzip.
    Bench,
    /// Time pages and keys in the real window over a history of ten thousand runs.
    Pages,
    /// Follow the web process' memory while the page of a live run is open.
    Memory {
        /// How long it is followed, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

/// How the start is measured.
#[derive(Args)]
pub struct Startup {
    /// Another build's executable, started in turn with this one.
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
}

/// Builds what is measured, measures, and prints.
pub fn measure(measurement: &Measurement) -> Result<()> {
    match measurement {
        Measurement::Startup(Startup { against }) => startup::measure(against.as_deref()),
        Measurement::Bench => bench::measure(),
        Measurement::Pages => window::measure(&["pages"]),
        Measurement::Memory { seconds } => window::measure(&["memory", &seconds.to_string()]),
    }
}
