#![allow(clippy::unwrap_used)]
use super::{adopt, name_of};
use crate::db::Db;
use crate::hold::tests::settled;
use crate::jobs::record::Record;
use crate::paths::Paths;
use crate::process::RunLock;
use amoozgar_store::Store;
use amoozgar_types::id::JobId;
use amoozgar_types::job::JobStatus;
use amoozgar_types::{ErrorCode, TrainEvent};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ID: &str = "0192d3a4-5b6c-7d8e-9fa0-b1c2d3e4f506";

/// A run's folder as a supervisor and a worker leave it, two steps of four done.
fn run(root: &Path) -> PathBuf {
    let dir = root.join("jobs").join(ID);
    for step in ["step-00000001", "step-00000002", ".tmp-step-00000003"] {
        let checkpoint = dir.join("checkpoints").join(step);
        fs::create_dir_all(&checkpoint).unwrap();
        fs::write(checkpoint.join("state.json"), "0123456789").unwrap();
    }
    fs::create_dir_all(dir.join("checkpoints/step-00000004")).unwrap();
    fs::write(
        dir.join("job.json"),
        json!({ "name": "حافظ", "dataset": { "train": "/t.txt" } }).to_string(),
    )
    .unwrap();
    let mut record = Record::new(dir.clone());
    for event in [
        json!({ "event": "started", "total_steps": 4, "steps_per_epoch": 4, "start_step": 0,
            "n_parameters": 77, "vocab_size": 300, "n_train_tokens": 1, "n_val_tokens": 1,
            "n_val_bytes": 1, "threads": 1 }),
        step(1),
        json!({ "event": "validation", "step": 1, "val_loss": 2.5, "bits_per_byte": 1.5, "best": true }),
        step(2),
        json!({ "event": "validation", "step": 2, "val_loss": 2.75, "bits_per_byte": 1.75, "best": false }),
    ] {
        let line = event.to_string();
        let event: TrainEvent = serde_json::from_str(&line).unwrap();
        record.event(&event, &line);
    }
    record.write().unwrap();
    dir
}

fn step(step: u64) -> serde_json::Value {
    json!({ "event": "step", "step": step, "epoch": 0.25, "loss": 3.5, "lr": 0.001, "grad_norm": 1.0,
        "tokens_per_s": 10.0, "eta_s": 1.0 })
}

struct Bench {
    dir: TempDir,
    db: Db,
    paths: Paths,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
        paths.create().unwrap();
        let db = Db::new(Store::open(&paths.database(), 1).unwrap().store);
        Self { dir, db, paths }
    }
}

#[test]
fn a_run_that_an_older_database_does_not_know_comes_back_with_its_curves_and_checkpoints() {
    let bench = Bench::new();
    let dir = run(bench.dir.path());
    // As a kill leaves it.
    let metrics = dir.join("metrics.jsonl");
    let cut = fs::read_to_string(&metrics).unwrap() + "{\"event\":\"st";
    fs::write(&metrics, cut).unwrap();
    let owner = bench
        .db
        .now(|store| Ok(crate::test_rows::user(store)))
        .unwrap();
    assert_eq!(
        name_of(&dir).as_deref(),
        Some("حافظ"),
        "what it is offered as"
    );
    let adopted = adopt(&bench.db, &bench.paths, &owner, ID, &settled()).unwrap();
    assert_eq!(adopted.status, JobStatus::Interrupted, "it can go on");
    assert_eq!((adopted.step, adopted.total_steps), (2, 4));
    assert_eq!(adopted.n_parameters, 77);
    assert!((adopted.progress - 50.0).abs() < 1e-9);
    assert_eq!(adopted.val_loss, Some(2.75.into()), "the latest");
    assert_eq!(adopted.dataset_name, "t");
    let stored = bench
        .db
        .now(|store| store.job(&owner, &JobId::new(ID)))
        .unwrap()
        .unwrap();
    assert_eq!(stored.record, adopted, "the row says the same");
    assert_eq!(stored.job_dir, dir.display().to_string());
    let id = JobId::new(ID);
    let curves = bench.db.now(|store| store.metrics(&id)).unwrap();
    assert_eq!((curves.train.len(), curves.validation.len()), (2, 2));
    let checkpoints = bench.db.now(|store| store.checkpoints(&id)).unwrap();
    let found: Vec<_> = checkpoints.iter().map(|one| (one.step, one.best)).collect();
    assert_eq!(
        found,
        [(2, false), (1, true)],
        "whole ones, and the best of them"
    );
    let again = adopt(&bench.db, &bench.paths, &owner, ID, &settled()).unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound, "it is on the list now");
}

#[test]
fn a_run_with_its_final_model_comes_back_complete_and_one_that_never_began_stopped() {
    let bench = Bench::new();
    let dir = run(bench.dir.path());
    for file in ["config.json", "model.safetensors"] {
        fs::create_dir_all(dir.join("final")).unwrap();
        fs::write(dir.join("final").join(file), "{}").unwrap();
    }
    let fresh = bench.paths.jobs().join("fresh");
    fs::create_dir_all(&fresh).unwrap();
    fs::copy(dir.join("job.json"), fresh.join("job.json")).unwrap();
    let owner = bench
        .db
        .now(|store| Ok(crate::test_rows::user(store)))
        .unwrap();
    let complete = adopt(&bench.db, &bench.paths, &owner, ID, &settled()).unwrap();
    assert_eq!(complete.status, JobStatus::Completed);
    assert_eq!(complete.val_loss, Some(2.5.into()), "the final model's");
    assert_eq!(
        complete.model_dir,
        Some(dir.join("final").display().to_string())
    );
    let fresh = adopt(&bench.db, &bench.paths, &owner, "fresh", &settled()).unwrap();
    assert_eq!((fresh.status, fresh.step), (JobStatus::Stopped, 0));
}

#[test]
fn what_is_no_run_or_at_work_is_not_taken() {
    let bench = Bench::new();
    let dir = run(bench.dir.path());
    let owner = bench
        .db
        .now(|store| Ok(crate::test_rows::user(store)))
        .unwrap();
    fs::create_dir_all(bench.paths.jobs().join("empty")).unwrap();
    let outside = bench.dir.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::copy(dir.join("job.json"), outside.join("job.json")).unwrap();
    let take = |folder: &str| adopt(&bench.db, &bench.paths, &owner, folder, &settled());
    for folder in ["empty", "none", "", ".", "..", "../outside", "/"] {
        let refused = take(folder).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotFound, "`{folder}`");
    }
    let lock = RunLock::take(&dir).unwrap();
    assert!(RunLock::is_taken(&dir));
    assert_eq!(take(ID).unwrap_err().code, ErrorCode::RunAtWork);
    drop(lock);
    assert!(take(ID).is_ok(), "the process has ended");
}
