//! The program and the machine.

use crate::id::JobId;
use serde::{Deserialize, Serialize};

/// The program and the machine it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppInfo {
    /// The program's version.
    pub version: String,
    /// Where its data lives.
    pub data_dir: String,
    /// Where what grows large lies: runs, datasets, models, downloads.
    pub place: String,
    /// Whether that folder is there; it is not while its disk is not plugged in.
    pub place_is_there: bool,
    /// Whether others who use this computer can read nothing there. They can where the disk's file system
    /// keeps no modes.
    pub place_is_private: bool,
    /// The folder that they were moved from, while its copy is kept.
    pub place_left: Option<String>,
    /// Logical processors.
    pub n_cpus: u32,
    /// The processor's name.
    pub cpu: String,
    /// Memory in all.
    pub memory_bytes: u64,
    /// Memory free now.
    pub free_memory_bytes: u64,
    /// A damaged database was set aside here at this start.
    pub database_set_aside: Option<String>,
}

/// One of the program's own folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "folder", content = "job_id", rename_all = "snake_case")]
pub enum Folder {
    /// Everything.
    Data,
    /// The program's logs.
    Logs,
    /// A run's folder.
    Job(JobId),
    /// A run's final model.
    Model(JobId),
}
