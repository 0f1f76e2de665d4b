//! Threads: one pool per run, with stacks deep enough for the recursive walk over the graph.

use crate::EngineError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// candle walks its graph recursively; the main threads' usual 2 MiB overflow on deep models.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// What a process that trains on `threads` threads needs in its environment *before it starts*:
/// candle's own pools read these variables at their first use and offer no other way.
pub fn thread_environment(threads: usize) -> [(&'static str, String); 3] {
    [
        ("RAYON_NUM_THREADS", threads.max(1).to_string()),
        ("CANDLE_NUM_THREADS", threads.max(1).to_string()),
        // Elementwise work spins this often before it sleeps; the default starves gemm's threads.
        ("CANDLE_BARRIER_POOL_SPIN_LIMIT", "200".to_owned()),
    ]
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
