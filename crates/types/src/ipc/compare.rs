//! Runs beside one another: what a page of them needs, and what is written to a file.

use crate::id::JobId;
use serde::{Deserialize, Serialize};

/// Which runs to compare, at most [`MOST_COMPARED`](crate::compare::MOST_COMPARED).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareRequest {
    /// In the order in which they are shown.
    pub job_ids: Vec<JobId>,
}

/// A comparison to be written to a file that the user has named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareExport {
    /// Where to.
    pub path: String,
    /// What.
    pub content: ExportContent,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ExportContent {
    /// Every point of these runs, none thinned, as comma-separated values.
    Csv(Vec<JobId>),
    /// A drawing that the page made, as SVG.
    Svg(String),
    /// A drawing that the page made, as PNG in base64.
    Png(String),
}
