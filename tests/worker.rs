//! The worker process: its commands, its parent's death, its own death, and a full disk.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod support;

use amoozgar_types::TrainEvent;
use amoozgar_types::error::ErrorCode;
use serde_json::json;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::command_line::{Bench, Worker, curve, steps, validations};
use support::{executable, persian_text, wait_for_end};

/// Ends well before a hung worker would be noticed by a person.
const PATIENCE: Duration = Duration::from_secs(60);

fn at_step(step: u64) -> impl FnMut(&TrainEvent) -> bool {
    move |event| matches!(event, TrainEvent::Step(record) if record.step >= step)
}

fn long_job(bench: &Bench, name: &str) -> std::path::PathBuf {
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(100_000);
    bench.job_dir(name, &spec)
}

#[test]
fn a_worker_whose_input_closes_saves_where_it_is_and_ends() {
    let bench = Bench::new();
    let dir = long_job(&bench, "job");
    let mut worker = Worker::start(&bench, &dir);
    worker.until("step 13", at_step(13));
    drop(worker.stdin.take());
    let last = worker.until("its last word", |event| {
        matches!(event, TrainEvent::Stopped { .. })
    });
    let TrainEvent::Stopped { step, checkpoint } = last else {
        unreachable!("`until` answers what was wanted");
    };
    assert!(
        step >= 10,
        "only a validation under way is repeated: {step}"
    );
    let checkpoint = checkpoint.expect("a checkpoint was saved");
    assert!(Path::new(&checkpoint).is_dir(), "and is on the disk");
    let status = wait_for_end(&mut worker.child, PATIENCE).unwrap();
    assert_eq!(status.code(), Some(3), "stopped is 3");

    let mut again = Worker::start(&bench, &dir);
    let plan = again.until("the plan", |event| matches!(event, TrainEvent::Started(_)));
    assert!(
        matches!(plan, TrainEvent::Started(plan) if plan.start_step == step),
        "the next start goes on from step {step}"
    );
}

#[test]
fn a_worker_pauses_goes_on_saves_and_stops_when_told() {
    let bench = Bench::new();
    let dir = long_job(&bench, "job");
    let mut worker = Worker::start(&bench, &dir);
    worker.until("step 3", at_step(3));
    worker.say("pause");
    let paused = worker.until("the pause", |event| {
        matches!(event, TrainEvent::Paused { .. })
    });
    let TrainEvent::Paused { step } = paused else {
        unreachable!("`until` answers what was wanted");
    };
    assert!(
        worker
            .events
            .iter()
            .any(|event| matches!(event, TrainEvent::Checkpoint(saved) if saved.step == step)),
        "a pause saves first"
    );
    worker.say("resume");
    let next = worker.until("a further event", |event| {
        !matches!(event, TrainEvent::Resumed { .. })
    });
    assert!(
        matches!(&next, TrainEvent::Step(record) if record.step == step + 1),
        "no step is lost or done twice: {next:?}"
    );
    worker.say("checkpoint");
    worker.until(
        "the checkpoint asked for",
        |event| matches!(event, TrainEvent::Checkpoint(saved) if saved.step > step),
    );
    worker.say("stop");
    assert_eq!(worker.finish(), Some(3), "stopped is 3");
    assert!(
        matches!(worker.events.last(), Some(TrainEvent::Stopped { .. })),
        "and is the last word"
    );
}

#[test]
fn a_run_killed_in_the_middle_ends_where_an_unbroken_one_does_to_the_last_bit() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    // Long enough to be in its middle when the signal comes.
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(300);

    let mut unbroken = Worker::start(&bench, &bench.job_dir("unbroken", &spec));
    assert_eq!(unbroken.finish(), Some(0), "{:?}", unbroken.events.last());

    let dir = bench.job_dir("broken", &spec);
    let mut killed = Worker::start(&bench, &dir);
    killed.until("a checkpoint", |event| {
        matches!(event, TrainEvent::Checkpoint(_))
    });
    killed.until("a step after it", |event| {
        matches!(event, TrainEvent::Step(_))
    });
    killed.child.kill().unwrap();
    assert_eq!(killed.finish(), None, "it died of the signal");

    let mut resumed = Worker::start(&bench, &dir);
    assert_eq!(resumed.finish(), Some(0), "{:?}", resumed.events.last());
    let start_step = resumed
        .events
        .iter()
        .find_map(|event| match event {
            TrainEvent::Started(plan) => Some(plan.start_step),
            _ => None,
        })
        .unwrap();
    assert!(start_step > 0, "it went on from a checkpoint");
    let before = steps(&killed.events);
    let joined = before
        .into_iter()
        .filter(|step| step.step <= start_step)
        .chain(steps(&resumed.events));
    assert_eq!(
        curve(joined),
        curve(steps(&unbroken.events)),
        "loss, learning rate and gradient norm of every step"
    );
    let from = |events: &[TrainEvent]| -> Vec<(u64, String)> {
        validations(events)
            .into_iter()
            .filter(|point| point.step > start_step)
            .map(|point| (point.step, format!("{:?}", point.val_loss)))
            .collect()
    };
    assert_eq!(
        from(&resumed.events),
        from(&unbroken.events),
        "and every validation"
    );
    let weights =
        |name: &str| std::fs::read(bench.path(name).join("final/model.safetensors")).unwrap();
    assert!(
        weights("broken") == weights("unbroken"),
        "the final weights are the same bytes"
    );
}

/// A change of a specification.
#[cfg(target_os = "linux")]
type Change<'a> = &'a dyn Fn(&mut serde_json::Value);

/// What is foreseen and what a worker then held, in MiB, for a run of four steps.
#[cfg(target_os = "linux")]
fn foreseen_and_held(bench: &Bench, name: &str, change: Change<'_>) -> (f64, f64) {
    const MIB: f64 = 1_048_576.0;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stories.txt");
    let mut spec = json!({
        "dataset": { "train": data },
        "tokenizer": { "vocab_size": 4000 },
        "model": {
            "n_layers": 6, "d_model": 256, "n_heads": 4, "n_kv_heads": 4, "d_ff": 704,
            "context_length": 256
        },
        "optimizer": { "batch_size": 8, "micro_batch": 8, "epochs": 1, "max_steps": 4 },
        "evaluation": { "every_steps": 4, "prompts": [], "patience": null },
        "checkpoint": { "every_steps": 4, "keep_last": 1 },
        "threads": 2
    });
    change(&mut spec);
    let n_bytes = std::fs::metadata(&data).unwrap().len();
    let foreseen = {
        let spec = serde_json::from_value(spec.clone()).unwrap();
        amoozgar_engine::estimate(&spec, n_bytes).unwrap()
    };
    let mut worker = Worker::start(bench, &bench.job_dir(name, &spec));
    let process = format!("/proc/{}/status", worker.child.id());
    let mut held_kib = 0.0;
    while worker.next().is_some() {
        // The most so far; the process may be gone by now.
        let status = std::fs::read_to_string(&process).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        held_kib = number.map_or(held_kib, |number| number.parse().unwrap());
    }
    assert!(
        matches!(worker.events.last(), Some(TrainEvent::Finished(_))),
        "{name}: {:?}",
        worker.events.last()
    );
    (foreseen.memory_bytes as f64 / MIB, held_kib / 1024.0)
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_holds_the_memory_that_its_plan_foresees_to_within_a_tenth() {
    let bench = Bench::new();
    let base = bench.path("from scratch").join("final");
    let runs: [(&str, Change<'_>); 4] = [
        ("from scratch", &|_| ()),
        ("deeper", &|spec| {
            spec["model"]["n_layers"] = json!(12);
            spec["model"]["context_length"] = json!(128);
        }),
        ("in two parts", &|spec| {
            spec["optimizer"]["micro_batch"] = json!(4);
        }),
        ("adapters", &|spec| {
            spec["method"] = json!("lora");
            spec["base_model"] = json!(base);
            spec["lora"] = json!({ "rank": 8, "base": "q8" });
        }),
    ];
    for (name, change) in runs {
        let (foreseen, held) = foreseen_and_held(&bench, name, change);
        let error = (foreseen / held - 1.0) * 100.0;
        println!("{name}: {foreseen:.0} MiB foreseen, {held:.0} held, {error:+.1} %");
        assert!(
            error.abs() < 10.0,
            "{name}: {foreseen:.0} MiB foreseen, {held:.0} held"
        );
    }
}

/// A small disk of its own in a namespace of its own, which no privilege is needed for where the
/// system allows user namespaces. The first run meets a full disk; then the disk grows.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_the_run_and_loses_nothing_that_was_saved() {
    const SCRIPT: &str = r#"
        mount -t tmpfs -o size=700k none "$1" || exit 77
        cp "$2" "$1/job.json" && "$3" worker "$1"; echo "exit $?"
        mount -o remount,size=64m "$1"
        "$3" worker "$1"; echo "exit $?"
    "#;
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let spec = bench.write(
        "spec.json",
        serde_json::to_vec(&bench.tiny_spec(&data)).unwrap(),
    );
    let disk = bench.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mut shell = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"])
        .args([&disk, &spec, &executable()])
        .env("AMOOZGAR_DATA_DIR", bench.data_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = shell.stdin.take();
    let mut said = String::new();
    shell
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    let status = shell.wait().unwrap();
    drop(input);
    if !said.contains("exit ") && !status.success() {
        println!("skipped: this system does not let a test mount a small disk ({status})");
        return;
    }
    let (first, second) = said
        .split_once("exit 1\n")
        .unwrap_or_else(|| panic!("a full disk is 1: {said}"));
    let events = |text: &str| -> Vec<TrainEvent> {
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let failed = events(first);
    let Some(TrainEvent::Failed { error }) = failed.last() else {
        panic!("the last word of a run on a full disk: {:?}", failed.last());
    };
    assert_eq!(error.code, ErrorCode::DiskFull, "{error}");
    assert!(
        error.params.path.is_some(),
        "it says on which disk: {error}"
    );
    assert!(
        second.ends_with("exit 0\n"),
        "with room again it ends well: {second}"
    );
    let resumed = events(second);
    let saved = failed
        .iter()
        .rev()
        .find_map(|event| match event {
            TrainEvent::Checkpoint(saved) => Some(saved.step),
            _ => None,
        })
        .expect("the first checkpoint fitted");
    assert!(
        resumed
            .iter()
            .any(|event| matches!(event, TrainEvent::Started(plan) if plan.start_step >= saved)),
        "what was saved at step {saved} was used"
    );
}
