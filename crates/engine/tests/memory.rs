#![allow(missing_docs, clippy::unwrap_used)]
#![cfg(target_os = "linux")]
//! A long run takes no more memory at its end than at its beginning. Alone in its process, since what
//! another test holds would be counted too.

use amoozgar_engine::{Control, End, train};
use amoozgar_types::{TrainEvent, TrainSpec};
use tempfile::TempDir;

/// What the process holds, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[test]
fn a_thousand_steps_over_batches_of_all_sizes_hold_as_much_memory_as_the_first_hundreds() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("text.jsonl");
    // Few of these fill a row, so that hardly two batches are of one size.
    let lines: Vec<String> = (0..400_usize)
        .map(|n| {
            let text = format!("باغِ {n} و رودِ {} ", n * 7 % 31).repeat(3 + n * n % 5);
            serde_json::json!({ "text": text }).to_string()
        })
        .collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let spec: TrainSpec = serde_json::from_value(serde_json::json!({
        "dataset": { "train": path },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 2, "d_model": 64, "n_heads": 2, "n_kv_heads": 2, "d_ff": 128, "context_length": 96 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "epochs": 1000, "max_steps": 1000 },
        "evaluation": { "every_steps": 100, "prompts": ["باغ"], "sample_tokens": 8, "patience": null },
        "checkpoint": { "every_steps": 200, "keep_last": 1 },
        "threads": 2
    }))
    .unwrap();
    let mut held = Vec::new();
    let job = folder.path().join("job");
    let end = train(&spec, &job, &Control::new(), &mut |event| {
        if let TrainEvent::Step(_) = event {
            held.push(resident_kib());
        }
    });
    assert!(matches!(end.unwrap(), End::Finished(_)), "it ends well");
    assert_eq!(held.len(), 1000, "one size a step");
    let (first, last) = (median(&held[..333]), median(&held[667..]));
    // A leak of 8 KiB a step would be 5 MiB here.
    assert!(
        last <= first + 4096,
        "{first} KiB in the first third, {last} KiB in the last"
    );
}
