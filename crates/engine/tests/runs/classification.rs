//! Classifiers: from labelled rows to a folder that knows its classes, fresh or from an encoder.

use amoozgar_data::DataError;
use amoozgar_engine::model::ModelConfig;
use amoozgar_engine::{
    Control, End, EngineError, Generator, LoadOptions, evaluate_classes, is_classifier, open, train,
};
use amoozgar_types::event::{ClassScores, WorkerCommand};
use amoozgar_types::spec::Method;
use amoozgar_types::{TrainEvent, TrainSpec};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Sentences of three kinds, told apart by single words; of `بد` there are fewest.
fn table(folder: &Path) -> PathBuf {
    let mut lines = vec!["label,text".to_owned()];
    for n in 0..240 {
        let (label, word) = match n % 8 {
            0 => ("بد", "زشت و تاریک"),
            1..4 => ("خوب", "زیبا و روشن"),
            _ => ("میانه", "ساده و آرام"),
        };
        let filling = "در کنار رود ".repeat(n % 4);
        lines.push(format!("{label},\"خانه‌ی {n}، {filling}{word} بود\""));
    }
    let text = lines.join("\n");
    let path = folder.join("rows.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn spec(folder: &Path) -> TrainSpec {
    serde_json::from_value(serde_json::json!({
        "method": "classify",
        "dataset": { "train": table(folder), "validation_fraction": 0.2 },
        "tokenizer": { "vocab_size": 400 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 2, "d_ff": 64, "context_length": 32 },
        "optimizer": { "batch_size": 16, "micro_batch": 8, "lr": 3e-3, "epochs": 10 },
        "evaluation": { "every_steps": 30 },
        "checkpoint": { "every_steps": 30, "keep_last": 2 },
        "threads": 2
    }))
    .unwrap()
}

/// The final folder and the last scores.
fn finish(spec: &TrainSpec, job: &Path) -> (PathBuf, ClassScores) {
    let mut last = None;
    let end = train(spec, job, &Control::new(), &mut |event| {
        if let TrainEvent::Validation(record) = event {
            last = record.classes;
        }
    });
    let End::Finished(outcome) = end.unwrap() else {
        panic!("finished")
    };
    (PathBuf::from(outcome.model_dir), last.unwrap())
}

#[test]
fn a_classifier_learns_and_its_folder_knows_the_classes() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let (model, scores) = finish(&spec, &folder.path().join("job"));
    assert!(
        scores.accuracy > 0.95 && scores.macro_f1 > 0.95,
        "it sorts the held-out rows: {scores:?}"
    );
    assert!(
        (scores.majority_accuracy - 0.5).abs() < 0.01,
        "half of each part is of one class: {scores:?}"
    );
    assert!(is_classifier(&model).unwrap(), "the folder says so");
    assert_eq!(
        ModelConfig::load(&model).unwrap().labels,
        ["بد", "خوب", "میانه"],
        "classes by their ids"
    );
    let found = evaluate_classes(&model, Path::new(&spec.dataset.train), None).unwrap();
    assert_eq!(found.n_examples, 240, "every row");
    assert_eq!(found.classes[0].n_examples, 30, "of the rarest class");
    let diagonal: u64 = (0..3).map(|id| found.confusion[id][id]).sum();
    assert!(diagonal > 230, "{:?}", found.confusion);
    assert!(
        matches!(
            Generator::load(&model),
            Err(EngineError::InvalidModel { .. })
        ),
        "it does not write"
    );

    // From this encoder on, with other classes: the layer of classes is drawn anew.
    let rows = folder.path().join("two.jsonl");
    let lines: Vec<String> = (0..80)
        .map(|n| {
            let word = if n % 2 == 0 { "روشن" } else { "تاریک" };
            serde_json::json!({ "text": format!("خانه‌ی {n} {word} بود"), "label": n % 2 })
                .to_string()
        })
        .collect();
    std::fs::write(&rows, lines.join("\n")).unwrap();
    let mut further = spec.clone();
    further.method = Method::Full;
    further.base_model = Some(model.display().to_string());
    further.dataset.train = rows.display().to_string();
    further.optimizer.epochs = 20;
    let (second, scores) = finish(&further, &folder.path().join("further"));
    assert!(scores.accuracy > 0.9, "{scores:?}");
    assert_eq!(
        ModelConfig::load(&second).unwrap().labels,
        ["0", "1"],
        "numbers are labels too"
    );
    assert_eq!(
        std::fs::read(model.join("tokenizer.json")).unwrap(),
        std::fs::read(second.join("tokenizer.json")).unwrap(),
        "the encoder's tokenizer"
    );
    let whole = open(&second, &LoadOptions::default()).unwrap().model;
    let classifier = whole.parameters.id("classifier.weight").unwrap();
    assert_eq!(
        whole.parameters.get(classifier).shape,
        [2, 32],
        "two classes"
    );
}

#[test]
fn a_classifier_s_run_broken_off_goes_on_bit_for_bit() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    spec.optimizer.max_steps = Some(24);
    let (whole, _) = finish(&spec, &folder.path().join("whole"));
    let broken = folder.path().join("broken");
    let control = Control::new();
    spec.threads = Some(1);
    let end = train(&spec, &broken, &control, &mut |event| {
        if matches!(event, TrainEvent::Step(record) if record.step == 17) {
            control.send(WorkerCommand::Stop);
        }
    });
    assert!(
        matches!(end.unwrap(), End::Stopped { step: 17, .. }),
        "broken off"
    );
    let (resumed, _) = finish(&spec, &broken);
    let bytes = |model: &Path| std::fs::read(model.join("model.safetensors")).unwrap();
    assert!(
        bytes(&whole) == bytes(&resumed),
        "the same bytes, on one thread as on two"
    );
}

#[test]
fn labels_that_tell_nothing_apart_and_unknown_ones_are_refused() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let refused = |spec: &TrainSpec, job: &str| {
        let job = folder.path().join(job);
        train(spec, &job, &Control::new(), &mut |_| {}).unwrap_err()
    };
    let whole = spec.dataset.train.clone();
    spec.dataset.train = write("one.csv", "text,label\nیک,الف\nدو,الف\n");
    let error = refused(&spec, "one");
    assert!(
        matches!(
            error,
            EngineError::InvalidSpec {
                field: "dataset.train",
                ..
            }
        ),
        "one class only: {error}"
    );
    spec.dataset.train = whole;
    spec.dataset.validation = Some(write("other.csv", "text,label\nیک,خوب\nدو,عالی\n"));
    let error = refused(&spec, "other");
    let EngineError::Data(DataError::InvalidRow {
        line: 3, detail, ..
    }) = &error
    else {
        panic!("not {error}")
    };
    assert!(detail.contains("عالی"), "the label is named: {detail}");
}
