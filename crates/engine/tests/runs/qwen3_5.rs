//! Qwen3.5 beyond its numbers: as part of a model that sees pictures, its settings, whole runs, export, the plan.

use crate::gguf;
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::model::{Architecture, ModelConfig};
use amoozgar_engine::weights::Storage;
use amoozgar_engine::{
    Control, End, Form, Generator, LoadOptions, Opened, Precision, SamplingParams, estimate,
    export, least_memory_bytes, open, train,
};
use amoozgar_types::TrainSpec;
use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn folder() -> TempDir {
    gguf::folder("qwen3_5")
}

fn config(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap()
}

fn put(folder: &Path, config: &Value) {
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
}

fn opened(folder: &Path) -> Opened {
    open(folder, &LoadOptions::default()).unwrap()
}

fn logits(opened: &Opened) -> Vec<f32> {
    let tokens: Vec<u32> = (0..24).map(|index| index * 13 % 320).collect();
    let segments = Segments::packed(&[15, 9]);
    opened.model.logits(&tokens, &segments).unwrap()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "as many values");
    a.iter()
        .zip(b)
        .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

/// The model as the part of one that sees pictures, which foresees further tokens too.
fn whole_model() -> TempDir {
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    let text = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let mut weights: HashMap<String, Tensor> = text
        .into_iter()
        .map(|(name, weight)| match name.strip_prefix("model.") {
            Some(within) => (format!("model.language_model.{within}"), weight),
            None => (name, weight),
        })
        .collect();
    for other in ["model.visual.patch_embed.proj.weight", "mtp.fc.weight"] {
        let zeros = Tensor::zeros((2, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        weights.insert(other.to_owned(), zeros);
    }
    candle_core::safetensors::save(&weights, path).unwrap();
    let mut text = config(folder.path());
    text["attn_output_gate"] = true.into();
    text["full_attention_interval"] = 4.into();
    text["mamba_ssm_dtype"] = "float32".into();
    text["mtp_num_hidden_layers"] = 1.into();
    text["rope_parameters"]["mrope_interleaved"] = true.into();
    text["rope_parameters"]["mrope_section"] = json!([2, 1, 1]);
    put(
        folder.path(),
        &json!({
            "architectures": ["Qwen3_5ForConditionalGeneration"],
            "model_type": "qwen3_5",
            "image_token_id": 7, "video_token_id": 8,
            "vision_start_token_id": 9, "vision_end_token_id": 10,
            "text_config": text,
            "vision_config": { "model_type": "qwen3_5", "depth": 2, "hidden_act": "gelu_pytorch_tanh" },
            "tie_word_embeddings": false,
        }),
    );
    folder
}

#[test]
fn the_part_that_writes_text_of_a_model_that_sees_pictures_is_the_text_model() {
    let (plain, whole) = (folder(), whole_model());
    let of_whole = opened(whole.path());
    let (ours, theirs) = (logits(&of_whole), logits(&opened(plain.path())));
    assert!(worst(&ours, &theirs) == 0.0, "the same bits");
    assert_eq!(
        of_whole.passed_over,
        ["model.visual.patch_embed.proj.weight", "mtp.fc.weight"],
        "what is left out is told"
    );
    // What leaves is the text model alone, by its own names.
    let out = whole.path().join("out");
    export(whole.path(), None, Form::Safetensors, &out).unwrap();
    let written = config(&out);
    assert_eq!(written["model_type"], "qwen3_5_text");
    assert_eq!(written["architectures"], json!(["Qwen3_5ForCausalLM"]));
    assert_eq!(written["text_config"], Value::Null, "no part of it is");
    assert!(worst(&logits(&opened(&out)), &theirs) < 1e-6, "as it was");
}

/// What is said of the reference's configuration with one field of it changed.
fn refusal(field: &str, value: Value) -> String {
    let folder = folder();
    let mut changed = config(folder.path());
    changed[field] = value;
    put(folder.path(), &changed);
    ModelConfig::load(folder.path()).unwrap_err().to_string()
}

#[test]
fn what_is_no_qwen3_5_is_refused_by_name() {
    let rope = |share: f64| json!({ "rope_type": "default", "partial_rotary_factor": share });
    for (field, value, said) in [
        (
            "attn_output_gate",
            json!(false),
            "`attn_output_gate` is false",
        ),
        (
            "layer_types",
            json!(["linear_attention"]),
            "`layer_types` names 1 blocks of 4",
        ),
        (
            "layer_types",
            json!([
                "linear_attention",
                "mamba",
                "linear_attention",
                "full_attention"
            ]),
            "`mamba`",
        ),
        (
            "full_attention_interval",
            json!(2),
            "`full_attention_interval` is 2",
        ),
        (
            "linear_num_value_heads",
            json!(3),
            "`linear_num_value_heads` is 3",
        ),
        (
            "linear_conv_kernel_dim",
            json!(65),
            "`linear_conv_kernel_dim` is 65",
        ),
        ("rope_parameters", rope(0.3), "`partial_rotary_factor`"),
        ("hidden_act", json!("gelu"), "`gelu`"),
        ("num_experts", json!(8), "`num_experts` is 8"),
    ] {
        let found = refusal(field, value);
        assert!(found.contains(said), "`{field}`: {found}");
    }
    let folder = folder();
    let mut large = config(folder.path());
    for (field, value) in [
        ("linear_num_value_heads", 64),
        ("linear_key_head_dim", 4096),
        ("linear_value_head_dim", 4096),
    ] {
        large[field] = value.into();
    }
    put(folder.path(), &large);
    let found = ModelConfig::load(folder.path()).unwrap_err().to_string();
    assert!(found.contains("states of 1073741824 values"), "{found}");
}

#[test]
fn the_settings_of_qwen3_5_are_written_as_they_were_read() {
    let folder = folder();
    let read = ModelConfig::load(folder.path()).unwrap();
    assert_eq!(read.architecture, Architecture::Qwen3_5);
    let linear = read.attention.linear.as_ref().unwrap();
    assert_eq!(linear.blocks, [true, true, true, false]);
    assert_eq!(linear.heads.qkv_width(), 128, "2 * 2 * 16 and 4 * 16");
    assert_eq!(read.attention.rotated, Some(8), "a quarter of 32");
    put(folder.path(), &read.to_json(1, 2));
    let again = ModelConfig::load(folder.path()).unwrap();
    assert_eq!(again.attention, read.attention);
    let mut by_default = config(folder.path());
    let fields = by_default.as_object_mut().unwrap();
    fields.remove("layer_types");
    fields.insert("rope_parameters".into(), json!({ "rope_theta": 10000.0 }));
    put(folder.path(), &by_default);
    let again = ModelConfig::load(folder.path()).unwrap();
    assert_eq!(again.attention, read.attention, "transformers' own values");
}

#[test]
fn no_gguf_file_is_made_of_qwen3_5_and_the_refusal_names_it() {
    let folder = folder();
    let out = folder.path().join("model.gguf");
    let said = export(folder.path(), None, Form::Gguf(Precision::F16), &out)
        .unwrap_err()
        .to_string();
    assert!(said.contains("qwen3_5"), "{said}");
    assert!(!out.exists(), "nothing is left");
}

/// A tiny run over text beside the model in `base`.
fn spec(base: &Path, method: &str) -> TrainSpec {
    let path = base.join("text.txt");
    let text: Vec<String> = (0..60)
        .map(|n| format!("the cat {n} sat on the hat {} and سلام", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    serde_json::from_value(json!({
        "method": method,
        "base_model": base,
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "model": { "context_length": 96 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "max_steps": 12, "lr": 5e-3 },
        "evaluation": { "every_steps": 6, "prompts": [] },
        "threads": 2
    }))
    .unwrap()
}

fn finish(spec: &TrainSpec, job: &Path) -> (PathBuf, f64) {
    let end = train(spec, job, &Control::new(), &mut |_| {}).unwrap();
    let End::Finished(outcome) = end else {
        panic!("the run ends well")
    };
    let loss = outcome.val_loss.finite().unwrap();
    (PathBuf::from(outcome.model_dir), loss)
}

#[test]
fn qwen3_5_learns_on_whole_or_by_an_adapter_and_its_folder_writes() {
    let base = whole_model();
    let first = {
        let mut spec = spec(base.path(), "full");
        spec.optimizer.max_steps = Some(1);
        spec.optimizer.lr = 1e-9;
        finish(&spec, &base.path().join("first")).1
    };
    for method in ["full", "lora"] {
        let spec = spec(base.path(), method);
        let job = base.path().join(method);
        let (model, loss) = finish(&spec, &job);
        assert!(loss < 0.9 * first, "{method}: {loss} is less than {first}");
        assert_eq!(config(&model)["model_type"], "qwen3_5_text", "{method}");
        let params = SamplingParams {
            max_tokens: 6,
            ..SamplingParams::default()
        };
        Generator::load(&model)
            .unwrap()
            .generate("the cat", &params, &mut |_| ControlFlow::Continue(()))
            .unwrap();
        if method == "lora" {
            let settings = std::fs::read(model.join("adapter/adapter_config.json")).unwrap();
            let settings: Value = serde_json::from_slice(&settings).unwrap();
            let targets = settings["target_modules"].to_string();
            for map in [
                "in_proj_qkv",
                "in_proj_z",
                "in_proj_a",
                "in_proj_b",
                "out_proj",
            ] {
                assert!(targets.contains(map), "`{map}` is adapted: {targets}");
            }
            let adapter = model.join("adapter");
            let adapted = LoadOptions {
                adapter: Some(&adapter),
                ..LoadOptions::default()
            };
            let adapted = open(base.path(), &adapted).unwrap();
            let off = worst(&logits(&adapted), &logits(&opened(&model)));
            assert!(off < 1e-4, "merged, it says the same: {off} off");
        }
    }
}

#[test]
fn a_frozen_qwen3_5_may_be_kept_in_fewer_bits() {
    let folder = folder();
    let adapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/qwen3_5-lora");
    let of = |storage| {
        let options = LoadOptions {
            storage,
            adapter: Some(&adapter),
            ..LoadOptions::default()
        };
        logits(&open(folder.path(), &options).unwrap())
    };
    let length = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>().sqrt();
    let whole = of(Storage::F32);
    // PyTorch with the same weights in as many bits is off by 0.018 and 0.14.
    for (storage, tolerance) in [(Storage::Bf16, 0.03), (Storage::Q8, 0.25)] {
        let differences: Vec<f32> = of(storage).iter().zip(&whole).map(|(a, b)| a - b).collect();
        let off = length(&differences) / length(&whole);
        assert!(off > 0.0 && off < tolerance, "{storage:?}: {off} off");
    }
}

#[test]
fn a_plan_knows_both_kinds_of_blocks_and_maps_that_only_one_of_them_has() {
    let base = folder();
    for targets in [json!([]), json!(["q_proj"]), json!(["in_proj_qkv"])] {
        let mut spec = spec(base.path(), "lora");
        spec.lora.targets = serde_json::from_value(targets.clone()).unwrap();
        let foreseen = estimate(&spec, 10_000).unwrap();
        assert!(foreseen.step_s.unwrap() > 0.0, "{targets}: {foreseen:?}");
    }
    // A state takes as much as its width, however long the text is.
    let least = |context: usize, key_dim: usize| {
        let mut changed = config(base.path());
        changed["linear_key_head_dim"] = key_dim.into();
        changed["max_position_embeddings"] = 4096.into();
        put(base.path(), &changed);
        let mut spec = spec(base.path(), "full");
        spec.model.context_length = context;
        least_memory_bytes(&spec).unwrap()
    };
    assert!(least(4096, 256) > least(4096, 16), "wider heads take more");
    assert!(least(4096, 16) > least(64, 16), "longer texts take more");
}
