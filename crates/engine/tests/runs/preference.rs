//! Pairs of a better and a worse answer: learnt whole and by an adapter, broken off and gone on, cut and left
//! out; and that nothing else is taken for what it is not.

use amoozgar_engine::{Control, End, EngineError, estimate, evaluate, train};
use amoozgar_types::event::{PairsRead, PreferenceScores, StepRecord, WorkerCommand};
use amoozgar_types::spec::Packing;
use amoozgar_types::{TrainEvent, TrainSpec};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A finished model over a few sentences.
fn base(folder: &Path) -> PathBuf {
    let path = folder.join("text.txt");
    let text: Vec<String> = (0..60)
        .map(|n| format!("پرسش {n} پاسخ باغ گل آب خار {}", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    let spec: TrainSpec = serde_json::from_value(json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 320 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 128 },
        "optimizer": { "batch_size": 4, "max_steps": 40, "lr": 5e-3 },
        "evaluation": { "prompts": [] },
        "threads": 2
    }))
    .unwrap();
    let (end, _) = run(&spec, &folder.join("base")).unwrap();
    let End::Finished(outcome) = end else {
        panic!("the run ends well")
    };
    PathBuf::from(outcome.model_dir)
}

fn run(spec: &TrainSpec, job: &Path) -> Result<(End, Vec<TrainEvent>), EngineError> {
    let mut events = Vec::new();
    let end = train(spec, job, &Control::new(), &mut |event| events.push(event))?;
    Ok((end, events))
}

/// Answers with flowers are better than those with thorns.
fn data(folder: &Path) -> PathBuf {
    let rows = (0..40).map(|n| {
        let (chosen, rejected) = (format!("گل {}", n % 5), format!("خار آب {}", n % 3));
        json!({ "prompt": format!("باغ {n}؟"), "chosen": chosen, "rejected": rejected }).to_string()
    });
    let path = folder.join("pairs.jsonl");
    std::fs::write(&path, rows.collect::<Vec<_>>().join("\n")).unwrap();
    path
}

fn spec(base: &Path, data: &Path, objective: &str, method: &str) -> TrainSpec {
    serde_json::from_value(json!({
        "dataset": { "train": data, "validation_fraction": 0.2 },
        "objective": objective,
        "method": method,
        "base_model": base,
        "model": { "context_length": 96 },
        "optimizer": { "batch_size": 4, "epochs": 6, "lr": if method == "lora" { 5e-3 } else { 5e-4 } },
        "evaluation": { "every_steps": 8, "prompts": ["باغ ۱؟"], "sample_tokens": 4, "patience": null },
        "threads": 2
    }))
    .unwrap()
}

fn steps(events: &[TrainEvent]) -> Vec<StepRecord> {
    let steps = events.iter().filter_map(|event| match event {
        TrainEvent::Step(step) => Some(step.clone()),
        _ => None,
    });
    steps.collect()
}

fn validated(events: &[TrainEvent]) -> Vec<(f64, PreferenceScores)> {
    let found = events.iter().filter_map(|event| match event {
        TrainEvent::Validation(record) => Some((
            record.val_loss.finite().unwrap(),
            record.preference.unwrap(),
        )),
        _ => None,
    });
    found.collect()
}

fn pairs(events: &[TrainEvent]) -> PairsRead {
    let read = events.iter().find_map(|event| match event {
        TrainEvent::Pairs(read) => Some(read.clone()),
        _ => None,
    });
    read.unwrap()
}

fn field(result: Result<(End, Vec<TrainEvent>), EngineError>) -> String {
    match result {
        Err(error) => error.to_api().params.field.unwrap_or_default(),
        Ok(_) => "nothing".to_owned(),
    }
}

#[test]
fn held_out_pairs_are_told_apart_after_either_objective_whole_and_by_an_adapter() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    for (objective, method) in [
        ("dpo", "lora"),
        ("dpo", "full"),
        ("orpo", "lora"),
        ("orpo", "full"),
    ] {
        let name = format!("{objective}-{method}");
        let spec = spec(&base, &data, objective, method);
        let (end, events) = run(&spec, &folder.path().join(&name)).unwrap();
        assert!(matches!(end, End::Finished(_)), "{name} ends well");
        let read = pairs(&events);
        assert_eq!((read.n_train, read.n_validation), (32, 8), "{name}");
        let first = steps(&events)[0].clone();
        let before = first.preference.unwrap();
        if objective == "dpo" {
            let loss = first.loss.finite().unwrap();
            assert!(
                (loss - std::f64::consts::LN_2).abs() < 1e-4,
                "{name} starts at log 2: {loss}"
            );
            assert!(
                before.margin().abs() < 1e-4,
                "{name}: nothing has moved: {before:?}"
            );
        }
        let all = validated(&events);
        let (loss, after) = *all.last().unwrap();
        assert!(
            after.accuracy > 0.9 && after.margin() > before.margin() + 0.01,
            "{name}: {after:?} after {before:?}"
        );
        assert!(loss < all[0].0, "{name}: {loss} is less than {}", all[0].0);
    }
}

#[test]
fn a_run_that_was_broken_off_goes_on_bit_for_bit_and_measures_its_reference_once() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    for method in ["lora", "full"] {
        let mut spec = spec(&base, &data, "dpo", method);
        spec.optimizer.max_steps = Some(12);
        let whole = folder.path().join(format!("{method}-whole"));
        run(&spec, &whole).unwrap();
        let broken = folder.path().join(format!("{method}-broken"));
        let control = Control::new();
        train(&spec, &broken, &control, &mut |event| {
            if matches!(event, TrainEvent::Step(record) if record.step == 7) {
                control.send(WorkerCommand::Stop);
            }
        })
        .unwrap();
        let kept = reference_files(&broken);
        assert_eq!(kept.len(), 1, "{method}: one file of numbers");
        let before = std::fs::metadata(&kept[0]).unwrap().modified().unwrap();
        run(&spec, &broken).unwrap();
        assert_eq!(reference_files(&broken), kept, "{method}: the same one");
        let after = std::fs::metadata(&kept[0]).unwrap().modified().unwrap();
        assert_eq!(before, after, "{method}: it is not written again");
        let weights = |job: &Path| std::fs::read(job.join("final/model.safetensors")).unwrap();
        assert!(
            weights(&whole) == weights(&broken),
            "{method}: the same bytes"
        );

        // Removed with the cache, they come from the model before training, not from the checkpoint's.
        let numbers = std::fs::read(&kept[0]).unwrap();
        std::fs::remove_dir_all(broken.join("cache")).unwrap();
        run(&spec, &broken).unwrap();
        assert!(
            std::fs::read(&kept[0]).unwrap() == numbers,
            "{method}: the same numbers"
        );
    }
}

#[test]
fn another_base_model_in_the_same_place_gets_numbers_of_its_own() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    let mut spec = spec(&base, &data, "dpo", "lora");
    spec.optimizer.max_steps = Some(2);
    let job = folder.path().join("job");
    run(&spec, &job).unwrap();
    let first = reference_files(&job);
    let tuned = self::spec(&base, &data, "orpo", "full");
    let (end, _) = run(&tuned, &folder.path().join("tuned")).unwrap();
    let End::Finished(outcome) = end else {
        panic!("it ends well")
    };
    std::fs::copy(
        PathBuf::from(outcome.model_dir).join("model.safetensors"),
        base.join("model.safetensors"),
    )
    .unwrap();
    std::fs::remove_dir_all(job.join("checkpoints")).unwrap();
    let (_, events) = run(&spec, &job).unwrap();
    assert_eq!(
        reference_files(&job).len(),
        first.len() + 1,
        "a file of its own"
    );
    let loss = steps(&events)[0].loss.finite().unwrap();
    assert!(
        (loss - std::f64::consts::LN_2).abs() < 1e-4,
        "nothing has moved from it: {loss}"
    );
}

fn reference_files(job: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(job.join("cache")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("reference-") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn accumulated_micro_batches_take_the_step_of_one_batch() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    for objective in ["dpo", "orpo"] {
        let losses = |micro: usize| {
            let mut spec = spec(&base, &data, objective, "full");
            spec.optimizer.micro_batch = Some(micro);
            spec.optimizer.max_steps = Some(8);
            let job = folder.path().join(format!("{objective}-{micro}"));
            let (_, events) = run(&spec, &job).unwrap();
            let steps = steps(&events).into_iter();
            steps
                .map(|step| step.loss.finite().unwrap())
                .collect::<Vec<_>>()
        };
        let whole = losses(4);
        for micro in [1, 2] {
            for (step, (one, many)) in whole.iter().zip(losses(micro)).enumerate() {
                assert!(
                    (one - many).abs() <= 1e-4 * one.abs(),
                    "{objective}, {micro} at a time, step {step}: {many}, at once {one}"
                );
            }
        }
    }
}

#[test]
fn what_is_cut_and_left_out_is_counted_by_side() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    let path = data(folder.path());
    let long = "گل آب ".repeat(120);
    let mut rows = std::fs::read_to_string(&path).unwrap();
    for row in [
        json!({ "prompt": "چند؟", "chosen": long, "rejected": "هیچ" }),
        json!({ "prompt": "چند؟", "chosen": "گل", "rejected": long }),
        json!({ "prompt": long, "chosen": "گل", "rejected": "خار" }),
        json!({ "prompt": "چند؟", "chosen": format!("{long}گل"), "rejected": format!("{long}خار") }),
        json!({ "prompt": "چند؟", "chosen": "گل", "rejected": "گل" }),
    ] {
        rows.push('\n');
        rows.push_str(&row.to_string());
    }
    std::fs::write(&path, rows).unwrap();
    let mut spec = spec(&base, &path, "dpo", "lora");
    spec.optimizer.max_steps = Some(2);
    let (_, events) = run(&spec, &folder.path().join("job")).unwrap();
    let read = pairs(&events);
    assert_eq!((read.n_cut_chosen, read.n_cut_rejected), (1, 1), "{read:?}");
    assert_eq!(
        read.n_train + read.n_validation,
        42,
        "the others are learnt"
    );
    let faults: Vec<(String, Vec<u64>)> = read
        .faults
        .iter()
        .map(|count| (format!("{:?}", count.fault), count.lines.clone()))
        .collect();
    assert_eq!(
        faults,
        [
            ("SameAnswers".to_owned(), vec![45]),
            ("TooLong".to_owned(), vec![43, 44]),
        ],
        "the prompt alone fills the context, or all that differs lies beyond it"
    );
}

#[test]
fn a_collapse_of_the_better_answers_is_told_once() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    // Both answers begin alike and what differs is small: pushing one away pushes both.
    let rows = (0..24).map(|n| {
        let (chosen, rejected) = (
            format!("گل گل گل گل {}", n % 2),
            format!("گل گل گل گل {}", 7 + n % 2),
        );
        json!({ "prompt": format!("باغ {n}؟"), "chosen": chosen, "rejected": rejected }).to_string()
    });
    let path = folder.path().join("pairs.jsonl");
    std::fs::write(&path, rows.collect::<Vec<_>>().join("\n")).unwrap();
    let mut spec = spec(&base, &path, "dpo", "full");
    spec.beta = Some(0.01);
    spec.optimizer.lr = 1e-2;
    spec.optimizer.epochs = 20;
    let (_, events) = run(&spec, &folder.path().join("job")).unwrap();
    let told: Vec<(u64, f64)> = events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::ChosenFell { step, nats } => Some((*step, *nats)),
            _ => None,
        })
        .collect();
    let start = steps(&events)[0].preference.unwrap().chosen_logp;
    let lowest = steps(&events)
        .iter()
        .map(|step| step.preference.unwrap().chosen_logp)
        .fold(0.0, f64::min);
    assert!(
        matches!(told[..], [(step, nats)] if step >= 5 && nats >= 0.5),
        "{told:?}, from {start} to {lowest}"
    );
}

#[test]
fn what_cannot_be_learnt_of_pairs_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    let job = folder.path().join("job");
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut value = serde_json::to_value(spec(&base, &data, "dpo", "lora")).unwrap();
        change(&mut value);
        field(run(&serde_json::from_value(value).unwrap(), &job))
    };
    assert_eq!(refused(&|spec| spec["method"] = json!("scratch")), "method");
    assert_eq!(
        refused(&|spec| {
            spec["task"] = json!("sequence_classification");
            spec["method"] = json!("full");
        }),
        "objective"
    );
    assert_eq!(refused(&|spec| spec["beta"] = json!(0.0)), "beta");
    assert_eq!(
        refused(&|spec| spec["dataset"]["supervise"] = json!("last")),
        "dataset.supervise"
    );
    assert_eq!(
        refused(&|spec| spec["objective"] = json!(null)),
        "beta",
        "it changes nothing without"
    );
    let without = |spec: &mut Value| {
        spec["objective"] = json!(null);
        spec["beta"] = json!(null);
    };
    assert_eq!(refused(&without), "objective", "pairs are no conversations");
    let sft = |spec: &mut Value| {
        spec["objective"] = json!("sft");
        spec["beta"] = json!(null);
    };
    assert_eq!(refused(&sft), "objective");
    assert_eq!(
        refused(&|spec| spec["dataset"]["shape"] = json!("messages")),
        "objective"
    );
    let talks = folder.path().join("talks.csv");
    std::fs::write(&talks, "پرسش,پاسخ\nالف,ب\n").unwrap();
    assert_eq!(
        refused(&|spec| spec["dataset"]["train"] = json!(talks)),
        "dataset.mapping"
    );
    let error = evaluate(&base, &data, None, Packing::Auto).unwrap_err();
    assert!(error.to_string().contains("dpo"), "`{error}`");
}

#[test]
fn better_answers_alone_can_be_learnt_as_conversations() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    let mut spec = spec(&base, &data, "dpo", "lora");
    (spec.objective, spec.beta) = (None, None);
    let mapping = json!({ "prompt": "prompt", "completion": "chosen" });
    spec.dataset.mapping = serde_json::from_value(mapping).unwrap();
    spec.optimizer.max_steps = Some(2);
    let (_, events) = run(&spec, &folder.path().join("job")).unwrap();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, TrainEvent::Conversations(read) if read.n_train == 32)),
        "as the message of the refusal says"
    );
}

#[test]
fn a_plan_counts_pairs_and_both_answers_of_each() {
    let folder = TempDir::new().unwrap();
    let (base, data) = (base(folder.path()), data(folder.path()));
    let spec = spec(&base, &data, "dpo", "lora");
    let foreseen = estimate(&spec, std::fs::metadata(&data).unwrap().len()).unwrap();
    let (_, events) = run(&spec, &folder.path().join("job")).unwrap();
    let planned = events.iter().find_map(|event| match event {
        TrainEvent::Started(plan) => Some(plan),
        _ => None,
    });
    let planned = planned.unwrap();
    assert_eq!(
        foreseen.total_steps, planned.total_steps,
        "eight steps an epoch, six of them"
    );
    let (foreseen_tokens, there) = (
        foreseen.n_train_tokens as f64,
        planned.n_train_tokens as f64,
    );
    assert!(
        (foreseen_tokens / there - 1.0).abs() < 0.1,
        "{foreseen_tokens} foreseen, {there} there"
    );
    // The same rows as questions and answers: half as much goes through the model at once.
    let mut sft = spec.clone();
    (sft.objective, sft.beta) = (None, None);
    sft.dataset.mapping =
        serde_json::from_value(json!({ "prompt": "prompt", "completion": "chosen" })).unwrap();
    sft.model.context_length = 96;
    let alone = estimate(&sft, std::fs::metadata(&data).unwrap().len()).unwrap();
    assert!(
        foreseen.memory_bytes > alone.memory_bytes,
        "two sequences a pair"
    );
}
