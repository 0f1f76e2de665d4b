//! What is refused, and what follows from a specification.

use super::{Plan, Work, require_a_whole_batch, validate};
use crate::EngineError;
use amoozgar_types::TrainSpec;
use serde_json::{Value, json};

fn refused(more: &Value) -> Option<(&'static str, String)> {
    let mut spec = json!({ "dataset": { "train": "/t.txt" } });
    let (Value::Object(all), Value::Object(more)) = (&mut spec, more.clone()) else {
        unreachable!("both are objects");
    };
    all.extend(more);
    let spec: TrainSpec = serde_json::from_value(spec).unwrap();
    match validate(&spec) {
        Ok(()) => None,
        Err(EngineError::InvalidSpec { field, detail }) => Some((field, detail)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_number_of_heads_alone_is_enough() {
    for model in [json!({ "n_heads": 2 }), json!({ "d_model": 384 })] {
        assert_eq!(refused(&json!({ "model": model })), None, "{model}");
    }
}

#[test]
fn a_batch_larger_than_all_passes_together_is_refused() {
    let spec: TrainSpec = serde_json::from_value(json!({
        "dataset": { "train": "/t.txt" },
        "optimizer": { "batch_size": 64, "epochs": 2 },
    }))
    .unwrap();
    assert!(
        require_a_whole_batch(&spec, 32).is_ok(),
        "one step, twice through"
    );
    let error = require_a_whole_batch(&spec, 31).unwrap_err().to_string();
    assert!(
        error.contains("31") && error.contains("64"),
        "what there is and what is asked for: {error}"
    );
}

/// Weights of a small model, and of adapters on it.
const ALL: u64 = 135_000_000;
const ADAPTERS: u64 = 5_000_000;

#[test]
fn validations_samples_and_checkpoints_take_a_tenth_of_a_run_at_most() {
    let plan = |more: Value, n_sequences: usize, validation_tokens: u64, trained: u64| {
        let mut spec = json!({
            "dataset": { "train": "/t.txt" },
            "optimizer": { "batch_size": 8, "epochs": 1 },
        });
        let (Value::Object(all), Value::Object(more)) = (&mut spec, more) else {
            unreachable!("both are objects");
        };
        all.extend(more);
        let spec: TrainSpec = serde_json::from_value(spec).unwrap();
        let work = Work {
            train_tokens: n_sequences as u64 * 256,
            validation_tokens,
            parameters: ALL,
            trained,
        };
        Plan::new(&spec, n_sequences).sparing(&spec, &work)
    };
    // Twelve steps of 2048 tokens, as a small text over a base model has them.
    let few = plan(json!({}), 96, 1300, ADAPTERS);
    assert_eq!(
        (few.total_steps, few.evaluate_every),
        (12, 10),
        "two, not twelve"
    );
    let large = plan(json!({}), 96, 1_000_000, ADAPTERS);
    assert_eq!(
        large.evaluate_every, 12,
        "once at the end, however long it takes"
    );
    let many = plan(json!({}), 96_000, 13_000, ADAPTERS);
    assert_eq!(many.evaluate_every, 600, "twenty in a long run, as ever");
    let asked = json!({ "evaluation": { "every_steps": 1 }, "checkpoint": { "every_steps": 2 } });
    let asked = plan(asked, 96, 1_000_000, ALL);
    assert_eq!(
        (asked.evaluate_every, asked.checkpoint_every),
        (1, 2),
        "what was asked for"
    );
    // A checkpoint of all weights takes as long as three steps, one of adapters as the tenth of one.
    let adapters = plan(json!({}), 960, 1300, ADAPTERS);
    let all = plan(json!({}), 960, 1300, ALL);
    assert_eq!(
        (adapters.checkpoint_every, all.checkpoint_every),
        (12, 25),
        "of 120 steps"
    );
    assert!(
        all.evaluate_every > adapters.evaluate_every,
        "a best is saved"
    );
    let tiny = plan(json!({}), 24, 0, 1000);
    assert_eq!(tiny.checkpoint_every, 1, "a short run keeps its ten");
}

#[test]
fn adapters_over_a_classifier_are_refused_by_name() {
    let (field, detail) = refused(&json!({
        "task": "sequence_classification", "method": "lora", "base_model": "/m",
    }))
    .unwrap();
    assert_eq!(field, "method", "what cannot be");
    assert!(detail.contains("`full`"), "what can be: `{detail}`");
}

#[test]
fn what_is_outside_its_limits_is_refused_by_name() {
    for (field, more) in [
        ("optimizer.lr", json!({ "optimizer": { "lr": 0.0 } })),
        (
            "optimizer.batch_size",
            json!({ "optimizer": { "batch_size": 0 } }),
        ),
        (
            "model.context_length",
            json!({ "model": { "context_length": 1 } }),
        ),
        (
            "tokenizer.vocab_size",
            json!({ "tokenizer": { "vocab_size": 259 } }),
        ),
        (
            "lora.rank",
            json!({ "method": "lora", "lora": { "rank": 0 } }),
        ),
        (
            "lora.dropout",
            json!({ "method": "lora", "lora": { "dropout": 1.0 } }),
        ),
        (
            "model.d_model",
            json!({ "model": { "d_model": 4_000_000_000_u64 } }),
        ),
    ] {
        assert_eq!(
            refused(&more).map(|(field, _)| field),
            Some(field),
            "{more}"
        );
    }
}
