#![allow(clippy::unwrap_used)]
use super::{RecipeRequest, write_recipe};
use crate::EngineError;
use amoozgar_types::TrainSpec;
use amoozgar_types::library::{Recipe, RecipeProgram};
use std::fs;
use std::path::{Path, PathBuf};

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/release-0.1/model")
}

/// A run on conversations in `folder`, with some settings of its own.
fn spec(folder: &Path, more: &serde_json::Value) -> TrainSpec {
    let mut rows = String::new();
    for n in 0..20 {
        let row = serde_json::json!({ "instruction": format!("پرسش {n}؟"), "output": format!("پاسخ «{n}»") });
        rows += &row.to_string();
        rows.push('\n');
    }
    rows += "{\"instruction\": \"بی پاسخ\", \"output\": \"\"}\n";
    let train = folder.join("rows.jsonl");
    fs::write(&train, rows).unwrap();
    let mut spec = serde_json::json!({
        "name": "یاری: \"یک\"\n- دو",
        "task": "causal_lm", "method": "lora", "base_model": model(),
        "dataset": { "train": train, "validation_fraction": 0.1 },
        "model": { "context_length": 128 },
        "optimizer": { "lr": 1e-5, "batch_size": 8, "micro_batch": 2, "epochs": 3 },
        "lora": { "rank": 4, "alpha": 7.5, "targets": ["q_proj", "v_proj"] },
    });
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    serde_json::from_value(spec).unwrap()
}

fn written(spec: &TrainSpec, program: RecipeProgram, out: &Path) -> Result<Recipe, EngineError> {
    write_recipe(&RecipeRequest { spec, program, out })
}

/// The lines of a file that are settings, and those that are comments.
fn parted(file: &Path) -> (Vec<String>, Vec<String>) {
    let text = fs::read_to_string(file).unwrap();
    let (comments, settings) = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .partition(|line: &String| line.starts_with('#'));
    (settings, comments)
}

fn assert_has(lines: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(
            lines.iter().any(|found| found == line),
            "`{line}` is among\n{}",
            lines.join("\n")
        );
    }
}

#[test]
fn an_axolotl_file_has_the_run_s_settings_and_names_what_has_no_counterpart() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path(), &serde_json::json!({}));
    let out = folder.path().join("out");
    let recipe = written(&spec, RecipeProgram::Axolotl, &out).unwrap();
    assert_eq!(
        recipe.files,
        ["axolotl.yaml", "train.jsonl", "validation.jsonl"]
    );
    let (settings, comments) = parted(&out.join("axolotl.yaml"));
    assert_has(
        &settings,
        &[
            "sequence_len: 128",
            "adapter: \"lora\"",
            "lora_r: 4",
            "lora_alpha: 8",
            "lora_target_modules:",
            "  - \"q_proj\"",
            "chat_template: \"jinja\"",
            "  - path: \"train.jsonl\"",
            "    type: \"chat_template\"",
            "micro_batch_size: 2",
            "gradient_accumulation_steps: 4",
            "num_epochs: 3",
            "learning_rate: 1.0e-5",
            "lr_scheduler: \"cosine\"",
            "cosine_min_lr_ratio: 0.1",
            "warmup_ratio: 0.05",
            "seed: 1405",
        ],
    );
    for setting in &recipe.without_counterpart {
        let named = format!("# {setting} = ");
        assert!(
            comments.iter().any(|line| line.starts_with(&named)),
            "`{setting}` is said: {comments:?}"
        );
    }
    assert!(
        recipe
            .without_counterpart
            .contains(&"lora.alpha".to_owned()),
        "7.5 is no whole number: {recipe:?}"
    );
    assert!(
        comments.iter().any(|line| line.starts_with("# 1 rows")),
        "the row without an answer is told: {comments:?}"
    );
}

#[test]
fn the_rows_beside_it_are_the_run_s_own_parts() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path(), &serde_json::json!({}));
    let out = folder.path().join("out");
    written(&spec, RecipeProgram::LlamaFactory, &out).unwrap();
    let read = |name: &str| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(out.join(name)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let (train, held) = (read("train.jsonl"), read("validation.jsonl"));
    assert_eq!((train.len(), held.len()), (18, 2), "a tenth is held out");
    assert_eq!(train[0]["messages"][0]["role"], "user");
    assert_eq!(train[0]["messages"][1]["role"], "assistant");
    let info = fs::read_to_string(out.join("dataset_info.json")).unwrap();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["amoozgar_train"]["file_name"], "train.jsonl");
    assert_eq!(info["amoozgar_validation"]["tags"]["role_tag"], "role");
    let (settings, _) = parted(&out.join("llama_factory.yaml"));
    assert_has(
        &settings,
        &[
            "stage: \"sft\"",
            "finetuning_type: \"lora\"",
            "lora_target: \"q_proj,v_proj\"",
            "template: \"chatml\"",
            "cutoff_len: 128",
            "lr_scheduler_type: \"cosine_with_min_lr\"",
            "  min_lr_rate: 0.1",
            "dataset: \"amoozgar_train\"",
            "eval_dataset: \"amoozgar_validation\"",
        ],
    );
}

#[test]
fn plain_text_goes_as_texts_with_a_share_to_hold_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.txt");
    fs::write(&text, "یک \"بند\"\nبا دو سطر\n\nبند دوم\n").unwrap();
    let more = serde_json::json!({ "method": "full", "dataset": { "train": text } });
    let spec = spec(folder.path(), &more);
    let out = folder.path().join("out");
    let recipe = written(&spec, RecipeProgram::Axolotl, &out).unwrap();
    assert_eq!(recipe.files, ["axolotl.yaml", "train.jsonl"]);
    let rows = fs::read_to_string(out.join("train.jsonl")).unwrap();
    let rows: Vec<serde_json::Value> = rows
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["text"], "یک \"بند\"\nبا دو سطر");
    let (settings, _) = parted(&out.join("axolotl.yaml"));
    assert_has(
        &settings,
        &["    type: \"completion\"", "val_set_size: 0.05"],
    );
    assert!(
        !settings.iter().any(|line| line.starts_with("lora")),
        "every weight is trained: {settings:?}"
    );
}

#[test]
fn what_neither_program_does_is_refused_by_its_field_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for (more, field) in [
        (
            serde_json::json!({ "method": "scratch", "base_model": null }),
            "method",
        ),
        (
            serde_json::json!({ "task": "sequence_classification", "method": "full" }),
            "task",
        ),
    ] {
        let spec = spec(folder.path(), &more);
        let refused = written(&spec, RecipeProgram::Axolotl, &out);
        assert!(
            matches!(refused, Err(EngineError::InvalidSpec { field: found, .. }) if found == field),
            "{refused:?}"
        );
    }
    assert!(!out.exists());
    fs::create_dir(&out).unwrap();
    let spec = spec(folder.path(), &serde_json::json!({}));
    let refused = written(&spec, RecipeProgram::Axolotl, &out);
    assert!(refused.is_err(), "nothing is replaced");
}
