//! An adapter's folder, as PEFT writes and reads it: `adapter_config.json` and
//! `adapter_model.safetensors`.

use crate::EngineError;
use crate::checkpoint::read_all;
use crate::files;
use crate::model::{Architecture, LoraConfig, Model, Scaling};
use crate::safetensors_file::{self, Entry};
use crate::tape::Storage;
use serde_json::{Value, json};
use std::path::Path;

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";

/// Freezes `model`, keeping its matrices as `storage`, and puts the adapter in `adapter_dir` on it.
///
/// # Errors
/// Where the folder is incomplete, the adapter of another kind, or made for another model.
pub fn load(model: &mut Model, adapter_dir: &Path, storage: Storage) -> Result<(), EngineError> {
    let invalid = |detail: String| EngineError::InvalidModel {
        path: adapter_dir.to_path_buf(),
        detail,
    };
    let config = read_config(adapter_dir)?;
    model.adapt(&config, storage, 0)?;
    let mut values = read_all(&adapter_dir.join(WEIGHTS))?;
    let names: Vec<String> = model
        .parameters
        .trained()
        .map(|(_, weight)| weight.name.clone())
        .collect();
    for name in names {
        let values = values
            .remove(&name)
            .ok_or_else(|| invalid(format!("the weight `{name}` is missing")))?;
        model.parameters.set(&name, values)?;
    }
    match values.keys().next() {
        Some(name) => Err(invalid(format!("the model has no place for `{name}`"))),
        None => Ok(()),
    }
}

/// Writes the folder of the adapter on `model`, which stands on the model called `base` (a path or a
/// name on the Hub). `targets` are the last parts of the adapted maps' paths.
///
/// # Errors
/// Where the folder cannot be written.
pub fn save(
    model: &Model,
    config: &LoraConfig,
    targets: &[String],
    base: &str,
    adapter_dir: &Path,
) -> Result<(), EngineError> {
    files::create_dir(adapter_dir)?;
    let trained = model.parameters.trained();
    let entries = trained.map(|(_, weight)| Entry::of(weight)).collect();
    safetensors_file::write(&adapter_dir.join(WEIGHTS), entries)?;
    let transposed = model.config().architecture == Architecture::Gpt2;
    let text = format!("{:#}\n", to_json(config, targets, base, transposed));
    files::write_synced(&adapter_dir.join(CONFIG), text.as_bytes())
}

/// The `adapter_config.json` that PEFT reads. The base model's matrices are `transposed` where it keeps
/// them as (inputs, outputs).
fn to_json(config: &LoraConfig, targets: &[String], base: &str, transposed: bool) -> Value {
    json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "inference_mode": true,
        "r": config.rank,
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
        "use_rslora": config.scaling == Scaling::RankStabilized,
        "use_dora": false,
        "bias": "none",
        "fan_in_fan_out": transposed,
        "init_lora_weights": true,
        "modules_to_save": null,
        "target_modules": targets,
    })
}

fn read_config(adapter_dir: &Path) -> Result<LoraConfig, EngineError> {
    let bytes = files::read(&adapter_dir.join(CONFIG))?;
    let read = || -> Result<LoraConfig, String> {
        let raw: Value = serde_json::from_slice(&bytes).map_err(|source| source.to_string())?;
        from_json(&raw)
    };
    read().map_err(|detail| EngineError::InvalidModel {
        path: adapter_dir.to_path_buf(),
        detail: format!("{CONFIG}: {detail}"),
    })
}

fn from_json(raw: &Value) -> Result<LoraConfig, String> {
    if raw.get("peft_type").and_then(Value::as_str) != Some("LORA") {
        return Err("it is no LoRA".to_owned());
    }
    let flag = |name: &str| raw.get(name).and_then(Value::as_bool) == Some(true);
    let something = |name: &str| {
        raw.get(name).is_some_and(|value| match value {
            Value::Null => false,
            Value::Object(entries) => !entries.is_empty(),
            Value::Array(entries) => !entries.is_empty(),
            _ => true,
        })
    };
    let foreign = ["use_dora", "use_qalora", "lora_bias"]
        .into_iter()
        .find(|name| flag(name))
        .or_else(|| {
            [
                "modules_to_save",
                "rank_pattern",
                "alpha_pattern",
                "layers_to_transform",
            ]
            .into_iter()
            .find(|name| something(name))
        });
    if let Some(name) = foreign {
        return Err(format!("`{name}` is not supported"));
    }
    if raw
        .get("bias")
        .and_then(Value::as_str)
        .is_some_and(|bias| bias != "none")
    {
        return Err("trained biases are not supported".to_owned());
    }
    let rank = raw.get("r").and_then(Value::as_u64).ok_or("it lacks `r`")?;
    let number = |name: &str| raw.get(name).and_then(Value::as_f64);
    let targets = match raw.get("target_modules") {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            // A full path says more than is needed here.
            .map(|path| path.rsplit('.').next().unwrap_or(path).to_owned())
            .collect(),
        Some(Value::String(name)) if name == "all-linear" => Vec::new(),
        _ => return Err("it lacks a list `target_modules`".to_owned()),
    };
    Ok(LoraConfig {
        rank: rank as usize,
        alpha: number("lora_alpha").unwrap_or(8.0),
        dropout: number("lora_dropout").unwrap_or(0.0),
        targets,
        scaling: if flag("use_rslora") {
            Scaling::RankStabilized
        } else {
            Scaling::Plain
        },
    })
}
