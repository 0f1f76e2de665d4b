#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{JobAction, JobState};
use crate::state::thin::tests::point;
use amoozgar_types::Loss;
use amoozgar_types::event::{CheckpointRecord, LoadingStage, SampleRecord};
use amoozgar_types::id::{DatasetId, JobId};
use amoozgar_types::ipc::JobUpdate;
use amoozgar_types::job::{JobRecord, JobStatus, Metrics, ValidationPoint};
use amoozgar_types::spec::SizePreset;
use std::rc::Rc;
use yew::Reducible;

fn job(status: JobStatus, updated_ms: i64) -> JobRecord {
    JobRecord {
        status,
        dataset_id: Some(DatasetId::new("hafez")),
        total_steps: 100,
        updated_ms,
        ..JobRecord::queued(JobId::new("j"), "آزمون", "حافظ", SizePreset::Tiny, 0)
    }
}

fn update(updated_ms: i64) -> JobUpdate {
    JobUpdate {
        job: job(JobStatus::Running, updated_ms),
        loading: None,
        train: Vec::new(),
        validation: Vec::new(),
        samples: Vec::new(),
        checkpoints: Vec::new(),
    }
}

fn trained(updated_ms: i64, steps: std::ops::RangeInclusive<u64>, loss: f64) -> JobAction {
    JobAction::Update(JobUpdate {
        train: steps.map(|step| point(step, loss)).collect(),
        ..update(updated_ms)
    })
}

fn steps(state: &JobState) -> Vec<u64> {
    state.curves.train.iter().map(|point| point.step).collect()
}

#[test]
fn points_that_were_fetched_and_told_appear_once() {
    let fetched = Metrics {
        train: (1..=10).map(|step| point(step, 1.0)).collect(),
        validation: Vec::new(),
    };
    let state = Rc::new(JobState::default())
        .reduce(trained(1, 8..=12, 1.0))
        .reduce(JobAction::Metrics(fetched))
        .reduce(trained(2, 11..=13, 1.0));
    assert_eq!(
        steps(&state),
        (1..=13).collect::<Vec<_>>(),
        "each step once, in order"
    );
}

#[test]
fn a_resumed_run_replaces_the_steps_after_its_checkpoint() {
    let state = Rc::new(JobState::default())
        .reduce(trained(1, 1..=20, 1.0))
        .reduce(trained(2, 11..=12, 2.0));
    assert_eq!(
        steps(&state),
        (1..=12).collect::<Vec<_>>(),
        "13 to 20 never happened"
    );
    assert_eq!(
        state.curves.train[11].loss,
        Loss::Finite(2.0),
        "the repeated step counts"
    );
    assert_eq!(
        state.curves.train[9].loss,
        Loss::Finite(1.0),
        "earlier ones stay"
    );
}

#[test]
fn a_validation_point_replaces_those_at_and_after_its_step() {
    let validation = |step, val_loss| ValidationPoint {
        step,
        val_loss: Loss::Finite(val_loss),
        bits_per_byte: 1.0,
        classes: None,
        preference: None,
    };
    let tell = |ms, points: Vec<ValidationPoint>| {
        JobAction::Update(JobUpdate {
            validation: points,
            ..update(ms)
        })
    };
    let state = Rc::new(JobState::default())
        .reduce(tell(1, vec![validation(5, 3.0), validation(10, 2.0)]))
        .reduce(tell(2, vec![validation(10, 1.5)]));
    assert_eq!(state.curves.validation.len(), 2, "no step is there twice");
    assert_eq!(
        state.curves.validation[1].val_loss,
        Loss::Finite(1.5),
        "the later word counts"
    );
}

#[test]
fn an_older_row_never_overwrites_a_newer_one() {
    let state = Rc::new(JobState::default())
        .reduce(JobAction::Changed(job(JobStatus::Completed, 20)))
        .reduce(JobAction::Changed(job(JobStatus::Running, 10)));
    assert_eq!(
        state.job.as_ref().unwrap().status,
        JobStatus::Completed,
        "the later state stays"
    );
}

#[test]
fn loading_is_shown_until_the_run_leaves_it() {
    let loading = JobAction::Update(JobUpdate {
        job: job(JobStatus::Loading, 1),
        loading: Some((LoadingStage::Tokenizer, 0.5)),
        ..update(1)
    });
    let state = Rc::new(JobState::default()).reduce(loading);
    assert_eq!(
        state.loading,
        Some((LoadingStage::Tokenizer, 0.5)),
        "while it loads"
    );
    let state = state.reduce(JobAction::Changed(job(JobStatus::Running, 2)));
    assert_eq!(state.loading, None, "no longer once it runs");
}

#[test]
fn samples_stand_latest_first_and_in_the_order_of_their_prompts() {
    let sample = |step, prompt: &str| SampleRecord {
        step,
        prompt: prompt.into(),
        text: "…".into(),
    };
    let tell = |ms, samples| {
        JobAction::Update(JobUpdate {
            samples,
            ..update(ms)
        })
    };
    let state = Rc::new(JobState::default())
        .reduce(tell(1, vec![sample(5, "a"), sample(5, "b")]))
        .reduce(tell(2, vec![sample(10, "a"), sample(10, "b")]))
        .reduce(tell(3, vec![sample(10, "b")]));
    let order: Vec<_> = state
        .samples
        .iter()
        .map(|sample| (sample.step, sample.prompt.as_str()))
        .collect();
    assert_eq!(
        order,
        [(10, "a"), (10, "b"), (5, "a"), (5, "b")],
        "latest step first"
    );
}

#[test]
fn a_run_that_goes_back_shows_no_checkpoint_of_what_led_nowhere() {
    let at = |ms, step, checkpoints: &[u64]| {
        let mut update = update(ms);
        update.job.step = step;
        let checkpoints = checkpoints.iter().map(|&step| CheckpointRecord {
            step,
            path: format!("step-{step}"),
            size_bytes: 1,
            best: false,
            removed: Vec::new(),
        });
        update.checkpoints = checkpoints.collect();
        JobAction::Update(update)
    };
    let state = Rc::new(JobState::default())
        .reduce(at(1, 30, &[10, 20, 30]))
        .reduce(at(2, 20, &[]));
    let left: Vec<u64> = state.checkpoints.iter().map(|one| one.step).collect();
    assert_eq!(left, [20, 10], "the latest that it can go on from is first");
}

#[test]
fn a_checkpoint_removes_what_made_room_for_it_and_takes_over_as_the_best() {
    let checkpoint = |step: u64, removed: Vec<String>| CheckpointRecord {
        step,
        path: format!("step-{step}"),
        size_bytes: 1,
        best: true,
        removed,
    };
    let tell = |ms, checkpoints| {
        JobAction::Update(JobUpdate {
            checkpoints,
            ..update(ms)
        })
    };
    let state = Rc::new(JobState::default())
        .reduce(tell(
            1,
            vec![checkpoint(10, vec![]), checkpoint(20, vec![])],
        ))
        .reduce(tell(2, vec![checkpoint(30, vec!["step-10".into()])]));
    let left: Vec<_> = state
        .checkpoints
        .iter()
        .map(|one| (one.step, one.best))
        .collect();
    assert_eq!(
        left,
        [(30, true), (20, false)],
        "one best, the removed one gone"
    );
    assert!(state.can_write(), "a checkpoint is enough to write with");
}
