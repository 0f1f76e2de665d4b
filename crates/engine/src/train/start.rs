//! What a run starts from: fresh weights, or a finished model that goes on whole or under adapters; and
//! what becomes of an adapter in the end.

use crate::EngineError;
use crate::export::save_adapter;
use crate::model::{Model, ModelConfig};
use crate::train::corpus::Corpus;
use crate::train::setup::{base_model, config_of, lora_of, precision_of, storage_of};
use crate::weights::Storage;
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Method;
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
    save_adapter(
        trained,
        &lora_of(spec),
        targets,
        &base.display().to_string(),
        &adapter_dir,
    )?;
    let mut whole = Model::load(base, spec.seed)?;
    whole.load_adapter(&adapter_dir, Storage::F32)?;
    whole.merge();
    whole.write_weights(weights)
}
