//! Folders whose files contradict each other, or hold what no model can compute with.

use amoozgar_engine::tokenizer::Tokenizer;
use amoozgar_engine::{EngineError, LoadOptions, Opened, open};
use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use tempfile::TempDir;

/// A copy of the reference model `name`.
fn copy_of(name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    for file in ["config.json", "model.safetensors"] {
        let from = reference.join(name).join(file);
        std::fs::copy(from, folder.path().join(file)).unwrap();
    }
    folder
}

fn weights(folder: &TempDir) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(folder.path().join("model.safetensors"), &Device::Cpu).unwrap()
}

fn save(weights: &HashMap<String, Tensor>, folder: &TempDir, file: &str) {
    candle_core::safetensors::save(weights, folder.path().join(file)).unwrap();
}

fn put(folder: &TempDir, file: &str, content: &Value) {
    std::fs::write(folder.path().join(file), content.to_string()).unwrap();
}

fn opened(folder: &TempDir) -> Result<Opened, EngineError> {
    open(folder.path(), &LoadOptions::default())
}

fn refusal(folder: &TempDir) -> String {
    let error = opened(folder).expect_err("it is refused");
    assert!(
        matches!(error, EngineError::InvalidModel { .. }),
        "the model is at fault: {error}"
    );
    error.to_string()
}

/// f32 values of a weight of the model in `folder`.
fn values(folder: &TempDir, name: &str) -> Vec<f32> {
    let model = opened(folder).unwrap().model;
    let id = model.parameters.id(name).unwrap();
    model.parameters.get(id).file_values()
}

#[test]
fn the_whole_file_is_read_where_an_index_lists_parts_as_well() {
    let folder = copy_of("llama");
    let expected = values(&folder, "model.norm.weight");
    let mut old = weights(&folder);
    let map: HashMap<&String, &str> = old.keys().map(|name| (name, "old.safetensors")).collect();
    put(
        &folder,
        "model.safetensors.index.json",
        &json!({ "weight_map": map }),
    );
    assert_eq!(
        values(&folder, "model.norm.weight"),
        expected,
        "the parts are gone"
    );
    let norm = old["model.norm.weight"].zeros_like().unwrap();
    old.insert("model.norm.weight".to_owned(), norm);
    save(&old, &folder, "old.safetensors");
    assert_eq!(
        values(&folder, "model.norm.weight"),
        expected,
        "the parts are those of another saving"
    );
}

#[test]
fn weights_that_are_no_numbers_are_refused_by_name() {
    for (broken, said) in [(f32::NAN, "NaN"), (f32::NEG_INFINITY, "-inf")] {
        let folder = copy_of("llama");
        let mut weights = weights(&folder);
        let mut norm: Vec<f32> = weights["model.norm.weight"].to_vec1().unwrap();
        norm[3] = broken;
        let norm = Tensor::new(norm, &Device::Cpu).unwrap();
        weights.insert("model.norm.weight".to_owned(), norm);
        save(&weights, &folder, "model.safetensors");
        let refused = refusal(&folder);
        assert!(
            refused.contains(&format!(
                "`model.norm.weight` holds {said}, which is not a number"
            )),
            "{refused}"
        );
    }
}

#[test]
fn a_number_that_python_alone_knows_matters_only_where_its_field_is_used() {
    let folder = copy_of("llama");
    let path = folder.path().join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let begun_with = |field: &str| text.replacen('{', &format!("{{{field},"), 1);
    std::fs::write(
        &path,
        begun_with(r#""task_specific_params": [0.0, Infinity]"#),
    )
    .unwrap();
    opened(&folder).expect("nobody asks for the field");
    let spoilt = text.replace("\"rope_theta\": 10000.0", "\"rope_theta\": Infinity");
    std::fs::write(&path, spoilt).unwrap();
    let refused = refusal(&folder);
    assert!(
        refused.contains("`rope_theta` is Infinity, outside 1 to"),
        "the angles ask for it: {refused}"
    );
}

#[test]
fn either_file_of_settings_names_tokens_that_end_a_text() {
    let folder = copy_of("llama");
    let ends = || {
        opened(&folder)
            .unwrap()
            .model
            .config()
            .eos_token_ids
            .clone()
    };
    assert_eq!(ends(), [2], "config.json alone");
    put(
        &folder,
        "generation_config.json",
        &json!({ "eos_token_id": [2, 7] }),
    );
    assert_eq!(ends(), [2, 7], "those of both, each once");
    put(
        &folder,
        "generation_config.json",
        &json!({ "eos_token_id": 9 }),
    );
    assert_eq!(ends(), [2, 9], "config.json's stay");
    std::fs::write(folder.path().join("generation_config.json"), "{").unwrap();
    let refused = refusal(&folder);
    assert!(
        refused.contains("generation_config.json: EOF"),
        "a damaged file would hide tokens: {refused}"
    );
}

#[test]
fn a_head_that_is_stored_beside_a_tied_embedding_is_used_where_it_differs() {
    let folder = copy_of("llama-tied");
    let mut weights = weights(&folder);
    let embedding = weights["model.embed_tokens.weight"].clone();
    weights.insert("lm_head.weight".to_owned(), embedding.copy().unwrap());
    save(&weights, &folder, "model.safetensors");
    let model = opened(&folder).unwrap().model;
    assert!(model.config().tie_word_embeddings, "the same values twice");
    let head = embedding.affine(2.0, 0.0).unwrap();
    weights.insert("lm_head.weight".to_owned(), head.clone());
    save(&weights, &folder, "model.safetensors");
    let model = opened(&folder).unwrap().model;
    assert!(
        !model.config().tie_word_embeddings,
        "the head was trained apart"
    );
    assert_eq!(
        values(&folder, "lm_head.weight"),
        head.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
        "the stored head is used"
    );
}

#[test]
fn a_token_without_a_row_in_the_embedding_is_refused_when_the_tokenizer_is_read() {
    let folder = copy_of("llama");
    let text = "the cat sat on the mat and the rat sat on the cat ".repeat(20);
    let tokenizer = Tokenizer::train([text].into_iter(), 300).unwrap();
    let mut file: Value = serde_json::from_str(&tokenizer.to_json().unwrap()).unwrap();
    let mut put_with = |id: u32| {
        let mut user = file["added_tokens"][0].clone();
        user["id"] = id.into();
        user["content"] = "<user>".into();
        file["added_tokens"].as_array_mut().unwrap().truncate(3);
        file["added_tokens"].as_array_mut().unwrap().push(user);
        put(&folder, "tokenizer.json", &file);
    };
    let n_known = u32::try_from(tokenizer.vocab_size()).unwrap();
    put_with(n_known);
    opened(&folder).unwrap().tokenizer().unwrap();
    // The embedding of the reference has 320 rows.
    let mut config: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("config.json")).unwrap()).unwrap();
    config["vocab_size"] = n_known.into();
    put(&folder, "config.json", &config);
    let mut weights = weights(&folder);
    for name in ["model.embed_tokens.weight", "lm_head.weight"] {
        let narrow = weights[name].narrow(0, 0, n_known as usize).unwrap();
        weights.insert(name.to_owned(), narrow.force_contiguous().unwrap());
    }
    save(&weights, &folder, "model.safetensors");
    let error = opened(&folder).unwrap().tokenizer().expect_err("refused");
    assert!(
        matches!(error, EngineError::InvalidModel { .. })
            && error.to_string().contains(&format!(
                "knows the token {n_known}, the embedding has {n_known} rows"
            )),
        "the model is at fault: {error}"
    );
}
