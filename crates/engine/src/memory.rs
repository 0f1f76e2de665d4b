//! Memory of this process and of this machine, where the system tells.

use std::fs;

/// The most bytes that this process has held in memory so far; `None` where the system does not tell.
pub(crate) fn peak_resident_bytes() -> Option<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// Bytes that a process can take without others being pushed out; `None` where the system does not tell.
pub(crate) fn available_bytes() -> Option<u64> {
    field("/proc/meminfo", "MemAvailable:")
}

/// A field of one of Linux's status files, which count in KiB.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}
