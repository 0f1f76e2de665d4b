//! Rows that the tests of commands start from.

use amoozgar_store::Store;
use amoozgar_types::TrainSpec;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::User;
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::SizePreset;
use serde_json::json;

/// Adds a profile.
pub fn user(store: &Store) -> UserId {
    let user: User = serde_json::from_value(json!({
        "user_id": "sara", "name": "سارا", "has_password": false, "created_ms": 0
    }))
    .unwrap_or_else(|error| panic!("a profile: {error}"));
    let added = store.insert_user(&user, None, 0);
    assert!(added.is_ok(), "a fresh profile: {added:?}");
    user.user_id
}

/// Adds a completed run.
pub fn job(store: &Store, owner: &UserId, name: &str) -> JobId {
    let spec: TrainSpec = serde_json::from_value(json!({ "dataset": { "train": "/t.txt" } }))
        .unwrap_or_else(|error| panic!("a specification: {error}"));
    let record = record(name);
    let added = store.insert_job(owner, &record, &spec, "/data/jobs/j1");
    assert!(added.is_ok(), "a fresh run: {added:?}");
    record.job_id
}

/// The row of a completed run.
pub fn record(name: &str) -> JobRecord {
    JobRecord {
        job_id: JobId::new("j1"),
        name: name.to_owned(),
        status: JobStatus::Completed,
        queue_position: None,
        dataset_id: None,
        dataset_name: "حافظ".to_owned(),
        preset: SizePreset::Tiny,
        progress: 100.0,
        epoch: 1.0,
        step: 1,
        total_steps: 1,
        n_parameters: 1,
        loss: None,
        val_loss: None,
        bits_per_byte: None,
        tokens_per_s: None,
        eta_s: None,
        diverged_step: None,
        error: None,
        pid: None,
        model_dir: None,
        created_ms: 0,
        started_ms: None,
        updated_ms: 0,
        finished_ms: None,
    }
}
