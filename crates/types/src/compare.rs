//! Runs beside one another: what a page of them needs.

use crate::Loss;
use crate::event::SampleRecord;
use crate::job::JobRecord;
use crate::spec::TrainSpec;
use serde::{Deserialize, Serialize};

/// The most runs that are compared at a time: as many as there are colours to tell apart.
pub const MOST_COMPARED: usize = 6;

/// One of the runs that are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The row.
    pub job: JobRecord,
    /// What it runs by.
    pub spec: TrainSpec,
    /// The training curve, thinned: of every stretch the lowest and the highest point are kept.
    pub train: Vec<CurvePoint>,
    /// Every validation.
    pub validation: Vec<CurvePoint>,
    /// How many training points there are in all.
    pub n_points: u64,
    /// The lowest validation loss.
    pub best: Option<BestValidation>,
    /// Seconds of training, without pauses and validations.
    pub elapsed_s: f64,
    /// Tokens learnt from, repetitions included.
    pub n_tokens: u64,
    /// What it wrote last, one text per prompt.
    pub samples: Vec<SampleRecord>,
}

/// A point of a curve with everything that may stand on the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steps done.
    pub step: u64,
    /// Seconds of training until then.
    pub elapsed_s: f64,
    /// Tokens learnt from until then.
    pub n_tokens: u64,
    /// The loss.
    pub loss: Loss,
}

/// The lowest validation loss of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestValidation {
    /// After which step.
    pub step: u64,
    /// The loss.
    pub val_loss: f64,
    /// The same in bits per UTF-8 byte.
    pub bits_per_byte: f64,
}
