//! The machine, now and over the last hours.

use crate::UtcMs;
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
