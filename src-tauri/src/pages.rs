//! Small pages of memory: a huge one counts as a whole where a part of it is used. A window would hold
//! megabytes more, and a training run a sixth more than its estimate says, for no more speed.

/// Asks the system for small pages, where it offers a choice (Linux), for this process and those that it
/// starts. Call it before much is held.
pub fn keep_small() {
    #[cfg(target_os = "linux")]
    if let Err(failure) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%failure, "the size of memory's pages stays as it was");
    }
}
