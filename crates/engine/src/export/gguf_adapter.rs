//! An adapter alone as a GGUF file, which llama.cpp puts on a model in another file. The form is that of its
//! `convert_lora_to_gguf.py`: both matrices of a map beside each other, the rows of the second in the file's
//! order.

use super::checked::{Exported, durably};
use super::gguf::{QUANTIZATION_VERSION, same_values};
use super::watch::{Count, Watch};
use crate::EngineError;
use crate::gguf::{self, Kind, Tensor};
use crate::load::Opened;
use crate::model::{AdaptedMap, ModelConfig, gguf as form};
use std::path::Path;

/// `general.file_type` of a file in f32.
const ALL_F32: u32 = 0;

/// Writes the adapter of `opened` to the file `out`.
pub(super) fn write(
    opened: &Opened,
    out: &Path,
    watch: &Watch<'_>,
) -> Result<Exported, EngineError> {
    let config = opened.model.config();
    let invalid = |detail: String| EngineError::NotExpressible {
        path: opened.place().weights.clone(),
        form: "GGUF",
        detail,
    };
    let maps = opened.model.adapters();
    // llama.cpp multiplies what an adapter adds by `alpha / rank`, with one alpha for all maps.
    let Some(alpha) = maps.first().map(AdaptedMap::alpha) else {
        return Err(invalid("it has no adapter".to_owned()));
    };
    let mut metadata = form::adapter_settings(config).map_err(invalid)?;
    let name = out.file_stem().unwrap_or_default().to_string_lossy();
    let settings = [
        ("general.name", (*name).into()),
        ("general.file_type", ALL_F32.into()),
        ("general.quantization_version", QUANTIZATION_VERSION.into()),
        ("adapter.type", "lora".into()),
        ("adapter.lora.alpha", f64::from(alpha).into()),
    ];
    for (name, value) in settings {
        metadata.insert(name, value);
    }
    let mut tensors = Vec::new();
    for map in &maps {
        tensors.extend(pair(config, map, alpha).map_err(invalid)?);
    }
    let n_bytes: usize = tensors.iter().map(Tensor::n_bytes).sum();
    let count = Count::new(watch, n_bytes as u64);
    durably(out, |path| {
        let hashes = gguf::write(path, &metadata, &tensors, &mut |n| count.add(n))?;
        let (weights, _) = same_values(path, &tensors, &hashes, &count)?;
        Ok(vec!["settings".to_owned(), weights])
    })
}

/// The two matrices of a map: `A` of shape (R, I) and `B` of shape (O, R).
fn pair<'a>(
    config: &'a ModelConfig,
    map: &AdaptedMap<'a>,
    alpha: f32,
) -> Result<[Tensor<'a>; 2], String> {
    let weight = format!("{}.weight", map.path);
    let name = form::name_of(config, &weight).ok_or_else(|| format!("GGUF knows no `{weight}`"))?;
    let (a, b) = (map.a, map.b);
    // Where a map has a scale of its own, its second matrix has the rest of it.
    let factor = map.alpha() / alpha;
    Ok([
        Tensor {
            name: format!("{name}.lora_a"),
            shape: a.shape.clone(),
            kind: Kind::F32,
            values: Box::new(move || Ok(a.weight.to_f32().into())),
        },
        Tensor {
            name: format!("{name}.lora_b"),
            shape: b.shape.clone(),
            kind: Kind::F32,
            values: Box::new(move || {
                let mut values = form::in_file_order(config, &weight, b.weight.to_f32());
                for value in &mut values {
                    *value *= factor;
                }
                Ok(values.into())
            }),
        },
    ])
}
