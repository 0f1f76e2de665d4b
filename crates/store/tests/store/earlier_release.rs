//! A database that release 0.1 wrote (tests/fixtures/release-0.1): it opens, is migrated, and every row
//! reads as that version read it.

use amoozgar_store::{Opened, Store};
use amoozgar_types::UtcMs;
use amoozgar_types::id::{DownloadId, JobId, SessionId, UserId};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const NOW: UtcMs = 1_764_000_000_000;

/// What this version answers of the database, in the shape of answers.json.
fn answers(store: &Store, expected: &Value) -> Value {
    let ids = |list: &str, of: &str| -> Vec<String> {
        let list = expected[list].as_array().unwrap().iter();
        list.map(|entry| entry.pointer(of).unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    let jobs: Vec<Value> = ids("jobs", "/record/job_id")
        .into_iter()
        .map(|id| {
            let id = JobId::new(id);
            let stored = store.job_unscoped(&id).unwrap().unwrap();
            json!({
                "owner": stored.owner, "record": stored.record, "spec": stored.spec,
                "job_dir": stored.job_dir, "metrics": store.metrics(&id).unwrap(),
                "samples": store.samples(&id, 100).unwrap(),
                "checkpoints": store.checkpoints(&id).unwrap(),
            })
        })
        .collect();
    let downloads: Vec<Value> = ids("downloads", "/record/download_id")
        .into_iter()
        .map(|id| {
            let stored = store.download_unscoped(&DownloadId::new(id));
            let stored = stored.unwrap().unwrap();
            json!({
                "owner": stored.owner, "record": stored.record, "reference": stored.reference,
            })
        })
        .collect();
    let users: Vec<Value> = ids("users", "/user/user_id")
        .into_iter()
        .map(|id| {
            let id = UserId::new(id);
            let brought = |model: ModelRef| store.brought_model(&id, &model).unwrap();
            json!({
                "user": store.user(&id).unwrap(),
                "password_hash": store.password_hash(&id).unwrap(),
                "settings": store.settings(&id).unwrap(),
                "datasets": store.datasets(&id).unwrap(),
                "dataset_paths": store.dataset_paths(&id).unwrap(),
                "notifications": store.notifications(&id).unwrap(),
                "unread": store.unread_count(&id).unwrap(),
                "recovery_hashes": store.recovery_hashes(&id).unwrap(),
                "recovery_status": store.recovery_status(&id).unwrap(),
                "brought_hub": brought(ModelRef::Hub {
                    repo: "owner/installed".to_owned(),
                    kind: RepoKind::Model,
                }),
                "brought_imported": brought(ModelRef::Imported {
                    name: "مدل".to_owned(),
                }),
            })
        })
        .collect();
    let session = store.session(&SessionId::new("session"), NOW + 3).unwrap();
    let session = session.unwrap();
    json!({
        "users": users,
        "jobs": jobs,
        "downloads": downloads,
        "machine_samples": store.machine_samples(0).unwrap(),
        "place": store.place().unwrap(),
        "session": {
            "user_id": session.user_id, "token_hash": session.token_hash,
            "created_ms": session.created_ms, "last_seen_ms": session.last_seen_ms,
            "expires_ms": session.expires_ms,
        },
    })
}

/// Release 0.1 had one word for what is learnt and which weights are trained; today's two for it.
fn part_methods(answers: &mut Value) {
    for job in answers["jobs"].as_array_mut().unwrap() {
        let from_scratch = job["spec"]["base_model"].is_null();
        for of in ["record", "spec"] {
            let (task, method) = match job[of]["method"].as_str().unwrap() {
                "continue" => ("causal_lm", "full"),
                "classify" if from_scratch => ("sequence_classification", "scratch"),
                "classify" => ("sequence_classification", "full"),
                same => ("causal_lm", same),
            };
            let (task, method) = (json!(task), json!(method));
            job[of]["task"] = task;
            job[of]["method"] = method;
        }
    }
}

/// Adds where something that was answered then is answered otherwise now; what is new is no matter.
fn differences(then: &Value, now: &Value, at: &str, found: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (key, then) in then {
                let at = format!("{at}/{key}");
                differences(then, now.get(key).unwrap_or(&Value::Null), &at, found);
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (index, (then, now)) in then.iter().zip(now).enumerate() {
                differences(then, now, &format!("{at}/{index}"), found);
            }
        }
        _ if then == now => {}
        _ => found.push(format!("{at}: {then} became {now}")),
    }
}

#[test]
fn every_row_of_release_0_1_reads_as_it_did() {
    let from = Path::new("tests/fixtures/release-0.1");
    let expected = std::fs::read(from.join("answers.json")).unwrap();
    let mut expected: Value = serde_json::from_slice(&expected).unwrap();
    part_methods(&mut expected);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("amoozgar.db");
    std::fs::copy(from.join("amoozgar.db"), &path).unwrap();
    for opening in ["migrated", "opened again"] {
        let Opened { store, set_aside } = Store::open(&path, NOW).unwrap();
        assert_eq!(set_aside, None, "{opening}: it is not damaged");
        let mut found = Vec::new();
        differences(&expected, &answers(&store, &expected), "", &mut found);
        assert!(found.is_empty(), "{opening}: {found:#?}");
    }
}
