//! Whole runs on a small text: the course of events, breaking off and going on, damage, early stopping.

use amoozgar_engine::{
    Control, End, EngineError, Generator, SamplingParams, evaluate, logits, train,
};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::spec::Packing;
use amoozgar_types::{TrainEvent, TrainSpec};
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::TempDir;

/// A tiny run over text that `folder` is given.
fn spec(folder: &Path) -> TrainSpec {
    let path = folder.join("text.txt");
    let text: Vec<String> = (0..120)
        .map(|n| {
            format!(
                "خانه\u{200c}ی {n} کنار رود {} بود و درِ آن باز است",
                n * 7 % 31
            )
        })
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 16 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "max_steps": 12 },
        "evaluation": { "every_steps": 4, "prompts": ["خانه"], "sample_tokens": 4 },
        "checkpoint": { "every_steps": 3, "keep_last": 2 },
        "threads": 2
    }))
    .unwrap()
}

/// Runs and collects every event; `steer` sees them first.
fn run(
    spec: &TrainSpec,
    job: &Path,
    steer: impl Fn(&TrainEvent, &Control),
) -> (Result<End, EngineError>, Vec<TrainEvent>) {
    let control = Control::new();
    let mut events = Vec::new();
    let end = train(spec, job, &control, &mut |event| {
        steer(&event, &control);
        events.push(event);
    });
    (end, events)
}

/// Curves, bit for bit: (step, loss, gradient norm), and (step, validation loss).
type Curves = (Vec<(u64, u64, u64)>, Vec<(u64, u64)>);

fn curve(events: &[TrainEvent]) -> Curves {
    let mut curves = (Vec::new(), Vec::new());
    for event in events {
        match event {
            TrainEvent::Step(record) => curves.0.push((
                record.step,
                record.loss.finite().unwrap().to_bits(),
                record.grad_norm.to_bits(),
            )),
            TrainEvent::Validation(record) => curves
                .1
                .push((record.step, record.val_loss.finite().unwrap().to_bits())),
            _ => {}
        }
    }
    curves
}

fn step_of(event: &TrainEvent) -> Option<u64> {
    if let TrainEvent::Step(record) = event {
        Some(record.step)
    } else {
        None
    }
}

#[test]
fn a_run_broken_off_goes_on_bit_for_bit_even_past_a_damaged_checkpoint() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let (whole_dir, broken_dir) = (folder.path().join("whole"), folder.path().join("broken"));
    let (end, whole) = run(&spec, &whole_dir, |_, _| {});
    assert!(
        matches!(end.unwrap(), End::Finished(_)),
        "the unbroken run ends well"
    );

    let (end, first) = run(&spec, &broken_dir, |event, control| {
        if step_of(event) == Some(7) {
            control.send(WorkerCommand::Stop);
        }
    });
    let End::Stopped {
        step: 7,
        checkpoint: Some(checkpoint),
    } = end.unwrap()
    else {
        panic!("stopped at step 7 with a checkpoint")
    };
    let (end, second) = run(&spec, &broken_dir, |event, control| {
        // Everything the process had in memory is dropped here, as after a stop.
        if step_of(event) == Some(8) {
            control.send(WorkerCommand::Stop);
        }
    });
    assert!(
        matches!(end.unwrap(), End::Stopped { step: 8, .. }),
        "stopped again"
    );
    std::fs::write(
        broken_dir.join("checkpoints/step-00000008/model.safetensors"),
        b"damaged",
    )
    .unwrap();
    let (end, third) = run(&spec, &broken_dir, |_, _| {});
    assert!(
        matches!(end.unwrap(), End::Finished(_)),
        "the resumed run ends well"
    );
    assert!(
        checkpoint.ends_with("step-00000007"),
        "the checkpoint's folder is named: {checkpoint}"
    );

    let expected = curve(&whole);
    let (one, two, three) = (curve(&first), curve(&second), curve(&third));
    assert_eq!(
        two.0[0], three.0[0],
        "step 8 is repeated after the damage, with the same bits"
    );
    assert_eq!(
        [one.0, three.0].concat(),
        expected.0,
        "every step's loss and gradient norm"
    );
    assert_eq!([one.1, three.1].concat(), expected.1, "every validation");
    assert!(
        two.1.is_empty(),
        "a stop goes before a validation, which is made up for"
    );
    let weights = |job: &Path| std::fs::read(job.join("final/model.safetensors")).unwrap();
    assert!(
        weights(&whole_dir) == weights(&broken_dir),
        "the final weights are the same bytes"
    );
}

#[test]
fn a_pause_saves_and_waits_until_it_is_told_to_go_on() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let (end, events) = run(
        &spec,
        &folder.path().join("job"),
        |event, control| match event {
            TrainEvent::Step(record) if record.step == 5 => control.send(WorkerCommand::Pause),
            TrainEvent::Paused { .. } => control.send(WorkerCommand::Resume),
            _ => {}
        },
    );
    assert!(matches!(end.unwrap(), End::Finished(_)), "it ends well");
    let at = events
        .iter()
        .position(|event| matches!(event, TrainEvent::Paused { step: 5 }))
        .unwrap();
    assert!(
        matches!(&events[at - 1], TrainEvent::Checkpoint(record) if record.step == 5),
        "saved before waiting"
    );
    assert!(
        matches!(events[at + 1], TrainEvent::Resumed { step: 5 }),
        "and goes on"
    );
    let (_, unbroken) = run(&spec, &folder.path().join("unbroken"), |_, _| {});
    assert_eq!(curve(&events), curve(&unbroken), "a pause changes nothing");
}

#[test]
fn a_stop_during_preparation_ends_before_the_first_step() {
    let folder = TempDir::new().unwrap();
    let (end, events) = run(
        &spec(folder.path()),
        &folder.path().join("job"),
        |event, control| {
            if matches!(event, TrainEvent::Loading { .. }) {
                control.send(WorkerCommand::Stop);
            }
        },
    );
    assert_eq!(
        end.unwrap(),
        End::Stopped {
            step: 0,
            checkpoint: None
        },
        "nothing to save yet"
    );
    assert!(
        matches!(
            events.last(),
            Some(TrainEvent::Stopped {
                step: 0,
                checkpoint: None
            })
        ),
        "said last"
    );
}

#[test]
fn the_final_folder_can_be_measured_and_writes_text() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let (end, _) = run(&spec, &folder.path().join("job"), |_, _| {});
    let End::Finished(outcome) = end.unwrap() else {
        panic!("finished")
    };
    let model = Path::new(&outcome.model_dir);
    for name in [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
        "README.md",
    ] {
        assert!(model.join(name).is_file(), "`{name}` is there");
    }
    let evaluation = evaluate(model, Path::new(&spec.dataset.train), None, Packing::Auto).unwrap();
    assert!(
        evaluation.loss < 5.7 && evaluation.bits_per_byte > 0.0,
        "it has learned something: {evaluation:?}"
    );
    let generator = Generator::load(model).unwrap();
    let params = SamplingParams {
        max_tokens: 40,
        temperature: 0.9,
        seed: 3,
        ..SamplingParams::default()
    };
    let mut pieces = String::new();
    let generation = generator
        .generate("خانه", &params, &mut |piece| {
            pieces.push_str(piece);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(pieces, generation.text, "the pieces make the text");
    let again = generator
        .generate("خانه", &params, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(
        generation.token_ids, again.token_ids,
        "same seed, same text"
    );
    let out = folder.path().join("logits.safetensors");
    logits(model, &[0, 5, 9], &out).unwrap();
    let tensors = candle_core::safetensors::load(&out, &candle_core::Device::Cpu).unwrap();
    assert_eq!(tensors["logits"].dim(0).unwrap(), 3, "one row a token");
}

#[test]
fn training_stops_early_when_the_held_out_loss_no_longer_falls() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    spec.optimizer.max_steps = Some(400);
    spec.optimizer.epochs = 400;
    spec.optimizer.lr = 0.05;
    spec.evaluation.every_steps = Some(5);
    spec.evaluation.patience = Some(2);
    spec.evaluation.prompts.clear();
    let (end, _) = run(&spec, &folder.path().join("job"), |_, _| {});
    let End::Finished(outcome) = end.unwrap() else {
        panic!("finished")
    };
    assert!(
        outcome.early_stopped && outcome.step < 400,
        "it stopped early: {outcome:?}"
    );
    assert_eq!(
        outcome.step,
        outcome.best_step + 10,
        "two validations after the best"
    );
}

#[test]
fn a_context_longer_than_the_text_is_refused_with_both_numbers() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    spec.model.context_length = 100_000;
    let (end, _) = run(&spec, &folder.path().join("job"), |_, _| {});
    let Err(EngineError::DatasetTooSmall { needed, found, .. }) = end else {
        panic!("too small, not {end:?}")
    };
    assert!(
        needed == 100_001 && found > 100 && found < needed,
        "{found} of {needed}"
    );
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    let job = folder.path().join("job");
    run(&spec, &job, |_, _| {}).0.unwrap();
    spec.optimizer.lr *= 2.0;
    let (end, _) = run(&spec, &job, |_, _| {});
    assert!(
        matches!(end, Err(EngineError::InvalidCheckpoint { .. })),
        "other settings: {end:?}"
    );
}

/// Puts a NaN among the weights of a checkpoint, which stays whole in every other respect.
fn spoil(checkpoint: &Path) {
    let path = checkpoint.join("model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let path = checkpoint.join("state.json");
    let mut state: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    state["weights_blake3"] = blake3::hash(&bytes).to_hex().to_string().into();
    std::fs::write(&path, state.to_string()).unwrap();
}

/// A run stopped after step 7, whose checkpoints are those of the steps 4, 6 and 7.
fn stopped_at_seven(folder: &Path) -> (TrainSpec, std::path::PathBuf) {
    let spec = spec(folder);
    let job = folder.join("job");
    let (end, _) = run(&spec, &job, |event, control| {
        if step_of(event) == Some(7) {
            control.send(WorkerCommand::Stop);
        }
    });
    assert!(
        matches!(end.unwrap(), End::Stopped { step: 7, .. }),
        "stopped at step 7"
    );
    (spec, job)
}

#[test]
fn a_loss_that_is_no_number_sends_the_run_back_once_at_half_the_rate() {
    let folder = TempDir::new().unwrap();
    let (spec, job) = stopped_at_seven(folder.path());
    spoil(&job.join("checkpoints/step-00000007"));
    let (end, events) = run(&spec, &job, |_, _| {});
    assert!(matches!(end.unwrap(), End::Finished(_)), "it recovers");
    let back: Vec<&TrainEvent> = events
        .iter()
        .filter(|event| matches!(event, TrainEvent::RolledBack { .. }))
        .collect();
    let expected = TrainEvent::RolledBack {
        diverged_step: 8,
        to_step: 6,
        lr_scale: 0.5,
    };
    assert_eq!(
        back,
        [&expected],
        "from the spoilt checkpoint to the one before"
    );
    let (_, unbroken) = run(&spec, &folder.path().join("unbroken"), |_, _| {});
    let rates = |events: &[TrainEvent]| -> Vec<(u64, f64)> {
        events
            .iter()
            .filter_map(|event| match event {
                TrainEvent::Step(record) => Some((record.step, record.lr)),
                _ => None,
            })
            .collect()
    };
    let halved: Vec<(u64, f64)> = rates(&unbroken)[6..]
        .iter()
        .map(|&(step, lr)| (step, lr * 0.5))
        .collect();
    assert_eq!(rates(&events), halved, "every rate from step 7 on is half");
}

#[test]
fn a_run_that_diverges_again_fails_with_the_step() {
    let folder = TempDir::new().unwrap();
    let (spec, job) = stopped_at_seven(folder.path());
    for checkpoint in std::fs::read_dir(job.join("checkpoints")).unwrap() {
        spoil(&checkpoint.unwrap().path());
    }
    let (end, events) = run(&spec, &job, |_, _| {});
    assert!(
        matches!(end, Err(EngineError::Diverged { step: 7 })),
        "the step after the second checkpoint: {end:?}"
    );
    let n_back = events
        .iter()
        .filter(|event| matches!(event, TrainEvent::RolledBack { .. }))
        .count();
    assert_eq!(n_back, 1, "it went back once");
}

/// A run whose checkpoint of step `at` leads nowhere: what it says when it is stopped as soon as it went
/// back (or not at all), and then gone on with.
fn went_back(folder: &Path, at: u64, stop: bool) -> (TrainSpec, [Vec<TrainEvent>; 2]) {
    std::fs::create_dir_all(folder).unwrap();
    let spec = spec(folder);
    let job = folder.join("job");
    run(&spec, &job, |event, control| {
        if step_of(event) == Some(at) {
            control.send(WorkerCommand::Stop);
        }
    })
    .0
    .unwrap();
    spoil(&job.join(format!("checkpoints/step-{at:08}")));
    let (_, first) = run(&spec, &job, |event, control| {
        if stop && matches!(event, TrainEvent::RolledBack { .. }) {
            control.send(WorkerCommand::Stop);
        }
    });
    let (end, second) = run(&spec, &job, |_, _| {});
    assert!(matches!(end.unwrap(), End::Finished(_)), "it ends well");
    (spec, [first, second])
}

#[test]
fn a_run_broken_off_after_it_went_back_never_takes_up_what_led_nowhere() {
    let folder = TempDir::new().unwrap();
    // From the spoilt checkpoint of step 7 to that of step 6, and from the only one to the beginning.
    for (at, to) in [(7, 6), (2, 0)] {
        let place = |name: &str| folder.path().join(format!("{name} {at}"));
        let (_, [unbroken, _]) = went_back(&place("unbroken"), at, false);
        let (_, [first, second]) = went_back(&place("broken"), at, true);
        assert!(
            matches!(first.last(), Some(TrainEvent::Stopped { step, .. }) if *step == to),
            "stopped where it went back to: {:?}",
            first.last()
        );
        let started = second.iter().find_map(|event| match event {
            TrainEvent::Started(plan) => Some(plan.start_step),
            _ => None,
        });
        assert_eq!(started, Some(to), "it goes on from before what led nowhere");
        let back = second
            .iter()
            .filter(|event| matches!(event, TrainEvent::RolledBack { .. }));
        assert_eq!(back.count(), 0, "and need not go back again");
        let steps = |events: &[TrainEvent]| -> Vec<(u64, u64, u64)> {
            events
                .iter()
                .filter_map(|event| match event {
                    TrainEvent::Step(record) => Some((
                        record.step,
                        record.loss.finite().unwrap().to_bits(),
                        record.lr.to_bits(),
                    )),
                    _ => None,
                })
                .collect()
        };
        assert_eq!(
            steps(&second),
            steps(&unbroken),
            "every loss and every rate is that of the run that was not broken off"
        );
        let weights = |name: &str| std::fs::read(place(name).join("job/final/model.safetensors"));
        assert!(
            weights("broken").unwrap() == weights("unbroken").unwrap(),
            "and so is the model"
        );
    }
}

/// The steps of the checkpoints in a run's folder.
fn saved(job: &Path) -> Vec<u64> {
    let mut steps: Vec<u64> = std::fs::read_dir(job.join("checkpoints"))
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_prefix("step-")?.parse().ok()
        })
        .collect();
    steps.sort_unstable();
    steps
}

#[test]
fn the_clock_saves_between_the_planned_checkpoints_and_a_stopped_step_costs_nothing() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    spec.optimizer.epochs = 1_000_000;
    spec.optimizer.max_steps = Some(1_000_000);
    spec.evaluation.every_steps = Some(1_000_000);
    spec.checkpoint.every_steps = Some(1_000_000);
    spec.checkpoint.every_minutes = 0.01;
    spec.checkpoint.keep_last = 1;
    let job = folder.path().join("job");
    let (end, events) = run(&spec, &job, |event, control| {
        if matches!(event, TrainEvent::Checkpoint(_)) {
            control.send(WorkerCommand::Stop);
        }
    });
    let End::Stopped { step, checkpoint } = end.unwrap() else {
        panic!("it is stopped at the first checkpoint that the clock asked for")
    };
    assert!(checkpoint.is_some(), "it was saved");
    let at = |wanted: &dyn Fn(&TrainEvent) -> bool| events.iter().position(wanted);
    let saving = at(&|event| matches!(event, TrainEvent::Saving { .. }));
    let saved_at = at(&|event| matches!(event, TrainEvent::Checkpoint(_)));
    assert!(
        saving.is_some() && saving < saved_at,
        "it says that it writes before it has written"
    );
    let (_, again) = run(&spec, &job, |event, control| {
        if step_of(event).is_some() {
            control.send(WorkerCommand::Stop);
        }
    });
    let first = again.iter().find_map(step_of);
    assert_eq!(first, Some(step + 1), "no step is lost or done twice");
    assert_eq!(
        saved(&job),
        [step + 1],
        "of those between planned ones the latest is kept alone"
    );
}

#[test]
fn what_is_saved_between_planned_checkpoints_changes_nothing_that_a_run_does() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let course = |name: &str, steer: &dyn Fn(&TrainEvent, &Control)| {
        let job = folder.path().join(name);
        let (end, events) = run(&spec, &job, |event, control| steer(event, control));
        assert!(matches!(end.unwrap(), End::Finished(_)), "{name}");
        let weights = std::fs::read(job.join("final/model.safetensors")).unwrap();
        (curve(&events), saved(&job), weights)
    };
    let plain = course("plain", &|_, _| {});
    // As often as the clock ever could.
    let saving = course("saving", &|event, control| {
        if step_of(event).is_some() {
            control.send(WorkerCommand::Checkpoint);
        }
    });
    assert!(plain.0 == saving.0, "the curves are the same");
    assert!(plain.2 == saving.2, "so is the model");
    assert!(
        plain.1.iter().all(|step| saving.1.contains(step)),
        "what is planned is kept as if nothing else had been saved: {:?} of {:?}",
        plain.1,
        saving.1
    );
    let n_more = saving.1.len() - plain.1.len();
    assert!(n_more <= 2, "and no more than the latest: {:?}", saving.1);
}
