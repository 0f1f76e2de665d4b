//! How long the release build takes from its start to a page that can be used, and what its own
//! process holds when idle. docs/benchmarks.md records the figures. Needs a display; without one,
//! `xvfb-run -a dbus-run-session cargo xtask startup`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, root};
use crate::run::{build_application, executable};

/// Starts that are measured.
const RUNS: usize = 7;
/// No start takes longer.
const LIMIT: Duration = Duration::from_secs(60);
/// How long the program is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(6);

struct Start {
    interactive: Duration,
    resident_bytes: u64,
}

/// Measures and prints the median of several starts, each with an empty data folder.
pub fn startup() -> Result<()> {
    build_application()?;
    let work = process::scratch("startup")?;
    let mut cold = Vec::new();
    for run in 0..RUNS {
        let cached = drop_caches();
        let start = measure(&work.join(run.to_string()))?;
        println!(
            "start {run}: interactive after {} ms ({}), {} MB resident when idle",
            start.interactive.as_millis(),
            if cached.is_ok() {
                "file cache emptied before"
            } else {
                "file cache as it was"
            },
            start.resident_bytes / 1_000_000
        );
        cold.push(start);
    }
    cold.sort_by_key(|start| start.interactive);
    let median = &cold[cold.len() / 2];
    let resident = cold.iter().map(|start| start.resident_bytes).max();
    println!(
        "median: interactive after {} ms; at most {} MB resident when idle",
        median.interactive.as_millis(),
        resident.unwrap_or(0) / 1_000_000
    );
    Ok(())
}

/// Makes the next start a cold one, where the system lets us.
fn drop_caches() -> std::io::Result<()> {
    process::run(&mut process::command("sync"), "write out the file cache")
        .map_err(std::io::Error::other)?;
    fs::write("/proc/sys/vm/drop_caches", "3")
}

fn measure(data_dir: &Path) -> Result<Start> {
    let started = Instant::now();
    let mut child = process::command(executable("release"))
        .env("AMOOZGAR_DATA_DIR", data_dir)
        .env("AMOOZGAR_RESOURCES", root().join("data"))
        .stderr(Stdio::piped())
        .spawn()
        .context("could not start the application")?;
    let measured = watch(&mut child, started);
    let _ = child.kill();
    child.wait().context("could not end the application")?;
    measured
}

fn watch(child: &mut Child, started: Instant) -> Result<Start> {
    let log = child.stderr.take().context("BUG: the log is piped")?;
    let (say, hear) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains("interactive") {
                // The other side has given up waiting.
                let _ = say.send(started.elapsed());
            }
        }
    });
    let Ok(interactive) = hear.recv_timeout(LIMIT) else {
        bail!("no page could be used within {LIMIT:?}");
    };
    std::thread::sleep(IDLE);
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))
        .context("the process's memory can be read on Linux only")?;
    let resident_kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .context("no `VmRSS` in the process's status")?;
    Ok(Start {
        interactive,
        resident_bytes: resident_kib * 1024,
    })
}
