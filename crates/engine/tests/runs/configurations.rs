//! What a `config.json` says of positions and windows: both spellings are read, what is not known is
//! refused by name, and what is written is read as the same.

use amoozgar_engine::EngineError;
use amoozgar_engine::model::{ModelConfig, RopeScaling};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn read(config: &Value) -> Result<ModelConfig, EngineError> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    ModelConfig::load(folder.path())
}

fn refusal(config: &Value) -> String {
    read(config).unwrap_err().to_string()
}

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn llama() -> Value {
    json!({
        "model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64
    })
}

fn gemma() -> Value {
    json!({
        "model_type": "gemma3_text", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 7, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
        "max_position_embeddings": 64, "sliding_window": 8, "eos_token_id": 1
    })
}

fn with(mut config: Value, field: &str, value: Value) -> Value {
    config[field] = value;
    config
}

fn llama3() -> Value {
    json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32
    })
}

#[test]
fn scaled_angles_are_read_in_both_spellings_and_written_in_both() {
    let old = read(&with(llama(), "rope_scaling", llama3())).unwrap();
    let mut rope = llama3();
    rope["rope_theta"] = json!(10_000.0);
    let new = read(&with(llama(), "rope_parameters", rope)).unwrap();
    assert_eq!(old, new, "two versions of one library write the same model");
    assert_ne!(
        old.attention.rope_scaling,
        RopeScaling::None,
        "the angles are scaled"
    );
    let written = old.to_json(1, 2);
    assert_eq!(written["rope_scaling"]["rope_type"], "llama3");
    assert_eq!(written["rope_parameters"]["factor"], 8.0);
    let again = read(&written).unwrap();
    assert_eq!(again.attention, old.attention, "and is read as it was");
    let linear = json!({ "type": "linear", "factor": 4.0 });
    let linear = read(&with(llama(), "rope_scaling", linear)).unwrap();
    assert_eq!(
        linear.attention.rope_scaling,
        RopeScaling::Linear { factor: 4.0 }
    );
}

#[test]
fn angles_that_are_not_understood_are_refused_by_name() {
    let long = json!({ "rope_type": "longrope", "factor": 4.0 });
    for field in ["rope_scaling", "rope_parameters"] {
        let said = refusal(&with(llama(), field, long.clone()));
        assert!(said.contains("`longrope`"), "{field}: {said}");
        let phi = with(llama(), "model_type", json!("phi3"));
        let said = refusal(&with(phi, field, long.clone()));
        assert!(said.contains("`longrope`"), "{field}: {said}");
    }
    for lacking in [
        "factor",
        "high_freq_factor",
        "original_max_position_embeddings",
    ] {
        let mut rope = llama3();
        rope.as_object_mut().unwrap().remove(lacking);
        let said = refusal(&with(llama(), "rope_scaling", rope));
        assert!(said.contains(&format!("`{lacking}`")), "{said}");
    }
    let mut other = llama3();
    other["factor"] = json!(32.0);
    let both = with(llama(), "rope_scaling", llama3());
    let said = refusal(&with(both, "rope_parameters", other));
    assert!(said.contains("contradict"), "two factors: {said}");
    let part = json!({ "rope_type": "default", "partial_rotary_factor": 0.5 });
    let said = refusal(&with(llama(), "rope_parameters", part));
    assert!(said.contains("`partial_rotary_factor`"), "{said}");
}

/// tests/reference/angles.json, written by angles.py beside it.
#[test]
fn scaled_angles_are_those_that_transformers_computes() {
    let cases: Vec<Value> =
        serde_json::from_slice(&std::fs::read(reference("angles.json")).unwrap()).unwrap();
    assert_eq!(cases.len(), 20, "ten scalings by two bases");
    for case in cases {
        let mut config = llama();
        config["hidden_size"] = json!(128);
        config["max_position_embeddings"] = json!(4096);
        config["rope_theta"] = case["rope_theta"].clone();
        let scaling = &case["rope_scaling"];
        let mut old = scaling.clone();
        old["type"] = old.as_object_mut().unwrap().remove("rope_type").unwrap();
        for (field, spelling) in [
            ("rope_parameters", scaling.clone()),
            ("rope_scaling", scaling.clone()),
            ("rope_scaling", old),
        ] {
            let read_config = read(&with(config.clone(), field, spelling)).unwrap();
            let found = read_config.attention.rope_scaling;
            let ours = found.frequencies(64, read_config.rope_theta);
            let theirs = case["frequencies"].as_array().unwrap();
            assert_eq!(ours.len(), theirs.len(), "{scaling}: as many pairs");
            for (pair, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let (ours, theirs) = (f64::from(*ours), theirs.as_f64().unwrap());
                assert!(
                    (ours - theirs).abs() <= 2e-6 * theirs,
                    "{scaling}, {field}: pair {pair} turns by {ours}, not {theirs}"
                );
            }
            let factor = case["attention_factor"].as_f64().unwrap();
            assert!(
                (found.attention_factor() - factor).abs() <= 1e-9,
                "{scaling}: the factor is {}, not {factor}",
                found.attention_factor()
            );
            let again = read(&read_config.to_json(1, 2)).unwrap();
            assert_eq!(
                again.attention, read_config.attention,
                "what is written is read as it was"
            );
        }
    }
}

#[test]
fn mistral_phi_and_smollm_are_read_and_what_is_written_is_read_as_the_same() {
    for (name, fields) in [
        ("mistral", json!({})),
        ("mistral", json!({ "sliding_window": null })),
        ("phi3", json!({})),
        ("phi3", json!({ "sliding_window": 2047 })),
        ("phi3-part", json!({})),
        ("smollm3", json!({})),
        ("smollm3", json!({ "no_rope_layers": [0, 1, 1, 0] })),
        (
            "smollm3",
            json!({ "no_rope_layers": null, "no_rope_layer_interval": 2 }),
        ),
    ] {
        let text = std::fs::read(reference(name).join("config.json")).unwrap();
        let mut config: Value = serde_json::from_slice(&text).unwrap();
        for (field, value) in fields.as_object().unwrap() {
            config[field] = value.clone();
        }
        let first = read(&config).unwrap();
        let ends = first.eos_token_ids.first().copied().unwrap();
        let again = read(&first.to_json(ends, 0)).unwrap();
        assert_eq!(again, first, "{name} with {fields}");
    }
    let text = std::fs::read(reference("smollm3").join("config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&text).unwrap();
    config["no_rope_layers"] = Value::Null;
    let unrotated = |config: &Value| read(config).unwrap().attention.unrotated;
    assert_eq!(
        unrotated(&config),
        [false, false, false, true],
        "every fourth"
    );
    config["no_rope_layer_interval"] = json!(2);
    assert_eq!(
        unrotated(&config),
        [false, true, false, true],
        "every second"
    );
}

/// transformers takes a window of 4096 where Mistral's file says nothing, and none where it says null.
#[test]
fn mistrals_window_is_absent_only_where_the_file_says_so() {
    let mistral = with(llama(), "model_type", json!("mistral"));
    let heads = with(mistral, "num_key_value_heads", json!(2));
    let window = |config: &Value| {
        let sliding = read(config).unwrap().attention.sliding;
        sliding.map(|sliding| (sliding.window, sliding.blocks))
    };
    assert_eq!(window(&heads), Some((4096, vec![true, true])));
    assert_eq!(
        window(&with(heads.clone(), "sliding_window", Value::Null)),
        None
    );
    let own = with(heads, "sliding_window", json!(16));
    assert_eq!(window(&own), Some((16, vec![true, true])));
}

#[test]
fn a_share_of_a_head_that_makes_no_pairs_is_refused() {
    let phi = with(llama(), "model_type", json!("phi3"));
    for (share, said) in [
        (0.7, "11 values of 16"),
        (0.01, "0 values of 16"),
        (1.5, "outside 0.001 to 1"),
    ] {
        let refused = refusal(&with(phi.clone(), "partial_rotary_factor", json!(share)));
        assert!(
            refused.contains("`partial_rotary_factor`") && refused.contains(said),
            "{refused}"
        );
    }
    let rope = json!({ "rope_type": "default", "partial_rotary_factor": 0.5 });
    let both = with(
        with(phi, "rope_parameters", rope),
        "partial_rotary_factor",
        json!(1.0),
    );
    assert!(refusal(&both).contains("in another"), "two shares");
}

#[test]
fn biases_are_asked_for_where_a_family_has_them() {
    let biased = |family: &str, field: &str| {
        let config = with(llama(), "model_type", json!(family));
        let config = with(config, "num_key_value_heads", json!(2));
        read(&with(config, field, json!(true)))
    };
    assert!(biased("llama", "attention_bias").unwrap().attention.biases);
    assert!(biased("llama", "mlp_bias").unwrap().mlp_biases);
    assert!(biased("qwen3", "attention_bias").unwrap().attention.biases);
    for (family, field) in [
        ("qwen2", "attention_bias"),
        ("qwen2", "mlp_bias"),
        ("qwen3", "mlp_bias"),
    ] {
        let said = biased(family, field).unwrap_err().to_string();
        assert!(said.contains(field), "{family} knows no `{field}`: {said}");
    }
}

#[test]
fn gemmas_windows_are_read_as_either_version_of_transformers_writes_them() {
    let new = ModelConfig::load(&reference("gemma3")).unwrap();
    let sliding = new.attention.sliding.clone().unwrap();
    assert_eq!(sliding.window, 8);
    assert_eq!(sliding.blocks, [true, true, false]);
    assert!((sliding.rope_theta, new.rope_theta) == (Some(10_000.0), 1_000_000.0));
    let written = new.to_json(1, 0);
    assert!(
        written["query_pre_attn_scalar"].is_u64(),
        "transformers 5 refuses it with a fraction"
    );
    let again = read(&written).unwrap();
    assert_eq!(again, new, "what is written is read as the same model");

    let mut old = gemma();
    old["rope_theta"] = json!(500_000.0);
    old["rope_local_base_freq"] = json!(20_000.0);
    old["rope_scaling"] = json!({ "rope_type": "linear", "factor": 8.0 });
    let old = read(&old).unwrap();
    let sliding = old.attention.sliding.clone().unwrap();
    let whole = [6].map(|n| n - 1);
    let expected: Vec<bool> = (0..7).map(|block| !whole.contains(&block)).collect();
    assert_eq!(sliding.blocks, expected, "every sixth block sees all");
    assert!((sliding.rope_theta, old.rope_theta) == (Some(20_000.0), 500_000.0));
    assert_eq!(
        old.attention.rope_scaling,
        RopeScaling::Linear { factor: 8.0 },
        "of the angles of whole sight"
    );
    assert_eq!(read(&old.to_json(1, 0)).unwrap(), old);
}

#[test]
fn what_gemma_does_not_compute_is_refused_by_name() {
    for (field, value, named) in [
        (
            "attn_logit_softcapping",
            json!(50.0),
            "attn_logit_softcapping",
        ),
        (
            "final_logit_softcapping",
            json!(30.0),
            "final_logit_softcapping",
        ),
        (
            "use_bidirectional_attention",
            json!(true),
            "use_bidirectional_attention",
        ),
        ("hidden_activation", json!("silu"), "silu"),
        ("layer_types", json!(["full_attention"]), "layer_types"),
        (
            "layer_types",
            json!(vec!["chunked_attention"; 7]),
            "chunked_attention",
        ),
        ("sliding_window", json!(0), "sliding_window"),
        ("query_pre_attn_scalar", json!(0), "query_pre_attn_scalar"),
    ] {
        let said = refusal(&with(gemma(), field, value));
        assert!(said.contains(&format!("`{named}`")), "{field}: {said}");
    }
}
