//! A model as a GGUF file, with its tokenizer, its template and a Modelfile beside it.

use super::checked::{Exported, differs, durably, same_tokens};
use super::modelfile;
use super::watch::{Count, Watch};
use crate::EngineError;
use crate::files;
use crate::gguf::{self, Gguf, Kind, Metadata, Tensor, Value};
use crate::load::{Opened, Place};
use crate::model::{ModelConfig, gguf as form, rope_factors};
use crate::tokenizer::Tokenizer;
use crate::weights::Parameter;
use half::f16;
use std::borrow::Cow;
use std::path::Path;

/// How a GGUF file keeps matrices; vectors are in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 16 bits.
    F16,
    /// 8 bits and a scale for every 32 values.
    Q8,
}

/// Version of the quantized kinds' layouts.
const QUANTIZATION_VERSION: u32 = 2;

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
    if out.extension().is_none_or(|extension| extension != "gguf") {
        return Err(EngineError::InvalidSpec {
            field: "out",
            detail: format!("`{}` does not end with .gguf", out.display()),
        });
    }
    let modelfile = out.with_extension("Modelfile");
    files::must_be_free(&modelfile)?;
    let tokenizer = opened.tokenizer()?;
    let mut metadata = form::settings(config).map_err(invalid)?;
    let kind = kind_of(precision);
    let name = out.file_stem().unwrap_or_default().to_string_lossy();
    put(&mut metadata, "general.name", (*name).into());
    put(&mut metadata, "general.file_type", kind.file_type().into());
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
        kind,
    )
    .map_err(invalid)?;
    let n_bytes: usize = tensors.iter().map(Tensor::n_bytes).sum();
    let count = Count::new(watch, n_bytes as u64);
    let exported = durably(out, |path| {
        gguf::write(path, &metadata, &tensors, &mut |n| count.add(n))?;
        let weights = same_values(path, &tensors, &count)?;
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
    Ok(exported)
}

fn kind_of(precision: Precision) -> Kind {
    match precision {
        Precision::F16 => Kind::F16,
        Precision::Q8 => Kind::Q8_0,
    }
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
    kind: Kind,
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
            kind: kind_for(weight, kind),
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
    Ok(all)
}

/// Vectors and learned positions stay in f32, as llama.cpp's own converter leaves them; rows that are no
/// whole blocks are in 16 bits.
fn kind_for(weight: &Parameter, kind: Kind) -> Kind {
    match *weight.shape.as_slice() {
        [_, width] if width.is_multiple_of(kind.block().0) => kind,
        [_, _] => Kind::F16,
        _ => Kind::F32,
    }
}

/// Reads a file's tensors again, one at a time, and holds them against what was written.
fn same_values(
    path: &Path,
    tensors: &[Tensor<'_>],
    count: &Count<'_>,
) -> Result<String, EngineError> {
    let mut file = Gguf::open(path)?;
    for tensor in tensors {
        let found = file.read(&tensor.name)?;
        let written: Cow<'_, [f32]> = (tensor.values)()?;
        let is_same = match tensor.kind {
            Kind::F16 => found.iter().zip(&*written).all(|(found, &written)| {
                found.to_bits() == f16::from_f32(written).to_f32().to_bits()
            }),
            Kind::Q8_0 => blocks_are_near(&found, &written),
            _ => found
                .iter()
                .zip(&*written)
                .all(|(a, b)| a.to_bits() == b.to_bits()),
        };
        if found.len() != written.len() || !is_same {
            return Err(differs(path, &format!("the tensor `{}`", tensor.name)));
        }
        count.add(tensor.n_bytes() as u64)?;
    }
    Ok(format!("{} tensors", tensors.len()))
}

/// Whether each value is off by no more than half a step of its block, whose scale is an f16.
fn blocks_are_near(found: &[f32], written: &[f32]) -> bool {
    let (width, _) = Kind::Q8_0.block();
    let blocks = found.chunks(width).zip(written.chunks(width));
    blocks.into_iter().all(|(found, written)| {
        let largest = written
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        // Half a step, and the scale's own rounding at the largest value.
        let most = largest * (0.5 / 127.0 + 1.0 / 1024.0) + 1e-7;
        let pairs = found.iter().zip(written);
        pairs
            .into_iter()
            .all(|(found, written)| (found - written).abs() <= most)
    })
}

/// Whether both compute the same; a file keeps numbers in f32, and may know more tokens that end a text.
fn is_same(found: &ModelConfig, written: &ModelConfig) -> bool {
    let narrow = |config: &ModelConfig| {
        let mut config = config.clone();
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
