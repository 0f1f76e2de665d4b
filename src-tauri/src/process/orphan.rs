//! A worker that a killed application left behind: its standard input is closed, so it is saving
//! and will end. It is waited for as long as it works, and killed once it does nothing any more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// How long an orphan may do nothing at all.
const PATIENCE: Duration = Duration::from_secs(60);
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
        self.wait_while_it_works(PATIENCE);
    }

    fn wait_while_it_works(&self, patience: Duration) {
        let mut system = match System::new() {
            Ok(system) => system,
            Err(failure) => {
                tracing::warn!(%failure, "the processes cannot be looked at");
                return;
            }
        };
        let (mut done, mut alive) = (None, Instant::now());
        while let Some(now) = self.work_done(&mut system) {
            if done != Some(now) {
                (done, alive) = (Some(now), Instant::now());
            }
            if alive.elapsed() >= patience {
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

    /// Processor time that it took and bytes that it wrote so far; `None` once it is gone.
    fn work_done(&self, system: &mut System) -> Option<(u64, u64)> {
        let pid = Pid::from_u32(self.pid);
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing()
                .with_cmd(UpdateKind::Always)
                .with_cpu()
                .with_disk_usage(),
        );
        let process = system.process(pid)?;
        let is_ours = process
            .cmd()
            .iter()
            .any(|argument| Path::new(argument) == self.job_dir);
        let written = process.disk_usage().total_written_bytes;
        is_ours.then(|| (process.accumulated_cpu_time(), written))
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Orphan;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};
    use sysinfo::System;

    /// A child that does `what`, as a worker on `dir` would.
    fn worker(dir: &std::path::Path, what: &str) -> (Child, Orphan) {
        let child = Command::new("sh")
            .args(["-c", what, "worker"])
            .arg(dir)
            .spawn()
            .unwrap();
        let orphan = Orphan {
            pid: child.id(),
            job_dir: dir.to_owned(),
        };
        // A process that has only just begun has no command line yet, by which it is known.
        let mut system = System::new().unwrap();
        let begun = Instant::now();
        while orphan.work_done(&mut system).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it is seen");
            std::thread::sleep(Duration::from_millis(10));
        }
        (child, orphan)
    }

    #[test]
    fn an_orphan_that_works_is_waited_for_and_one_that_does_nothing_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let busy = r#"end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do :; done; : > "$1/saved""#;
        let (mut child, orphan) = worker(dir.path(), busy);
        let waiting =
            std::thread::spawn(move || orphan.wait_while_it_works(Duration::from_secs(2)));
        let status = child.wait().unwrap();
        waiting.join().unwrap();
        assert!(status.success(), "nobody killed it: {status}");
        assert!(dir.path().join("saved").exists(), "it came to its end");

        let (mut child, orphan) = worker(dir.path(), "sleep 600; : \"$1\"");
        let waiting =
            std::thread::spawn(move || orphan.wait_while_it_works(Duration::from_secs(1)));
        let status = child.wait().unwrap();
        waiting.join().unwrap();
        assert!(!status.success(), "it was killed: {status}");
    }
}
