//! Whole runs by every optimizer and schedule that a specification can name: they learn, and go on from a
//! checkpoint bit for bit.

use amoozgar_engine::{Control, End, train};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::{TrainEvent, TrainSpec};
use std::path::Path;
use tempfile::TempDir;

fn spec(folder: &Path, kind: &str, schedule: &str) -> TrainSpec {
    let path = folder.join("text.txt");
    let text: Vec<String> = (0..120)
        .map(|n| format!("باغ {n} پر از گل‌های {} بود", n * 5 % 23))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 1, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 48, "context_length": 16 },
        "optimizer": {
            "kind": kind, "schedule": schedule, "batch_size": 8, "max_steps": 30, "epochs": 30,
            "lr": 0.005, "warmup_steps": 3, "min_lr_ratio": 0.5
        },
        "evaluation": { "prompts": [] },
        "threads": 2
    }))
    .unwrap()
}

/// How it ended, and (loss, rate) of each step; stops after `stop_at`.
fn run(spec: &TrainSpec, job: &Path, stop_at: Option<u64>) -> (End, Vec<(f64, f64)>) {
    let control = Control::new();
    let mut steps = Vec::new();
    let end = train(spec, job, &control, &mut |event| {
        if let TrainEvent::Step(record) = event {
            steps.push((record.loss.finite().unwrap(), record.lr));
            if Some(record.step) == stop_at {
                control.send(WorkerCommand::Stop);
            }
        }
    });
    (end.unwrap(), steps)
}

#[test]
fn runs_by_every_optimizer_learn_and_go_on_bit_for_bit() {
    for (kind, schedule) in [
        ("adamw", "constant"),
        ("adamw_8bit", "linear"),
        ("adafactor", "cosine"),
    ] {
        let folder = TempDir::new().unwrap();
        let spec = spec(folder.path(), kind, schedule);
        let (whole_dir, broken_dir) = (folder.path().join("whole"), folder.path().join("broken"));
        let (end, whole) = run(&spec, &whole_dir, None);
        assert!(matches!(end, End::Finished(_)), "{kind}: it ends well");
        let (end, mut broken) = run(&spec, &broken_dir, Some(11));
        assert!(
            matches!(end, End::Stopped { step: 11, .. }),
            "{kind}: it stops"
        );
        broken.extend(run(&spec, &broken_dir, None).1);
        assert_eq!(whole, broken, "{kind}: every loss and rate");
        let weights = |job: &Path| std::fs::read(job.join("final/model.safetensors")).unwrap();
        assert!(
            weights(&whole_dir) == weights(&broken_dir),
            "{kind}: the final weights are the same bytes"
        );
        let (first, last) = (whole[0].0, whole[29].0);
        assert!(
            last < 0.85 * first,
            "{kind}: the loss falls from {first} to {last}"
        );
    }
}

#[test]
fn the_rate_takes_the_course_that_the_specification_names() {
    for (schedule, middle, last) in [
        ("constant", 0.005, 0.005),
        ("linear", 0.00375, 0.0025),
        ("cosine", 0.00375, 0.0025),
    ] {
        let folder = TempDir::new().unwrap();
        let mut spec = spec(folder.path(), "adamw", schedule);
        // After 3 steps of warm-up, step 13 is half way to step 23.
        spec.optimizer.max_steps = Some(23);
        let (_, steps) = run(&spec, &folder.path().join("job"), None);
        for (step, expected) in [(3, 0.005), (13, middle), (23, last)] {
            let lr = steps[step - 1].1;
            assert!(
                (lr - expected).abs() < 1e-12,
                "{schedule}: the rate of step {step} is {lr}, not {expected}"
            );
        }
    }
}
