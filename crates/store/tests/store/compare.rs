use crate::support::{Fixture, dara, job_id, sara, spec};
use amoozgar_types::Loss;
use amoozgar_types::event::SampleRecord;
use amoozgar_types::job::{JobStatus, MetricPoint, ValidationPoint};

fn point(step: u64, loss: f64, tokens_per_s: f64) -> MetricPoint {
    MetricPoint {
        step,
        epoch: 0.0,
        loss: loss.into(),
        lr: 1e-3,
        grad_norm: 1.0,
        tokens_per_s,
        preference: None,
    }
}

fn validation(step: u64, val_loss: f64) -> ValidationPoint {
    ValidationPoint {
        step,
        val_loss: val_loss.into(),
        bits_per_byte: val_loss / 2.0,
        classes: None,
        preference: None,
    }
}

#[test]
fn a_hundred_thousand_points_are_thinned_without_losing_a_spike() {
    let fixture = Fixture::with_job("j", JobStatus::Running);
    let id = job_id("j");
    let train: Vec<_> = (1..=100_000)
        .map(|step| point(step, if step == 77_777 { 50.0 } else { 2.0 }, 1e4))
        .collect();
    fixture.store.append_metrics(&id, &train, &[]).unwrap();
    let run = fixture
        .store
        .compared_run(&sara(), &id, 2000)
        .unwrap()
        .unwrap();
    assert_eq!(run.n_points, 100_000, "all are counted");
    assert!(run.train.len() <= 2000, "{} points", run.train.len());
    let spike = run.train.iter().find(|point| point.step == 77_777);
    assert_eq!(
        spike.map(|point| point.loss),
        Some(Loss::Finite(50.0)),
        "the spike is drawn"
    );
    let whole = fixture.store.thinned_metrics(&id, 2000).unwrap();
    assert!(whole.train.len() <= 2000, "a run's own page is thinned too");
    assert!(
        whole.train.iter().any(|point| point.step == 77_777),
        "no peak lost"
    );
}

#[test]
fn time_is_what_training_took_and_tokens_are_what_was_learnt_from() {
    let fixture = Fixture::with_job("j", JobStatus::Running);
    let id = job_id("j");
    let spec = spec();
    let per_step = (spec.optimizer.batch_size * spec.model.context_length) as u64;
    let rate = per_step as f64;
    // A second each for two steps, then half a second; the third step was not told.
    let train = [
        point(1, 4.0, rate),
        point(2, 3.0, rate),
        point(4, f64::NAN, 2.0 * rate),
    ];
    fixture
        .store
        .append_metrics(&id, &train, &[validation(2, 3.5), validation(4, 2.5)])
        .unwrap();
    let run = fixture
        .store
        .compared_run(&sara(), &id, 100)
        .unwrap()
        .unwrap();
    let times: Vec<_> = run.train.iter().map(|point| point.elapsed_s).collect();
    assert_eq!(times, [1.0, 2.0, 3.0], "seconds of training");
    assert_eq!(run.n_tokens, 4 * per_step, "tokens");
    assert!((run.elapsed_s - 3.0).abs() < 1e-9, "the whole");
    assert_eq!(
        run.train[2].loss,
        Loss::Diverged,
        "a diverged step stays one"
    );
    assert!(
        (run.validation[0].elapsed_s - 2.0).abs() < 1e-9,
        "a validation stands at its step's time"
    );
    let best = run.best.unwrap();
    assert_eq!(
        (best.step, best.val_loss),
        (4, 2.5),
        "the lowest validation"
    );
}

#[test]
fn the_last_text_of_each_prompt_is_compared() {
    let fixture = Fixture::with_job("j", JobStatus::Running);
    let id = job_id("j");
    let sample = |step, prompt: &str| SampleRecord {
        step,
        prompt: prompt.to_owned(),
        text: format!("{prompt} در گام {step}"),
    };
    fixture
        .store
        .append_samples(&id, &[sample(1, "الف"), sample(1, "ب"), sample(5, "الف")])
        .unwrap();
    let run = fixture
        .store
        .compared_run(&sara(), &id, 100)
        .unwrap()
        .unwrap();
    let mut texts: Vec<_> = run
        .samples
        .into_iter()
        .map(|one| (one.prompt, one.step))
        .collect();
    texts.sort();
    assert_eq!(
        texts,
        [("الف".to_owned(), 5), ("ب".to_owned(), 1)],
        "one of each, the latest"
    );
}

#[test]
fn the_runs_of_others_cannot_be_compared() {
    let fixture = Fixture::with_job("j", JobStatus::Running);
    let seen = fixture
        .store
        .compared_run(&dara(), &job_id("j"), 10)
        .unwrap();
    assert!(seen.is_none(), "another's run is not there");
}
