#![allow(clippy::unwrap_used)]
use super::{Card, Shown, readme};
use crate::about::CardHeader;
use crate::model::ModelConfig;
use amoozgar_types::event::{ConversationsRead, ValidationRecord};
use amoozgar_types::{Loss, TrainSpec};
use std::fs;
use std::path::Path;

fn config() -> ModelConfig {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/release-0.1/model");
    ModelConfig::load(&model).unwrap()
}

fn spec(base: Option<&Path>) -> TrainSpec {
    let method = if base.is_some() { "lora" } else { "scratch" };
    serde_json::from_value(serde_json::json!({
        "name": "یاری <b>", "method": method, "base_model": base,
        "dataset": { "train": "/data/0b2f.jsonl", "name": "پرسش و پاسخ" },
        "lora": { "rank": 4, "alpha": 8.0 },
    }))
    .unwrap()
}

fn validation(step: u64, loss: f64) -> ValidationRecord {
    ValidationRecord {
        step,
        val_loss: Loss::from(loss),
        bits_per_byte: loss / 4.0,
        best: true,
        classes: None,
        preference: None,
    }
}

fn card_of(spec: &TrainSpec, shown: Shown) -> String {
    let (first, best) = (validation(10, 3.25), validation(40, 1.5));
    let read = ConversationsRead {
        n_train: 1200,
        n_validation: 63,
        n_answers: 1250,
        n_answer_tokens: 45_678,
        n_cut: 0,
        n_beyond: 0,
        n_unthought: 0,
        faults: Vec::new(),
    };
    let card = Card {
        spec,
        first: Some(&first),
        best: Some(&best),
        n_train_tokens: 98_765,
        conversations: spec.base_model.is_some().then_some(&read),
        total_steps: 40,
        early_stopped: false,
    };
    readme(&config(), &card, shown)
}

fn assert_has(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "`{part}` is in\n{text}");
    }
}

#[test]
fn a_card_says_in_both_languages_what_the_run_has_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("models--owner--name/snapshots/abc");
    fs::create_dir_all(&base).unwrap();
    fs::write(base.join("README.md"), "---\nlicense: apache-2.0\n---\n").unwrap();
    let card = card_of(&spec(Some(&base)), Shown::Model);
    let header = CardHeader::parse(&card);
    assert_eq!(header.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(header.base.as_deref(), Some("owner/name"));
    assert_has(
        &card,
        &[
            "---\nlanguage:\n- fa\n",
            "library_name: transformers\n",
            "datasets:\n- \"پرسش و پاسخ\"\n",
            "# یاری b\n",
            "## What it is",
            "| held-out loss at first | 3.2500 nats per token",
            "| held-out loss of this model | 1.5000 nats per token",
            "| LoRA | rank 4, alpha 8",
            "apply_chat_template",
            "PeftModel.from_pretrained",
            "ollama create",
            "<div dir=\"rtl\">\n\n## این مدل چیست",
            "| گفت‌وگوها | ۱٬۲۰۰، و ۶۳ گفت‌وگوی کنارگذاشته |",
            "۱٫۵۰۰۰ نات در هر توکن",
            "مجوز مدل پایه `apache-2.0` است",
        ],
    );
    let adapter = card_of(&spec(Some(&base)), Shown::Adapter);
    assert_has(
        &adapter,
        &[
            "library_name: peft\n",
            "\"owner/name\"",
            "وزن‌های خود مدل در این پوشه نیست",
        ],
    );
    assert!(!adapter.contains("ollama"), "it is no whole model");
}

#[test]
fn what_is_not_known_is_not_said() {
    let scratch = card_of(&spec(None), Shown::Model);
    for word in ["license:", "base_model:", "peft", "ollama", "licence"] {
        assert!(!scratch.contains(word), "`{word}` is in\n{scratch}");
    }
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("my-model");
    fs::create_dir(&base).unwrap();
    let card = card_of(&spec(Some(&base)), Shown::Model);
    assert!(!card.contains("license:") && !card.contains("base_model:"));
    assert_has(
        &card,
        &[
            "The licence of its base model is not known",
            "مجوز مدل پایه نامشخص است",
            "`my-model`",
        ],
    );
}
