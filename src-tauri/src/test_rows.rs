//! Rows that the tests of commands start from.

use amoozgar_store::Store;
use amoozgar_types::TrainSpec;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::SizePreset;
use amoozgar_types::user::User;
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
        status: JobStatus::Completed,
        progress: 100.0,
        epoch: 1.0,
        step: 1,
        total_steps: 1,
        n_parameters: 1,
        ..JobRecord::queued(JobId::new("j1"), name, "حافظ", SizePreset::Tiny, 0)
    }
}
