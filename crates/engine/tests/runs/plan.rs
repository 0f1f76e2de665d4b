//! The plan before the start: what it foresees, and what it proposes where memory is short.

use amoozgar_engine::{Control, End, estimate, make_it_fit, train};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::KeptActivations;
use amoozgar_types::plan::Change;
use tempfile::TempDir;

fn spec() -> TrainSpec {
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": "text.txt" },
        "model": { "n_layers": 16, "d_model": 256, "n_heads": 4, "n_kv_heads": 2, "d_ff": 1024, "context_length": 512 },
        "optimizer": { "batch_size": 16 }
    }))
    .unwrap()
}

fn name(change: Change) -> &'static str {
    match change {
        Change::MicroBatch(_) => "micro-batch",
        Change::Kept(_) => "recomputation",
        Change::Context(_) => "context",
        Change::Bf16Storage => "storage",
    }
}

#[test]
fn what_does_not_fit_is_cut_in_the_order_of_what_it_costs() {
    let spec = spec();
    let roomy = make_it_fit(&spec, 64 << 30).unwrap();
    assert_eq!(roomy, [], "a large machine takes it as it is");
    let mut longest = 0;
    let order = ["micro-batch", "recomputation", "context"];
    for mib in (300..=4000).rev().step_by(50) {
        let changes = make_it_fit(&spec, mib << 20).unwrap();
        let changes: Vec<&str> = changes.into_iter().map(name).collect();
        assert_eq!(changes, order[..changes.len()], "at {mib} MiB");
        assert!(changes.len() >= longest, "less memory, no fewer changes");
        longest = changes.len();
    }
    assert_eq!(longest, 3, "all were needed in the end");
}

#[test]
fn a_little_less_memory_halves_the_micro_batch_and_nothing_else() {
    let spec = spec();
    let mib = (300..4000)
        .rev()
        .find(|mib| !make_it_fit(&spec, mib << 20).unwrap().is_empty())
        .unwrap();
    assert_eq!(
        make_it_fit(&spec, mib << 20).unwrap(),
        [Change::MicroBatch(8)],
        "at {mib} MiB"
    );
}

#[test]
fn an_estimate_knows_the_run_that_follows() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("text.txt");
    let text: Vec<String> = (0..400)
        .map(|n| format!("شاعر {n} از شهر {} آمد و غزلی خواند", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    let mut spec = spec();
    spec.dataset.train = path.display().to_string();
    spec.model.n_layers = 2;
    spec.model.context_length = 32;
    spec.tokenizer.vocab_size = 300;
    spec.optimizer.max_steps = Some(2);
    spec.optimizer.batch_size = 4;
    spec.evaluation.prompts.clear();
    let n_bytes = std::fs::metadata(&path).unwrap().len();
    let foreseen = estimate(&spec, n_bytes).unwrap();
    let (step_s, duration_s) = (foreseen.step_s.unwrap(), foreseen.duration_s.unwrap());
    assert!(step_s > 0.0 && duration_s > 2.0 * step_s, "{foreseen:?}");
    assert_eq!(foreseen.kept, KeptActivations::Costly, "a tiny run fits");
    let mut planned = None;
    let end = train(
        &spec,
        &folder.path().join("job"),
        &Control::new(),
        &mut |event| {
            if let amoozgar_types::TrainEvent::Started(plan) = event {
                planned = Some(plan);
            }
        },
    );
    assert!(
        matches!(end.unwrap(), End::Finished(_)),
        "the run ends well"
    );
    let planned = planned.unwrap();
    assert_eq!(planned.n_parameters, foreseen.n_parameters, "weights");
    assert_eq!(planned.total_steps, foreseen.total_steps, "steps");
    assert_eq!(planned.kept, foreseen.kept, "what is kept");
}

#[test]
fn a_run_that_does_not_fit_is_foreseen_by_arithmetic_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("text.txt");
    std::fs::write(&path, "بلبلی برگ گلی خوش‌رنگ در منقار داشت\n\n".repeat(50)).unwrap();
    let mut spec = spec();
    spec.dataset.train = path.display().to_string();
    // Seven thousand million weights.
    spec.model.n_layers = 32;
    spec.model.d_model = 4096;
    spec.model.n_heads = 32;
    spec.model.n_kv_heads = 32;
    spec.model.d_ff = 11008;
    spec.memory_limit_bytes = Some(8 << 30);
    let n_bytes = std::fs::metadata(&path).unwrap().len();
    let foreseen = estimate(&spec, n_bytes).unwrap();
    assert!(foreseen.n_parameters > 6_000_000_000, "{foreseen:?}");
    assert!(
        foreseen.memory_bytes > 16 * foreseen.n_parameters,
        "weights, gradients and two moments: {foreseen:?}"
    );
    assert_eq!(foreseen.duration_s, None, "nothing was timed");
}

#[test]
fn an_estimate_of_a_small_text_has_the_runs_own_vocabulary_and_tokens() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("text.txt");
    // A vocabulary of 4096 is asked for, and not filled by far.
    let text: Vec<String> = (0..300)
        .map(|n| format!("باغِ {n} و رودِ {}", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    let mut spec = spec();
    spec.dataset.train = path.display().to_string();
    spec.model.n_layers = 1;
    spec.model.context_length = 32;
    spec.tokenizer.vocab_size = 4096;
    spec.optimizer.max_steps = Some(1);
    spec.optimizer.batch_size = 4;
    spec.evaluation.prompts.clear();
    let n_bytes = std::fs::metadata(&path).unwrap().len();
    let foreseen = estimate(&spec, n_bytes).unwrap();
    let mut planned = None;
    let job = folder.path().join("job");
    let end = train(&spec, &job, &Control::new(), &mut |event| {
        if let amoozgar_types::TrainEvent::Started(plan) = event {
            planned = Some(plan);
        }
    });
    assert!(matches!(end.unwrap(), End::Finished(_)), "it ends well");
    let planned = planned.unwrap();
    assert!(
        planned.vocab_size < 4096,
        "the text is too small to fill it"
    );
    assert_eq!(
        foreseen.n_parameters, planned.n_parameters,
        "the embedding has as many rows as the text fills"
    );
    // Which documents are held out decides a hash, so that their share is met about.
    let (most, least) = (
        foreseen.n_train_tokens.max(planned.n_train_tokens),
        foreseen.n_train_tokens.min(planned.n_train_tokens),
    );
    assert!(
        (most - least) * 20 <= most,
        "{} tokens foreseen, {} there",
        foreseen.n_train_tokens,
        planned.n_train_tokens
    );
}
