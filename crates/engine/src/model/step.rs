//! A model with its weights, and the gradients of a micro-batch: the walk of a training step is
//! [`Model::gradients`].

use super::blocks::Blocks;
use super::lora::{self, AdaptedMap};
use super::network::End;
use super::{ModelConfig, Network, init};
use crate::EngineError;
use crate::kernels::cross_entropy::{self, Gradients as HeadGradients, Head, Loss};
use crate::kernels::matmul::Precision;
use crate::kernels::rope;
use crate::kernels::segments::Segments;
use crate::random::Keyed;
use crate::tape::{Buffer, Context, Gradients, Input, Policy, Pool, Tape};
use crate::weights::adapter::{AdapterConfig, Held, LoraConfig};
use crate::weights::safetensors::{self, Entry};
use crate::weights::{ParameterId, Parameters, Storage};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A model with its weights.
#[derive(Debug)]
pub struct Model {
    pub(super) config: ModelConfig,
    pub(super) network: Network,
    /// The weights; an optimizer changes them here.
    pub parameters: Parameters,
    rotations: Vec<rope::Table>,
    pub(super) pool: Pool,
    pub(super) precision: Precision,
}

/// Tokens that go through a model together, and what it is to predict.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `(N)`.
    pub tokens: Vec<u32>,
    /// Where sequences begin and end in the N rows.
    pub segments: Segments,
    /// For a decoder `(N)`: what follows each token, or [`cross_entropy::IGNORE`]. For an encoder the
    /// class of each sequence, or of each token `(N)`.
    pub targets: Vec<u32>,
}

/// How the gradients of a micro-batch are computed.
#[derive(Debug, Clone, Copy)]
pub struct StepContext {
    /// What is kept from the forward pass.
    pub policy: Policy,
    /// Factor of the gradients: 1 over the targets of the whole optimizer step gives its mean.
    pub scale: f32,
    /// Draws the adapters' dropout; `None` leaves nothing out.
    pub dropout: Option<Keyed>,
}

impl Batch {
    /// Targets that count.
    pub fn n_targets(&self) -> usize {
        self.targets
            .iter()
            .filter(|&&target| target != cross_entropy::IGNORE)
            .count()
    }
}

impl Model {
    /// A model of fresh weights.
    ///
    /// # Errors
    /// Where the configuration contradicts itself.
    pub fn init(config: &ModelConfig, seed: u64) -> Result<Self, EngineError> {
        config.check().map_err(|detail| EngineError::InvalidSpec {
            field: "model",
            detail,
        })?;
        Self::over(config, init(config, seed))
    }

    /// Writes every weight to a safetensors file, by transformers' names and in f32.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_weights(&self, path: &Path) -> Result<(), EngineError> {
        let entries = self.parameters.iter().map(|(_, weight)| Entry::of(weight));
        safetensors::write(path, entries.collect()).map(drop)
    }

    /// A model over these weights.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn over(config: &ModelConfig, parameters: Parameters) -> Result<Self, EngineError> {
        Ok(Self {
            network: Network::new(config, &parameters)?,
            config: config.clone(),
            parameters,
            rotations: config.rotations(),
            pool: Pool::default(),
            precision: Precision::F32,
        })
    }

    /// The precision of products from here on.
    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// Freezes the weights, keeping matrices as `storage`, and adds fresh adapters, which alone are
    /// trained from here on. Answers with the last parts of the adapted maps' paths.
    ///
    /// # Errors
    /// Where `config` names no map of this model.
    pub fn adapt(
        &mut self,
        config: &LoraConfig,
        storage: Storage,
        seed: u64,
    ) -> Result<Vec<String>, EngineError> {
        lora::adapt(
            &mut self.network,
            &mut self.parameters,
            &AdapterConfig::from(config.clone()),
            storage,
            seed,
        )
    }

    /// Freezes the weights, keeping matrices as `storage`, and puts an adapter of these settings and
    /// `values` (by PEFT's names) on them, which came from `adapter_dir`. Whole weights among them take the
    /// places of the model's.
    ///
    /// # Errors
    /// Where a value is missing, or the adapter was made for another model; the error names the weight and both
    /// shapes.
    pub(crate) fn put_adapter(
        &mut self,
        config: &AdapterConfig,
        mut values: BTreeMap<String, Held>,
        storage: Storage,
        adapter_dir: &Path,
    ) -> Result<(), EngineError> {
        let invalid = |detail: String| EngineError::InvalidModel {
            path: adapter_dir.to_path_buf(),
            detail,
        };
        let (network, parameters) = (&mut self.network, &mut self.parameters);
        lora::put_whole(&self.config, parameters, config, &mut values).map_err(invalid)?;
        lora::adapt(network, parameters, config, storage, 0)?;
        let trained = parameters.trained();
        let maps: Vec<(String, Vec<usize>)> = trained
            .map(|(_, weight)| (weight.name.clone(), weight.shape.clone()))
            .collect();
        for (name, shape) in maps {
            lora::must_fit(&name, values.get(&name), &shape).map_err(invalid)?;
            if let Some(held) = values.remove(&name) {
                parameters.set(&name, held.values)?;
            }
        }
        match values.keys().next() {
            Some(name) => Err(invalid(format!("the model has no place for `{name}`"))),
            None => Ok(()),
        }
    }

    /// The adapted maps.
    pub(crate) fn adapters(&self) -> Vec<AdaptedMap<'_>> {
        lora::adapters(&self.network, &self.parameters)
    }

    /// Last parts of the adapted maps' paths.
    pub(crate) fn adapted(&self) -> Vec<String> {
        let adapted = self.network.linears().filter(|map| map.adapter.is_some());
        let names = adapted.filter_map(|map| {
            let name = &self.parameters.get(map.weight).name;
            let path = name.trim_end_matches(".weight");
            path.rsplit('.').next().map(str::to_owned)
        });
        let names: BTreeSet<String> = names.collect();
        names.into_iter().collect()
    }

    /// Adds what the adapters add to the weights they adapt, and drops them.
    pub fn merge(&mut self) {
        lora::merge(&mut self.network, &mut self.parameters);
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Frees the buffers that wait for their next use.
    pub fn let_go_of_buffers(&self) {
        self.pool.clear();
    }

    /// The loss of a micro-batch; the gradients of its sum, times `step.scale`, are added to
    /// `gradients`. Forward through embedding and blocks to the loss, then the same way back.
    pub fn gradients(
        &self,
        batch: &Batch,
        step: &StepContext,
        gradients: &mut Gradients,
    ) -> Result<Loss, EngineError> {
        self.there_and_back(batch, step, gradients, |context, x, gradients| {
            self.end(context, x, &batch.targets, step.scale, gradients)
        })
    }

    /// Forward through embedding and blocks to `end`, which answers with the loss and the gradient of the last
    /// block's result, then the same way back.
    pub(super) fn there_and_back<T>(
        &self,
        batch: &Batch,
        step: &StepContext,
        gradients: &mut Gradients,
        end: impl FnOnce(&Context<'_>, Buffer, &mut Gradients) -> (T, Option<Buffer>),
    ) -> Result<T, EngineError> {
        let positions = self.checked_positions(batch.tokens.as_slice(), &batch.segments, 0)?;
        let context = Context {
            dropout: step.dropout,
            ..self.context(&batch.segments, &positions)
        };

        let mut embedding = Tape::recording(&context);
        let embedded = self
            .network
            .embed(&mut embedding, &batch.tokens, &positions);
        let mut x = embedding.take(embedded);
        let tracked = if embedding.has_gradient(embedded) {
            Input::Tracked
        } else {
            Input::Untracked
        };

        let mut blocks = Blocks::new(self, &context, step.policy, tracked);
        for _ in 0..self.network.blocks.len() {
            x = blocks.forward(x);
        }

        let (loss, mut dx) = end(&context, x, gradients);
        for _ in 0..self.network.blocks.len() {
            dx = blocks.backward(dx, gradients);
            // The block's gradients take the place of what was kept for them.
            self.pool.make_room(gradients.take_grown());
        }
        match dx {
            Some(dx) if tracked == Input::Tracked => {
                embedding.backward(embedded, dx, gradients);
            }
            _ => drop(embedding.dismantle(None)),
        }
        Ok(loss)
    }

    /// From the last block's result to the loss and the gradient of that result.
    pub(super) fn end(
        &self,
        context: &Context<'_>,
        x: Buffer,
        targets: &[u32],
        scale: f32,
        gradients: &mut Gradients,
    ) -> (Loss, Option<Buffer>) {
        let mut tape = Tape::recording(context);
        // The classes of a frozen model may be all that is trained: the input counts as tracked.
        let x = tape.input(x, self.network.width, Input::Tracked);
        match &self.network.end {
            End::Tokens { norm, head } => {
                let hidden = self.network.norm(&mut tape, *norm, x);
                let mut dhidden = self.pool.take(tape.values(hidden).len());
                let loss = cross_entropy::forward_backward(
                    tape.values(hidden),
                    self.head(*head),
                    targets,
                    HeadGradients {
                        dhidden: &mut dhidden,
                        dhead: gradients.get_mut(*head),
                        scale,
                    },
                );
                (loss, tape.backward(hidden, dhidden, gradients))
            }
            End::Classes(head) => {
                let logits = self.network.class_logits(&mut tape, head, x);
                let mut dlogits = tape.take(logits);
                let loss = cross_entropy::classes(&mut dlogits, targets, scale);
                (loss, tape.backward(logits, dlogits, gradients))
            }
        }
    }

    pub(super) fn head(&self, head: ParameterId) -> Head<'_> {
        Head {
            weight: self.parameters.matrix(head),
            width: self.network.width,
            precision: self.precision,
        }
    }

    pub(super) fn context<'a>(
        &'a self,
        segments: &'a Segments,
        positions: &'a [u32],
    ) -> Context<'a> {
        self.pool.expect_rows(segments.n_rows());
        Context {
            parameters: &self.parameters,
            pool: &self.pool,
            segments,
            positions,
            rotations: &self.rotations,
            precision: self.precision,
            dropout: None,
        }
    }

    /// Each row's position, counted from `start`, once tokens and lengths are known to fit the model.
    pub(super) fn checked_positions(
        &self,
        tokens: &[u32],
        segments: &Segments,
        start: usize,
    ) -> Result<Vec<u32>, EngineError> {
        let vocab_size = self.config.vocab_size;
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocab_size) {
            return Err(EngineError::TokenOutOfRange { token, vocab_size });
        }
        let longest = segments.iter().map(|span| span.len()).max().unwrap_or(0);
        let context = self.config.max_position_embeddings;
        if longest + start > context || tokens.len() != segments.n_rows() {
            return Err(EngineError::InvalidSpec {
                field: "context",
                detail: format!("{} tokens exceed the model's {context}", longest + start),
            });
        }
        let mut positions = segments.positions();
        for position in &mut positions {
            *position += start as u32;
        }
        Ok(positions)
    }
}
