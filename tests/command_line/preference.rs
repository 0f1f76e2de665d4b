//! Pairs of a better and a worse answer, by `train` and by the window's worker.

use crate::support::command_line::{Bench, Worker, events, said};
use crate::support::persian_text;
use amoozgar_types::TrainEvent;
use serde_json::{Value, json};

#[test]
fn a_model_learns_to_prefer_and_says_how_well() {
    let bench = Bench::new();
    let text = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&text);
    spec["model"]["context_length"] = json!(96);
    spec["optimizer"]["batch_size"] = json!(2);
    spec["optimizer"]["max_steps"] = json!(20);
    let base = bench.job_dir("base", &spec);
    assert_eq!(
        Worker::start(&bench, &base).finish(),
        Some(0),
        "a base model"
    );

    let rows = (0..20).map(|n| format!("باغ {n}؟,گل {},خار\n", n % 3));
    let table = format!("پرسش,پاسخ بهتر,پاسخ بدتر\n{}", rows.collect::<String>());
    let data = bench.write("pairs.csv", table);
    let spec: Value = json!({
        "name": "ترجیح",
        "dataset": { "train": data, "validation_fraction": 0.2 },
        "objective": "dpo", "method": "lora", "base_model": base.join("final"),
        "model": { "context_length": 64 },
        "optimizer": { "batch_size": 2, "max_steps": 20, "epochs": 3, "lr": 5e-3 },
        "evaluation": { "every_steps": 5, "prompts": ["باغ؟"], "sample_tokens": 4 },
        "threads": 2
    });
    let path = bench.write("spec.json", serde_json::to_vec(&spec).unwrap());
    let path = path.to_str().unwrap();
    let output = bench.run(&[
        "train",
        path,
        "--json",
        "--job-dir",
        bench.path("out").to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = events(&output);
    assert!(
        told.iter()
            .any(|event| matches!(event, TrainEvent::Pairs(read) if read.n_train == 16)),
        "it says what it read: {}",
        said(&output)
    );
    let mut measured = told.iter().filter_map(|event| match event {
        TrainEvent::Validation(record) => record.preference,
        _ => None,
    });
    let last = measured.next_back().unwrap();
    assert!(last.accuracy > 0.5 && last.margin() > 0.0, "{last:?}");

    // The worker, stopped on its way, goes on to the same weights.
    let dir = bench.job_dir("job", &spec);
    let mut worker = Worker::start(&bench, &dir);
    worker.until(
        "its fourth step",
        |event| matches!(event, TrainEvent::Step(step) if step.step == 4),
    );
    worker.say("stop");
    assert_eq!(worker.finish(), Some(3), "stopped");
    assert_eq!(Worker::start(&bench, &dir).finish(), Some(0), "and on");
    let weights = |dir: &std::path::Path| {
        std::fs::read(dir.join("final/adapter/adapter_model.safetensors")).unwrap()
    };
    assert!(
        weights(&dir) == weights(&bench.path("out")),
        "the same bytes"
    );
}
