//! A checkpoint is a model: one writes with it and measures it before its run is finished.

use amoozgar_engine::{
    Control, End, EngineError, Generator, SamplingParams, evaluate, evaluate_classes,
    is_classifier, train,
};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::spec::{Method, Packing, Task};
use amoozgar_types::{TrainEvent, TrainSpec};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A tiny run over text that `folder` is given, measured on a text of its own.
fn spec(folder: &Path) -> TrainSpec {
    let write = |name: &str, from: usize| {
        let text: Vec<String> = (from..from + 100)
            .map(|n| format!("کوچه {n} پر از آواز {} بود و باران می‌بارید", n * 7 % 31))
            .collect();
        let path = folder.join(name);
        std::fs::write(&path, text.join("\n\n")).unwrap();
        path
    };
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": write("train.txt", 0), "validation": write("held_out.txt", 40) },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 16 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "max_steps": 12, "lr": 5e-3 },
        "evaluation": { "every_steps": 4, "prompts": [] },
        "checkpoint": { "every_steps": 4, "keep_last": 3 },
        "threads": 2
    }))
    .unwrap()
}

/// Where a run was broken off.
struct Broken {
    checkpoint: PathBuf,
    val_loss: f64,
}

/// Trains until the checkpoint of step 8 is there and stops.
fn break_off(spec: &TrainSpec, job: &Path) -> Broken {
    let control = Control::new();
    let mut val_loss = f64::NAN;
    let end = train(spec, job, &control, &mut |event| match event {
        TrainEvent::Validation(record) if record.step == 8 => {
            val_loss = record.val_loss.finite().unwrap();
        }
        TrainEvent::Checkpoint(record) if record.step == 8 => control.send(WorkerCommand::Stop),
        _ => {}
    });
    let End::Stopped {
        step: 8,
        checkpoint: Some(checkpoint),
    } = end.unwrap()
    else {
        panic!("stopped after step 8")
    };
    Broken {
        checkpoint: PathBuf::from(checkpoint),
        val_loss,
    }
}

fn finish(spec: &TrainSpec, job: &Path) -> PathBuf {
    let end = train(spec, job, &Control::new(), &mut |_| {}).unwrap();
    let End::Finished(outcome) = end else {
        panic!("the run ends well")
    };
    PathBuf::from(outcome.model_dir)
}

/// What the model in `folder` writes.
fn written(folder: &Path) -> Result<Vec<u32>, EngineError> {
    let params = SamplingParams {
        max_tokens: 6,
        ..SamplingParams::default()
    };
    let generator = Generator::load(folder)?;
    let made = generator.generate("کوچه", &params, &mut |_| ControlFlow::Continue(()))?;
    Ok(made.token_ids)
}

/// Makes a checkpoint look as the version before left it.
fn as_before(spec: &TrainSpec, job: &Path, checkpoint: &Path) {
    for name in ["config.json", "adapter_config.json", "tokenizer.json"] {
        let path = checkpoint.join(name);
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::write(
        job.join("job.json"),
        serde_json::to_vec_pretty(spec).unwrap(),
    )
    .unwrap();
}

/// Runs of every method that continues text.
fn runs(folder: &Path) -> Vec<(&'static str, TrainSpec)> {
    let scratch = spec(folder);
    let base = finish(&scratch, &folder.join("base"));
    let further = |method| TrainSpec {
        method,
        base_model: Some(base.display().to_string()),
        ..scratch.clone()
    };
    vec![
        ("full", further(Method::Full)),
        ("lora", further(Method::Lora)),
        ("scratch", scratch),
    ]
}

#[test]
fn one_writes_with_a_checkpoint_and_measures_it_as_its_run_did() {
    let folder = TempDir::new().unwrap();
    for (name, spec) in runs(folder.path()) {
        let job = folder.path().join(name);
        let Broken {
            checkpoint,
            val_loss,
        } = break_off(&spec, &job);
        let text = written(&checkpoint).unwrap();
        assert!(!text.is_empty(), "{name}: it writes");
        let held_out = spec.dataset.validation.as_deref().unwrap();
        let found = evaluate(&checkpoint, Path::new(held_out), Some(16), Packing::Auto).unwrap();
        assert!(
            (found.loss - val_loss).abs() < 1e-6,
            "{name}: {} as the run measured {val_loss}",
            found.loss
        );
        std::fs::write(job.join("job.json"), serde_json::to_vec(&spec).unwrap()).unwrap();
        assert_eq!(
            written(&job).unwrap(),
            text,
            "{name}: the run's folder leads to it"
        );

        as_before(&spec, &job, &checkpoint);
        assert_eq!(
            written(&checkpoint).unwrap(),
            text,
            "{name}: what an older version left beside it is enough"
        );
        let broken_off = finish(&spec, &job);
        let whole = finish(&spec, &folder.path().join(format!("{name} whole")));
        let bytes = |dir: &Path| std::fs::read(dir.join("model.safetensors")).unwrap();
        assert!(
            bytes(&broken_off) == bytes(&whole),
            "{name}: a checkpoint of before is gone on from bit for bit"
        );
    }
}

#[test]
fn an_adapters_checkpoint_without_its_model_says_which_is_missing() {
    let folder = TempDir::new().unwrap();
    let runs = runs(folder.path());
    let (_, spec) = runs.iter().find(|(name, _)| *name == "lora").unwrap();
    let Broken { checkpoint, .. } = break_off(spec, &folder.path().join("job"));
    let base = PathBuf::from(spec.base_model.as_deref().unwrap());
    let moved = folder.path().join("moved");
    std::fs::rename(&base, &moved).unwrap();
    let refused = written(&checkpoint).unwrap_err().to_string();
    assert!(refused.contains(&base.display().to_string()), "{refused}");

    let followed = TrainSpec {
        base_model: Some(moved.display().to_string()),
        ..spec.clone()
    };
    let job_file = folder.path().join("job/job.json");
    std::fs::write(job_file, serde_json::to_vec(&followed).unwrap()).unwrap();
    assert!(
        !written(&checkpoint).unwrap().is_empty(),
        "the run's specification was led to where the model is now"
    );
}

#[test]
fn a_classifiers_checkpoint_is_a_classifier() {
    let folder = TempDir::new().unwrap();
    let rows: Vec<String> = (0..160)
        .map(|n| {
            let (label, word) = if n % 2 == 0 {
                ("خوب", "زیبا")
            } else {
                ("بد", "زشت")
            };
            format!("{label},باغ {n} {word} بود")
        })
        .collect();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, format!("label,text\n{}", rows.join("\n"))).unwrap();
    let mut spec = spec(folder.path());
    spec.task = Task::SequenceClassification;
    spec.model.n_kv_heads = 2;
    spec.dataset.train = path.display().to_string();
    spec.dataset.validation = Some(path.display().to_string());
    let Broken {
        checkpoint,
        val_loss,
    } = break_off(&spec, &folder.path().join("job"));
    assert!(
        is_classifier(&checkpoint).unwrap(),
        "its configuration says so"
    );
    let found = evaluate_classes(&checkpoint, &path, Some(16)).unwrap();
    assert!(
        (found.loss - val_loss).abs() < 1e-6,
        "{} as the run measured {val_loss}",
        found.loss
    );
    let labels: Vec<&str> = found
        .classes
        .iter()
        .map(|class| class.label.as_str())
        .collect();
    assert_eq!(labels, ["بد", "خوب"], "the classes by name");
}

#[test]
fn one_writes_with_a_checkpoint_of_release_0_1() {
    for run in ["scratch", "continue", "lora"] {
        let job = Path::new("tests/fixtures/release-0.1/jobs").join(run);
        let text = written(&job.join("checkpoints/step-00000060")).unwrap();
        assert!(!text.is_empty(), "`{run}`: it writes");
        assert_eq!(
            written(&job).unwrap(),
            text,
            "`{run}`: the run's folder leads to it"
        );
    }
    let job = Path::new("tests/fixtures/release-0.1/jobs/classify");
    let refused = is_classifier(&job.join("checkpoints/step-00000060")).unwrap_err();
    assert!(
        matches!(refused, EngineError::InvalidModel { .. }),
        "that release kept no tokenizer of a classifier: {refused}"
    );
}
