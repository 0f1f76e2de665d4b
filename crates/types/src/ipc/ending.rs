//! The end of the program while a run still has to be saved.

use serde::{Deserialize, Serialize};

/// The run that the program waits for before it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndingRun {
    /// What it is called; absent for whoever it does not belong to.
    pub name: Option<String>,
    /// Steps done.
    pub step: u64,
    /// Steps done at the latest checkpoint, which is what is left if nobody waits.
    pub saved_step: u64,
    /// The share of the checkpoint that is on the disk, while one is being written.
    pub fraction: Option<f64>,
    /// It has shown no sign of life for a while: a person decides whether to wait on.
    pub asks: bool,
}

/// What a person answers to [`EndingRun::asks`], or wishes before they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingChoice {
    /// The program waits on.
    Wait,
    /// The run is ended as it is, without what came after its latest checkpoint.
    GiveUp,
}
