//! The executable: the window without arguments, one training job as `worker`, and the command line.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

/// Fast on small allocations and returns memory to the system, which keeps the idle window small.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    amoozgar::main()
}
