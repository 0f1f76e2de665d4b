//! A Llama-style decoder (Touvron et al., 2023) in operations that carry gradients.

use super::LlamaConfig;
use crate::EngineError;
use crate::ops;
use crate::random::Keyed;
use candle_core::{DType, Device, IndexOp, Result, Tensor, Var};
use std::collections::BTreeMap;
use std::path::Path;

/// Standard deviation of fresh matrices.
const INIT_STD: f64 = 0.02;

/// The model. Its tensors share their storage with the variables it was made of, so that an
/// optimizer's update is seen at once.
#[derive(Debug, Clone)]
pub struct Llama {
    config: LlamaConfig,
    embedding: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: Tensor,
    cos: Tensor,
    sin: Tensor,
    mask: Tensor,
}

#[derive(Debug, Clone)]
struct Layer {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    o: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
    norm_attention: Tensor,
    norm_mlp: Tensor,
}

/// Keys and values of the tokens so far, one pair `(1, K, S, D)` a layer.
#[derive(Debug, Default)]
pub struct KvCache {
    layers: Vec<Option<(Tensor, Tensor)>>,
    n_tokens: usize,
}

impl KvCache {
    /// Tokens held.
    pub fn len(&self) -> usize {
        self.n_tokens
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.n_tokens == 0
    }
}

impl Llama {
    /// Fresh weights, each a function of the seed and its name.
    ///
    /// # Errors
    /// Where memory lacks.
    pub fn init(config: &LlamaConfig, seed: u64) -> Result<BTreeMap<String, Var>> {
        // Projections into the residual stream start smaller, as in GPT-2.
        let residual = INIT_STD / (2.0 * config.num_hidden_layers as f64).sqrt();
        config
            .parameters()
            .into_iter()
            .map(|(name, shape)| {
                let n: usize = shape.iter().product();
                let values: Vec<f32> = if shape.len() == 1 {
                    vec![1.0; n]
                } else {
                    let std = if name.contains("o_proj") || name.contains("down_proj") {
                        residual
                    } else {
                        INIT_STD
                    };
                    let stream = Keyed::new(seed, &name);
                    (0..n as u64)
                        .map(|index| (stream.normal(index) * std) as f32)
                        .collect()
                };
                Ok((
                    name,
                    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)?,
                ))
            })
            .collect()
    }

    /// The weights of a model's folder, in f32.
    ///
    /// # Errors
    /// Where `model.safetensors` is missing, damaged, or does not fit `config`.
    pub fn read_weights(
        config: &LlamaConfig,
        model_dir: &Path,
    ) -> std::result::Result<BTreeMap<String, Tensor>, EngineError> {
        let path = model_dir.join("model.safetensors");
        let invalid = |detail: String| EngineError::InvalidModel {
            path: model_dir.to_path_buf(),
            detail,
        };
        let bytes = crate::files::read(&path)?;
        let mut found = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
            .map_err(|source| invalid(format!("model.safetensors: {source}")))?;
        config
            .parameters()
            .into_iter()
            .map(|(name, shape)| {
                let tensor = found
                    .remove(&name)
                    .ok_or_else(|| invalid(format!("the weight `{name}` is missing")))?;
                if tensor.dims() != shape {
                    return Err(invalid(format!(
                        "the weight `{name}` is {:?}, not {shape:?}",
                        tensor.dims()
                    )));
                }
                Ok((name, tensor.to_dtype(DType::F32)?))
            })
            .collect()
    }

    /// A model over these weights, for sequences of up to `context` tokens.
    ///
    /// # Errors
    /// Where a weight is missing.
    pub fn new(
        config: &LlamaConfig,
        weights: &BTreeMap<String, Tensor>,
        context: usize,
    ) -> Result<Self> {
        let get = |name: &str| {
            weights
                .get(name)
                .cloned()
                .ok_or_else(|| candle_core::Error::Msg(format!("the weight `{name}` is missing")))
        };
        let embedding = get("model.embed_tokens.weight")?;
        let layers = (0..config.num_hidden_layers)
            .map(|index| {
                let part = |name: &str| get(&format!("model.layers.{index}.{name}.weight"));
                Ok(Layer {
                    q: part("self_attn.q_proj")?,
                    k: part("self_attn.k_proj")?,
                    v: part("self_attn.v_proj")?,
                    o: part("self_attn.o_proj")?,
                    gate: part("mlp.gate_proj")?,
                    up: part("mlp.up_proj")?,
                    down: part("mlp.down_proj")?,
                    norm_attention: part("input_layernorm")?,
                    norm_mlp: part("post_attention_layernorm")?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let head = if config.tie_word_embeddings {
            embedding.clone()
        } else {
            get("lm_head.weight")?
        };
        let (cos, sin) = rotary_tables(config, context)?;
        Ok(Self {
            config: config.clone(),
            norm: get("model.norm.weight")?,
            embedding,
            layers,
            head,
            cos,
            sin,
            mask: causal_mask(context)?,
        })
    }

    /// The model over trainable variables.
    ///
    /// # Errors
    /// Where a weight is missing.
    pub fn over_variables(
        config: &LlamaConfig,
        variables: &BTreeMap<String, Var>,
        context: usize,
    ) -> Result<Self> {
        let weights = variables
            .iter()
            .map(|(name, var)| (name.clone(), var.as_tensor().clone()))
            .collect();
        Self::new(config, &weights, context)
    }

    /// The configuration.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Logits `(B * T, V)` f32 of the tokens `(B, T)` u32.
    ///
    /// # Errors
    /// Where `T` exceeds the model's context or a token its vocabulary.
    pub fn forward(&self, tokens: &Tensor) -> Result<Tensor> {
        let hidden = self.hidden(tokens, None)?;
        ops::linear(&hidden, &self.head)
    }

    /// Mean negative log-likelihood of `targets` `(B, T)` after `tokens` `(B, T)`: a scalar.
    ///
    /// # Errors
    /// As [`Llama::forward`].
    pub fn loss(&self, tokens: &Tensor, targets: &Tensor) -> Result<Tensor> {
        ops::nll(&self.forward(tokens)?, &targets.flatten_all()?)?.mean_all()
    }

    /// Logits `(V)` after the last of `tokens` `(1, T)`, which follow those in `cache`.
    ///
    /// # Errors
    /// As [`Llama::forward`].
    pub fn next_logits(&self, tokens: &Tensor, cache: &mut KvCache) -> Result<Tensor> {
        cache.layers.resize_with(self.layers.len(), || None);
        let hidden = self.hidden(tokens, Some(cache))?;
        cache.n_tokens += tokens.dim(1)?;
        let last = hidden.narrow(0, hidden.dim(0)? - 1, 1)?;
        ops::linear(&last, &self.head)?.i(0)
    }

    /// Final hidden states `(B * T, D)`.
    fn hidden(&self, tokens: &Tensor, mut cache: Option<&mut KvCache>) -> Result<Tensor> {
        let (b, t) = tokens.dims2()?;
        let start = cache.as_ref().map_or(0, |cache| cache.n_tokens);
        let cos = self.cos.narrow(0, start, t)?;
        let sin = self.sin.narrow(0, start, t)?;
        let mask = (t > 1)
            .then(|| {
                self.mask
                    .narrow(0, start, t)?
                    .narrow(1, 0, start + t)?
                    .contiguous()
            })
            .transpose()?;
        let mut x = self.embedding.index_select(&tokens.flatten_all()?, 0)?;
        for (index, layer) in self.layers.iter().enumerate() {
            let slot = cache.as_mut().and_then(|cache| cache.layers.get_mut(index));
            let normed = ops::rms_norm(&x, &layer.norm_attention, self.config.rms_norm_eps)?;
            x = (x + self.attend(layer, &normed, (b, t), (&cos, &sin), mask.as_ref(), slot)?)?;
            let normed = ops::rms_norm(&x, &layer.norm_mlp, self.config.rms_norm_eps)?;
            let inner = ops::swiglu(
                &ops::linear(&normed, &layer.gate)?,
                &ops::linear(&normed, &layer.up)?,
            )?;
            x = (x + ops::linear(&inner, &layer.down)?)?;
        }
        ops::rms_norm(&x, &self.norm, self.config.rms_norm_eps)
    }

    fn attend(
        &self,
        layer: &Layer,
        x: &Tensor,
        (b, t): (usize, usize),
        (cos, sin): (&Tensor, &Tensor),
        mask: Option<&Tensor>,
        cache: Option<&mut Option<(Tensor, Tensor)>>,
    ) -> Result<Tensor> {
        let d = self.config.head_dim();
        let heads = |x: Tensor, n: usize| x.reshape((b, t, n, d))?.transpose(1, 2)?.contiguous();
        let (n_heads, n_kv) = (
            self.config.num_attention_heads,
            self.config.num_key_value_heads,
        );
        let q = ops::rope(&heads(ops::linear(x, &layer.q)?, n_heads)?, cos, sin)?;
        let mut k = ops::rope(&heads(ops::linear(x, &layer.k)?, n_kv)?, cos, sin)?;
        let mut v = heads(ops::linear(x, &layer.v)?, n_kv)?;
        if let Some(slot) = cache {
            if let Some((before_k, before_v)) = slot.take() {
                k = Tensor::cat(&[&before_k, &k], 2)?;
                v = Tensor::cat(&[&before_v, &v], 2)?;
            }
            *slot = Some((k.clone(), v.clone()));
        }
        let mixed = ops::attention(&q, &k, &v, mask)?;
        let mixed = mixed.transpose(1, 2)?.reshape((b * t, n_heads * d))?;
        ops::linear(&mixed, &layer.o)
    }
}

/// `cos` and `sin` `(context, D/2)` of the rotary angles.
fn rotary_tables(config: &LlamaConfig, context: usize) -> Result<(Tensor, Tensor)> {
    let half = config.head_dim() / 2;
    let angles: Vec<f32> = (0..context)
        .flat_map(|position| {
            (0..half).map(move |pair| {
                // f32 throughout, as transformers computes them.
                let exponent = (2 * pair) as f32 / (2 * half) as f32;
                position as f32 * (1.0 / (config.rope_theta as f32).powf(exponent))
            })
        })
        .collect();
    let angles = Tensor::from_vec(angles, (context, half), &Device::Cpu)?;
    Ok((angles.cos()?, angles.sin()?))
}

/// `(context, context)`: 0 where a query may look, minus infinity on what follows it.
fn causal_mask(context: usize) -> Result<Tensor> {
    let mask: Vec<f32> = (0..context)
        .flat_map(|query| {
            (0..context).map(move |key| if key > query { f32::NEG_INFINITY } else { 0.0 })
        })
        .collect();
    Tensor::from_vec(mask, (context, context), &Device::Cpu)
}
