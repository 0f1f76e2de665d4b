#![cfg(unix)]
use crate::support::{Fixture, job_id, sara};
use amoozgar_store::Moved;
use amoozgar_types::event::CheckpointRecord;
use amoozgar_types::job::JobStatus;

// The fixture's paths are Unix's.
#[test]
fn every_path_in_a_moved_folder_is_led_and_no_other() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let store = &fixture.store;
    let job = store.job(&sara(), &job_id("j1")).unwrap().unwrap();
    let at = std::path::Path::new(&job.job_dir);
    let folder = at.parent().unwrap().display().to_string();
    let name = at.file_name().unwrap().to_str().unwrap();
    store
        .insert_checkpoint(
            &job_id("j1"),
            &CheckpointRecord {
                step: 1,
                path: format!("{folder}/j1/checkpoints/step-1"),
                size_bytes: 1,
                best: true,
                removed: Vec::new(),
            },
        )
        .unwrap();
    assert_eq!(store.place().unwrap(), None, "nothing was written down");
    let data = std::path::Path::new(&job.spec.dataset.train)
        .parent()
        .unwrap()
        .display()
        .to_string();
    let moved = [
        Moved {
            from: folder.clone(),
            to: "/جای دیگر/jobs".to_owned(),
        },
        Moved {
            from: data,
            to: "/جای دیگر/datasets".to_owned(),
        },
        Moved {
            // Another folder whose name begins alike.
            from: folder.chars().take(folder.chars().count() - 1).collect(),
            to: "/never".to_owned(),
        },
    ];
    store.rebase(&moved, "/جای دیگر").unwrap();
    assert_eq!(store.place().unwrap().as_deref(), Some("/جای دیگر"));
    let led = store.job(&sara(), &job_id("j1")).unwrap().unwrap();
    assert_eq!(led.job_dir, format!("/جای دیگر/jobs/{name}"));
    assert!(
        led.spec.dataset.train.starts_with("/جای دیگر/"),
        "the specification follows: {}",
        led.spec.dataset.train
    );
    let checkpoints = store.checkpoints(&job_id("j1")).unwrap();
    assert_eq!(
        checkpoints[0].path, "/جای دیگر/jobs/j1/checkpoints/step-1",
        "and so do checkpoints"
    );
    store.rebase(&[], "/جای دیگر").unwrap();
    assert_eq!(
        store.job(&sara(), &job_id("j1")).unwrap().unwrap().job_dir,
        led.job_dir,
        "once"
    );
}
