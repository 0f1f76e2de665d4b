//! The machine, now and over the last hours; what runs, what takes room, and what can go.

use crate::UtcMs;
use crate::id::JobId;
use crate::job::{JobRecord, JobStatus};
use serde::{Deserialize, Serialize};

/// The machine at one moment. What is not known is absent, never made up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub at_ms: UtcMs,
    /// Use of all cores together, 0 to 100.
    pub cpu_percent: f32,
    /// Use of each core, 0 to 100.
    pub cores_percent: Vec<f32>,
    /// Memory in all.
    pub memory_bytes: u64,
    /// Memory that is taken.
    pub used_memory_bytes: u64,
    /// Room on the disk of the data folder.
    pub disk_bytes: u64,
    /// Room that is free there.
    pub free_disk_bytes: u64,
    /// The warmest sensor of the processor, in degrees Celsius.
    pub temperature_c: Option<f32>,
    /// The battery.
    pub battery: Option<BatteryCharge>,
    /// Graphics processors that the system tells of.
    pub gpus: Vec<Gpu>,
    /// This program's processes: window, web view and worker.
    pub own: OwnShare,
    /// Speed of the live run.
    pub tokens_per_s: Option<f64>,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatteryCharge {
    /// Charge, 0 to 100.
    pub percent: u8,
    /// Whether it is being charged, or full at the mains.
    pub on_mains: bool,
}

/// A graphics processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its name, where the system says one.
    pub name: Option<String>,
    /// Its use, 0 to 100.
    pub percent: Option<f32>,
    /// Its memory in all.
    pub memory_bytes: Option<u64>,
    /// Its memory that is taken.
    pub used_memory_bytes: Option<u64>,
    /// Degrees Celsius.
    pub temperature_c: Option<f32>,
}

/// What this program itself takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OwnShare {
    /// Share of all cores together, 0 to 100.
    pub cpu_percent: f32,
    /// Memory of all its processes; what they share is counted in each.
    pub memory_bytes: u64,
    /// How many processes.
    pub n_processes: u32,
}

/// How far back to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// 1 to 24.
    pub hours: u32,
}

/// The machine in one past minute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MachineSample {
    /// When the minute ended.
    pub at_ms: UtcMs,
    /// Use of all cores together over that minute, 0 to 100.
    pub cpu_percent: f32,
    /// Memory that was taken at its end.
    pub used_memory_bytes: u64,
    /// Speed of the run that was live at its end.
    pub tokens_per_s: Option<f64>,
}

/// What the dashboard shows beside the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// How many of the user's runs are in each state that occurs.
    pub jobs_by_status: Vec<(JobStatus, u64)>,
    /// The user's runs that changed last, latest first.
    pub recent: Vec<JobRecord>,
}

/// What takes room on the disk, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskUse {
    /// Final models of the user's runs.
    pub models: u64,
    /// Checkpoints of the user's runs.
    pub checkpoints: u64,
    /// Tokenizers and tokens that the user's runs keep.
    pub caches: u64,
    /// The user's imported datasets.
    pub datasets: u64,
    /// Downloads of this computer.
    pub downloads: u64,
    /// Room that is free.
    pub free: u64,
    /// Room in all.
    pub all: u64,
}

/// Something that could be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupItem {
    /// What to name when it shall be removed.
    pub target: CleanupTarget,
    /// The run, repository or folder it belongs to, as people know it.
    pub name: String,
    /// What it takes.
    pub size_bytes: u64,
    /// Why one should think twice.
    pub caution: Option<Caution>,
}

/// What can be removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CleanupTarget {
    /// One checkpoint of an ended run.
    Checkpoint {
        /// Which run.
        job_id: JobId,
        /// At which step.
        step: u64,
    },
    /// Tokenizer and tokens of an ended run, made again when it is resumed.
    JobCache {
        /// Which run.
        job_id: JobId,
    },
    /// The folder of a run that the database does not know. Administrators only.
    OrphanFolder {
        /// The folder's name.
        folder: String,
    },
    /// What is there of a download that nobody goes on with. Administrators only.
    PartialDownload {
        /// The repository's folder in the cache.
        folder: String,
    },
}

/// Why one should think twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// The run's best checkpoint.
    BestCheckpoint,
    /// The last one: without it the run starts anew.
    LastCheckpoint,
    /// The download starts anew.
    StartsAnew,
}

/// What a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupOutcome {
    /// Things removed.
    pub n_removed: u32,
    /// Room made.
    pub freed_bytes: u64,
    /// Things that were gone already, or are in use by now.
    pub n_skipped: u32,
}
