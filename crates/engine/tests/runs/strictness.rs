//! What a model's folder says and nothing reads is refused by name: a field that may change a number, a
//! weight that the model has no place for. What is known to change nothing passes.

use amoozgar_engine::model::ModelConfig;
use amoozgar_engine::{EngineError, LoadOptions, Opened, open};
use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use tempfile::TempDir;

fn read(config: &Value) -> Result<ModelConfig, EngineError> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    ModelConfig::load(folder.path())
}

/// The configuration of the reference model `name` with `fields` changed.
fn reference(name: &str, fields: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
        .join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (field, value) in fields.as_object().unwrap() {
        config[field] = value.clone();
    }
    config
}

#[test]
fn a_field_that_nothing_reads_is_refused_by_its_name_and_its_value() {
    for (family, fields, named) in [
        (
            "llama",
            json!({ "logit_scale": 0.5 }),
            "`logit_scale` is 0.5",
        ),
        (
            "llama",
            json!({ "use_sliding_window": true }),
            "`use_sliding_window` is true",
        ),
        (
            "llama",
            json!({ "sliding_window": 8 }),
            "`sliding_window` is 8",
        ),
        (
            "llama",
            json!({ "rope_interleaved": true }),
            "`rope_interleaved` is true",
        ),
        (
            "llama",
            json!({ "pruned_heads": { "0": [1] } }),
            "`pruned_heads` is",
        ),
        (
            "llama",
            json!({ "layer_types": ["full_attention", "sliding_attention"] }),
            "`layer_types` is",
        ),
        (
            "llama",
            json!({ "rope_parameters": { "rope_type": "linear", "factor": 2.0, "mrope_section": [1, 2] } }),
            "`rope_parameters.mrope_section` is [1,2]",
        ),
        (
            "llama",
            json!({ "rope_parameters": { "full_attention": { "rope_theta": 1e6 } } }),
            "`rope_parameters.full_attention` is",
        ),
        (
            "llama",
            json!({ "text_config": { "hidden_size": 8 } }),
            "`text_config` is",
        ),
        (
            "qwen2",
            json!({ "use_sliding_window": true }),
            "`use_sliding_window` is true",
        ),
        ("qwen2", json!({ "mlp_bias": true }), "`mlp_bias` is true"),
        (
            "gemma3",
            json!({ "rope_parameters": { "rope_theta": 1e6 } }),
            "`rope_parameters.rope_theta` is 1000000",
        ),
        (
            "gpt2",
            json!({ "scale_attn_weights": false }),
            "`scale_attn_weights` is false",
        ),
        (
            "gpt2",
            json!({ "scale_attn_by_inverse_layer_idx": true }),
            "`scale_attn_by_inverse_layer_idx` is true",
        ),
        (
            "bert",
            json!({ "position_embedding_type": "relative_key" }),
            "`position_embedding_type` is \"relative_key\"",
        ),
        (
            "bert",
            json!({ "problem_type": "regression" }),
            "`problem_type` is \"regression\"",
        ),
        (
            "bert",
            json!({ "is_decoder": true }),
            "`is_decoder` is true",
        ),
        ("bert", json!({ "num_labels": 7 }), "`num_labels` is 7"),
    ] {
        let said = read(&reference(family, &fields)).unwrap_err().to_string();
        assert!(
            said.contains(named),
            "{family}: `{named}` is not in: {said}"
        );
    }
}

#[test]
fn quantized_weights_are_refused_with_what_to_open_instead() {
    let fields =
        json!({ "quantization_config": { "quant_method": "bitsandbytes", "load_in_4bit": true } });
    let said = read(&reference("llama", &fields)).unwrap_err().to_string();
    for part in ["`quantization_config`", "`bitsandbytes`", "GGUF"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_value_of_another_kind_than_its_field_is_refused() {
    for (fields, named) in [
        (
            json!({ "tie_word_embeddings": "yes" }),
            "`tie_word_embeddings` is \"yes\"",
        ),
        (json!({ "hidden_act": 3 }), "`hidden_act` is 3"),
        (
            json!({ "rope_scaling": "linear" }),
            "`rope_scaling` is \"linear\"",
        ),
        (
            json!({ "eos_token_id": "</s>" }),
            "`eos_token_id` is \"</s>\"",
        ),
        (
            json!({ "eos_token_id": [2, -1] }),
            "`eos_token_id` is [2,-1]",
        ),
        (
            json!({ "rope_theta": 500_000.0 }),
            "`rope_theta` is 10000 in one place and 500000 in another",
        ),
        (
            json!({ "rope_scaling": { "type": "linear", "rope_type": "llama3", "factor": 2.0 } }),
            "`rope_type` is `llama3` and `type` is `linear`",
        ),
    ] {
        let said = read(&reference("llama", &fields)).unwrap_err().to_string();
        assert!(said.contains(named), "`{named}` is not in: {said}");
    }
}

/// The fields that files of models on the Hub carry, by the families' own names: what older and newer
/// versions of transformers write, and what other tools leave behind.
fn of_the_hub() -> Vec<(&'static str, Value)> {
    vec![
        (
            "Llama 3.2",
            json!({
                "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": 128_000, "eos_token_id": [128_001, 128_008, 128_009], "head_dim": 64,
                "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 8192,
                "max_position_embeddings": 131_072, "mlp_bias": false, "model_type": "llama",
                "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8,
                "pretraining_tp": 1, "rms_norm_eps": 1e-05,
                "rope_scaling": {
                    "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                    "original_max_position_embeddings": 8192, "rope_type": "llama3"
                },
                "rope_theta": 500_000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
                "transformers_version": "4.45.0", "use_cache": true, "vocab_size": 128_256,
                "unsloth_fixed": true, "pad_token_id": 128_004
            }),
        ),
        (
            "the first Llama",
            json!({
                "_name_or_path": "a/b", "architectures": ["LlamaForCausalLM"], "bos_token_id": 1,
                "eos_token_id": 2, "pad_token_id": -1, "hidden_act": "silu", "hidden_size": 4096,
                "initializer_range": 0.02, "intermediate_size": 11008, "max_position_embeddings": 2048,
                "max_sequence_length": 2048, "model_type": "llama", "num_attention_heads": 32,
                "num_hidden_layers": 32, "rms_norm_eps": 1e-06, "tie_word_embeddings": false,
                "torch_dtype": "float16", "transformers_version": "4.28.0", "use_cache": true,
                "rope_scaling": null, "vocab_size": 32000
            }),
        ),
        (
            "SmolLM2",
            json!({
                "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 576,
                "initializer_range": 0.041_666, "intermediate_size": 1536, "is_llama_config": true,
                "max_position_embeddings": 8192, "mlp_bias": false, "model_type": "llama",
                "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3,
                "pad_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false,
                "rope_scaling": null, "rope_theta": 100_000, "tie_word_embeddings": true,
                "torch_dtype": "bfloat16", "transformers.js_config": { "kv_cache_dtype": { "q4f16": "float16" } },
                "transformers_version": "4.42.3", "use_cache": true, "vocab_size": 49152
            }),
        ),
        (
            "Qwen2.5",
            json!({
                "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151_643,
                "eos_token_id": 151_645, "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02,
                "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 21,
                "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24,
                "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1_000_000.0,
                "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
                "transformers_version": "4.43.1", "use_cache": true, "use_mrope": false,
                "use_sliding_window": false, "vocab_size": 151_936
            }),
        ),
        (
            "Qwen3",
            json!({
                "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": 151_643, "eos_token_id": 151_645, "head_dim": 128, "hidden_act": "silu",
                "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
                "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
                "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
                "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1_000_000, "sliding_window": null,
                "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
                "use_cache": true, "use_sliding_window": false, "vocab_size": 151_936,
                "layer_types": vec!["full_attention"; 28]
            }),
        ),
        (
            "Gemma 3",
            json!({
                "_sliding_window_pattern": 6, "architectures": ["Gemma3ForCausalLM"], "attention_bias": false,
                "attention_dropout": 0.0, "attn_logit_softcapping": null, "bos_token_id": 2,
                "cache_implementation": "hybrid", "eos_token_id": [1, 106], "final_logit_softcapping": null,
                "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 640,
                "initializer_range": 0.02, "intermediate_size": 2048, "max_position_embeddings": 32768,
                "model_type": "gemma3_text", "num_attention_heads": 4, "num_hidden_layers": 18,
                "num_key_value_heads": 1, "pad_token_id": 0, "query_pre_attn_scalar": 256,
                "rms_norm_eps": 1e-06, "rope_local_base_freq": 10_000.0, "rope_scaling": null,
                "rope_theta": 1_000_000.0, "sliding_window": 512, "sliding_window_pattern": 6,
                "torch_dtype": "bfloat16", "transformers_version": "4.55.0.dev0",
                "use_bidirectional_attention": false, "use_cache": true, "vocab_size": 262_144
            }),
        ),
        (
            "Mistral 0.1",
            json!({
                "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
                "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
                "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
                "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
                "rms_norm_eps": 1e-05, "rope_theta": 10_000.0, "sliding_window": 4096,
                "tie_word_embeddings": false, "torch_dtype": "bfloat16",
                "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000
            }),
        ),
        (
            "Phi-3",
            json!({
                "_name_or_path": "a/b", "architectures": ["Phi3ForCausalLM"], "attention_bias": false,
                "attention_dropout": 0.0,
                "auto_map": { "AutoConfig": "configuration_phi3.Phi3Config" }, "bos_token_id": 1,
                "embd_pdrop": 0.0, "eos_token_id": 32000, "hidden_act": "silu", "hidden_size": 3072,
                "initializer_range": 0.02, "intermediate_size": 8192, "max_position_embeddings": 4096,
                "model_type": "phi3", "num_attention_heads": 32, "num_hidden_layers": 32,
                "num_key_value_heads": 32, "original_max_position_embeddings": 4096, "pad_token_id": 32000,
                "resid_pdrop": 0.0, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10_000.0,
                "sliding_window": 2047, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
                "transformers_version": "4.40.2", "use_cache": true, "vocab_size": 32064
            }),
        ),
        (
            "SmolLM3",
            json!({
                "architectures": ["SmolLM3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                "bos_token_id": null, "eos_token_id": 128_012, "hidden_act": "silu", "hidden_size": 2048,
                "initializer_range": 0.02, "intermediate_size": 11008,
                "layer_types": vec!["full_attention"; 36], "max_position_embeddings": 65536,
                "max_window_layers": 28, "mlp_bias": false, "model_type": "smollm3",
                "no_rope_layer_interval": 4, "no_rope_layers": ([1, 1, 1, 0].repeat(9)),
                "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 4,
                "pad_token_id": 128_004, "pretraining_tp": 2, "rms_norm_eps": 1e-06, "rope_scaling": null,
                "rope_theta": 5_000_000.0, "sliding_window": null, "torch_dtype": "bfloat16",
                "transformers_version": "4.54.0.dev0", "use_cache": false, "use_sliding_window": false,
                "vocab_size": 128_256
            }),
        ),
        (
            "GPT-2",
            json!({
                "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
                "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256, "initializer_range": 0.02,
                "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 1024, "n_embd": 768, "n_head": 12,
                "n_inner": null, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1,
                "summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true,
                "summary_type": "cls_index", "summary_use_proj": true, "scale_attn_weights": true,
                "reorder_and_upcast_attn": false, "scale_attn_by_inverse_layer_idx": false,
                "gradient_checkpointing": false, "output_past": true, "use_cache": true,
                "task_specific_params": { "text-generation": { "do_sample": true, "max_length": 50 } },
                "vocab_size": 50257
            }),
        ),
        (
            "BERT",
            json!({
                "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1,
                "classifier_dropout": null, "directionality": "bidi", "gradient_checkpointing": false,
                "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02,
                "intermediate_size": 3072, "layer_norm_eps": 1e-12, "max_position_embeddings": 512,
                "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12, "output_past": true,
                "pad_token_id": 0, "pooler_fc_size": 768, "pooler_num_attention_heads": 12,
                "pooler_num_fc_layers": 3, "pooler_size_per_head": 128, "pooler_type": "first_token_transform",
                "position_embedding_type": "absolute", "transformers_version": "4.6.0.dev0",
                "type_vocab_size": 2, "use_cache": true, "vocab_size": 30522
            }),
        ),
        (
            "ParsBERT as a classifier",
            json!({
                "_num_labels": null, "architectures": ["BertForSequenceClassification"],
                "attention_probs_dropout_prob": 0.1, "finetuning_task": null, "hidden_act": "gelu",
                "hidden_dropout_prob": 0.1, "hidden_size": 768, "id2label": { "0": "SAD", "1": "HAPPY" },
                "initializer_range": 0.02, "intermediate_size": 3072, "is_decoder": false,
                "label2id": { "HAPPY": 1, "SAD": 0 }, "layer_norm_eps": 1e-12, "max_position_embeddings": 512,
                "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12, "num_labels": 2,
                "output_attentions": false, "output_hidden_states": false, "pad_token_id": 0,
                "problem_type": "single_label_classification", "pruned_heads": {}, "torchscript": false,
                "type_vocab_size": 2, "use_bfloat16": false, "vocab_size": 100_000
            }),
        ),
    ]
}

#[test]
fn the_configurations_of_models_that_people_use_are_read() {
    for (name, config) in of_the_hub() {
        read(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// A copy of the reference model `name` whose weights `change` has changed.
fn changed(name: &str, change: impl FnOnce(&mut HashMap<String, Tensor>)) -> TempDir {
    let folder = TempDir::new().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name);
    std::fs::copy(
        reference.join("config.json"),
        folder.path().join("config.json"),
    )
    .unwrap();
    let weights = reference.join("model.safetensors");
    let mut weights = candle_core::safetensors::load(weights, &Device::Cpu).unwrap();
    change(&mut weights);
    candle_core::safetensors::save(&weights, folder.path().join("model.safetensors")).unwrap();
    folder
}

fn opened(folder: &TempDir) -> Result<Opened, EngineError> {
    open(folder.path(), &LoadOptions::default())
}

fn vector() -> Tensor {
    Tensor::new(&[1.0_f32, 2.0], &Device::Cpu).unwrap()
}

#[test]
fn weights_that_a_familys_folders_carry_are_passed_over_and_told() {
    for (family, names) in [
        (
            "llama",
            vec!["model.layers.0.self_attn.rotary_emb.inv_freq"],
        ),
        (
            "gpt2",
            vec![
                "transformer.h.0.attn.bias",
                "transformer.h.1.attn.masked_bias",
            ],
        ),
        (
            "bert",
            vec![
                "bert.embeddings.position_ids",
                "cls.predictions.bias",
                "cls.seq_relationship.weight",
            ],
        ),
    ] {
        let folder = changed(family, |weights| {
            weights.extend(names.iter().map(|&name| (name.to_owned(), vector())));
        });
        assert_eq!(opened(&folder).unwrap().passed_over, names, "{family}");
        let plain = changed(family, |_| {});
        assert!(
            opened(&plain).unwrap().passed_over.is_empty(),
            "{family}: nothing is left over"
        );
    }
}

#[test]
fn a_weight_without_a_place_and_one_that_is_missing_are_refused_by_name() {
    for (family, extra) in [
        ("llama", "model.layers.0.self_attn.q_norm.weight"),
        ("llama", "score.weight"),
        ("llama-tied", "score.weight"),
        ("qwen3", "model.layers.2.mlp.up_proj.weight"),
        ("gpt2", "transformer.h.0.crossattention.c_attn.weight"),
        (
            "bert",
            "bert.encoder.layer.0.attention.self.distance_embedding.weight",
        ),
    ] {
        let folder = changed(family, |weights| {
            weights.insert(extra.to_owned(), vector());
        });
        let said = opened(&folder).unwrap_err().to_string();
        let named = format!("no place for the weight `{extra}`");
        assert!(said.contains(&named), "{family}: {said}");
    }
    let folder = changed("llama", |weights| {
        weights.remove("model.layers.1.mlp.up_proj.weight");
    });
    let said = opened(&folder).unwrap_err().to_string();
    assert!(
        said.contains("`model.layers.1.mlp.up_proj.weight` is missing"),
        "{said}"
    );
}
