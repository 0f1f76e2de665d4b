//! Documents side by side in a sequence: each is learnt as if it were alone, in runs that can be broken
//! off, from tokens that do not depend on the number of threads.

use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::model::{Batch, Model, StepContext};
use amoozgar_engine::tape::{Gradients, Policy};
use amoozgar_engine::{Control, End, LoadOptions, open, train};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::spec::Packing;
use amoozgar_types::{TrainEvent, TrainSpec};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn reference(name: &str) -> Model {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    open(&folder.join(name), &LoadOptions::default())
        .unwrap()
        .model
}

/// Documents of these lengths, in one row.
fn batch(lengths: &[usize], first_token: u32) -> Batch {
    let n: usize = lengths.iter().sum();
    let token = |index: usize| (first_token + index as u32 * 17) % 251;
    Batch {
        tokens: (0..n).map(token).collect(),
        segments: Segments::packed(lengths),
        targets: (1..=n).map(token).collect(),
    }
}

/// The documents of a batch, each by itself.
fn alone(batch: &Batch) -> Vec<Batch> {
    let of = |span: std::ops::Range<usize>| Batch {
        tokens: batch.tokens[span.clone()].to_vec(),
        segments: Segments::batch(1, span.len()),
        targets: batch.targets[span].to_vec(),
    };
    batch.segments.iter().map(of).collect()
}

const STEP: StepContext = StepContext {
    policy: Policy::RecomputeCheap,
    scale: 1.0 / 23.0,
    dropout: None,
};

#[test]
fn a_packed_row_has_the_loss_and_the_gradients_of_its_documents_alone() {
    // Rotated positions with grouped heads, and learned positions.
    for name in ["llama", "qwen3", "gpt2"] {
        let model = reference(name);
        let packed = batch(&[9, 1, 6, 7], 5);
        let mut together = Gradients::new(&model.parameters);
        let loss = model.gradients(&packed, &STEP, &mut together).unwrap();
        let mut apart = Gradients::new(&model.parameters);
        let mut sum = 0.0;
        for document in alone(&packed) {
            let loss = model.gradients(&document, &STEP, &mut apart).unwrap();
            sum += loss.sum_nll;
        }
        assert!(
            (loss.sum_nll - sum).abs() < 1e-6 * sum,
            "{name}: the loss {} is {sum}",
            loss.sum_nll
        );
        for (id, weight) in model.parameters.trained() {
            let (a, b) = (together.get(id).unwrap(), apart.get(id).unwrap());
            let largest = b.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let worst = a
                .iter()
                .zip(b)
                .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(
                worst <= 2e-5 * largest,
                "{name}: {} differs by {worst} of {largest}",
                weight.name
            );
        }
    }
}

#[test]
fn what_stands_beside_a_document_does_not_change_a_bit_of_it() {
    let model = reference("llama");
    let (one, other) = (batch(&[9, 6], 5), batch(&[9, 6], 5));
    let mut other = other;
    for token in &mut other.tokens[..9] {
        *token = (*token + 40) % 251;
    }
    let logits = |batch: &Batch| model.logits(&batch.tokens, &batch.segments).unwrap();
    let (one, other) = (logits(&one), logits(&other));
    let second = one.len() / 15 * 9;
    assert!(one[..second] != other[..second], "the first one changed");
    assert!(
        one[second..] == other[second..],
        "the second sees nothing of it"
    );
}

/// A tiny run over lines of JSON, of many lengths and some longer than the context.
fn spec(folder: &Path) -> TrainSpec {
    let path = folder.join("text.jsonl");
    let lines: Vec<String> = (0..700)
        .map(|n| {
            let text = format!("کوچه‌ی {n} به باغ {} می‌رسد ", n * 7 % 31);
            serde_json::json!({ "text": text.repeat(1 + n * n % 5) }).to_string()
        })
        .collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 48 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "max_steps": 12 },
        "evaluation": { "every_steps": 4, "prompts": [] },
        "checkpoint": { "every_steps": 3, "keep_last": 2 },
        "threads": 2
    }))
    .unwrap()
}

/// Runs; `stop_at` breaks off. Answers with the bits of each step's and each validation's loss.
fn run(spec: &TrainSpec, job: &Path, stop_at: Option<u64>) -> (End, BTreeMap<(u64, char), u64>) {
    let control = Control::new();
    let mut losses = BTreeMap::new();
    let end = train(spec, job, &control, &mut |event| match event {
        TrainEvent::Step(record) => {
            losses.insert(
                (record.step, 't'),
                record.loss.finite().unwrap().to_bits() ^ record.grad_norm.to_bits(),
            );
            if stop_at == Some(record.step) {
                control.send(WorkerCommand::Stop);
            }
        }
        TrainEvent::Validation(record) => {
            losses.insert(
                (record.step, 'v'),
                record.val_loss.finite().unwrap().to_bits(),
            );
        }
        _ => {}
    });
    (end.unwrap(), losses)
}

#[test]
fn a_packed_run_broken_off_goes_on_bit_for_bit() {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path());
    let (_, whole) = run(&spec, &folder.path().join("whole"), None);
    let job = folder.path().join("broken");
    let (end, mut parts) = run(&spec, &job, Some(5));
    assert!(matches!(end, End::Stopped { step: 5, .. }), "{end:?}");
    parts.extend(run(&spec, &job, None).1);
    assert_eq!(parts, whole, "every step's and every validation's bits");

    let mut stream = spec;
    stream.dataset.packing = Packing::Continuous;
    let (_, other) = run(&stream, &folder.path().join("stream"), None);
    assert_ne!(
        other, whole,
        "lines of JSON are packed unless told otherwise"
    );
}

#[test]
fn tokens_and_losses_do_not_depend_on_the_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    let mut made = Vec::new();
    for threads in [1, 2] {
        spec.threads = Some(threads);
        let job = folder.path().join(threads.to_string());
        let (_, losses) = run(&spec, &job, None);
        let cache = std::fs::read_dir(job.join("cache")).unwrap().next();
        let cache = cache.unwrap().unwrap().path();
        let files = [
            "train.bin",
            "train.lengths",
            "validation.bin",
            "tokenizer.json",
        ]
        .map(|name| std::fs::read(cache.join(name)).unwrap());
        assert!(
            files[1].len() > 4 * 600,
            "hundreds of documents, encoded at once"
        );
        made.push((files, losses));
    }
    assert!(made[0].0 == made[1].0, "the same tokens");
    assert_eq!(made[0].1, made[1].1, "the same losses");
}
