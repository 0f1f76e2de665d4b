//! Running the executable as a command, and reading the events of a run.

use super::executable;
use amoozgar_types::TrainEvent;
use amoozgar_types::event::{Outcome, StepRecord, ValidationRecord};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// A folder of its own for one test: data folder and files.
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and answers its path.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A command that knows no display, no desktop and no other data folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(executable());
        command
            .args(arguments)
            .env("AMOOZGAR_DATA_DIR", self.data_dir())
            .env("HOME", self.folder.path())
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// A run of a few seconds over `train`, with checkpoints and validations on the way.
    pub fn tiny_spec(&self, train: &Path) -> Value {
        json!({
            "name": "آزمایش",
            "dataset": { "train": train, "validation_fraction": 0.1 },
            "tokenizer": { "vocab_size": 320 },
            "model": {
                "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64,
                "context_length": 32
            },
            "optimizer": { "epochs": 1000, "max_steps": 60, "batch_size": 8, "lr": 3e-3 },
            "evaluation": {
                "every_steps": 10, "prompts": ["روزی"], "sample_tokens": 8, "patience": null
            },
            "checkpoint": { "every_steps": 10, "keep_last": 2 },
            "threads": 2
        })
    }

    /// A job's folder with its specification, as the application makes it.
    pub fn job_dir(&self, name: &str, spec: &Value) -> PathBuf {
        let dir = self.path(name);
        self.write(
            &format!("{name}/job.json"),
            serde_json::to_vec(spec).unwrap(),
        );
        dir
    }
}

/// A worker whose lines are read as they come.
pub struct Worker {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    pub events: Vec<TrainEvent>,
}

impl Worker {
    pub fn start(bench: &Bench, job_dir: &Path) -> Self {
        let mut child = bench
            .command(&["worker", job_dir.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            stdin,
            lines,
            events: Vec::new(),
        }
    }

    pub fn say(&mut self, command: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{command}").unwrap();
        stdin.flush().unwrap();
    }

    /// The next event; `None` at the end of the output.
    pub fn next(&mut self) -> Option<TrainEvent> {
        let line = self.lines.next()?.unwrap();
        let event: TrainEvent = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("no event in `{line}`: {error}"));
        self.events.push(event.clone());
        Some(event)
    }

    /// Reads until an event is as wanted.
    pub fn until(&mut self, what: &str, mut wanted: impl FnMut(&TrainEvent) -> bool) -> TrainEvent {
        while let Some(event) = self.next() {
            if wanted(&event) {
                return event;
            }
        }
        panic!("the worker ended before {what}: {:?}", self.events.last());
    }

    /// Reads to the end and answers the exit code; `None` after a signal.
    pub fn finish(&mut self) -> Option<i32> {
        while self.next().is_some() {}
        self.child.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The events of a command's standard output; every line must be one.
pub fn events(output: &Output) -> Vec<TrainEvent> {
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("no event in `{line}`: {error}"))
        })
        .collect()
}

pub fn steps(events: &[TrainEvent]) -> Vec<&StepRecord> {
    events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Step(step) => Some(step),
            _ => None,
        })
        .collect()
}

pub fn validations(events: &[TrainEvent]) -> Vec<&ValidationRecord> {
    events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Validation(validation) => Some(validation),
            _ => None,
        })
        .collect()
}

pub fn outcome(events: &[TrainEvent]) -> Option<&Outcome> {
    match events.last() {
        Some(TrainEvent::Finished(outcome)) => Some(outcome),
        _ => None,
    }
}

/// Step, loss, learning rate and gradient norm, to the last bit.
pub fn curve<'a>(steps: impl IntoIterator<Item = &'a StepRecord>) -> Vec<(u64, u64, u64, u64)> {
    steps
        .into_iter()
        .map(|step| {
            let loss = step.loss.finite().unwrap_or(f64::NAN);
            (
                step.step,
                loss.to_bits(),
                step.lr.to_bits(),
                step.grad_norm.to_bits(),
            )
        })
        .collect()
}

/// What a failed command said, on both channels, for assertions' reasons.
pub fn said(output: &Output) -> String {
    format!(
        "{}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The first JSON object among a command's lines.
pub fn json_answer(output: &Output) -> Result<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| serde_json::from_str(line).ok())
        .or_else(|| serde_json::from_str(&text).ok())
        .with_context(|| said(output))
}
