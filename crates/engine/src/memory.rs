//! Memory of this process and of this machine, where the system tells.

use amoozgar_types::TrainSpec;
use std::fs;

/// The most bytes that this process has held in memory so far; `None` where the system does not tell.
pub(crate) fn peak_resident_bytes() -> Option<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// Bytes that a process can take without others being pushed out; `None` where the system does not tell.
pub(crate) fn available_bytes() -> Option<u64> {
    field("/proc/meminfo", "MemAvailable:")
}

/// [`available_bytes`], or what the run is allowed where that is less.
pub(crate) fn available_to(spec: &TrainSpec) -> Option<u64> {
    match (available_bytes(), spec.memory_limit_bytes) {
        (Some(free), Some(limit)) => Some(free.min(limit)),
        (free, limit) => free.or(limit),
    }
}

/// A field of one of Linux's status files, which count in KiB.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}
