//! Threads: one pool per run, in which everything of it happens.

use crate::EngineError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Stack of a pool's thread: address space alone until it is touched.
const STACK_BYTES: usize = 64 << 20;

/// What a process that trains on `threads` threads needs in its environment *before it starts*: rayon's
/// pool of the whole process, which libraries use, reads it at its first use and offers no other way.
pub fn thread_environment(threads: usize) -> [(&'static str, String); 1] {
    [("RAYON_NUM_THREADS", threads.max(1).to_string())]
}

/// Threads of a run: what was asked for, else all cores.
pub(crate) fn count(asked: Option<usize>) -> usize {
    asked
        .filter(|&threads| threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The pool in which everything of a run happens.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool, EngineError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("engine-{index}"))
        .build()
        .map_err(|source| EngineError::Threads {
            detail: source.to_string(),
        })
}
