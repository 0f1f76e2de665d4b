//! A model in a GGUF file: its configuration from the file's settings, its weights from the tensors, and both
//! back again. What a family's settings and tensors are called is said by the family ([`InGguf`]).
//!
//! **What is not understood is refused by name**: a setting of the family that nothing read may change a
//! number, and a tensor without a place in the model is part of a computation that is not this one.

use super::families::Architecture;
use super::fields::limits;
use super::in_gguf::{InGguf, Order, ROPE_FACTORS, Settings};
use super::specs::{Unfit, WeightSpec, specs};
use super::{ModelConfig, families};
use crate::EngineError;
use crate::gguf::{END_TOKENS, Gguf, Metadata, Packed};
use crate::weights::{Parameters, Storage, Weight};
use std::collections::BTreeSet;
use std::path::Path;

/// The embedding of tokens.
const EMBEDDING: &str = "token_embd.weight";
/// A head of its own.
const HEAD: &str = "output.weight";

/// The family of an open file; the error names what else it is.
fn family_of(metadata: &Metadata) -> Result<(Architecture, &'static dyn InGguf), String> {
    let architecture = metadata
        .text("general.architecture")?
        .ok_or("the file lacks `general.architecture`")?;
    let kind = metadata.text("general.type")?.unwrap_or("model");
    if architecture == "clip" || kind == "mmproj" {
        return Err(format!(
            "it is an `mmproj` (`{architecture}`), which reads pictures for a model and writes nothing itself: name the model's own file"
        ));
    }
    if kind != "model" {
        return Err(format!("it holds an `{kind}` and no model"));
    }
    Architecture::all()
        .find_map(|family| {
            let in_gguf = families::in_gguf(family)?;
            (in_gguf.architecture() == architecture).then_some((family, in_gguf))
        })
        .ok_or_else(|| format!("the architecture `{architecture}` is not known"))
}

/// The configuration of the model in the file at `path`.
///
/// # Errors
/// Where the file is damaged, of another architecture, or says what is not understood.
pub(super) fn load(path: &Path) -> Result<ModelConfig, EngineError> {
    let mut gguf = Gguf::open(path)?;
    let factors = match gguf.shape(ROPE_FACTORS) {
        Some(shape) if shape.iter().product::<usize>() <= limits::HEAD_WIDTH => {
            Some(gguf.read(ROPE_FACTORS)?)
        }
        Some(shape) => return Err(gguf.invalid(format!("`{ROPE_FACTORS}` is {shape:?}"))),
        None => None,
    };
    config_of(&gguf, factors.as_deref()).map_err(|detail| gguf.invalid(detail))
}

fn config_of(gguf: &Gguf, rope_factors: Option<&[f32]>) -> Result<ModelConfig, String> {
    let metadata = gguf.metadata();
    let (_, family) = family_of(metadata)?;
    let embedding = gguf.shape(EMBEDDING);
    let rows = embedding.and_then(|shape| shape.first().copied());
    let vocab_size = rows.ok_or_else(|| format!("the file lacks `{EMBEDDING}`"))?;
    let names = gguf.names().collect();
    let settings = Settings::new(
        metadata,
        family.architecture(),
        names,
        rope_factors,
        vocab_size,
    );
    settings.must_equal("vocab_size", settings.vocab_size)?;
    settings.pass_over(&["tensor_data_layout"]);
    let config = family.read(&settings)?;
    settings.must_be_read()?;
    let token = |name: &str| metadata.token(&format!("tokenizer.ggml.{name}_token_id"));
    let config = ModelConfig {
        tie_word_embeddings: !settings.has_tensor(HEAD),
        bos_token_id: token("bos")?,
        eos_token_ids: ends(metadata)?,
        ..config
    };
    config.check()?;
    Ok(config)
}

/// The tokens that end a text: those that the file names, and such as are known by their text.
fn ends(metadata: &Metadata) -> Result<Vec<u32>, String> {
    let mut ends = Vec::new();
    for name in ["eos", "eot", "eom"] {
        ends.extend(metadata.token(&format!("tokenizer.ggml.{name}_token_id"))?);
    }
    let tokens = metadata.texts("tokenizer.ggml.tokens")?.unwrap_or_default();
    let known = tokens.iter().map(String::as_str).zip(0..);
    ends.extend(
        known
            .filter(|(token, _)| END_TOKENS.contains(token))
            .map(|(_, id)| id),
    );
    let mut seen = BTreeSet::new();
    ends.retain(|id| seen.insert(*id));
    Ok(ends)
}

/// GGUF's name of the weight `name` of transformers.
pub(crate) fn name_of(config: &ModelConfig, name: &str) -> Option<String> {
    let family = config.architecture.family();
    let in_gguf = families::in_gguf(config.architecture)?;
    let (path, kind) = name.rsplit_once('.')?;
    let within = path
        .strip_prefix(family.block_path())
        .and_then(|rest| rest.strip_prefix('.'));
    let Some(within) = within else {
        return Some(format!("{}.{kind}", in_gguf.end(path)?));
    };
    let (block, part) = within.split_once('.')?;
    Some(format!("blk.{block}.{}.{kind}", in_gguf.part(part)?))
}

/// The configuration with a head that the file stores beside an equal embedding taken for that.
pub(super) fn as_stored(config: ModelConfig, path: &Path) -> Result<ModelConfig, EngineError> {
    if config.tie_word_embeddings {
        return Ok(config);
    }
    let mut gguf = Gguf::open(path)?;
    Ok(ModelConfig {
        tie_word_embeddings: gguf.are_equal(HEAD, EMBEDDING)?,
        ..config
    })
}

/// The weights of the file at `path`, matrices stored as `storage` (no more than one is in f32 at a time),
/// vectors in f32.
///
/// # Errors
/// Where a weight is missing, damaged, does not fit `config`, or has no place in it.
pub(super) fn read_weights(
    config: &ModelConfig,
    path: &Path,
    storage: Storage,
) -> Result<Parameters, EngineError> {
    let mut gguf = Gguf::open(path)?;
    let mut unused: BTreeSet<String> = gguf.names().map(str::to_owned).collect();
    unused.remove(ROPE_FACTORS);
    if config.tie_word_embeddings {
        unused.remove(HEAD);
    }
    let mut parameters = Parameters::default();
    for spec in specs(config) {
        let name = name_of(config, &spec.name)
            .ok_or_else(|| gguf.invalid(format!("GGUF knows no `{}`", spec.name)))?;
        let Some(shape) = gguf.shape(&name) else {
            return Err(gguf.invalid(format!("the weight `{name}` is missing")));
        };
        if shape != spec.shape {
            let detail = format!("the weight `{name}` is {shape:?}, not {:?}", spec.shape);
            return Err(gguf.invalid(detail));
        }
        unused.remove(&name);
        let weight = match spec.shape.len() {
            2 if storage == Storage::File => as_in_file(config, &spec.name, gguf.packed(&name)?),
            _ => to_memory(config, &spec, gguf.read(&name)?, storage),
        };
        parameters.add(spec.holding(weight));
    }
    match unused.first() {
        None => Ok(parameters),
        Some(name) => Err(gguf.invalid(format!("the model has no place for the tensor `{name}`"))),
    }
}

/// Every weight that [`read_weights`] would refuse for its name or its shape.
///
/// # Errors
/// Where the headers cannot be read.
pub(super) fn unfit_weights(config: &ModelConfig, path: &Path) -> Result<Vec<Unfit>, EngineError> {
    let gguf = Gguf::open(path)?;
    let mut unfit = Vec::new();
    for spec in specs(config) {
        let name = name_of(config, &spec.name).unwrap_or(spec.name);
        match gguf.shape(&name) {
            None => unfit.push(Unfit::Missing { name }),
            Some(shape) if shape != spec.shape => unfit.push(Unfit::Shape {
                found: shape.to_vec(),
                needed: spec.shape,
                name,
            }),
            Some(_) => {}
        }
    }
    Ok(unfit)
}

/// A matrix as the file keeps it, its rows in memory's order.
fn as_in_file(config: &ModelConfig, name: &str, packed: Packed) -> Weight {
    let Order::Pairs { n_heads } = order(config, name) else {
        return Weight::as_in_file(packed);
    };
    let n_rows = n_heads * config.head_dim;
    let bytes = reordered(packed.bytes(), n_rows, config.head_dim, Way::FromFile);
    Weight::as_in_file(Packed::new(packed.kind(), bytes))
}

/// How files keep a weight's values.
fn order(config: &ModelConfig, name: &str) -> Order {
    let family = families::in_gguf(config.architecture);
    family.map_or(Order::Plain, |family| family.order(config, name))
}

fn to_memory(
    config: &ModelConfig,
    spec: &WeightSpec,
    values: Vec<f32>,
    storage: Storage,
) -> Weight {
    let values = reorder(config, &spec.name, values, Way::FromFile);
    match *spec.shape.as_slice() {
        [_, width] => Weight::store(values, width, storage),
        _ => Weight::F32(values),
    }
}

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    FromFile,
    ToFile,
}

/// A weight's values, given in memory's order, as a file keeps them.
pub(crate) fn in_file_order(config: &ModelConfig, name: &str, values: Vec<f32>) -> Vec<f32> {
    reorder(config, name, values, Way::ToFile)
}

fn reorder(config: &ModelConfig, name: &str, mut values: Vec<f32>, way: Way) -> Vec<f32> {
    match order(config, name) {
        Order::Plain => {}
        Order::PlusOne => {
            let one = match way {
                Way::FromFile => -1.0,
                Way::ToFile => 1.0,
            };
            for value in &mut values {
                *value += one;
            }
        }
        Order::Pairs { n_heads } => {
            let n_rows = n_heads * config.head_dim;
            return reordered(&values, n_rows, config.head_dim, way);
        }
    }
    values
}

/// The rows of each head with its pairs beside each other, or half a head apart.
fn reordered<T: Copy>(values: &[T], n_rows: usize, head_dim: usize, way: Way) -> Vec<T> {
    let (width, half) = (values.len() / n_rows.max(1), head_dim / 2);
    let from = |row: usize| {
        let (head, at) = (row / head_dim, row % head_dim);
        let at = match way {
            Way::FromFile => 2 * (at % half) + at / half,
            Way::ToFile => at / 2 + at % 2 * half,
        };
        head * head_dim + at
    };
    let rows = (0..n_rows).map(from);
    rows.flat_map(|row| {
        values
            .get(row * width..(row + 1) * width)
            .unwrap_or_default()
    })
    .copied()
    .collect()
}

/// The configuration as a file says it: of the first family of the same name in GGUF, and without a window
/// that holds the whole context.
pub(crate) fn as_said(mut config: ModelConfig) -> ModelConfig {
    let name_of = |family| families::in_gguf(family).map(InGguf::architecture);
    let own = name_of(config.architecture);
    let first = Architecture::all().find(|&family| name_of(family) == own);
    if let Some(first) = first.filter(|_| own.is_some()) {
        config.architecture = first;
    }
    let context = config.max_position_embeddings;
    config.attention.sliding = config
        .attention
        .sliding
        .filter(|sliding| sliding.rope_theta.is_some() || sliding.window < context);
    config
}

/// The settings of a file that holds an adapter on the model of `config`; the error names a family without a
/// form.
pub(crate) fn adapter_settings(config: &ModelConfig) -> Result<Metadata, String> {
    let family = in_gguf_of(config)?;
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", family.architecture().into());
    metadata.insert("general.type", "adapter".into());
    Ok(metadata)
}

fn in_gguf_of(config: &ModelConfig) -> Result<&'static dyn InGguf, String> {
    families::in_gguf(config.architecture)
        .ok_or_else(|| format!("`{}` has no form in GGUF", config.architecture.model_type()))
}

/// The settings of `config` as a file has them; the error names what GGUF cannot say.
pub(crate) fn settings(config: &ModelConfig) -> Result<Metadata, String> {
    let family = in_gguf_of(config)?;
    let mut metadata = Metadata::default();
    metadata.insert("general.architecture", family.architecture().into());
    metadata.insert("general.type", "model".into());
    for (name, value) in family.write(config)? {
        metadata.insert(&format!("{}.{name}", family.architecture()), value);
    }
    let name = format!("{}.vocab_size", family.architecture());
    metadata.insert(&name, config.vocab_size.into());
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::{Way, reordered};

    #[test]
    fn rows_that_lie_in_pairs_come_apart_and_together_again() {
        // Two heads of four rows, two values each.
        let values: Vec<f32> = (0..16_u8).map(f32::from).collect();
        let apart = reordered(&values, 8, 4, Way::FromFile);
        assert_eq!(
            apart[..8],
            [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0],
            "even rows, then odd ones"
        );
        assert_eq!(reordered(&apart, 8, 4, Way::ToFile), values);
    }
}
