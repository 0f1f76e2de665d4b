//! How long a release build takes from its start to a page that can be used, and what its own
//! process holds when idle. Needs a display; without one,
//! `xvfb-run -a dbus-run-session cargo xtask measure startup`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, root};
use crate::run::{build_application, executable};

/// Starts of each executable that are measured.
const RUNS: usize = 7;
/// No start takes longer.
const LIMIT: Duration = Duration::from_secs(60);
/// How long the program is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(6);

struct Start {
    interactive: Duration,
    resident_bytes: u64,
}

/// An executable and its starts so far.
struct Build {
    name: &'static str,
    executable: PathBuf,
    starts: Vec<Start>,
}

impl Build {
    fn new(name: &'static str, executable: PathBuf) -> Self {
        Self {
            name,
            executable,
            starts: Vec::new(),
        }
    }

    /// The start's median time.
    fn median(&self) -> Duration {
        let mut times: Vec<Duration> = self.starts.iter().map(|start| start.interactive).collect();
        times.sort();
        times[times.len() / 2]
    }

    fn print(&self) {
        let times = self
            .starts
            .iter()
            .map(|start| start.interactive.as_millis());
        let resident = self.starts.iter().map(|start| start.resident_bytes).max();
        println!(
            "{}: interactive after {} ms (median; {} to {}); at most {} MB resident when idle",
            self.name,
            self.median().as_millis(),
            times.clone().min().unwrap_or(0),
            times.max().unwrap_or(0),
            resident.unwrap_or(0) / 1_000_000
        );
    }
}

/// Starts this release build, and the executable `against` in turn where one is given, several times
/// with an empty data folder each, and prints medians and their ratio.
pub fn measure(against: Option<&Path>) -> Result<()> {
    // A path is relative to where the command was given, not to the root.
    let against = against
        .map(|path| {
            fs::canonicalize(path)
                .with_context(|| format!("there is no executable `{}`", path.display()))
        })
        .transpose()?;
    build_application()?;
    let work = process::scratch("startup")?;
    let mut builds = vec![Build::new("this build", executable("release"))];
    builds.extend(against.map(|path| Build::new("the other", path)));
    for run in 0..RUNS {
        for build in &mut builds {
            let cached = drop_caches();
            let start = start(
                &build.executable,
                &work.join(format!("{run}-{}", build.name)),
            )?;
            println!(
                "start {run} of {}: interactive after {} ms ({}), {} MB resident when idle",
                build.name,
                start.interactive.as_millis(),
                if cached.is_ok() {
                    "file cache emptied before"
                } else {
                    "file cache as it was"
                },
                start.resident_bytes / 1_000_000
            );
            build.starts.push(start);
        }
    }
    for build in &builds {
        build.print();
    }
    if let [ours, theirs] = builds.as_slice() {
        let ratio = ours.median().as_secs_f64() / theirs.median().as_secs_f64();
        println!("ratio of the medians: {ratio:.2}");
    }
    Ok(())
}

/// Makes the next start a cold one, where the system lets us.
fn drop_caches() -> std::io::Result<()> {
    process::run(&mut process::command("sync"), "write out the file cache")
        .map_err(std::io::Error::other)?;
    fs::write("/proc/sys/vm/drop_caches", "3")
}

fn start(executable: &Path, data_dir: &Path) -> Result<Start> {
    let started = Instant::now();
    let mut child = process::command(executable)
        .env("AMOOZGAR_DATA_DIR", data_dir)
        .env("AMOOZGAR_RESOURCES", root().join("data"))
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", executable.display()))?;
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
