//! Huge pages of memory: a window holds little and would keep megabytes in each of them, a training
//! run holds much and is quicker with them. The choice is inherited, so each process makes its own.

/// What a process holds in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Small things, for long: the window.
    Little,
    /// Weights and activations: a worker.
    Much,
}

/// Asks the system for pages that suit, where it offers a choice (Linux). Call it before much is held.
pub fn suit(holds: Holds) {
    #[cfg(target_os = "linux")]
    if let Err(failure) = rustix::thread::disable_transparent_huge_pages(holds == Holds::Little) {
        tracing::debug!(%failure, ?holds, "the size of memory's pages stays as it was");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = holds;
}
