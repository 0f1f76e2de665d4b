//! A transformer as its parts and their order: which weights, which norms where, which activation. It
//! holds no values; [`Network::block`] is the one description of a block for every family, in training,
//! evaluation and generation. Which weights a block has is said by the family.

use super::ModelConfig;
use super::ends::InnerActivation;
pub(super) use super::ends::{ClassHead, Embedding, End, Norm};
use super::facts::{NormPlacement, Sorted};
use super::mixer::{Mixer, Sight};
use crate::EngineError;
use crate::kernels::attention::Mask;
use crate::kernels::gelu;
use crate::kernels::segments::Segments;
use crate::tape::{Factors, Linear, RmsNorm, Tape, Value};
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
    /// What each block sees and how.
    sights: Vec<Sight>,
    eps: f32,
}

/// One transformer block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) mixer: Mixer,
    /// From what is mixed to the residual stream.
    pub(super) o: Linear,
    pub(super) mlp: Mlp,
    pub(super) attention_norm: Norm,
    pub(super) mlp_norm: Norm,
    /// Norms of what attention and the hidden layer give, where norms stand around them.
    pub(super) norms_behind: Option<[Norm; 2]>,
}

/// The hidden layer between two sums.
#[derive(Debug, Clone)]
pub(super) enum Mlp {
    SwiGlu {
        gate: Linear,
        up: Linear,
        down: Linear,
    },
    GeGlu {
        gate: Linear,
        up: Linear,
        down: Linear,
        kind: gelu::Kind,
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
        let (block, sight) = (&self.blocks[index], self.sights[index]);
        match (self.norms, block.norms_behind) {
            (NormPlacement::After, _) => {
                let mixed = self.mix(tape, &block.mixer, sight, x);
                let sum = tape.linear_onto(x, mixed, &block.o);
                let x = self.norm(tape, block.attention_norm, sum);
                let (inner, down) = Self::inner(tape, block, x);
                let sum = tape.linear_onto(x, inner, down);
                self.norm(tape, block.mlp_norm, sum)
            }
            (NormPlacement::Around, Some([behind_attention, behind_mlp])) => {
                let normed = self.norm(tape, block.attention_norm, x);
                let mixed = self.mix(tape, &block.mixer, sight, normed);
                let attended = tape.linear(mixed, &block.o);
                let x = self.norm_onto(tape, behind_attention, x, attended);
                let normed = self.norm(tape, block.mlp_norm, x);
                let (inner, down) = Self::inner(tape, block, normed);
                let hidden = tape.linear(inner, down);
                self.norm_onto(tape, behind_mlp, x, hidden)
            }
            (NormPlacement::Before | NormPlacement::Around, _) => {
                let normed = self.norm(tape, block.attention_norm, x);
                let mixed = self.mix(tape, &block.mixer, sight, normed);
                let x = tape.linear_onto(x, mixed, &block.o);
                let normed = self.norm(tape, block.mlp_norm, x);
                let (inner, down) = Self::inner(tape, block, normed);
                tape.linear_onto(x, inner, down)
            }
        }
    }

    /// The hidden layer of `x`, and its last map.
    fn inner<'a>(tape: &mut Tape<'a>, block: &'a Block, x: Value) -> (Value, &'a Linear) {
        match &block.mlp {
            Mlp::SwiGlu { gate, up, down } => {
                let (gate, up) = (tape.linear(x, gate), tape.linear(x, up));
                (tape.swiglu(gate, up), down)
            }
            Mlp::GeGlu {
                gate,
                up,
                down,
                kind,
            } => {
                let (gate, up) = (tape.linear(x, gate), tape.linear(x, up));
                (tape.geglu(gate, up, *kind), down)
            }
            Mlp::Gelu { up, down, kind } => {
                let inner = tape.linear(x, up);
                (tape.gelu(inner, *kind), down)
            }
        }
    }

    /// Tokens and positions to the residual stream `(N, D)`.
    pub(super) fn embed(&self, tape: &mut Tape<'_>, tokens: &[u32], positions: &[u32]) -> Value {
        let Embedding {
            tokens: table,
            positions: learned,
            first_position,
            kinds,
            norm,
            scale,
        } = &self.embedding;
        let mut tables = vec![(*table, tokens.to_vec())];
        let rows = || positions.iter().map(|position| position + first_position);
        tables.extend(learned.map(|table| (table, rows().collect())));
        // Every sequence is one text, of the first kind.
        tables.extend(kinds.map(|table| (table, vec![0; tokens.len()])));
        let x = tape.embed(tables, self.width, *scale);
        match norm {
            Some(norm) => self.norm(tape, *norm, x),
            None => x,
        }
    }

    /// The last block's result `x` `(N, D)` to logits `(sequences, classes)`, or `(N, classes)` where each
    /// token is sorted.
    pub(super) fn class_logits<'a>(
        &'a self,
        tape: &mut Tape<'a>,
        head: &'a ClassHead,
        x: Value,
    ) -> Value {
        // A norm looks at one row alone, so only those that are sorted are normed.
        let mut x = match head.sorted {
            Sorted::First => tape.first_rows(x),
            Sorted::Mean | Sorted::Each => x,
        };
        if let Some(norm) = head.norm {
            x = self.norm(tape, norm, x);
        }
        if head.sorted == Sorted::Mean {
            x = tape.mean_rows(x);
        }
        if let Some(inner) = &head.inner {
            x = tape.linear(x, &inner.map);
            x = match inner.activation {
                InnerActivation::Tanh => tape.tanh(x),
                InnerActivation::Relu => tape.relu(x),
                InnerActivation::Gelu(kind) => tape.gelu(x, kind),
            };
            if let Some(norm) = inner.norm {
                x = self.norm(tape, norm, x);
            }
        }
        tape.linear(x, &head.classifier)
    }

    /// The norm `norm` of `x`.
    pub(super) fn norm(&self, tape: &mut Tape<'_>, norm: Norm, x: Value) -> Value {
        match norm {
            Norm::Rms { weight, factors } => tape.rms_norm(x, self.rms(weight, factors)),
            Norm::Layer { weight, bias } => tape.layer_norm(x, weight, bias, self.eps),
            Norm::Absent => x,
        }
    }

    /// `residual` and the norm `norm` of `x`.
    fn norm_onto(&self, tape: &mut Tape<'_>, norm: Norm, residual: Value, x: Value) -> Value {
        match norm {
            Norm::Rms { weight, factors } => {
                tape.rms_norm_onto(residual, x, self.rms(weight, factors))
            }
            Norm::Layer { .. } | Norm::Absent => {
                unreachable!("BUG: no family has such norms within its sums")
            }
        }
    }

    fn rms(&self, weight: ParameterId, factors: Factors) -> RmsNorm {
        RmsNorm {
            weight,
            factors,
            eps: self.eps,
        }
    }

    /// Every linear map of the blocks, to be adapted.
    pub(super) fn linears_mut(&mut self) -> impl Iterator<Item = &mut Linear> {
        self.blocks.iter_mut().flat_map(|block| {
            let mlp: Vec<&mut Linear> = match &mut block.mlp {
                Mlp::SwiGlu { gate, up, down } | Mlp::GeGlu { gate, up, down, .. } => {
                    vec![gate, up, down]
                }
                Mlp::Gelu { up, down, .. } => vec![up, down],
            };
            let mixer = block.mixer.linears_mut().into_iter();
            mixer.chain([&mut block.o]).chain(mlp)
        })
    }

    /// Every linear map of the blocks.
    pub(super) fn linears(&self) -> impl Iterator<Item = &Linear> {
        self.blocks.iter().flat_map(|block| {
            let mlp = match &block.mlp {
                Mlp::SwiGlu { gate, up, down } | Mlp::GeGlu { gate, up, down, .. } => {
                    vec![gate, up, down]
                }
                Mlp::Gelu { up, down, .. } => vec![up, down],
            };
            let mixer = block.mixer.linears().into_iter();
            mixer.chain([&block.o]).chain(mlp)
        })
    }

    /// Pairs of a token and one that it sees, itself included, in all blocks of attention together.
    pub(super) fn pairs(&self, segments: &Segments) -> u64 {
        let causal = |len: u64| len * (len + 1) / 2;
        let of_one = |mask: Mask, len: u64| match mask {
            Mask::Causal => causal(len),
            Mask::Sliding { window } => causal(len) - causal(len.saturating_sub(window as u64)),
            Mask::Near { reach } => {
                let farthest = (reach as u64).min(len.saturating_sub(1));
                len + 2 * farthest * len - farthest * (farthest + 1)
            }
            Mask::Bidirectional => len * len,
        };
        let of_block = |sight: &Sight| -> u64 {
            let mask = sight.shape.mask;
            segments
                .iter()
                .map(|span| of_one(mask, span.len() as u64))
                .sum()
        };
        let blocks = self.blocks.iter().zip(&self.sights);
        blocks
            .filter(|(block, _)| matches!(block.mixer, Mixer::Attention(_)))
            .map(|(_, sight)| of_block(sight))
            .sum()
    }

    /// Values of the states of all blocks of linear attention together.
    pub(super) fn state_len(&self) -> usize {
        let of_block = |block: &Block| match &block.mixer {
            Mixer::DeltaNet(delta) => delta.rule.shape.state_len(),
            Mixer::Attention(_) => 0,
        };
        self.blocks.iter().map(of_block).sum()
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
            sights: (0..config.num_hidden_layers)
                .map(|layer| Sight {
                    shape: config
                        .heads()
                        .attention(config.mask(layer), config.score_scale()),
                    rotation: config.rotation(layer),
                })
                .collect(),
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
        self.rms_with(path, Factors::Weight)
    }

    pub(super) fn rms_with(&self, path: &str, factors: Factors) -> Result<Norm, EngineError> {
        Ok(Norm::Rms {
            weight: self.weight(path)?,
            factors,
        })
    }

    /// The weight called `name`.
    pub(super) fn named(&self, name: &str) -> Result<ParameterId, EngineError> {
        self.parameters.id(name)
    }

    pub(super) fn layer(&self, path: &str) -> Result<Norm, EngineError> {
        Ok(Norm::Layer {
            weight: self.weight(path)?,
            bias: Some(self.parameters.id(&format!("{path}.bias"))?),
        })
    }

    /// A norm that adds nothing to what it multiplies.
    pub(super) fn layer_without_bias(&self, path: &str) -> Result<Norm, EngineError> {
        Ok(Norm::Layer {
            weight: self.weight(path)?,
            bias: None,
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
