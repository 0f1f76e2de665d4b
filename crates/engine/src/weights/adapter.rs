//! An adapter's folder, as PEFT writes and reads it: `adapter_config.json` and
//! `adapter_model.safetensors`.

mod read;
mod rules;

use crate::EngineError;
use crate::python_json;
use crate::weights::Layout;
use crate::weights::safetensors::WeightFile;
pub(crate) use read::{AdapterConfig, OnMap};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// File of an adapter's settings.
pub(crate) const CONFIG: &str = "adapter_config.json";
/// The largest rank that is believed: the widest map's.
const LARGEST_RANK: usize = 1 << 16;
/// File of an adapter's matrices.
pub(crate) const WEIGHTS: &str = "adapter_model.safetensors";

/// What PEFT puts before the path of an adapted map.
pub(crate) const PREFIX: &str = "base_model.model.";

/// How adapters are made; PEFT's `LoraConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// Rank of the added matrices.
    pub rank: usize,
    /// What is added is multiplied by `alpha / rank`.
    pub alpha: f64,
    /// Share of the input's values that is left out in training.
    pub dropout: f64,
    /// Last parts of the adapted maps' paths, as `q_proj`; none means every map of the blocks.
    pub targets: Vec<String>,
    /// How the addition is scaled.
    pub scaling: Scaling,
}

/// How an adapter's addition is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// By `alpha / rank`.
    Plain,
    /// By `alpha / sqrt(rank)` (rsLoRA; Kalajdzievski, 2023).
    RankStabilized,
}

impl LoraConfig {
    /// What the addition is multiplied by.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        match self.scaling {
            Scaling::Plain => self.alpha / rank,
            Scaling::RankStabilized => self.alpha / rank.sqrt(),
        }
    }

    /// Whether the map at `path` is adapted.
    pub(crate) fn adapts(&self, path: &str) -> bool {
        let last = path.rsplit('.').next().unwrap_or_default();
        self.targets.is_empty() || self.targets.iter().any(|target| target == last)
    }
}

/// The `adapter_config.json` that PEFT reads. The base model's files keep their
/// matrices as `matrices`.
pub(crate) fn to_json(
    config: &LoraConfig,
    targets: &[String],
    base: &str,
    matrices: Layout,
) -> Value {
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
        "fan_in_fan_out": matrices == Layout::Transposed,
        "init_lora_weights": true,
        "modules_to_save": null,
        "target_modules": targets,
    })
}

/// The file of the matrices in an adapter's folder: PEFT's, or that of a checkpoint.
pub(crate) fn values_file(adapter_dir: &Path) -> PathBuf {
    let own = adapter_dir.join(WEIGHTS);
    if own.is_file() {
        own
    } else {
        adapter_dir.join("model.safetensors")
    }
}

/// The model that an adapter was made for, as its settings name it; `None` where they do not.
///
/// # Errors
/// Where the settings cannot be read.
pub(crate) fn base_of(adapter_dir: &Path) -> Result<Option<PathBuf>, EngineError> {
    let raw = read_json(adapter_dir)?;
    let named = raw.get("base_model_name_or_path").and_then(Value::as_str);
    Ok(named.filter(|name| !name.is_empty()).map(PathBuf::from))
}

/// The settings of an adapter's folder.
///
/// # Errors
/// Where the file is missing, of another kind of adapter, or says what is not understood.
pub(crate) fn read_config(adapter_dir: &Path) -> Result<AdapterConfig, EngineError> {
    AdapterConfig::from_json(&read_json(adapter_dir)?)
        .map_err(|detail| invalid(adapter_dir, &detail))
}

fn read_json(adapter_dir: &Path) -> Result<Value, EngineError> {
    python_json::read(adapter_dir, CONFIG)
}

fn invalid(adapter_dir: &Path, detail: &str) -> EngineError {
    EngineError::InvalidModel {
        path: adapter_dir.to_path_buf(),
        detail: format!("{CONFIG}: {detail}"),
    }
}

/// What an adapter's file holds under a name.
pub(crate) struct Held {
    /// Shape in the file.
    pub(crate) shape: Vec<usize>,
    /// f32 values in the file's order.
    pub(crate) values: Vec<f32>,
}

/// Everything that the file at `path` holds, all of which are numbers.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn read_values(path: &Path) -> Result<BTreeMap<String, Held>, EngineError> {
    let mut file = WeightFile::open(path)?;
    let names = file.names();
    let held = names.into_iter().map(|name| {
        let values = file.read_numbers(&name)?;
        let shape = file.shape(&name).unwrap_or_default().to_vec();
        Ok((name, Held { shape, values }))
    });
    held.collect()
}
