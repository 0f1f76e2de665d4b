//! A model's weights from a folder in the Hub's form.

use super::config::in_gguf;
use super::specs::{Need, specs};
use super::{ModelConfig, gguf};
use crate::EngineError;
use crate::weights::safetensors::WeightFiles;
use crate::weights::{Parameters, Storage, Weight};
use std::path::Path;

/// Whether a folder's classes are those that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Classes {
    /// They are read where they are there.
    Kept,
    /// Others are wanted: their weights are drawn anew.
    Fresh,
}

/// The configuration as the weights in `model_dir` bear it out: a head that was trained apart is used
/// although `config.json` says that it is the embedding, as transformers does; a head that is stored twice
/// is not.
///
/// # Errors
/// Where the weights cannot be read.
pub(crate) fn as_stored(config: ModelConfig, model_dir: &Path) -> Result<ModelConfig, EngineError> {
    const HEAD: &str = "lm_head.weight";
    if let Some(file) = in_gguf(model_dir)? {
        return gguf::as_stored(config, &file);
    }
    if !config.tie_word_embeddings {
        return Ok(config);
    }
    let family = config.architecture.family();
    let mut files = WeightFiles::open(model_dir)?;
    let mut names = family.names_in_files(family.embedding()).into_iter();
    let Some(embedding) = names.find(|name| files.contains(name)) else {
        return Ok(config);
    };
    Ok(ModelConfig {
        tie_word_embeddings: !files.contains(HEAD) || files.are_equal(HEAD, &embedding)?,
        ..config
    })
}

/// The weights of a model's folder or GGUF file, matrices stored as `storage` (no more than one is in f32 at a time),
/// vectors in f32. The classes' weights, which a model of plain text lacks, are drawn from `seed`.
///
/// # Errors
/// Where a weight is missing, damaged, or does not fit `config`.
pub(crate) fn read_weights(
    config: &ModelConfig,
    model_dir: &Path,
    storage: Storage,
    seed: u64,
    classes: Classes,
) -> Result<Parameters, EngineError> {
    if let Some(file) = in_gguf(model_dir)? {
        return gguf::read_weights(config, &file, storage);
    }
    let invalid = |detail: String| EngineError::InvalidModel {
        path: model_dir.to_path_buf(),
        detail,
    };
    let family = config.architecture.family();
    let mut files = WeightFiles::open(model_dir)?;
    let mut parameters = Parameters::default();
    for spec in specs(config) {
        let unwanted = classes == Classes::Fresh && spec.need == Need::OfClasses;
        let found = family
            .names_in_files(&spec.name)
            .into_iter()
            .find(|name| !unwanted && files.contains(name));
        let Some(name) = found else {
            if spec.need == Need::Required {
                return Err(invalid(format!("the weight `{}` is missing", spec.name)));
            }
            parameters.add(spec.fresh(seed));
            continue;
        };
        let mut parameter = spec.holding(Weight::F32(Vec::new()));
        let shape = files.shape(&name)?;
        if shape != parameter.file_shape() {
            return Err(invalid(format!(
                "the weight `{name}` is {shape:?}, not {:?}",
                parameter.file_shape()
            )));
        }
        let values = parameter.in_memory_order(files.read(&name)?);
        parameter.weight = match *parameter.shape.as_slice() {
            [_, width] => Weight::store(values, width, storage),
            _ => Weight::F32(values),
        };
        parameters.add(parameter);
    }
    Ok(parameters)
}
