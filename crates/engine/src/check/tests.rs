#![allow(clippy::unwrap_used)]
use super::{check_weights, weight_bytes};
use crate::control::Control;
use crate::export::Watch;
use crate::{EngineError, about};
use amoozgar_types::event::WorkerCommand;
use amoozgar_types::library::{CheckReport, FaultKind};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/release-0.1/model")
}

fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(model()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    folder
}

fn checked(model: &Path) -> CheckReport {
    let watch = Watch {
        control: &Control::new(),
        told: &|_| (),
    };
    check_weights(model, &watch).unwrap()
}

fn faults(report: &CheckReport) -> Vec<(&str, Option<&str>, FaultKind)> {
    let faults = report.faults.iter();
    faults
        .map(|fault| (fault.file.as_str(), fault.weight.as_deref(), fault.kind))
        .collect()
}

/// Where the values of a weight lie in a safetensors file.
fn place_of(file: &[u8], weight: &str) -> usize {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    8 + length + header[weight]["data_offsets"][0].as_u64().unwrap() as usize
}

#[test]
fn a_sound_model_has_every_byte_read_and_nothing_found() {
    let folder = copy();
    let total = weight_bytes(folder.path());
    let told = Mutex::new(Vec::new());
    let watch = Watch {
        control: &Control::new(),
        told: &|progress| told.lock().unwrap().push(progress),
    };
    let report = check_weights(folder.path(), &watch).unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(report.n_weight_files, 1);
    let told = told.into_inner().unwrap();
    let last = told.last().unwrap();
    assert_eq!(last.done_bytes, report.n_bytes, "every byte was told");
    assert_eq!(last.total_bytes, total, "the file and its header");
    assert!(report.n_bytes > total / 2, "the header is the smaller part");
}

#[test]
fn what_is_damaged_is_said_with_its_file_and_its_weight() {
    let folder = copy();
    let path = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let weight = "model.layers.0.mlp.up_proj.weight";
    let at = place_of(&bytes, weight);
    bytes[at + 8..at + 12].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    fs::write(folder.path().join("tokenizer.json"), "{").unwrap();
    let report = checked(folder.path());
    assert_eq!(
        faults(&report),
        [
            ("tokenizer.json", None, FaultKind::Tokenizer),
            ("model.safetensors", Some(weight), FaultKind::NotFinite),
        ]
    );
    assert_eq!(report.faults[1].detail, "[2] = NaN", "which value it is");

    fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let report = checked(folder.path());
    assert!(
        faults(&report).contains(&("model.safetensors", None, FaultKind::Unreadable)),
        "a file that was cut: {report:?}"
    );
    fs::remove_file(&path).unwrap();
    let report = checked(folder.path());
    assert!(
        faults(&report).contains(&("model.safetensors", None, FaultKind::Missing)),
        "a file that is not there: {report:?}"
    );
}

#[test]
fn a_weight_that_the_configuration_asks_for_in_vain_is_named() {
    let folder = copy();
    let path = folder.path().join("config.json");
    let config = fs::read_to_string(&path).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let n_layers = config["num_hidden_layers"].as_u64().unwrap();
    config["num_hidden_layers"] = (n_layers + 1).into();
    if let Some(types) = config["layer_types"].as_array_mut() {
        types.push("full_attention".into());
    }
    fs::write(&path, config.to_string()).unwrap();
    let report = checked(folder.path());
    let missing = format!("model.layers.{n_layers}.self_attn.q_proj.weight");
    assert!(
        report.faults.iter().any(|fault| {
            fault.kind == FaultKind::MissingWeight && fault.weight.as_deref() == Some(&missing)
        }),
        "{report:?}"
    );
    fs::write(&path, "{\"model_type\": \"unheard\"}").unwrap();
    let report = checked(folder.path());
    assert_eq!(faults(&report), [("config.json", None, FaultKind::Config)]);
    assert!(report.n_bytes > 0, "the weights are read all the same");
}

#[test]
fn a_stop_ends_the_check() {
    let control = Control::new();
    control.send(WorkerCommand::Stop);
    let watch = Watch {
        control: &control,
        told: &|_| (),
    };
    let ended = check_weights(&model(), &watch);
    assert!(matches!(ended, Err(EngineError::Stopped)), "{ended:?}");
}

#[test]
fn a_model_s_facts_are_read_off_its_files() {
    let folder = copy();
    let card = "---\nlicense: apache-2.0\nbase_model:\n- Qwen/Qwen3-0.6B\n---\n# A card\n";
    fs::write(folder.path().join("README.md"), card).unwrap();
    let facts = about(folder.path()).unwrap();
    assert_eq!(facts.architecture.as_deref(), Some("llama"));
    assert_eq!(facts.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(facts.base_repo.as_deref(), Some("Qwen/Qwen3-0.6B"));
    assert_eq!(facts.weights.len(), 1, "{:?}", facts.weights);
    assert_eq!(facts.weights[0].name, "F32");
    let fertility = facts.fertility.unwrap();
    assert!(
        fertility.n_words > 150 && fertility.tokens_per_word() >= 1.0,
        "{fertility:?}"
    );
    fs::remove_file(folder.path().join("README.md")).unwrap();
    let facts = about(folder.path()).unwrap();
    assert_eq!((facts.licence, facts.base_repo), (None, None), "unknown");
}
