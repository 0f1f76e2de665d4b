//! A transformer as its parts and their order: which weights, which norms where, which activation. It
//! holds no values; [`Network::block`] is the one description of a block for every family, in training,
//! evaluation and generation. Which weights a block has is said by the family.

use super::ModelConfig;
use super::facts::NormPlacement;
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::kernels::segments::Segments;
use crate::tape::{HeadShape, Linear, Tape, Value};
use crate::weights::{ParameterId, Parameters};
use std::ops::Range;

/// The parts of a model.
#[derive(Debug, Clone)]
pub struct Network {
    pub(super) embedding: Embedding,
    pub(super) blocks: Vec<Block>,
    pub(super) end: End,
    /// Width of the residual stream.
    pub(super) width: usize,
    norms: NormPlacement,
    heads: HeadShape,
    mask: Mask,
    rotates: bool,
    eps: f32,
}

/// From tokens to the residual stream.
#[derive(Debug, Clone)]
pub(super) struct Embedding {
    pub(super) tokens: ParameterId,
    /// Learned positions.
    pub(super) positions: Option<ParameterId>,
    /// Learned kinds of segments.
    pub(super) kinds: Option<ParameterId>,
    pub(super) norm: Option<Norm>,
}

impl Embedding {
    /// Tokens alone.
    pub(super) fn plain(tokens: ParameterId) -> Self {
        Self {
            tokens,
            positions: None,
            kinds: None,
            norm: None,
        }
    }
}

/// From the residual stream to what is predicted.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// The next token, of a vocabulary.
    Tokens { norm: Norm, head: ParameterId },
    /// One of a few classes, from the first token of each sequence.
    Classes { pooler: Linear, classifier: Linear },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Norm {
    Rms {
        weight: ParameterId,
    },
    Layer {
        weight: ParameterId,
        bias: ParameterId,
    },
}

/// One transformer block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) q: Linear,
    pub(super) k: Linear,
    pub(super) v: Linear,
    pub(super) o: Linear,
    /// Norms of each head's queries and keys.
    pub(super) head_norms: Option<[ParameterId; 2]>,
    pub(super) mlp: Mlp,
    pub(super) attention_norm: Norm,
    pub(super) mlp_norm: Norm,
}

/// The hidden layer between two sums.
#[derive(Debug, Clone)]
pub(super) enum Mlp {
    SwiGlu {
        gate: Linear,
        up: Linear,
        down: Linear,
    },
    Gelu {
        up: Linear,
        down: Linear,
        kind: gelu::Kind,
    },
}

impl Network {
    /// One block: attention and the hidden layer, each added to the residual stream.
    pub(super) fn block<'a>(&'a self, tape: &mut Tape<'a>, index: usize, x: Value) -> Value {
        let block = &self.blocks[index];
        match self.norms {
            NormPlacement::Before => {
                let normed = self.norm(tape, block.attention_norm, x);
                let x = self.attend(tape, block, x, normed);
                let normed = self.norm(tape, block.mlp_norm, x);
                Self::hidden_layer(tape, block, x, normed)
            }
            NormPlacement::After => {
                let sum = self.attend(tape, block, x, x);
                let x = self.norm(tape, block.attention_norm, sum);
                let sum = Self::hidden_layer(tape, block, x, x);
                self.norm(tape, block.mlp_norm, sum)
            }
        }
    }

    /// `residual + attention(x)`.
    fn attend<'a>(
        &'a self,
        tape: &mut Tape<'a>,
        block: &'a Block,
        residual: Value,
        x: Value,
    ) -> Value {
        let (mut q, mut k) = (tape.linear(x, &block.q), tape.linear(x, &block.k));
        let v = tape.linear(x, &block.v);
        if let Some([q_norm, k_norm]) = block.head_norms {
            q = tape.rms_norm(q, q_norm, self.eps);
            k = tape.rms_norm(k, k_norm, self.eps);
        }
        if self.rotates {
            q = tape.rope(q, self.heads.head_dim);
            k = tape.rope(k, self.heads.head_dim);
        }
        let mixed = tape.attention([q, k, v], self.heads, self.mask);
        tape.linear_onto(residual, mixed, &block.o)
    }

    /// `residual + hidden_layer(x)`.
    fn hidden_layer<'a>(tape: &mut Tape<'a>, block: &'a Block, residual: Value, x: Value) -> Value {
        match &block.mlp {
            Mlp::SwiGlu { gate, up, down } => {
                let (gate, up) = (tape.linear(x, gate), tape.linear(x, up));
                let inner = tape.swiglu(gate, up);
                tape.linear_onto(residual, inner, down)
            }
            Mlp::Gelu { up, down, kind } => {
                let inner = tape.linear(x, up);
                let inner = tape.gelu(inner, *kind);
                tape.linear_onto(residual, inner, down)
            }
        }
    }

    /// Tokens and positions to the residual stream `(N, D)`.
    pub(super) fn embed(&self, tape: &mut Tape<'_>, tokens: &[u32], positions: &[u32]) -> Value {
        let Embedding {
            tokens: table,
            positions: learned,
            kinds,
            norm,
        } = &self.embedding;
        let mut tables = vec![(*table, tokens.to_vec())];
        tables.extend(learned.map(|table| (table, positions.to_vec())));
        // Every sequence is one text, of the first kind.
        tables.extend(kinds.map(|table| (table, vec![0; tokens.len()])));
        let x = tape.embed(tables, self.width);
        match norm {
            Some(norm) => self.norm(tape, *norm, x),
            None => x,
        }
    }

    /// The norm `norm` of `x`.
    pub(super) fn norm(&self, tape: &mut Tape<'_>, norm: Norm, x: Value) -> Value {
        match norm {
            Norm::Rms { weight } => tape.rms_norm(x, weight, self.eps),
            Norm::Layer { weight, bias } => tape.layer_norm(x, weight, bias, self.eps),
        }
    }

    /// Every linear map of the blocks, to be adapted.
    pub(super) fn linears_mut(&mut self) -> impl Iterator<Item = &mut Linear> {
        self.blocks.iter_mut().flat_map(|block| {
            let mlp: Vec<&mut Linear> = match &mut block.mlp {
                Mlp::SwiGlu { gate, up, down } => vec![gate, up, down],
                Mlp::Gelu { up, down, .. } => vec![up, down],
            };
            [&mut block.q, &mut block.k, &mut block.v, &mut block.o]
                .into_iter()
                .chain(mlp)
        })
    }

    /// Every linear map of the blocks.
    pub(super) fn linears(&self) -> impl Iterator<Item = &Linear> {
        self.blocks.iter().flat_map(|block| {
            let mlp = match &block.mlp {
                Mlp::SwiGlu { gate, up, down } => vec![gate, up, down],
                Mlp::Gelu { up, down, .. } => vec![up, down],
            };
            [&block.q, &block.k, &block.v, &block.o]
                .into_iter()
                .chain(mlp)
        })
    }

    /// Pairs of a token and one that it sees, itself included.
    pub(super) fn pairs(&self, segments: &Segments) -> u64 {
        let of_one = |len: u64| match self.mask {
            Mask::Causal => len * (len + 1) / 2,
            Mask::Bidirectional => len * len,
        };
        segments.iter().map(|span| of_one(span.len() as u64)).sum()
    }

    /// The parts of `config`'s model among `parameters`.
    ///
    /// # Errors
    /// Where a weight is missing.
    pub fn new(config: &ModelConfig, parameters: &Parameters) -> Result<Self, EngineError> {
        let find = Finder { parameters };
        let (family, facts) = (config.architecture.family(), config.facts());
        let blocks = (0..config.num_hidden_layers).map(|layer| family.block(config, layer, &find));
        let (embedding, end) = family.ends(config, &find)?;
        Ok(Self {
            embedding,
            blocks: blocks.collect::<Result<_, _>>()?,
            end,
            width: config.hidden_size,
            norms: facts.norms,
            heads: config.heads(),
            mask: facts.mask,
            rotates: config.rotates(),
            eps: config.norm_eps as f32,
        })
    }
}

/// Finds the weights of parts by their names.
pub(super) struct Finder<'a> {
    parameters: &'a Parameters,
}

impl Finder<'_> {
    pub(super) fn weight(&self, path: &str) -> Result<ParameterId, EngineError> {
        self.parameters.id(&format!("{path}.weight"))
    }

    /// The map `path`, with its bias where it has one.
    pub(super) fn linear(&self, path: &str) -> Result<Linear, EngineError> {
        let weight = self.weight(path)?;
        let n_out = self.parameters.get(weight).shape.first().copied();
        self.part(path, 0..n_out.unwrap_or(0))
    }

    /// The rows `rows` of the map `path`.
    pub(super) fn part(&self, path: &str, rows: Range<usize>) -> Result<Linear, EngineError> {
        let weight = self.weight(path)?;
        let n_in = self.parameters.get(weight).shape.last().copied();
        Ok(Linear {
            weight,
            rows,
            n_in: n_in.unwrap_or(0),
            bias: self.parameters.id(&format!("{path}.bias")).ok(),
            adapter: None,
        })
    }

    pub(super) fn rms(&self, path: &str) -> Result<Norm, EngineError> {
        Ok(Norm::Rms {
            weight: self.weight(path)?,
        })
    }

    pub(super) fn layer(&self, path: &str) -> Result<Norm, EngineError> {
        Ok(Norm::Layer {
            weight: self.weight(path)?,
            bias: self.parameters.id(&format!("{path}.bias"))?,
        })
    }

    /// The head: the embedding's own matrix, or one beside it.
    pub(super) fn head(
        &self,
        config: &ModelConfig,
        embedding: ParameterId,
    ) -> Result<ParameterId, EngineError> {
        if config.tie_word_embeddings {
            Ok(embedding)
        } else {
            self.weight("lm_head")
        }
    }
}
