use crate::support::{Fixture, job_id};
use amoozgar_types::event::CheckpointRecord;
use amoozgar_types::job::JobStatus;

fn checkpoint(step: u64, best: bool, removed: &[&str]) -> CheckpointRecord {
    CheckpointRecord {
        step,
        path: format!("/jobs/j1/checkpoints/step-{step:08}"),
        size_bytes: step * 1000,
        best,
        removed: removed.iter().map(|path| (*path).to_owned()).collect(),
    }
}

#[test]
fn removed_checkpoints_leave_the_list_and_one_alone_is_best() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    fixture.add_job("sara", "other", JobStatus::Stopped);
    let (store, id) = (&fixture.store, job_id("j1"));
    let elsewhere = checkpoint(10, true, &[]);
    store
        .insert_checkpoint(&job_id("other"), &elsewhere)
        .unwrap();
    store
        .insert_checkpoint(&id, &checkpoint(10, true, &[]))
        .unwrap();
    store
        .insert_checkpoint(&id, &checkpoint(20, true, &[]))
        .unwrap();
    let oldest = checkpoint(10, false, &[]).path;
    store
        .insert_checkpoint(&id, &checkpoint(30, false, &[&oldest]))
        .unwrap();
    let fixture = fixture.reopened();
    assert_eq!(
        fixture.store.checkpoints(&id).unwrap(),
        [checkpoint(30, false, &[]), checkpoint(20, true, &[])],
        "latest first, the removed one gone, the best marked"
    );
    assert_eq!(
        fixture.store.checkpoints(&job_id("other")).unwrap(),
        [elsewhere],
        "another job's of the same path is untouched"
    );
}

#[test]
fn saving_the_same_folder_again_renews_its_row() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let (store, id) = (&fixture.store, job_id("j1"));
    store
        .insert_checkpoint(&id, &checkpoint(10, false, &[]))
        .unwrap();
    store
        .insert_checkpoint(&id, &checkpoint(10, true, &[]))
        .unwrap();
    assert_eq!(
        store.checkpoints(&id).unwrap(),
        [checkpoint(10, true, &[])],
        "one folder, one row"
    );
}
