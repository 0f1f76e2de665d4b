#![allow(clippy::unwrap_used)]
use super::{downloaded, has_weights, imported, imported_dir, remove};
use crate::db::Db;
use crate::hold::tests::settled;
use crate::paths::Paths;
use amoozgar_hub::{Cache, Links};
use amoozgar_store::Store;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::spec::SizePreset;
use amoozgar_types::user::{Role, User};
use amoozgar_types::{ErrorCode, TrainSpec};
use std::fs;

#[test]
fn a_folder_has_weights_only_with_all_parts_that_its_index_names() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!has_weights(dir.path()), "an empty folder");
    fs::write(dir.path().join("model-1.safetensors"), "").unwrap();
    assert!(has_weights(dir.path()), "one part without an index");
    let index = r#"{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}"#;
    fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    assert!(!has_weights(dir.path()), "the second part is missing");
    fs::write(dir.path().join("model-2.safetensors"), "").unwrap();
    assert!(has_weights(dir.path()), "now it is whole");
}

#[test]
fn a_name_that_is_a_path_is_no_imported_model() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
    for name in ["", "..", ".hidden", "a/b", "/etc", "a\\b"] {
        assert!(imported_dir(&paths, name).is_err(), "`{name}`");
    }
    assert!(imported_dir(&paths, "مدل من").is_ok());
}

#[test]
fn only_who_brought_a_model_and_administrators_may_remove_it() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
    let db = Db::new(Store::open(&paths.database(), 0).unwrap().store);
    let profile = |id: &str, role| User {
        user_id: UserId::new(id),
        name: id.to_owned(),
        role,
        has_password: false,
        created_ms: 0,
    };
    let admin = profile("sara", Role::Administrator);
    let (brought, other) = (profile("dara", Role::User), profile("mina", Role::User));
    for user in [&admin, &brought, &other] {
        db.now(|store| store.insert_user(user, None, 0)).unwrap();
    }
    let name = "مدل".to_owned();
    let model = ModelRef::Imported { name: name.clone() };
    let folder = imported_dir(&paths, &name).unwrap();
    for remover in [&brought, &admin] {
        fs::create_dir_all(&folder).unwrap();
        db.now(|store| store.claim_model(&brought.user_id, &model))
            .unwrap();
        let refused = remove(&db, &paths, &other, &model, &settled()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotPermitted);
        assert!(folder.is_dir(), "it is still there");
        remove(&db, &paths, remover, &model, &settled()).unwrap();
        assert!(!folder.exists(), "`{}` removed it", remover.name);
    }
}

#[test]
fn a_model_that_is_being_exported_is_not_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
    let db = Db::new(Store::open(&paths.database(), 0).unwrap().store);
    let admin = User {
        user_id: UserId::new("sara"),
        name: "سارا".to_owned(),
        role: Role::Administrator,
        has_password: false,
        created_ms: 0,
    };
    db.now(|store| store.insert_user(&admin, None, 0)).unwrap();
    let repo = paths.hub_cache().join("models--a--b");
    let imported = imported_dir(&paths, "مدل").unwrap();
    let models = [
        (
            ModelRef::Hub {
                repo: "a/b".to_owned(),
                kind: RepoKind::Model,
            },
            repo,
        ),
        (
            ModelRef::Imported {
                name: "مدل".to_owned(),
            },
            imported,
        ),
    ];
    for (model, folder) in models {
        fs::create_dir_all(folder.join("snapshots")).unwrap();
        let settled = settled();
        let export = settled.claim(&folder);
        let refused = remove(&db, &paths, &admin, &model, &settled).unwrap_err();
        assert_eq!(refused.code, ErrorCode::StillAtWork, "{model:?}");
        assert!(folder.is_dir(), "{model:?}: it is there still");
        drop(export);
        remove(&db, &paths, &admin, &model, &settled).unwrap();
        assert!(!folder.exists(), "{model:?}: the export has ended");
    }
}

#[cfg(unix)]
#[test]
fn a_list_shows_what_lies_in_a_folder_and_waits_for_no_pipe() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("id_ed25519");
    fs::write(&secret, "secret").unwrap();
    let models = dir.path().join("models");
    let model = models.join("مدل");
    fs::create_dir_all(model.join("1_Pooling")).unwrap();
    fs::write(model.join("1_Pooling/config.json"), "{}").unwrap();
    fs::write(model.join("weights"), "12345").unwrap();
    symlink("weights", model.join("model.safetensors")).unwrap();
    symlink(&secret, model.join("README.md")).unwrap();
    symlink("nowhere", model.join("gone")).unwrap();
    for (name, to) in [("again", "."), ("again2", "1_Pooling"), ("up", "..")] {
        symlink(to, model.join(name)).unwrap();
    }
    let pipe = model.join("config.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // Whoever opens the pipe reads this; nobody may.
    std::thread::spawn(move || fs::write(pipe, r#"{"model_type":"pipe"}"#));
    let listed = imported(&models).unwrap().remove(0);
    assert_eq!(listed.architecture, None, "the pipe was read");
    assert_eq!(
        listed.n_files, 3,
        "a link inside, and what it shows: {listed:?}"
    );
    assert_eq!(listed.size_bytes, 5 + 5 + 2);
}

#[test]
fn the_names_of_an_index_are_names_of_its_own_folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("elsewhere.safetensors"), "").unwrap();
    let model = dir.path().join("model");
    fs::create_dir(&model).unwrap();
    let index = r#"{"weight_map":{"a":"../elsewhere.safetensors"}}"#;
    fs::write(model.join("model.safetensors.index.json"), index).unwrap();
    assert!(!has_weights(&model), "it is not the model's");
}

#[test]
fn what_the_hub_gave_is_shown_before_what_an_import_says_of_itself() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
    let repo = paths.hub().join("models--a--b");
    let place = |reference: &str, commit: &str| {
        let snapshot = repo.join("snapshots").join(commit);
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(repo.join("refs")).unwrap();
        fs::write(snapshot.join("model.safetensors"), commit).unwrap();
        fs::write(repo.join("refs").join(reference), commit).unwrap();
    };
    let (imported, given) = ("1".repeat(40), "2".repeat(40));
    place("main", &imported);
    let marks = repo.join(".amoozgar-unverified");
    fs::create_dir_all(&marks).unwrap();
    fs::write(marks.join(&imported), "").unwrap();
    let shown = || {
        downloaded(&Cache::new(paths.hub(), Links::Auto))
            .unwrap()
            .remove(0)
    };
    assert!(shown().is_unverified, "nobody has confirmed it");
    place("v1", &given);
    let model = shown();
    assert_eq!(model.commit, Some(given), "that of the Hub");
    assert!(!model.is_unverified);
}

#[test]
fn a_model_that_a_run_goes_on_from_stays_and_the_refusal_says_whose_run_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
    let db = Db::new(Store::open(&paths.database(), 0).unwrap().store);
    let owner = db.now(|store| Ok(crate::test_rows::user(store))).unwrap();
    let admin = User {
        user_id: UserId::new("admin"),
        name: "مدیر".to_owned(),
        role: Role::Administrator,
        has_password: false,
        created_ms: 0,
    };
    db.now(|store| store.insert_user(&admin, None, 0)).unwrap();
    let snapshot = paths
        .hub()
        .join("models--a--b/snapshots")
        .join("1".repeat(40));
    let imported = imported_dir(&paths, "مدل").unwrap();
    for (id, base) in [("hub", &snapshot), ("imported", &imported)] {
        fs::create_dir_all(base).unwrap();
        fs::write(base.join("model.safetensors"), "weights").unwrap();
        let spec = serde_json::json!({
            "dataset": { "train": "/t.txt" }, "method": "lora", "base_model": base
        });
        let spec: TrainSpec = serde_json::from_value(spec).unwrap();
        let record = JobRecord {
            status: JobStatus::Interrupted,
            step: 5,
            ..JobRecord::queued(JobId::new(id), "شعرخوان", "متن", SizePreset::Tiny, 0)
        };
        db.now(|store| store.insert_job(&owner, &record, &spec, "/j"))
            .unwrap();
    }
    let models = [
        (
            "hub",
            ModelRef::Hub {
                repo: "a/b".to_owned(),
                kind: RepoKind::Model,
            },
            &snapshot,
        ),
        (
            "imported",
            ModelRef::Imported {
                name: "مدل".to_owned(),
            },
            &imported,
        ),
    ];
    for (id, model, folder) in models {
        let refused = remove(&db, &paths, &admin, &model, &settled()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InUse, "`{id}`");
        let used_by = refused.params.used_by.unwrap();
        assert_eq!((&*used_by.run, &*used_by.owner), ("شعرخوان", "سارا"));
        assert!(folder.join("model.safetensors").is_file());
        db.now(|store| store.delete_job(&owner, &JobId::new(id)))
            .unwrap();
        remove(&db, &paths, &admin, &model, &settled()).unwrap();
        assert!(!folder.exists(), "`{id}`: nobody needs it any more");
    }
}
