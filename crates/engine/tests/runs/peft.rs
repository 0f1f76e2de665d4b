//! Adapters that PEFT made: the same logits, applied and merged, and what is not understood refused by name.

use crate::gguf::worst;
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::{Form, LoadOptions, Opened, export, open};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

/// Settings that PEFT has: patterns of rank and alpha, expressions and rsLoRA; whole weights in some blocks;
/// GPT-2's transposed matrices with biases.
const CASES: [(&str, &str); 3] = [
    ("patterns", "llama"),
    ("saved", "llama"),
    ("transposed", "gpt2"),
];

fn adapted(base: &Path, adapter: &Path) -> Result<Opened, String> {
    let options = LoadOptions {
        adapter: Some(adapter),
        ..LoadOptions::default()
    };
    open(base, &options).map_err(|failure| failure.to_string())
}

fn logits(opened: &Opened) -> Vec<f32> {
    let tokens: Vec<u32> = (0..20).map(|n| (n * 7 + 3) % 90).collect();
    let segments = Segments::batch(1, tokens.len());
    opened.model.logits(&tokens, &segments).unwrap()
}

/// The only tensor of a safetensors file, in f32.
fn recorded(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    let n = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let fours = bytes[8 + n..].as_chunks::<4>().0.iter();
    fours.map(|&four| f32::from_le_bytes(four)).collect()
}

#[test]
fn an_adapter_made_elsewhere_gives_the_logits_that_peft_recorded() {
    for (case, base) in CASES {
        let folder = reference("peft").join(case);
        let expected = recorded(&folder.join("reference.safetensors"));
        let largest = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let mut opened = adapted(&reference(base), &folder).unwrap();
        let applied = logits(&opened);
        let off = worst(&applied, &expected) / largest;
        assert!(off < 1e-4, "{case}: off by {off}");
        let plain = logits(&open(&reference(base), &LoadOptions::default()).unwrap());
        let moved = worst(&plain, &expected) / largest;
        assert!(
            moved > 0.01,
            "{case}: the adapter changes something: {moved}"
        );
        opened.model.merge();
        let off = worst(&logits(&opened), &applied) / largest;
        assert!(off < 1e-5, "{case}: merged it is off by {off}");
    }
}

/// The adapter `case` with a field changed.
fn changed(case: &str, field: &str, value: Value) -> TempDir {
    let (from, folder) = (reference("peft").join(case), TempDir::new().unwrap());
    let at = |name: &str| folder.path().join(name);
    let name = "adapter_model.safetensors";
    fs::copy(from.join(name), at(name)).unwrap();
    let settings = fs::read(from.join("adapter_config.json")).unwrap();
    let mut settings: Value = serde_json::from_slice(&settings).unwrap();
    settings[field] = value;
    fs::write(at("adapter_config.json"), settings.to_string()).unwrap();
    folder
}

#[track_caller]
fn assert_refused(case: &str, field: &str, value: Value, named: &str) {
    let base = if case == "transposed" {
        "gpt2"
    } else {
        "llama"
    };
    let folder = changed(case, field, value);
    let said = adapted(&reference(base), folder.path()).unwrap_err();
    assert!(said.contains(named), "`{named}` is not in: {said}");
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let refused = |field: &str, value: Value, named: &str| {
        assert_refused("patterns", field, value, named);
    };
    refused("peft_type", json!("LOHA"), "LOHA");
    refused("peft_type", json!("IA3"), "IA3");
    for field in ["use_dora", "lora_bias", "use_qalora", "a_field_of_tomorrow"] {
        refused(field, json!(true), &format!("`{field}`"));
    }
    refused(
        "target_parameters",
        json!(["experts"]),
        "`target_parameters`",
    );
    refused("megatron_config", json!({ "a": 1 }), "`megatron_config`");
    refused(
        "trainable_token_indices",
        json!([1, 2]),
        "`trainable_token_indices`",
    );
    refused("layer_replication", json!([[0, 1]]), "`layer_replication`");
    refused(
        "alora_invocation_tokens",
        json!([3]),
        "`alora_invocation_tokens`",
    );
    for begins in ["pissa", "olora", "loftq", "corda"] {
        refused("init_lora_weights", json!(begins), begins);
    }
    refused("bias", json!("some"), "`bias`");
    refused("target_modules", json!("("), "no expression");
    refused("r", json!(0), "`r` is outside");
    refused("rank_pattern", json!({ "q_proj": "two" }), "`rank_pattern`");
    refused(
        "alpha_pattern",
        json!({ "o_proj": 5, ".*o_proj": 6 }),
        "two of its patterns",
    );
    // What it holds and its settings do not name is left over, and what they name must be there.
    assert_refused(
        "saved",
        "modules_to_save",
        json!(["lm_head"]),
        "`model.embed_tokens.weight`",
    );
    assert_refused("transposed", "bias", json!("none"), ".bias`");
    let without = json!(["layers.0.self_attn.o_proj", "q_proj"]);
    refused("exclude_modules", without, "q_proj.lora_A.weight`");
    refused("target_modules", json!("all-linear"), "is missing");
}

#[test]
fn a_wrong_base_is_refused_by_weight_and_both_shapes() {
    // Ranks are told by the settings, and another rank is another shape.
    assert_refused(
        "patterns",
        "rank_pattern",
        json!({}),
        "is [2, 64], the model takes [4, 64]",
    );
    assert_refused(
        "saved",
        "r",
        json!(3),
        "`base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight` is [2, 64], the model takes [3, 64]",
    );
    let said = adapted(&reference("qwen3"), &reference("peft/patterns")).unwrap_err();
    let shapes = "q_proj.lora_B.weight` is [64, 2], the model takes [128, 2]";
    assert!(said.contains(shapes), "{said}");
    // An embedding that is the head too cannot be changed in one place alone.
    let folder = changed(
        "saved",
        "modules_to_save",
        json!(["lm_head", "embed_tokens"]),
    );
    let said = adapted(&reference("llama-tied"), folder.path()).unwrap_err();
    assert!(said.contains("is the head too"), "{said}");
}

#[test]
fn whole_weights_go_along_merged_and_in_no_adapter_s_form() {
    let (base, out) = (crate::gguf::folder("llama"), TempDir::new().unwrap());
    let adapter = reference("peft/saved");
    let at = |name: &str| out.path().join(name);
    for (form, name) in [(Form::Peft, "a"), (Form::GgufAdapter, "a.gguf")] {
        let refused = export(base.path(), Some(&adapter), form, &at(name)).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("modules_to_save"), "{said}");
    }
    export(base.path(), Some(&adapter), Form::Safetensors, &at("whole")).unwrap();
    let merged = logits(&open(&at("whole"), &LoadOptions::default()).unwrap());
    let off = worst(&merged, &recorded(&adapter.join("reference.safetensors")));
    assert!(off < 1e-3, "merged and written it is off by {off}");
}
