//! What a run starts from: fresh weights, or a finished model that goes on whole or under adapters; and
//! what becomes of an adapter in the end.

use super::checkpoint::Beside;
use crate::EngineError;
use crate::export::{Companions, adapter_config, save_adapter};
use crate::load::{self, LoadOptions};
use crate::model::Model;
use crate::setup::{base_model, config_of, lora_of, precision_of, storage_of};
use crate::train::corpus::Corpus;
use crate::weights::{Storage, adapter};
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::{Method, Task};
use std::collections::BTreeMap;
use std::path::Path;

/// What a run trains, and what its adapter's folder must tell.
pub(super) struct Start {
    pub(super) model: Model,
    /// Last parts of the adapted maps' paths.
    pub(super) targets: Vec<String>,
}

/// The run's model as it is before the first step.
pub(super) fn start(spec: &TrainSpec, corpus: &Corpus) -> Result<Start, EngineError> {
    let tokenizer = &corpus.tokenizer;
    let labels = corpus.classes.as_ref();
    let labels = labels.map_or(&[][..], |classes| classes.names.as_slice());
    let config = config_of(spec, tokenizer.vocab_size(), tokenizer.bos(), labels)?;
    let mut model = match base_model(spec)? {
        None => Model::init(&config, spec.seed)?,
        Some(folder) => {
            let options = LoadOptions {
                storage: match spec.method {
                    Method::Lora => storage_of(spec),
                    _ => Storage::F32,
                },
                seed: spec.seed,
                labels: (spec.task == Task::SequenceClassification).then_some(labels),
                adapter: None,
            };
            let opened = load::open(folder, &options)?;
            opened.must_be_whole()?;
            opened.model
        }
    };
    model.set_precision(precision_of(spec.dtype));
    let targets = if spec.method == Method::Lora {
        model.adapt(&lora_of(spec), storage_of(spec), spec.seed)?
    } else {
        Vec::new()
    };
    refuse_unknown_targets(spec, &targets)?;
    Ok(Start { model, targets })
}

/// Refuses targets of which the model's blocks have no map: they would train nothing, unseen beside
/// others that are there.
fn refuse_unknown_targets(spec: &TrainSpec, adapted: &[String]) -> Result<(), EngineError> {
    let wanted = spec.lora.targets.iter();
    let unknown: Vec<&str> = wanted
        .filter(|target| spec.method == Method::Lora && !adapted.contains(target))
        .map(String::as_str)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(EngineError::InvalidSpec {
        field: "lora.targets",
        detail: format!(
            "the model's blocks have no map `{}`; adapters of `{}` can be trained",
            unknown.join("`, `"),
            adapted.join("`, `")
        ),
    })
}

/// Puts a checkpoint's values in the place of the trained weights.
pub(super) fn take_weights(
    model: &mut Model,
    mut values: BTreeMap<String, Vec<f32>>,
    checkpoint: &Path,
) -> Result<(), EngineError> {
    let trained: Vec<String> = model
        .parameters
        .trained()
        .map(|(_, weight)| weight.name.clone())
        .collect();
    for name in trained {
        let incomplete = || EngineError::InvalidCheckpoint {
            path: checkpoint.to_path_buf(),
            detail: format!("the weight `{name}` is missing"),
        };
        let values = values.remove(&name).ok_or_else(incomplete)?;
        model.parameters.set(&name, values)?;
    }
    Ok(())
}

/// What stands beside the weights of the run's checkpoints.
pub(super) fn beside(
    spec: &TrainSpec,
    model: &Model,
    targets: &[String],
    corpus: &Corpus,
) -> Result<Beside, EngineError> {
    let base = base_model(spec)?;
    let mut texts = Vec::new();
    let settings = if spec.method == Method::Lora {
        let base = base.unwrap_or(Path::new("")).display().to_string();
        let text = adapter_config(model, &lora_of(spec), targets, &base);
        (adapter::CONFIG, text)
    } else {
        let companions = Companions {
            base,
            config: model.config(),
            tokenizer: &corpus.tokenizer,
            chat: corpus.chat.as_ref(),
        };
        texts = companions.texts()?;
        ("config.json", companions.config_text()?)
    };
    Ok(Beside {
        settings,
        texts,
        tokenizer: corpus.tokenizer_file.clone(),
    })
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
    save_adapter(
        trained,
        &lora_of(spec),
        targets,
        &base.display().to_string(),
        &adapter_dir,
    )?;
    let options = LoadOptions {
        seed: spec.seed,
        adapter: Some(&adapter_dir),
        ..LoadOptions::default()
    };
    let mut whole = load::open(base, &options)?.model;
    whole.merge();
    whole.write_weights(weights)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::refuse_unknown_targets;
    use amoozgar_types::TrainSpec;
    use serde_json::json;

    #[test]
    fn a_target_that_the_model_lacks_is_refused_also_beside_one_that_it_has() {
        let spec = |targets: &[&str]| -> TrainSpec {
            serde_json::from_value(json!({
                "dataset": { "train": "/t.txt" }, "method": "lora", "base_model": "/m",
                "lora": { "targets": targets },
            }))
            .unwrap()
        };
        let adapted = ["q_proj".to_owned(), "v_proj".to_owned()];
        let check = |targets: &[&str]| refuse_unknown_targets(&spec(targets), &adapted);
        assert!(check(&[]).is_ok(), "every map of the blocks");
        assert!(check(&["v_proj"]).is_ok(), "one that is there");
        for unknown in ["v_porj", "lm_head"] {
            let error = check(&["q_proj", unknown]).unwrap_err().to_string();
            assert!(error.contains(unknown), "it is named: {error}");
        }
    }
}
