//! What GGUF says of windows and of rotary angles, and what it has no word for.

use super::gguf::{folder, logits, opened, worst};
use amoozgar_engine::{Form, Opened, Precision, export};
use std::fs;
use tempfile::TempDir;

/// The reference model `name` as a folder, with `fields` of its `config.json` changed.
fn changed(name: &str, fields: &[(&str, serde_json::Value)]) -> TempDir {
    let folder = folder(name);
    let path = folder.path().join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (field, value) in fields {
        config[*field] = value.clone();
    }
    fs::write(&path, config.to_string()).unwrap();
    folder
}

/// What is said where the model in `folder` is to become a GGUF file.
fn not_expressible(folder: &TempDir) -> String {
    let out = folder.path().join("model.gguf");
    let said = export(folder.path(), None, Form::Gguf(Precision::F16), &out).unwrap_err();
    said.to_string()
}

#[test]
fn mistral_is_llama_in_gguf_where_its_window_holds_the_whole_context() {
    for window in [serde_json::Value::Null, 128.into()] {
        let folder = changed("mistral", &[("sliding_window", window)]);
        let place = TempDir::new().unwrap();
        let out = place.path().join("model.gguf");
        export(folder.path(), None, Form::Gguf(Precision::F16), &out).unwrap();
        let off = worst(&logits(&opened(&out)), &logits(&opened(folder.path())));
        assert!(off < 0.02, "16 bits are off by {off}");
    }
    let said = not_expressible(&folder("mistral"));
    assert!(said.contains("`sliding_window` is 8"), "{said}");
}

#[test]
fn a_file_says_how_angles_are_scaled_or_it_is_refused_by_name() {
    let scaled = |scaling: serde_json::Value| {
        let mut rope = scaling;
        rope["rope_theta"] = 10_000.0.into();
        changed("llama", &[("rope_parameters", rope)])
    };
    for scaling in [
        serde_json::json!({ "rope_type": "linear", "factor": 2.5 }),
        serde_json::json!({ "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32 }),
    ] {
        let folder = scaled(scaling);
        let place = TempDir::new().unwrap();
        let out = place.path().join("model.gguf");
        export(folder.path(), None, Form::Gguf(Precision::F16), &out).unwrap();
        let (from, to) = (opened(folder.path()), opened(&out));
        let attention = |opened: &Opened| opened.model.config().attention.clone();
        assert_eq!(attention(&from), attention(&to), "as it was");
    }
    for (scaling, named) in [
        (
            serde_json::json!({ "rope_type": "dynamic", "factor": 2.0 }),
            "`dynamic`",
        ),
        (
            serde_json::json!({ "rope_type": "yarn", "factor": 4.0, "beta_fast": 16.0, "original_max_position_embeddings": 32 }),
            "`yarn`",
        ),
        (
            serde_json::json!({ "rope_type": "yarn", "factor": 4.0, "attention_factor": 2.0, "original_max_position_embeddings": 32 }),
            "`attention_factor`",
        ),
    ] {
        let said = not_expressible(&scaled(scaling));
        assert!(said.contains(named), "`{named}` is not in: {said}");
    }
    let other = changed(
        "smollm3",
        &[("no_rope_layers", serde_json::json!([1, 0, 1, 0]))],
    );
    let said = not_expressible(&other);
    assert!(said.contains("`no_rope_layers`"), "{said}");
}
