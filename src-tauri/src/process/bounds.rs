//! What a child does to itself before it begins: it holds itself to the memory that it was given, and
//! has the system end it with its parent.

use std::process::ExitCode;

/// Names, in a child's environment, the most bytes of memory that it may take beyond
/// what it holds at its start.
pub const MEMORY_LIMIT: &str = "AMOOZGAR_MEMORY_LIMIT_BYTES";

/// What a child's environment says of a bound of so many bytes. The allocator reserves address space in
/// advance; it must not count as used before it is.
pub fn environment(memory_bytes: u64) -> [(&'static str, String); 2] {
    [
        (MEMORY_LIMIT, memory_bytes.to_string()),
        ("MIMALLOC_ARENA_EAGER_COMMIT", "0".to_owned()),
    ]
}

/// Puts the bounds in force. A child that cannot be bounded refuses to begin.
pub fn apply() -> Result<(), ExitCode> {
    end_with_parent();
    let Some(wanted) = std::env::var_os(MEMORY_LIMIT) else {
        return Ok(());
    };
    let bytes = wanted.to_str().and_then(|text| text.parse().ok());
    let applied = match bytes {
        Some(bytes) => limit_memory(bytes),
        None => Err(std::io::ErrorKind::InvalidInput.into()),
    };
    applied.map_err(|failure| {
        tracing::error!(%failure, ?wanted, "the memory could not be bounded");
        ExitCode::FAILURE
    })
}

/// Linux counts every private writable page against `RLIMIT_DATA`, mapped ones included, and pages of
/// files that are mapped to be read not at all. What the program's libraries took before is not the
/// child's doing: the bound is on what comes on top. Other systems bound nothing of the kind, and there
/// the limit on time and the free memory that is asked for before a start are what holds.
#[cfg(target_os = "linux")]
fn limit_memory(bytes: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = field.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    let taken = kib.ok_or(std::io::ErrorKind::InvalidData)? << 10;
    let wanted = taken.saturating_add(bytes);
    let allowed = getrlimit(Resource::Data).maximum;
    let most = allowed.map_or(wanted, |allowed| allowed.min(wanted));
    setrlimit(
        Resource::Data,
        Rlimit {
            current: Some(most),
            maximum: Some(most),
        },
    )?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have no such bound that could fail"
)]
fn limit_memory(_bytes: u64) -> std::io::Result<()> {
    Ok(())
}

/// A closed input ends a child on every system; this reaches one that hangs, too.
fn end_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        if let Err(failure) = set_parent_process_death_signal(Some(Signal::KILL)) {
            tracing::warn!(%failure, "only a closed input will end this process");
        }
    }
}
