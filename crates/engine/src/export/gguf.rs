//! A model as a GGUF file, with its tokenizer, its template and a Modelfile beside it.

use super::checked::{Exported, Lossiest, differs, durably, same_tokens};
use super::mixture::{Mixture, Precision};
use super::modelfile;
use super::watch::{Count, Watch};
use crate::EngineError;
use crate::files;
use crate::gguf::{self, Gguf, Kind, Metadata, Tensor, Value};
use crate::load::{Opened, Place};
use crate::model::{ModelConfig, gguf as form, rope_factors};
use crate::tokenizer::Tokenizer;
use crate::weights::Parameter;
use blake3::Hash;
use half::f16;
use std::borrow::Cow;
use std::path::Path;

/// What quantizing may lose of any tensor: with the widest steps, of values as uneven as can be, two thirds.
const MOST_LOST: f64 = 0.7;
/// Version of the quantized kinds' layouts.
pub(super) const QUANTIZATION_VERSION: u32 = 2;

/// Writes the model to the file `out`, and a Modelfile beside it.
pub(super) fn write(
    opened: &Opened,
    precision: Precision,
    out: &Path,
    watch: &Watch<'_>,
) -> Result<Exported, EngineError> {
    let (model, place) = (&opened.model, opened.place());
    let config = model.config();
    let invalid = |detail: String| EngineError::NotExpressible {
        path: place.weights.clone(),
        form: "GGUF",
        detail,
    };
    let modelfile = out.with_extension("Modelfile");
    files::must_be_free(&modelfile)?;
    let tokenizer = opened.tokenizer()?;
    let mut metadata = form::settings(config).map_err(invalid)?;
    let name = out.file_stem().unwrap_or_default().to_string_lossy();
    put(&mut metadata, "general.name", (*name).into());
    put(
        &mut metadata,
        "general.file_type",
        precision.file_type().into(),
    );
    let version = QUANTIZATION_VERSION.into();
    put(&mut metadata, "general.quantization_version", version);
    for (setting, value) in tokenizer
        .to_gguf(config.vocab_size)
        .map_err(invalid)?
        .iter()
    {
        put(&mut metadata, setting, value.clone());
    }
    special_tokens(&mut metadata, config, &tokenizer);
    let template = place.template()?;
    if let Some(template) = &template {
        put(&mut metadata, gguf::CHAT_TEMPLATE, template.as_str().into());
    }
    let tensors = tensors(
        config,
        || model.parameters.iter().map(|(_, weight)| weight),
        precision,
    )
    .map_err(invalid)?;
    let n_bytes: usize = tensors.iter().map(Tensor::n_bytes).sum();
    let count = Count::new(watch, n_bytes as u64);
    let mut lossiest = None;
    let exported = durably(out, |path| {
        let hashes = gguf::write(path, &metadata, &tensors, &mut |n| count.add(n))?;
        let weights;
        (weights, lossiest) = same_values(path, &tensors, &hashes, &count)?;
        let again = Place::find(path)?;
        if !is_same(&again.config, config) {
            return Err(differs(path, "the configuration"));
        }
        let tokens = same_tokens(&tokenizer, &again.tokenizer()?)
            .map_err(|text| differs(path, &format!("the tokens of `{text}`")))?;
        if again.template()? != template {
            return Err(differs(path, "the template"));
        }
        Ok(vec!["settings".to_owned(), weights, tokens])
    })?;
    let ends = config.eos_token_ids.iter();
    let ends: Vec<String> = ends.filter_map(|&id| tokenizer.name(id)).collect();
    let text = modelfile::text(out, config.max_position_embeddings, &ends);
    files::write_new(&modelfile, text.as_bytes())?;
    Ok(Exported {
        lossiest,
        ..exported
    })
}

fn put(metadata: &mut Metadata, name: &str, value: Value) {
    metadata.insert(name, value);
}

/// The tokens that begin and end a text and stand for what no other can say, as far as they are of the
/// vocabulary: a `config.json` may name others.
fn special_tokens(metadata: &mut Metadata, config: &ModelConfig, tokenizer: &Tokenizer) {
    let is_token = |id: &u32| (*id as usize) < config.vocab_size;
    let mut ends = config.eos_token_ids.iter().copied().filter(is_token);
    let tokens = [
        ("bos", config.bos_token_id.filter(is_token)),
        ("eos", ends.next()),
        ("eot", ends.next()),
        ("unknown", tokenizer.unknown()),
    ];
    for (name, id) in tokens {
        if let Some(id) = id {
            let name = format!("tokenizer.ggml.{name}_token_id");
            put(metadata, &name, id.into());
        }
    }
}

/// The model's weights as a file keeps them, and what its angles are divided by.
fn tensors<'a, I>(
    config: &'a ModelConfig,
    weights: impl Fn() -> I,
    precision: Precision,
) -> Result<Vec<Tensor<'a>>, String>
where
    I: Iterator<Item = &'a Parameter>,
{
    let mut all = Vec::new();
    for weight in weights() {
        let name = form::name_of(config, &weight.name)
            .ok_or_else(|| format!("GGUF knows no `{}`", weight.name))?;
        all.push(Tensor {
            name,
            shape: weight.shape.clone(),
            kind: Kind::F32,
            values: Box::new(|| {
                let values = weight.weight.to_f32();
                Ok(form::in_file_order(config, &weight.name, values).into())
            }),
        });
    }
    if let Some((name, factors)) = rope_factors(config) {
        all.push(Tensor {
            name: name.to_owned(),
            shape: vec![factors.len()],
            kind: Kind::F32,
            values: Box::new(move || Ok(factors.clone().into())),
        });
    }
    let names: Vec<String> = all.iter().map(|tensor| tensor.name.clone()).collect();
    let mixture = Mixture::new(precision, config, names.iter().map(String::as_str));
    for tensor in &mut all {
        tensor.kind = mixture.kind(&tensor.name, &tensor.shape);
    }
    Ok(all)
}

/// Reads a file's tensors again, one at a time, and holds them against what was written. Answers with what was
/// checked, and the tensor that lost most.
pub(super) fn same_values(
    path: &Path,
    tensors: &[Tensor<'_>],
    hashes: &[Hash],
    count: &Count<'_>,
) -> Result<(String, Option<Lossiest>), EngineError> {
    let mut file = Gguf::open(path)?;
    let mut lossiest: Option<Lossiest> = None;
    for (tensor, hash) in tensors.iter().zip(hashes) {
        let other = || differs(path, &format!("the tensor `{}`", tensor.name));
        let bytes = file.packed(&tensor.name)?;
        if bytes.kind() != tensor.kind || blake3::hash(bytes.bytes()) != *hash {
            return Err(other());
        }
        let mut found = vec![0.0; bytes.view().len()];
        bytes.view().widen(0, &mut found);
        let written: Cow<'_, [f32]> = (tensor.values)()?;
        let pairs = found.iter().zip(&*written);
        let is_same = match tensor.kind {
            Kind::F32 => pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()),
            Kind::F16 => pairs.into_iter().all(|(found, &written)| {
                found.to_bits() == f16::from_f32(written).to_f32().to_bits()
            }),
            _ => {
                let relative_rmse = relative_rmse(&found, &written);
                if lossiest
                    .as_ref()
                    .is_none_or(|most| most.relative_rmse < relative_rmse)
                {
                    lossiest = Some(Lossiest {
                        tensor: tensor.name.clone(),
                        kind: tensor.kind.name(),
                        relative_rmse,
                    });
                }
                relative_rmse <= MOST_LOST
            }
        };
        if found.len() != written.len() || !is_same {
            return Err(other());
        }
        count.add(tensor.n_bytes() as u64)?;
    }
    Ok((format!("{} tensors", tensors.len()), lossiest))
}

/// The root of the mean squared difference over that of the values.
fn relative_rmse(found: &[f32], written: &[f32]) -> f64 {
    let square = |value: f64| value * value;
    let pairs = found.iter().zip(written);
    let off: f64 = pairs
        .map(|(a, b)| square(f64::from(*a) - f64::from(*b)))
        .sum();
    let all: f64 = written.iter().map(|value| square(f64::from(*value))).sum();
    // Where all values are zeros, whatever is not zero is wrong altogether.
    if off == 0.0 { 0.0 } else { (off / all).sqrt() }
}

/// Whether both compute the same; a file keeps numbers in f32, and may know more tokens that end a text.
fn is_same(found: &ModelConfig, written: &ModelConfig) -> bool {
    let narrow = |config: &ModelConfig| {
        let mut config = form::as_said(config.clone());
        config.norm_eps = f64::from(config.norm_eps as f32);
        config.rope_theta = f64::from(config.rope_theta as f32);
        config.eos_token_ids = Vec::new();
        let is_token = |id: &u32| (*id as usize) < config.vocab_size;
        config.bos_token_id = config.bos_token_id.filter(is_token);
        // A head's width is what scores are divided by where nothing is said.
        let scalar = config.attention.query_scalar;
        config.attention.query_scalar = Some(scalar.unwrap_or(config.head_dim as f64));
        config
    };
    narrow(found) == narrow(written)
}
