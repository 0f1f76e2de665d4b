use crate::support::{Fixture, NOW, dara, job, job_id, sara, spec};
use amoozgar_store::StoreError;
use amoozgar_types::Loss;
use amoozgar_types::error::{ApiError, ErrorCode, ErrorParams};
use amoozgar_types::event::{CheckpointRecord, SampleRecord};
use amoozgar_types::job::{JobStatus, MetricPoint, Metrics};

#[test]
fn every_field_of_a_job_survives_a_restart() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let mut record = job("j1", JobStatus::Failed);
    record.progress = 12.5;
    record.epoch = 0.1 + 0.2;
    record.step = 77;
    record.total_steps = 616;
    record.n_parameters = 2_500_000;
    record.loss = Some(Loss::Diverged);
    record.val_loss = Some(Loss::Finite(2.0));
    record.bits_per_byte = Some(1.234_567_890_123_456_7);
    record.tokens_per_s = Some(9000.0);
    record.eta_s = Some(3.0);
    record.diverged_step = Some(17);
    record.chosen_fell_step = Some(18);
    record.error = Some(ApiError::with(
        ErrorCode::InvalidJson,
        ErrorParams {
            path: Some("/data/خراب.jsonl".to_owned()),
            line: Some(7),
            ..ErrorParams::default()
        },
    ));
    record.pid = Some(4242);
    record.model_dir = Some("/data/jobs/j1/final".to_owned());
    record.started_ms = Some(NOW + 1);
    record.updated_ms = NOW + 2;
    record.finished_ms = Some(NOW + 3);
    fixture.store.update_job(&record).unwrap();
    let fixture = fixture.reopened();
    let stored = fixture.store.job(&sara(), &job_id("j1")).unwrap().unwrap();
    assert_eq!(stored.record, record, "the row is what was written");
    assert_eq!(
        stored.spec,
        spec(),
        "the specification is what it was made with"
    );
    assert_eq!(stored.job_dir, "/data/jobs/x");
    assert_eq!(stored.owner, sara());
    assert_eq!(fixture.store.jobs(&sara()).unwrap(), [record]);
}

#[test]
fn a_job_is_its_owners_alone_but_the_queue_sees_all() {
    let fixture = Fixture::with_job("j1", JobStatus::Queued);
    let store = &fixture.store;
    assert_eq!(store.job(&dara(), &job_id("j1")).unwrap(), None, "not hers");
    assert!(store.jobs(&dara()).unwrap().is_empty(), "her list is empty");
    assert!(
        matches!(
            store.delete_job(&dara(), &job_id("j1")),
            Err(StoreError::NotFound { .. })
        ),
        "nor can she remove it"
    );
    assert!(
        store.job_unscoped(&job_id("j1")).unwrap().is_some(),
        "the queue reads it"
    );
}

#[test]
fn a_status_changes_only_as_the_state_machine_allows() {
    for from in JobStatus::ALL.iter().copied() {
        for to in JobStatus::ALL.iter().copied() {
            let fixture = Fixture::with_job("j1", from);
            let answer = fixture.store.update_job(&job("j1", to));
            if from == to || from.may_become(to) {
                answer.unwrap_or_else(|error| panic!("{from:?} -> {to:?}: {error}"));
            } else {
                assert!(
                    matches!(answer, Err(StoreError::InvalidTransition { .. })),
                    "{from:?} -> {to:?} was {answer:?}"
                );
                assert_eq!(
                    fixture
                        .store
                        .job_unscoped(&job_id("j1"))
                        .unwrap()
                        .unwrap()
                        .record
                        .status,
                    from,
                    "a refused change leaves the row alone"
                );
            }
        }
    }
}

#[test]
fn updating_a_job_that_is_gone_says_so() {
    let fixture = Fixture::with_users();
    let error = fixture
        .store
        .update_job(&job("ghost", JobStatus::Running))
        .unwrap_err();
    assert_eq!(error.to_string(), "no job `ghost`", "kind and id are named");
}

#[test]
fn the_queue_is_numbered_without_gaps_and_can_be_reordered() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    for (owner, id) in [("sara", "a"), ("dara", "b"), ("sara", "c"), ("sara", "d")] {
        fixture.add_job(owner, id, JobStatus::Queued);
    }
    let queue = || -> Vec<(String, Option<u32>)> {
        store
            .queued_jobs()
            .unwrap()
            .into_iter()
            .map(|job| (job.record.job_id.to_string(), job.record.queue_position))
            .collect()
    };
    let numbered = |ids: &[&str]| -> Vec<(String, Option<u32>)> {
        (0_u32..)
            .zip(ids)
            .map(|(place, id)| ((*id).to_owned(), Some(place)))
            .collect()
    };
    assert_eq!(
        queue(),
        numbered(&["a", "b", "c", "d"]),
        "first come, first served"
    );
    assert_eq!(store.next_queue_position().unwrap(), 4);
    store.reorder(&job_id("d"), 1).unwrap();
    assert_eq!(queue(), numbered(&["a", "d", "b", "c"]), "moved up");
    store.reorder(&job_id("a"), 99).unwrap();
    assert_eq!(
        queue(),
        numbered(&["d", "b", "c", "a"]),
        "beyond the end is the end"
    );
    store.update_job(&job("d", JobStatus::Starting)).unwrap();
    store.delete_job(&sara(), &job_id("c")).unwrap();
    assert_eq!(queue(), numbered(&["b", "a"]), "who leaves opens no gap");
    let mut stale = job("a", JobStatus::Queued);
    stale.queue_position = Some(0);
    store.update_job(&stale).unwrap();
    assert_eq!(
        queue(),
        numbered(&["b", "a"]),
        "a stale record does not jump the queue"
    );
    assert!(
        matches!(
            store.reorder(&job_id("d"), 0),
            Err(StoreError::NotQueued { .. })
        ),
        "a started job has no place"
    );
    store.update_job(&job("d", JobStatus::Stopped)).unwrap();
    store.update_job(&job("d", JobStatus::Queued)).unwrap();
    assert_eq!(
        queue(),
        numbered(&["b", "a", "d"]),
        "queued again goes to the end"
    );
    assert_eq!(store.live_jobs().unwrap(), [], "nothing runs");
}

#[test]
fn live_jobs_are_those_that_a_process_belongs_to() {
    let fixture = Fixture::with_users();
    for status in JobStatus::ALL {
        fixture.add_job("sara", status.as_str(), *status);
    }
    let mut live: Vec<_> = fixture
        .store
        .live_jobs()
        .unwrap()
        .into_iter()
        .map(|job| job.record.status)
        .collect();
    live.sort_by_key(|status| status.as_str());
    let mut expected: Vec<_> = JobStatus::ALL
        .iter()
        .copied()
        .filter(|status| status.is_live())
        .collect();
    expected.sort_by_key(|status| status.as_str());
    assert_eq!(live, expected, "the SQL and the state machine agree");
}

#[test]
fn removing_a_job_takes_its_curves_samples_and_checkpoints_along() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let store = &fixture.store;
    let id = job_id("j1");
    let point = MetricPoint {
        step: 1,
        epoch: 0.1,
        loss: Loss::Finite(3.0),
        lr: 1e-3,
        grad_norm: 1.0,
        tokens_per_s: 10.0,
        preference: None,
    };
    store.append_metrics(&id, &[point], &[]).unwrap();
    let sample = SampleRecord {
        step: 1,
        prompt: "ای دل".to_owned(),
        text: "...".to_owned(),
    };
    store.append_samples(&id, &[sample]).unwrap();
    let checkpoint = CheckpointRecord {
        step: 1,
        path: "/c/1".to_owned(),
        size_bytes: 1,
        best: true,
        removed: Vec::new(),
    };
    store.insert_checkpoint(&id, &checkpoint).unwrap();
    store.delete_job(&sara(), &id).unwrap();
    assert_eq!(store.metrics(&id).unwrap(), Metrics::default(), "no curve");
    assert!(store.samples(&id, 9).unwrap().is_empty(), "no sample");
    assert!(store.checkpoints(&id).unwrap().is_empty(), "no checkpoint");
}
