//! A model's weights from a folder in the Hub's form.

use super::config::in_gguf;
use super::specs::{Need, Unfit, specs};
use super::strict::passed_over;
use super::{ModelConfig, gguf};
use crate::EngineError;
use crate::weights::safetensors::WeightFiles;
use crate::weights::{Parameters, Storage, Weight};
use std::collections::BTreeSet;
use std::path::Path;

/// Whether a folder's classes are those that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Classes {
    /// The folder's are wanted, and must be there: what was drawn instead would sort by chance.
    Own,
    /// They are read where they are there.
    Kept,
    /// Others are wanted: their weights are drawn anew.
    Fresh,
}

/// A head of its own.
const HEAD: &str = "lm_head.weight";

/// The configuration as the weights in `model_dir` bear it out: a head that was trained apart is used
/// although `config.json` says that it is the embedding, as transformers does; a head that is stored twice
/// is not.
///
/// # Errors
/// Where the weights cannot be read.
pub(crate) fn as_stored(config: ModelConfig, model_dir: &Path) -> Result<ModelConfig, EngineError> {
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

/// The weights of a model, and what its folder holds beside them.
pub(crate) struct Stored {
    pub(crate) parameters: Parameters,
    /// Names of weights that the family says its folders carry and the model does not use.
    pub(crate) passed_over: Vec<String>,
}

/// The weights of a model's folder or GGUF file, matrices stored as `storage` (no more than one is in f32 at a time),
/// vectors in f32. The classes' weights, which a model of plain text lacks, are drawn from `seed`.
///
/// # Errors
/// Where a weight is missing, damaged, does not fit `config`, or has no place in it.
pub(crate) fn read_weights(
    config: &ModelConfig,
    model_dir: &Path,
    storage: Storage,
    seed: u64,
    classes: Classes,
) -> Result<Stored, EngineError> {
    if let Some(file) = in_gguf(model_dir)? {
        return Ok(Stored {
            parameters: gguf::read_weights(config, &file, storage)?,
            passed_over: Vec::new(),
        });
    }
    let invalid = |detail: String| EngineError::InvalidModel {
        path: model_dir.to_path_buf(),
        detail,
    };
    let family = config.architecture.family();
    let mut files = WeightFiles::open(model_dir)?;
    let mut parameters = Parameters::default();
    let mut unused: BTreeSet<String> = files.names().collect();
    for spec in specs(config) {
        let unwanted = classes == Classes::Fresh && spec.need == Need::OfClasses;
        let mut found = family
            .names_in_files(&spec.name)
            .into_iter()
            .filter(|name| unused.remove(name));
        let Some(name) = found.next().filter(|_| !unwanted) else {
            if classes == Classes::Own && spec.need != Need::Required {
                return Err(invalid(format!(
                    "the weight `{}` is missing: the model was not trained to sort yet",
                    spec.name
                )));
            }
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
    if config.tie_word_embeddings {
        // [`as_stored`] found it equal to the embedding.
        unused.remove(HEAD);
    }
    let unused = unused.into_iter().collect();
    Ok(Stored {
        parameters,
        passed_over: passed_over(unused, family.unused_weights(), &invalid)?,
    })
}

/// Every weight that [`read_weights`] would refuse, as far as the headers say.
///
/// # Errors
/// Where a header cannot be read.
pub(crate) fn unfit_weights(
    config: &ModelConfig,
    model_dir: &Path,
) -> Result<Vec<Unfit>, EngineError> {
    if let Some(file) = in_gguf(model_dir)? {
        return gguf::unfit_weights(config, &file);
    }
    let family = config.architecture.family();
    let files = WeightFiles::open(model_dir)?;
    let mut unfit = Vec::new();
    for spec in specs(config) {
        let mut names = family.names_in_files(&spec.name).into_iter();
        match names.find(|name| files.contains(name)) {
            None if spec.need == Need::Required => {
                unfit.push(Unfit::Missing { name: spec.name });
            }
            None => {}
            Some(name) => {
                let found = files.shape(&name)?;
                let needed = spec.holding(Weight::F32(Vec::new())).file_shape();
                if found != needed {
                    let needed = needed.clone();
                    unfit.push(Unfit::Shape {
                        name,
                        found,
                        needed,
                    });
                }
            }
        }
    }
    Ok(unfit)
}
