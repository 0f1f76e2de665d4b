use crate::support::{Fixture, job_id};
use amoozgar_types::Loss;
use amoozgar_types::event::{CheckpointRecord, ClassScores, PreferenceScores, SampleRecord};
use amoozgar_types::job::{JobStatus, MetricPoint, ValidationPoint};

fn point(step: u64, loss: Loss) -> MetricPoint {
    MetricPoint {
        step,
        epoch: step as f64 / 7.0,
        loss,
        lr: 2e-3 / step as f64,
        grad_norm: 1.0 / 3.0,
        tokens_per_s: 1e4,
        preference: None,
    }
}

#[test]
fn losses_come_back_bit_for_bit_and_divergence_is_no_number() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let id = job_id("j1");
    // Neighbours in the last place, a whole number, an f32 widened, the smallest and the largest.
    let values = [
        0.1 + 0.2,
        0.3,
        2.0,
        f64::from(7.634_211_f32),
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::from_bits(0x4008_0000_0000_0001),
    ];
    let mut train: Vec<_> = (1_u64..)
        .zip(values)
        .map(|(step, value)| point(step, Loss::Finite(value)))
        .collect();
    train.push(point(99, Loss::Diverged));
    let validation: Vec<_> = train
        .iter()
        .map(|point| ValidationPoint {
            step: point.step,
            val_loss: point.loss,
            bits_per_byte: 1.0 / 3.0,
            classes: None,
            preference: None,
        })
        .collect();
    fixture
        .store
        .append_metrics(&id, &train, &validation)
        .unwrap();
    let fixture = fixture.reopened();
    let read = fixture.store.metrics(&id).unwrap();
    for (read, wrote) in read.train.iter().zip(&train) {
        let bits = |point: &MetricPoint| {
            (
                point.loss.finite().map(f64::to_bits),
                point.epoch.to_bits(),
                point.lr.to_bits(),
                point.grad_norm.to_bits(),
            )
        };
        assert_eq!(bits(read), bits(wrote), "step {}", wrote.step);
    }
    assert_eq!(read.train, train, "the whole curve");
    assert_eq!(read.validation, validation, "and the other one");
}

#[test]
fn a_diverged_step_whose_gradient_is_not_a_number_can_be_saved() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let mut diverged = point(1, Loss::Diverged);
    diverged.grad_norm = f64::NAN;
    fixture
        .store
        .append_metrics(&job_id("j1"), &[diverged], &[])
        .unwrap();
    let read = fixture.store.metrics(&job_id("j1")).unwrap().train[0];
    assert_eq!(read.loss, Loss::Diverged);
    assert!(read.grad_norm.is_nan(), "it is still not a number");
}

#[test]
fn a_resumed_run_rewrites_what_came_after_its_checkpoint() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let (store, id) = (&fixture.store, job_id("j1"));
    let sample = |step| SampleRecord {
        step,
        prompt: "ای دل".to_owned(),
        text: format!("گام {step}"),
    };
    for step in 1..=6 {
        let validation = ValidationPoint {
            step,
            val_loss: Loss::Finite(step as f64),
            bits_per_byte: 1.0,
            classes: None,
            preference: None,
        };
        store
            .append_metrics(&id, &[point(step, Loss::Finite(1.0))], &[validation])
            .unwrap();
        store.append_samples(&id, &[sample(step)]).unwrap();
    }
    for step in [3, 4, 6] {
        let checkpoint = CheckpointRecord {
            step,
            path: format!("step-{step}"),
            size_bytes: 1,
            best: false,
            removed: Vec::new(),
        };
        store.insert_checkpoint(&id, &checkpoint).unwrap();
    }
    store.truncate_metrics(&id, 4).unwrap();
    let kept = store.checkpoints(&id).unwrap();
    let kept: Vec<u64> = kept.iter().map(|one| one.step).collect();
    assert_eq!(kept, [4, 3], "what led nowhere is no checkpoint any more");
    let metrics = store.metrics(&id).unwrap();
    assert_eq!(
        metrics.train.last().unwrap().step,
        4,
        "the checkpoint's step stays"
    );
    assert_eq!(metrics.validation.len(), 4, "as with validation");
    assert_eq!(store.samples(&id, 1).unwrap()[0].step, 4, "and the samples");
    store
        .append_metrics(&id, &[point(4, Loss::Finite(0.5))], &[])
        .unwrap();
    let metrics = store.metrics(&id).unwrap();
    assert_eq!(metrics.train.len(), 4, "a step has one point");
    assert_eq!(
        metrics.train[3].loss,
        Loss::Finite(0.5),
        "the later one holds"
    );
}

#[test]
fn a_batch_for_an_unknown_job_is_refused_as_a_whole() {
    let fixture = Fixture::with_users();
    fixture
        .store
        .append_metrics(&job_id("ghost"), &[point(1, Loss::Finite(1.0))], &[])
        .expect_err("no job, no curve");
}

#[test]
fn the_measures_of_a_classifier_survive_a_restart() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let id = job_id("j1");
    let scores = |accuracy| ClassScores {
        accuracy,
        macro_f1: 1.0 / 3.0,
        majority_accuracy: 0.1 + 0.2,
    };
    let point = |step, classes| ValidationPoint {
        step,
        val_loss: Loss::Finite(0.5),
        bits_per_byte: 0.0,
        classes,
        preference: None,
    };
    let wrote = [
        point(1, Some(scores(0.25))),
        point(2, Some(scores(0.75))),
        point(3, None),
    ];
    fixture.store.append_metrics(&id, &[], &wrote).unwrap();
    let fixture = fixture.reopened();
    assert_eq!(
        fixture.store.metrics(&id).unwrap().validation,
        wrote,
        "bit for bit, and absent where there were none"
    );
    let better = [point(2, Some(scores(1.0)))];
    fixture.store.append_metrics(&id, &[], &better).unwrap();
    assert_eq!(
        fixture.store.metrics(&id).unwrap().validation[1],
        better[0],
        "a step that is measured again"
    );
}

#[test]
fn what_is_measured_of_pairs_comes_back_and_is_absent_elsewhere() {
    let fixture = Fixture::with_job("j1", JobStatus::Running);
    let id = job_id("j1");
    let scores = PreferenceScores {
        chosen_reward: 1.0 / 3.0,
        rejected_reward: -0.25,
        accuracy: 0.75,
        chosen_logp: -1.5,
        rejected_logp: -2.5,
    };
    let train = [
        MetricPoint {
            preference: Some(scores),
            ..point(1, Loss::Finite(0.6))
        },
        point(2, Loss::Finite(0.5)),
    ];
    let validation = [ValidationPoint {
        step: 2,
        val_loss: Loss::Finite(0.5),
        bits_per_byte: 0.0,
        classes: None,
        preference: Some(scores),
    }];
    fixture
        .store
        .append_metrics(&id, &train, &validation)
        .unwrap();
    let fixture = fixture.reopened();
    let read = fixture.store.metrics(&id).unwrap();
    assert_eq!(read.train, train, "the training curve");
    assert_eq!(read.validation, validation, "and the other one");
}
