//! What a run starts from: fresh weights, or a finished model that goes on whole or under adapters.

use crate::bench::precision_of;
use crate::corpus::Corpus;
use crate::model::{LoraConfig, Model, ModelConfig, Scaling};
use crate::tape::Storage;
use crate::{EngineError, adapter, files};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::{BaseStorage, Dtype, Method};
use std::path::Path;

/// What a run trains, and what its adapter's folder must tell.
pub(super) struct Start {
    pub(super) model: Model,
    /// Last parts of the adapted maps' paths.
    pub(super) targets: Vec<String>,
}

/// The folder of the model that the run goes on from.
pub(crate) fn base_model(spec: &TrainSpec) -> Result<Option<&Path>, EngineError> {
    match (spec.method, &spec.base_model) {
        (Method::Scratch, _) | (Method::Classify, None) => Ok(None),
        (_, Some(folder)) => Ok(Some(Path::new(folder))),
        (_, None) => Err(EngineError::InvalidSpec {
            field: "base_model",
            detail: "this method needs a model to go on from".to_owned(),
        }),
    }
}

/// The configuration of the model that the run trains; a classifier sorts into `labels`.
pub(crate) fn config_of(
    spec: &TrainSpec,
    vocab_size: usize,
    bos: u32,
    labels: &[String],
) -> Result<ModelConfig, EngineError> {
    let classifies = spec.method == Method::Classify;
    let Some(folder) = base_model(spec)? else {
        return Ok(if classifies {
            ModelConfig::encoder_from_spec(&spec.model, vocab_size, labels)
        } else {
            ModelConfig::from_spec(&spec.model, vocab_size, bos)
        });
    };
    let config = ModelConfig::load(folder)?;
    let longest = config.max_position_embeddings;
    let invalid = |field, detail| EngineError::InvalidSpec { field, detail };
    if config.architecture.is_decoder() == classifies {
        let detail = if classifies {
            "it does not sort texts into classes"
        } else {
            "it does not continue text"
        };
        return Err(invalid("base_model", detail.to_owned()));
    }
    if spec.model.context_length > longest {
        let detail = format!("the model sees {longest} tokens at once");
        return Err(invalid("model.context_length", detail));
    }
    Ok(if classifies {
        config.sorting_into(labels)
    } else {
        config
    })
}

/// How the frozen weights of method `lora` are kept.
pub(crate) fn storage_of(spec: &TrainSpec) -> Storage {
    match (spec.lora.base, spec.dtype) {
        (BaseStorage::Dtype, Dtype::F32) => Storage::F32,
        (BaseStorage::Dtype, Dtype::Bf16) => Storage::Bf16,
        (BaseStorage::Q8, _) => Storage::Q8,
        (BaseStorage::Q4, _) => Storage::Q4,
    }
}

/// The adapters that a specification asks for.
pub(crate) fn lora_of(spec: &TrainSpec) -> LoraConfig {
    LoraConfig {
        rank: spec.lora.rank,
        alpha: spec.lora.alpha,
        dropout: spec.lora.dropout,
        targets: spec.lora.targets.clone(),
        scaling: if spec.lora.use_rslora {
            Scaling::RankStabilized
        } else {
            Scaling::Plain
        },
    }
}

/// The run's model as it is before the first step.
pub(super) fn start(spec: &TrainSpec, corpus: &Corpus) -> Result<Start, EngineError> {
    let tokenizer = &corpus.tokenizer;
    let labels = corpus.classes.as_ref();
    let labels = labels.map_or(&[][..], |classes| classes.names.as_slice());
    let config = config_of(spec, tokenizer.vocab_size(), tokenizer.bos(), labels)?;
    let mut model = match (base_model(spec)?, spec.method) {
        (Some(folder), Method::Classify) if ModelConfig::load(folder)?.labels != labels => {
            Model::load_with_fresh_classes(folder, &config, spec.seed)?
        }
        (Some(folder), Method::Lora) => Model::load_as(folder, storage_of(spec), spec.seed)?,
        (Some(folder), _) => Model::load(folder, spec.seed)?,
        (None, _) => Model::init(&config, spec.seed)?,
    };
    model.set_precision(precision_of(spec.dtype));
    let targets = if spec.method == Method::Lora {
        model.adapt(&lora_of(spec), storage_of(spec), spec.seed)?
    } else {
        Vec::new()
    };
    Ok(Start { model, targets })
}

/// Writes the adapter that `trained` holds into `folder`, and the base model with it merged into
/// `weights`.
pub(super) fn write_adapted(
    spec: &TrainSpec,
    trained: &Model,
    targets: &[String],
    weights: &Path,
) -> Result<(), EngineError> {
    let Some(base) = base_model(spec)? else {
        return Ok(());
    };
    let adapter_dir = weights.with_file_name("adapter");
    adapter::save(
        trained,
        &lora_of(spec),
        targets,
        &base.display().to_string(),
        &adapter_dir,
    )?;
    let mut whole = Model::load(base, spec.seed)?;
    adapter::load(&mut whole, &adapter_dir, Storage::F32)?;
    whole.merge();
    whole.write_weights(weights)
}

/// Copies what stands beside the weights of the base model: its tokenizer and its settings. The
/// configuration names the data type that the new weights are kept in, and a classifier's classes.
pub(crate) fn copy_companions(
    base: &Path,
    model: &ModelConfig,
    folder: &Path,
) -> Result<(), EngineError> {
    const NAMES: [&str; 8] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "generation_config.json",
        "chat_template.jinja",
        "vocab.json",
        "merges.txt",
    ];
    for name in NAMES {
        let from = base.join(name);
        if from.is_file() {
            files::copy_synced(&from, &folder.join(name))?;
        }
    }
    let path = base.join("config.json");
    let invalid = |source: serde_json::Error| EngineError::InvalidModel {
        path: base.to_path_buf(),
        detail: format!("config.json: {source}"),
    };
    let mut config: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&files::read(&path)?).map_err(invalid)?;
    for name in ["dtype", "torch_dtype"] {
        config.insert(name.to_owned(), "float32".into());
    }
    config.remove("quantization_config");
    if !model.labels.is_empty() {
        config.remove("num_labels");
        config.extend(model.classes_json());
    }
    let text = format!("{:#}\n", serde_json::Value::Object(config));
    files::write_synced(&folder.join("config.json"), text.as_bytes())
}
