//! `amoozgar measure`: what a run will need, by arithmetic and a short measurement of the machine, in a
//! process that may run out of memory over it. [`main`] is the child, [`Measurer`] the window's side.

use super::ask::Answerer;
use super::requests;
use crate::error::{self, io_error};
use amoozgar_types::plan::{Change, Estimate};
use amoozgar_types::process::MeasureRequest;
use amoozgar_types::{ApiError, TrainSpec};
use serde::de::DeserializeOwned;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Handle;

/// How long an answer may take: one measured step of the largest model that fits.
const LIMIT: Duration = Duration::from_secs(180);
/// How long a child waits for the next plan, with what it measured: a form is filled in meanwhile.
const STAYS_WARM: Duration = Duration::from_secs(120);
/// What a child may take at the least. The allocator holds address space for every thread that counts
/// before it is used, and a run that does not fit is not measured in any case.
const LEAST_BYTES: u64 = 2 << 30;

/// The child: answers requests until its input closes.
pub fn main() -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    requests::serve(answer)
}

fn answer(request: MeasureRequest) -> Result<serde_json::Value, ApiError> {
    let answer = match request {
        MeasureRequest::Plan {
            spec,
            free_memory_bytes,
            free_disk_bytes,
        } => serde_json::to_value(estimate(*spec, free_memory_bytes, free_disk_bytes)?),
        MeasureRequest::LeastMemory { spec } => {
            let bytes = amoozgar_engine::least_memory_bytes(&spec)
                .map_err(|failure| error::of_engine(&failure))?;
            serde_json::to_value(bytes)
        }
    };
    answer.map_err(|failure| error::internal("an answer could not be encoded", &failure))
}

fn estimate(
    mut spec: TrainSpec,
    free_memory_bytes: u64,
    free_disk_bytes: u64,
) -> Result<Estimate, ApiError> {
    let train = Path::new(&spec.dataset.train);
    let train_bytes = std::fs::metadata(train)
        .map_err(|failure| io_error(train, &failure))?
        .len();
    // The engine itself knows what is free on Linux alone.
    spec.memory_limit_bytes = Some(free_memory_bytes);
    let run = amoozgar_engine::estimate(&spec, train_bytes)
        .map_err(|failure| error::of_engine(&failure))?;
    let mut to_fit = amoozgar_engine::make_it_fit(&spec, free_memory_bytes)
        .map_err(|failure| error::of_engine(&failure))?;
    // That less is kept is no change of the form: each run chooses it for itself.
    to_fit.retain(|change| !matches!(change, Change::Kept(_)));
    Ok(Estimate {
        run,
        free_memory_bytes,
        free_disk_bytes,
        to_fit,
    })
}

/// The window's side.
pub struct Measurer {
    child: Answerer,
    runtime: Handle,
}

impl Measurer {
    /// One that asks children of `program`, on the current runtime: one at a time, or they would slow each
    /// other down.
    pub fn new(program: &Path) -> Self {
        Self {
            child: Answerer::new(program, "measure", 1, STAYS_WARM),
            runtime: Handle::current(),
        }
    }

    /// What a run will need that may take so much memory and so much of the disk. Blocks.
    ///
    /// # Errors
    /// Where the specification cannot be used, or the measurement took more than is free.
    pub fn plan(
        &self,
        spec: TrainSpec,
        free_memory_bytes: u64,
        free_disk_bytes: u64,
    ) -> Result<Estimate, ApiError> {
        let request = MeasureRequest::Plan {
            spec: Box::new(spec),
            free_memory_bytes,
            free_disk_bytes,
        };
        self.ask(&request, free_memory_bytes)
    }

    /// The least memory that a run can do with, in bytes. Blocks.
    ///
    /// # Errors
    /// As [`Measurer::plan`].
    pub fn least_memory_bytes(&self, spec: TrainSpec) -> Result<u64, ApiError> {
        let request = MeasureRequest::LeastMemory {
            spec: Box::new(spec),
        };
        self.ask(&request, LEAST_BYTES)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        request: &MeasureRequest,
        free_bytes: u64,
    ) -> Result<T, ApiError> {
        let memory_bytes = free_bytes.max(LEAST_BYTES);
        self.runtime
            .block_on(self.child.ask(request, memory_bytes, LIMIT))
    }
}
