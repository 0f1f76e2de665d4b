//! The hash that tells a run's checkpoints from those of another.

use amoozgar_types::TrainSpec;
use amoozgar_types::spec::{Method, Task};

/// The hash of everything that a resumed run must have in common with the one that was broken off (names,
/// intervals and threads may change), and the one that a program wrote which knew `Continue` beside `Full`.
///
/// The words are those of the first program, so that its checkpoints stay usable: a classifier of fresh or
/// whole weights is `Classify`.
pub(super) fn run_hashes(spec: &TrainSpec, corpus_key: &str, packs_documents: bool) -> [String; 2] {
    let words = match (spec.task, spec.method) {
        (Task::CausalLm, Method::Scratch) => ["Scratch"; 2],
        (Task::CausalLm, Method::Full) => ["Full", "Continue"],
        (Task::CausalLm, Method::Lora) => ["Lora"; 2],
        (Task::SequenceClassification, Method::Scratch | Method::Full) => ["Classify"; 2],
        (Task::SequenceClassification, Method::Lora) => ["ClassifyLora"; 2],
    };
    // Streams are told as they were before there was anything else.
    let packed = if packs_documents { "packed" } else { "" };
    let preferred = match spec.preference() {
        Some(objective) => format!("{} {:?}", objective.as_str(), spec.beta),
        None => String::new(),
    };
    words.map(|word| {
        // Without the quotation marks that a text's `Debug` has.
        let word = format_args!("{word}");
        let start = (word, &spec.base_model, &spec.lora, spec.dtype);
        let facts = (corpus_key, &spec.model, &spec.optimizer, spec.seed, start);
        blake3::hash(format!("{facts:?}{packed}{preferred}").as_bytes())
            .to_hex()
            .to_string()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::run_hashes;
    use amoozgar_types::TrainSpec;
    use serde_json::json;

    /// The methods of the program that knew no tasks, and how it hashed a run.
    #[derive(Debug, Clone, Copy)]
    enum Former {
        Scratch,
        Continue,
        Full,
        Lora,
        Classify,
    }

    fn former_hash(spec: &TrainSpec, method: Former) -> String {
        let key = "key".to_owned();
        let start = (method, &spec.base_model, &spec.lora, spec.dtype);
        let facts = (&key, &spec.model, &spec.optimizer, spec.seed, start);
        blake3::hash(format!("{facts:?}").as_bytes())
            .to_hex()
            .to_string()
    }

    #[test]
    fn a_checkpoint_of_the_program_before_tasks_belongs_to_its_run_still() {
        for (written, method, base) in [
            ("scratch", Former::Scratch, None),
            ("continue", Former::Continue, Some("/m")),
            ("full", Former::Full, Some("/m")),
            ("lora", Former::Lora, Some("/m")),
            ("classify", Former::Classify, Some("/m")),
            ("classify", Former::Classify, None),
        ] {
            let spec: TrainSpec = serde_json::from_value(json!({
                "dataset": { "train": "/t.txt" }, "method": written, "base_model": base,
            }))
            .unwrap();
            let hashes = run_hashes(&spec, "key", false);
            assert!(
                hashes.contains(&former_hash(&spec, method)),
                "a run of `{written}` can go on"
            );
            let mut other = spec.clone();
            other.seed += 1;
            assert!(
                !run_hashes(&other, "key", false).contains(&former_hash(&spec, method)),
                "another seed is another run"
            );
        }
    }
}
