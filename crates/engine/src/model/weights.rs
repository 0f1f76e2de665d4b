//! Names and shapes of a model's weights in transformers' words; fresh ones, and ones read from a
//! folder in the Hub's form.

use super::{Architecture, ModelConfig};
use crate::EngineError;
use crate::random::Keyed;
use crate::weights::safetensors::WeightFiles;
use crate::weights::{Layout, Parameter, Parameters, Role, Storage, Weight};
use rayon::prelude::*;
use std::path::Path;

/// Standard deviation of fresh matrices.
const INIT_STD: f64 = 0.02;

/// How fresh values are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Init {
    /// Normal, of this deviation.
    Normal(f64),
    One,
    Zero,
}

/// One weight of an architecture. The shape is that of memory: a matrix is `(O, I)`.
#[derive(Debug, Clone)]
struct Spec {
    name: String,
    shape: Vec<usize>,
    layout: Layout,
    init: Init,
}

/// Fresh weights, each a function of the seed and its name.
pub fn init(config: &ModelConfig, seed: u64) -> Parameters {
    let mut parameters = Parameters::default();
    for spec in specs(config) {
        parameters.add(spec.fresh(seed));
    }
    parameters
}

/// Names and shapes in memory.
pub(crate) fn shapes(config: &ModelConfig) -> Vec<(String, Vec<usize>)> {
    specs(config)
        .into_iter()
        .map(|spec| (spec.name, spec.shape))
        .collect()
}

/// Paths and shapes `(O, I)` of the blocks' linear maps.
pub(crate) fn block_maps(config: &ModelConfig) -> Vec<(String, [usize; 2])> {
    specs(config)
        .into_iter()
        .filter(|spec| {
            [".layers.", ".layer.", ".h."]
                .iter()
                .any(|at| spec.name.contains(at))
        })
        .filter_map(|spec| match *spec.shape.as_slice() {
            [n_out, n_in] => {
                let path = spec.name.trim_end_matches(".weight").to_owned();
                Some((path, [n_out, n_in]))
            }
            _ => None,
        })
        .collect()
}

/// Weights in all, counted by value.
pub fn n_parameters(config: &ModelConfig) -> u64 {
    specs(config)
        .iter()
        .map(|spec| spec.shape.iter().product::<usize>() as u64)
        .sum()
}

/// Whether a folder's classes are those that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classes {
    /// They are read where they are there.
    Kept,
    /// Others are wanted: their weights are drawn anew.
    Fresh,
}

/// The weights of a model's folder, matrices kept as `storage`, vectors in f32. The classes' weights, which a model of plain
/// text lacks, are drawn from `seed`.
///
/// # Errors
/// Where a weight is missing, damaged, or does not fit `config`.
pub fn read_weights(
    config: &ModelConfig,
    model_dir: &Path,
    storage: Storage,
    seed: u64,
    classes: Classes,
) -> Result<Parameters, EngineError> {
    let invalid = |detail: String| EngineError::InvalidModel {
        path: model_dir.to_path_buf(),
        detail,
    };
    let mut files = WeightFiles::open(model_dir)?;
    let mut parameters = Parameters::default();
    for spec in specs(config) {
        let fresh = classes == Classes::Fresh && spec.name.starts_with("classifier.");
        let found = spec
            .names_in_files()
            .into_iter()
            .find(|name| !fresh && files.contains(name));
        let Some(name) = found else {
            if spec.name.starts_with("classifier.") || spec.name.starts_with("bert.pooler.") {
                parameters.add(spec.fresh(seed));
                continue;
            }
            return Err(invalid(format!("the weight `{}` is missing", spec.name)));
        };
        let (shape, values) = files.read(&name)?;
        let mut parameter = spec.holding(Vec::new());
        if shape != parameter.file_shape() {
            return Err(invalid(format!(
                "the weight `{name}` is {shape:?}, not {:?}",
                parameter.file_shape()
            )));
        }
        let values = parameter.in_memory_order(values);
        parameter.weight = match *parameter.shape.as_slice() {
            [_, width] => Weight::store(values, width, storage),
            _ => Weight::F32(values),
        };
        parameters.add(parameter);
    }
    Ok(parameters)
}

impl Spec {
    fn new(name: String, shape: Vec<usize>, init: Init) -> Self {
        Self {
            name,
            shape,
            layout: Layout::Plain,
            init,
        }
    }

    fn holding(&self, values: Vec<f32>) -> Parameter {
        Parameter {
            name: self.name.clone(),
            shape: self.shape.clone(),
            weight: Weight::F32(values),
            layout: self.layout,
            role: Role::Trained,
        }
    }

    fn fresh(&self, seed: u64) -> Parameter {
        let n: usize = self.shape.iter().product();
        self.holding(match self.init {
            Init::One => vec![1.0; n],
            Init::Zero => vec![0.0; n],
            Init::Normal(std) => {
                let stream = Keyed::new(seed, &self.name);
                (0..n as u64)
                    .into_par_iter()
                    .map(|index| (stream.normal(index) * std) as f32)
                    .collect()
            }
        })
    }

    /// The names under which files of the Hub keep it: its own; without the class's prefix, as the
    /// bare model is saved; and with the norms' words of BERT's first release.
    fn names_in_files(&self) -> Vec<String> {
        let bare = ["model.", "transformer.", "bert."]
            .iter()
            .find_map(|prefix| self.name.strip_prefix(prefix));
        let mut names: Vec<String> = [self.name.as_str()]
            .into_iter()
            .chain(bare)
            .map(str::to_owned)
            .collect();
        for index in 0..names.len() {
            let old = names[index]
                .replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta");
            names.push(old);
        }
        names
    }
}

fn specs(config: &ModelConfig) -> Vec<Spec> {
    let mut all = match config.architecture {
        Architecture::Gpt2 => gpt2(config),
        Architecture::Bert => bert(config),
        Architecture::Llama | Architecture::Qwen2 | Architecture::Qwen3 => rotating(config),
    };
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Deviation of the projections into the residual stream, which start smaller (as in GPT-2).
fn residual_std(config: &ModelConfig) -> f64 {
    INIT_STD / (2.0 * config.num_hidden_layers as f64).sqrt()
}

fn rotating(config: &ModelConfig) -> Vec<Spec> {
    let (d, ff, head) = (
        config.hidden_size,
        config.intermediate_size,
        config.head_dim,
    );
    let q = config.num_attention_heads * head;
    let kv = config.num_key_value_heads * head;
    let matrix = |name: String, shape: [usize; 2]| {
        let small = name.contains("o_proj") || name.contains("down_proj");
        let std = if small {
            residual_std(config)
        } else {
            INIT_STD
        };
        Spec::new(format!("{name}.weight"), shape.to_vec(), Init::Normal(std))
    };
    let norm = |name: String, width| Spec::new(format!("{name}.weight"), vec![width], Init::One);
    let mut all = vec![
        matrix("model.embed_tokens".to_owned(), [config.vocab_size, d]),
        norm("model.norm".to_owned(), d),
    ];
    if !config.tie_word_embeddings {
        all.push(matrix("lm_head".to_owned(), [config.vocab_size, d]));
    }
    for layer in 0..config.num_hidden_layers {
        let at = |name: &str| format!("model.layers.{layer}.{name}");
        all.extend([
            matrix(at("self_attn.q_proj"), [q, d]),
            matrix(at("self_attn.k_proj"), [kv, d]),
            matrix(at("self_attn.v_proj"), [kv, d]),
            matrix(at("self_attn.o_proj"), [d, q]),
            matrix(at("mlp.gate_proj"), [ff, d]),
            matrix(at("mlp.up_proj"), [ff, d]),
            matrix(at("mlp.down_proj"), [d, ff]),
            norm(at("input_layernorm"), d),
            norm(at("post_attention_layernorm"), d),
        ]);
        if config.architecture == Architecture::Qwen2 {
            let biases = [("q_proj", q), ("k_proj", kv), ("v_proj", kv)];
            all.extend(biases.map(|(name, width)| {
                let name = at(&format!("self_attn.{name}.bias"));
                Spec::new(name, vec![width], Init::Zero)
            }));
        }
        if config.architecture == Architecture::Qwen3 {
            all.push(norm(at("self_attn.q_norm"), head));
            all.push(norm(at("self_attn.k_norm"), head));
        }
    }
    all
}

/// A matrix with its bias.
fn affine(name: &str, [n_out, n_in]: [usize; 2], std: f64, layout: Layout) -> [Spec; 2] {
    [
        Spec {
            layout,
            ..Spec::new(
                format!("{name}.weight"),
                vec![n_out, n_in],
                Init::Normal(std),
            )
        },
        Spec::new(format!("{name}.bias"), vec![n_out], Init::Zero),
    ]
}

fn layer_norm(name: &str, width: usize) -> [Spec; 2] {
    [
        Spec::new(format!("{name}.weight"), vec![width], Init::One),
        Spec::new(format!("{name}.bias"), vec![width], Init::Zero),
    ]
}

fn table(name: &str, rows: usize, width: usize) -> Spec {
    Spec::new(
        format!("{name}.weight"),
        vec![rows, width],
        Init::Normal(INIT_STD),
    )
}

fn gpt2(config: &ModelConfig) -> Vec<Spec> {
    let (d, ff) = (config.hidden_size, config.intermediate_size);
    let mut all = vec![
        table("transformer.wte", config.vocab_size, d),
        table("transformer.wpe", config.max_position_embeddings, d),
    ];
    all.extend(layer_norm("transformer.ln_f", d));
    if !config.tie_word_embeddings {
        all.push(table("lm_head", config.vocab_size, d));
    }
    for layer in 0..config.num_hidden_layers {
        let at = |name: &str| format!("transformer.h.{layer}.{name}");
        let conv = |name: &str, shape, std| affine(&at(name), shape, std, Layout::Transposed);
        all.extend(layer_norm(&at("ln_1"), d));
        all.extend(layer_norm(&at("ln_2"), d));
        all.extend(conv("attn.c_attn", [3 * d, d], INIT_STD));
        all.extend(conv("attn.c_proj", [d, d], residual_std(config)));
        all.extend(conv("mlp.c_fc", [ff, d], INIT_STD));
        all.extend(conv("mlp.c_proj", [d, ff], residual_std(config)));
    }
    all
}

fn bert(config: &ModelConfig) -> Vec<Spec> {
    let (d, ff) = (config.hidden_size, config.intermediate_size);
    let embedding = |name: &str| format!("bert.embeddings.{name}");
    let mut all = vec![
        table(&embedding("word_embeddings"), config.vocab_size, d),
        table(
            &embedding("position_embeddings"),
            config.max_position_embeddings,
            d,
        ),
        table(
            &embedding("token_type_embeddings"),
            config.type_vocab_size,
            d,
        ),
    ];
    let dense = |name: &str, shape| affine(name, shape, INIT_STD, Layout::Plain);
    all.extend(layer_norm(&embedding("LayerNorm"), d));
    all.extend(dense("bert.pooler.dense", [d, d]));
    all.extend(dense("classifier", [config.n_labels, d]));
    for layer in 0..config.num_hidden_layers {
        let at = |name: &str| format!("bert.encoder.layer.{layer}.{name}");
        all.extend(dense(&at("attention.self.query"), [d, d]));
        all.extend(dense(&at("attention.self.key"), [d, d]));
        all.extend(dense(&at("attention.self.value"), [d, d]));
        all.extend(dense(&at("attention.output.dense"), [d, d]));
        all.extend(layer_norm(&at("attention.output.LayerNorm"), d));
        all.extend(dense(&at("intermediate.dense"), [ff, d]));
        all.extend(dense(&at("output.dense"), [d, ff]));
        all.extend(layer_norm(&at("output.LayerNorm"), d));
    }
    all
}
