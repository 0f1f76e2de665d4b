//! What a model on this machine is: read off its configuration, the headers of its weights, its tokenizer
//! and the header of its card. No weight is read. Enter at [`about`].

mod card_header;
mod fertility;
mod hub_path;

use crate::EngineError;
use crate::gguf::Gguf;
use crate::load::Place;
use crate::model::{in_gguf, n_parameters};
use crate::weights::safetensors::{WeightFile, files_of};
use amoozgar_types::library::{ModelFacts, StoredAs};
pub(crate) use card_header::CardHeader;
pub(crate) use hub_path::HubPath;
use std::collections::BTreeMap;
use std::path::Path;

/// The licence of a GGUF file's model.
const LICENCE: &str = "general.license";

/// What lies in a model's folder, or in a GGUF file.
///
/// # Errors
/// Where the configuration or the headers of the weights cannot be read.
pub fn about(model: &Path) -> Result<ModelFacts, EngineError> {
    let place = Place::find(model)?;
    let config = &place.config;
    let header = CardHeader::of_model(model)?;
    let (weights, licence) = if let Some(file) = in_gguf(&place.weights)? {
        let gguf = Gguf::open(&file)?;
        let licence = gguf.metadata().text(LICENCE);
        let licence = licence.map_err(|detail| gguf.invalid(detail))?;
        (stored_as(gguf.stored()), licence.map(str::to_owned))
    } else {
        let mut stored = Vec::new();
        for path in files_of(&place.weights)? {
            stored.extend(WeightFile::open(&path)?.stored());
        }
        (stored_as(stored.into_iter()), None)
    };
    Ok(ModelFacts {
        architecture: Some(config.architecture.model_type().to_owned()),
        n_parameters: n_parameters(config),
        context_length: config.max_position_embeddings as u64,
        vocab_size: config.vocab_size as u64,
        n_layers: config.num_hidden_layers as u64,
        weights,
        has_chat_template: place.template()?.is_some(),
        labels: config.labels.clone(),
        licence: header.licence.or(licence),
        base_repo: header.base,
        fertility: place.tokenizer().and_then(|it| fertility::of(&it)).ok(),
    })
}

/// The licence that a model's files name; `None` where they name none, or cannot be read.
pub(crate) fn licence_of(model: &Path) -> Option<String> {
    let header = CardHeader::of_model(model).ok()?;
    header.licence.or_else(|| {
        let gguf = Gguf::open(&in_gguf(model).ok()??).ok()?;
        let licence = gguf.metadata().text(LICENCE).ok()??;
        Some(licence.to_owned())
    })
}

/// Tensors by their types, those with the most bytes first.
fn stored_as(tensors: impl Iterator<Item = (String, u64)>) -> Vec<StoredAs> {
    let mut types = BTreeMap::<String, (u64, u64)>::new();
    for (name, n_bytes) in tensors {
        let (n, bytes) = types.entry(name).or_default();
        (*n, *bytes) = (*n + 1, *bytes + n_bytes);
    }
    let mut types: Vec<StoredAs> = types
        .into_iter()
        .map(|(name, (n_tensors, n_bytes))| StoredAs {
            name,
            n_tensors,
            n_bytes,
        })
        .collect();
    types.sort_by_key(|stored| std::cmp::Reverse(stored.n_bytes));
    types
}
