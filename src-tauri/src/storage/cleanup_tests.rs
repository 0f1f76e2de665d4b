#![allow(clippy::unwrap_used)]
use super::Room;
use crate::db::Db;
use crate::hold::Hold;
use crate::hold::tests::settled;
use crate::paths::Paths;
use crate::process::RunLock;
use amoozgar_store::Store;
use amoozgar_types::event::CheckpointRecord;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::SizePreset;
use amoozgar_types::storage::{Caution, CleanupTarget};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ErrorCode, TrainSpec};
use std::fs;
use std::path::Path;

fn user(id: &str, role: Role) -> User {
    User {
        user_id: UserId::new(id),
        name: id.to_owned(),
        role,
        has_password: false,
        created_ms: 1,
    }
}

fn room(root: &Path, role: Role) -> Room {
    let paths = Paths::resolve(Some(root.to_owned())).unwrap();
    paths.create().unwrap();
    let store = Store::open(&paths.database(), 1).unwrap().store;
    let first = user("first", Role::Administrator);
    let second = user("second", Role::User);
    store.insert_user(&first, None, 1).unwrap();
    store.insert_user(&second, None, 1).unwrap();
    Room {
        db: Db::new(store),
        hold: Hold::new(&paths),
        paths,
        user: if role == Role::Administrator {
            first
        } else {
            second
        },
    }
}

fn fill(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, b"0123456789").unwrap();
}

#[test]
fn what_belongs_to_no_run_is_an_administrators_to_remove() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    fill(&room.paths.jobs().join("gone/checkpoints/a"));
    let repository = room.paths.hub_cache().join("models--owner--name");
    fill(&repository.join(".amoozgar/abc.part"));
    fill(&repository.join("blobs/whole"));
    let items = room.list().unwrap();
    assert_eq!(items.len(), 2, "both are offered: {items:?}");
    let partial = items.iter().find(|item| item.name == "owner/name").unwrap();
    assert_eq!(
        partial.caution,
        Some(Caution::StartsAnew),
        "it is said what that costs"
    );
    let held = room.hold(&repository.join(".amoozgar")).unwrap();
    assert_eq!(
        room.list().unwrap().len(),
        1,
        "a download under way is not offered"
    );
    drop(held);
    let targets: Vec<_> = items.into_iter().map(|item| item.target).collect();
    let outcome = room.remove(&targets, &settled()).unwrap();
    assert_eq!(outcome.n_removed, 2, "both are removed");
    assert_eq!(outcome.freed_bytes, 20, "and their room is told");
    assert!(
        repository.join("blobs/whole").is_file(),
        "what was there whole stays"
    );
    let again = room.remove(&targets, &settled()).unwrap();
    assert_eq!(
        (again.n_removed, again.n_skipped),
        (0, 2),
        "what is gone is skipped"
    );
}

#[test]
fn a_plain_user_is_offered_nothing_of_everyones_and_cannot_name_it_either() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::User);
    fill(&room.paths.jobs().join("gone/log.txt"));
    assert!(room.list().unwrap().is_empty(), "nothing is offered");
    let target = CleanupTarget::OrphanFolder {
        folder: "gone".to_owned(),
    };
    assert_eq!(
        room.remove(&[target], &settled()).unwrap_err().code,
        ErrorCode::NotPermitted,
        "and nothing is removed by its name"
    );
}

#[test]
fn a_name_that_leads_elsewhere_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    fill(&folder.path().join("datasets/mine.txt"));
    fill(&room.paths.jobs().join("unlisted/log.txt"));
    for name in ["../datasets", "", ".", "/", "jobs/unlisted"] {
        let target = CleanupTarget::OrphanFolder {
            folder: name.to_owned(),
        };
        assert_eq!(
            room.remove(&[target], &settled()).unwrap().n_removed,
            0,
            "`{name}`"
        );
    }
    assert!(
        folder.path().join("datasets/mine.txt").is_file(),
        "nothing outside of the runs' folder is touched"
    );
    assert!(
        room.paths.jobs().join("unlisted/log.txt").is_file(),
        "and a name that fits nothing means nothing"
    );
}

/// A run of the room's user that has ended, in `job_dir`, with a checkpoint at `path`.
fn add_run(room: &Room, id: &str, job_dir: &str, checkpoint: &str) -> JobId {
    let spec: TrainSpec = serde_json::from_str(r#"{"dataset": {"train": "/t.txt"}}"#).unwrap();
    let record = JobRecord {
        status: JobStatus::Stopped,
        ..JobRecord::queued(JobId::new(id), id, "متن", SizePreset::Tiny, 1)
    };
    let saved = CheckpointRecord {
        step: 1,
        path: checkpoint.to_owned(),
        size_bytes: 10,
        best: false,
        removed: Vec::new(),
    };
    room.db
        .now(|store| {
            store.insert_job(&room.user.user_id, &record, &spec, job_dir)?;
            store.insert_checkpoint(&record.job_id, &saved)
        })
        .unwrap();
    record.job_id
}

#[test]
fn a_row_that_leads_elsewhere_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::User);
    let theirs = folder.path().join("theirs");
    fill(&theirs.join("cache/x"));
    let jobs = room.paths.jobs();
    fill(&jobs.join("up/x"));
    fill(&jobs.join("linked/x"));
    #[cfg(unix)]
    for (at, to) in [
        ("linked/checkpoints", theirs.join("cache")),
        ("link", theirs.clone()),
    ] {
        std::os::unix::fs::symlink(to, jobs.join(at)).unwrap();
    }
    let text = |path: &Path| path.display().to_string();
    let up = text(&jobs.join("up"));
    for (id, job_dir, checkpoint) in [
        ("elsewhere", text(&theirs), text(&theirs.join("cache"))),
        ("up", up.clone(), format!("{up}/../../theirs/cache")),
        (
            "parent",
            format!("{up}/../../theirs"),
            format!("{up}/../../theirs/cache"),
        ),
        (
            "linked",
            text(&jobs.join("linked")),
            text(&jobs.join("linked/checkpoints/x")),
        ),
        (
            "link",
            text(&jobs.join("link")),
            text(&jobs.join("link/cache")),
        ),
    ] {
        let job_id = add_run(&room, id, &job_dir, &checkpoint);
        let targets = [
            CleanupTarget::Checkpoint {
                job_id: job_id.clone(),
                step: 1,
            },
            CleanupTarget::JobCache { job_id },
        ];
        room.remove(&targets, &settled()).unwrap();
        assert!(theirs.join("cache/x").is_file(), "`{id}`");
    }
}

#[test]
fn what_a_task_left_is_offered_once_nothing_works_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    let run = room.paths.jobs().join("run");
    fill(&run.join("checkpoints/step-00000001/state.json"));
    let left = [
        run.join("checkpoints/.tmp-step-00000002/model.safetensors"),
        run.join("job.json.partial"),
        folder.path().join("datasets/abc.txt.partial"),
        folder.path().join("models/.importing-1/config.json"),
        folder
            .path()
            .join("hub/.removed-models--owner--name/blobs/x"),
        folder.path().join("amoozgar.db.restored.partial"),
    ];
    for path in &left {
        fill(path);
    }
    fill(&folder.path().join("mine.partial"));
    let checkpoint = run.join("checkpoints/step-00000001").display().to_string();
    add_run(&room, "run", &run.display().to_string(), &checkpoint);
    let offered = || -> Vec<CleanupTarget> {
        let items = room.list().unwrap().into_iter();
        items
            .map(|item| item.target)
            .filter(|target| matches!(target, CleanupTarget::Leftover { .. }))
            .collect()
    };
    assert_eq!(offered().len(), left.len(), "all of them: {:?}", offered());

    let import = room.hold.settled().unwrap();
    let half = import.claim(&folder.path().join("models/.importing-1"));
    assert_eq!(offered().len(), left.len() - 1, "an import owns its half");
    drop(half);
    drop(import);
    let lock = RunLock::take(&run).unwrap();
    assert_eq!(offered().len(), left.len() - 2, "a process owns the run's");
    drop(lock);
    let partial = folder.path().join("hub/models--owner--name/.amoozgar");
    let removal = room.hold(&partial).unwrap();
    assert_eq!(offered().len(), left.len() - 1, "it is being removed");
    drop(removal);

    let targets = offered();
    let settled = room.hold.settled().unwrap();
    let outcome = room.remove(&targets, &settled).unwrap();
    drop(settled);
    assert_eq!(outcome.n_removed as usize, left.len());
    assert!(left.iter().all(|path| !path.exists()), "they are gone");
    for kept in ["mine.partial", "jobs/run/checkpoints/step-00000001"] {
        assert!(
            folder.path().join(kept).exists(),
            "`{kept}` is no such thing"
        );
    }
    let target = CleanupTarget::Leftover {
        path: folder.path().join("mine.partial").display().to_string(),
    };
    let outcome = room
        .remove(&[target], &room.hold.settled().unwrap())
        .unwrap();
    assert_eq!(outcome.n_skipped, 1, "nor by its name");
}

#[test]
fn a_run_that_the_database_does_not_know_is_offered_as_the_run_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    let run = room.paths.jobs().join("newer");
    fill(&run.join("log.txt"));
    fill(&room.paths.jobs().join("rubbish/x"));
    let spec = r#"{"name": "پس از پشتیبان", "dataset": {"train": "/t.txt"}}"#;
    fs::write(run.join("job.json"), spec).unwrap();
    let items = room.list().unwrap();
    let found = |name: &str| items.iter().find(|item| item.name == name).unwrap();
    assert_eq!(
        found("پس از پشتیبان").caution,
        Some(Caution::UnlistedRun),
        "nobody removes it as harmless"
    );
    assert_eq!(found("rubbish").caution, None, "what is no run is rubbish");
}
