//! A worker that a killed application left behind: its standard input is closed, so it is saving
//! and will end; it is waited for, and killed if it does not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// How long an orphan may take to save.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A process that may still work on a job.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// Its id, as the row says; the system may have given it to another process since.
    pub pid: u32,
    /// The folder of its job, by which it is told from that other process.
    pub job_dir: PathBuf,
}

impl Orphan {
    /// Returns once the process is gone. Blocks.
    pub fn wait(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut system = match System::new() {
            Ok(system) => system,
            Err(failure) => {
                tracing::warn!(%failure, "the processes cannot be looked at");
                return;
            }
        };
        while self.is_alive(&mut system) {
            if Instant::now() >= deadline {
                tracing::warn!(
                    pid = self.pid,
                    "a worker without a parent did not end; killing it"
                );
                if let Some(process) = system.process(Pid::from_u32(self.pid)) {
                    process.kill();
                }
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn is_alive(&self, system: &mut System) -> bool {
        let pid = Pid::from_u32(self.pid);
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always),
        );
        system.process(pid).is_some_and(|process| {
            process
                .cmd()
                .iter()
                .any(|argument| Path::new(argument) == self.job_dir)
        })
    }
}
