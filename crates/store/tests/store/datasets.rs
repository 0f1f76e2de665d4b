use crate::support::{Fixture, NOW, dara, dataset, job, job_id, sara, spec};
use amoozgar_store::StoreError;
use amoozgar_types::dataset::{DatasetSource, Sharing};
use amoozgar_types::id::{DatasetId, UserId};
use amoozgar_types::job::JobStatus;
use amoozgar_types::user::Role;

fn filled() -> Fixture {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    let own = dataset("own", DatasetSource::Imported);
    store
        .upsert_dataset(Some(&sara()), &own, "/data/own.txt", None)
        .unwrap();
    for id in ["stories", "hafez"] {
        store
            .upsert_dataset(
                None,
                &dataset(id, DatasetSource::Bundled),
                "/data/t.txt",
                Some("/data/v.txt"),
            )
            .unwrap();
    }
    fixture
}

#[test]
fn bundled_datasets_are_everyones_and_come_first_imported_ones_are_their_owners() {
    let fixture = filled().reopened();
    let ids = |list: Vec<amoozgar_types::dataset::DatasetRecord>| -> Vec<String> {
        list.iter().map(|set| set.dataset_id.to_string()).collect()
    };
    assert_eq!(
        ids(fixture.store.datasets(&sara()).unwrap()),
        ["hafez", "stories", "own"],
        "the owner sees all"
    );
    assert_eq!(
        ids(fixture.store.datasets(&dara()).unwrap()),
        ["hafez", "stories"],
        "another user sees the bundled ones"
    );
    let own = DatasetId::new("own");
    assert_eq!(
        fixture.store.dataset(&dara(), &own).unwrap(),
        None,
        "an id is no key to another's data"
    );
    let stored = fixture.store.dataset(&sara(), &own).unwrap().unwrap();
    assert_eq!(stored.record, dataset("own", DatasetSource::Imported));
    assert_eq!(stored.train_path, "/data/own.txt");
    assert_eq!(stored.validation_path, None, "it has no part of its own");
}

#[test]
fn renewing_a_dataset_keeps_its_jobs_and_never_changes_its_owner() {
    let fixture = filled();
    let store = &fixture.store;
    let mut record = job("j1", JobStatus::Completed);
    record.dataset_id = Some(DatasetId::new("hafez"));
    store.insert_job(&sara(), &record, &spec(), "/d").unwrap();
    let mut renewed = dataset("hafez", DatasetSource::Bundled);
    renewed.n_rows = 99;
    store
        .upsert_dataset(None, &renewed, "/new.txt", None)
        .unwrap();
    assert_eq!(
        store
            .job(&sara(), &job_id("j1"))
            .unwrap()
            .unwrap()
            .record
            .dataset_id,
        Some(DatasetId::new("hafez")),
        "the job still knows its dataset"
    );
    let error = store
        .upsert_dataset(Some(&dara()), &renewed, "/evil.txt", None)
        .unwrap_err();
    assert!(
        matches!(error, StoreError::NotFound { .. }),
        "someone else's id is as good as absent: {error}"
    );
    assert_eq!(
        store
            .dataset(&sara(), &DatasetId::new("hafez"))
            .unwrap()
            .unwrap()
            .train_path,
        "/new.txt",
        "the refused write changed nothing"
    );
}

#[test]
fn a_dataset_in_use_stays_and_one_that_goes_leaves_its_ended_jobs() {
    let fixture = filled();
    let store = &fixture.store;
    let own = DatasetId::new("own");
    let mut record = job("j1", JobStatus::Running);
    record.dataset_id = Some(own.clone());
    store.insert_job(&sara(), &record, &spec(), "/d").unwrap();
    assert!(
        matches!(
            store.delete_dataset(&sara(), &own),
            Err(StoreError::InUse { .. })
        ),
        "a running job needs it"
    );
    assert!(
        store.dataset(&sara(), &own).unwrap().is_some(),
        "the refused removal is rolled back"
    );
    record.status = JobStatus::Stopped;
    store.update_job(&record).unwrap();
    for (user, id, why) in [
        (dara(), "own", "it is another user's"),
        (sara(), "hafez", "a bundled one is nobody's to remove"),
    ] {
        assert!(
            matches!(
                store.delete_dataset(&user, &DatasetId::new(id)),
                Err(StoreError::NotFound { .. })
            ),
            "{why}"
        );
    }
    store.delete_dataset(&sara(), &own).unwrap();
    let kept = store.job(&sara(), &job_id("j1")).unwrap().unwrap().record;
    assert_eq!(kept.dataset_id, None, "the dataset is gone");
    assert_eq!(kept.dataset_name, "حافظ", "its name at the time stays");
    store
        .update_job(&record)
        .expect("a record read before the removal can still be written");
}

#[test]
fn a_shared_dataset_is_everyones_to_learn_and_its_owners_to_change() {
    let fixture = filled();
    let store = &fixture.store;
    let own = DatasetId::new("own");
    assert!(
        matches!(
            store.share_dataset(&dara(), &own, &Sharing::SharedByMe),
            Err(StoreError::NotFound { .. })
        ),
        "nobody shares what is another's"
    );
    store
        .share_dataset(&sara(), &own, &Sharing::SharedByMe)
        .unwrap();
    let seen_by = |user: UserId| {
        store
            .dataset(&user, &own)
            .unwrap()
            .map(|set| set.record.sharing)
    };
    assert_eq!(
        seen_by(sara()),
        Some(Sharing::SharedByMe),
        "the owner sees that it is shared"
    );
    assert_eq!(
        seen_by(dara()),
        Some(Sharing::SharedWithMe {
            owner_name: "سارا".to_owned()
        }),
        "another sees whose it is"
    );
    assert_eq!(
        store.datasets(&dara()).unwrap().len(),
        3,
        "and finds it in the list"
    );
    assert!(
        matches!(
            store.delete_dataset(&dara(), &own),
            Err(StoreError::NotFound { .. })
        ),
        "but cannot remove it"
    );
    let mut record = job("theirs", JobStatus::Running);
    record.dataset_id = Some(own.clone());
    store.insert_job(&dara(), &record, &spec(), "/d").unwrap();
    assert!(
        matches!(
            store.delete_dataset(&sara(), &own),
            Err(StoreError::InUse { .. })
        ),
        "another's run needs it as much as one's own"
    );
    store
        .share_dataset(&sara(), &own, &Sharing::Private)
        .unwrap();
    assert_eq!(seen_by(dara()), None, "no longer shared, it is hers again");
}

#[test]
fn a_shared_dataset_stays_while_anothers_run_needs_it_and_the_refusal_says_whose() {
    let fixture = filled();
    let store = &fixture.store;
    let own = DatasetId::new("own");
    store
        .share_dataset(&sara(), &own, &Sharing::SharedByMe)
        .unwrap();
    let mut record = job("theirs", JobStatus::Running);
    record.name = "شعرخوان".to_owned();
    record.dataset_id = Some(own.clone());
    record.step = 3;
    store.insert_job(&dara(), &record, &spec(), "/d").unwrap();
    store.set_role(&dara(), Role::Administrator, NOW).unwrap();
    let refused = |outcome: Result<(), StoreError>, why: &str| match outcome {
        Err(StoreError::InUse { run, owner, .. }) => {
            assert_eq!((run.as_str(), owner.as_str()), ("شعرخوان", "دارا"), "{why}");
        }
        other => panic!("{why}: {other:?}"),
    };
    for status in [JobStatus::Running, JobStatus::Interrupted] {
        record.status = status;
        store.update_job(&record).unwrap();
        refused(store.delete_dataset(&sara(), &own), "her own to remove");
        refused(store.delete_user(&sara()), "it would go with its owner");
    }
    store.delete_job(&dara(), &record.job_id).unwrap();
    store.delete_user(&sara()).unwrap();
}

#[test]
fn a_base_model_is_needed_until_its_run_is_complete() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    let mut spec = spec();
    spec.base_model = Some("/hub/models--a--b/snapshots/c".to_owned());
    let mut needed = |id: &str, status, step| {
        let mut record = job(id, status);
        record.step = step;
        store.insert_job(&sara(), &record, &spec, "/d").unwrap();
        let uses = store.base_uses().unwrap();
        let found = uses.iter().find(|used| used.job_id == record.job_id);
        assert!(found.is_none_or(|used| {
            used.owner == "سارا" && used.base_model == "/hub/models--a--b/snapshots/c"
        }));
        spec.seed += 1;
        found.is_some()
    };
    for status in JobStatus::ALL.iter().copied() {
        let is_complete = status == JobStatus::Completed;
        let done = needed(&format!("{}-done", status.as_str()), status, 4);
        assert_eq!(done, !is_complete, "{status:?} after four steps");
        let fresh = needed(&format!("{}-fresh", status.as_str()), status, 0);
        assert_eq!(fresh, !status.has_ended(), "{status:?} before the first");
    }
}
