//! What a file claims takes no memory: a configuration of billions of layers, weights of terabytes.

use amoozgar_engine::{EngineError, LoadOptions, estimate, is_classifier, open};
use amoozgar_types::TrainSpec;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

/// A folder with the files of the reference model `name`, of whose `config.json` one field is `value`.
fn claiming(name: &str, field: &str, value: u64) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(reference(name).join(file), folder.path().join(file)).unwrap();
    }
    let path = folder.path().join("config.json");
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config[field] = value.into();
    std::fs::write(&path, config.to_string()).unwrap();
    folder
}

fn refusal(result: Result<impl Sized, EngineError>) -> String {
    let error = result.err().expect("it is refused");
    assert!(
        matches!(error, EngineError::InvalidModel { .. }),
        "the model is at fault: {error}"
    );
    error.to_string()
}

#[test]
fn a_configuration_of_billions_is_refused_wherever_a_model_is_opened() {
    for (name, field, most) in [
        ("llama", "num_hidden_layers", 1024),
        ("gpt2", "n_positions", 1_048_576),
        ("bert", "type_vocab_size", 1024),
    ] {
        let folder = claiming(name, field, 4_000_000_000);
        let dir = folder.path();
        let mut spec: TrainSpec = serde_json::from_value(serde_json::json!({
            "method": "full", "dataset": { "train": dir.join("text.txt") }, "threads": 2
        }))
        .unwrap();
        spec.base_model = Some(dir.display().to_string());
        for said in [
            refusal(open(dir, &LoadOptions::default())),
            refusal(is_classifier(dir)),
            refusal(estimate(&spec, 1 << 20)),
        ] {
            assert!(
                said.contains(&format!("`{field}` is 4000000000, outside 1 to {most}")),
                "{name}: {said}"
            );
        }
    }
}

#[test]
fn weights_of_terabytes_are_refused() {
    let folder = claiming("llama", "num_hidden_layers", 2);
    let path = folder.path().join("model.safetensors");
    let claimed = 281_474_976_710_656u64;
    let header = format!(
        r#"{{"model.norm.weight":{{"dtype":"F32","shape":[{}],"data_offsets":[0,{claimed}]}}}}"#,
        claimed / 4
    );
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(&path, [&length[..], header.as_bytes()].concat()).unwrap();
    let said = refusal(open(folder.path(), &LoadOptions::default()));
    assert!(said.contains("ends at byte 281474976710656"), "{said}");
    std::fs::write(&path, claimed.to_le_bytes()).unwrap();
    let said = refusal(open(folder.path(), &LoadOptions::default()));
    assert!(
        said.contains("header claims 281474976710656 bytes"),
        "{said}"
    );
}
