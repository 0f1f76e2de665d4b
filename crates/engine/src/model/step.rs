//! A model with its weights, and what is done with it: the gradients of a micro-batch, the loss of a
//! text, the tokens that may follow. The walk of a training step is [`Model::gradients`].

use super::lora;
use super::network::End;
use super::{KvCache, LayerCache, LoraConfig, ModelConfig, Network, init, read_weights};
use crate::EngineError;
use crate::kernels::cross_entropy::{self, Gradients as HeadGradients, Head, Loss};
use crate::kernels::matmul::{self, Precision};
use crate::kernels::rope;
use crate::kernels::segments::Segments;
use crate::random::Keyed;
use crate::safetensors_file::{self, Entry};
use crate::tape::{
    Buffer, Context, Gradients, Input, Parameters, Policy, Pool, Role, Storage, Tape, Value,
};
use std::path::Path;
use std::time::Instant;

/// A model with its weights.
#[derive(Debug)]
pub struct Model {
    config: ModelConfig,
    network: Network,
    /// The weights; an optimizer changes them here.
    pub parameters: Parameters,
    rotations: Option<rope::Table>,
    pool: Pool,
    precision: Precision,
}

/// Tokens that go through a model together, and what it is to predict.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `(N)`.
    pub tokens: Vec<u32>,
    /// Where sequences begin and end in the N rows.
    pub segments: Segments,
    /// For a decoder `(N)`: what follows each token, or [`cross_entropy::IGNORE`]. For an encoder the
    /// class of each sequence.
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

/// Seconds of the parts of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartTimes {
    /// The embedding, there and back.
    pub(crate) embedding_s: f64,
    /// A block forward.
    pub(crate) forward_s: f64,
    /// A block back.
    pub(crate) backward_s: f64,
    /// The last norm, the head and the loss, there and back.
    pub(crate) end_s: f64,
}

impl PartTimes {
    /// What every measurement is faster than.
    pub(crate) fn slowest() -> Self {
        Self {
            embedding_s: f64::INFINITY,
            forward_s: f64::INFINITY,
            backward_s: f64::INFINITY,
            end_s: f64::INFINITY,
        }
    }

    /// The lesser of each part.
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            embedding_s: self.embedding_s.min(other.embedding_s),
            forward_s: self.forward_s.min(other.forward_s),
            backward_s: self.backward_s.min(other.backward_s),
            end_s: self.end_s.min(other.end_s),
        }
    }
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
        Self::over(config, init(config, seed))
    }

    /// The model in a folder of the Hub's form, in f32. Classes that it does not know yet are drawn
    /// from `seed`.
    ///
    /// # Errors
    /// Where the folder is incomplete or of an architecture that is not known.
    pub fn load(model_dir: &Path, seed: u64) -> Result<Self, EngineError> {
        Self::load_as(model_dir, Storage::F32, seed)
    }

    /// The same with matrices kept as `storage`, to be frozen: no more than one is in f32 at a time.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_as(model_dir: &Path, storage: Storage, seed: u64) -> Result<Self, EngineError> {
        let config = ModelConfig::load(model_dir)?;
        let weights = read_weights(&config, model_dir, storage, seed)?;
        Self::over(&config, weights)
    }

    /// Writes every weight to a safetensors file, by transformers' names and in f32.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_weights(&self, path: &Path) -> Result<(), EngineError> {
        let entries = self.parameters.iter().map(|(_, weight)| Entry::of(weight));
        safetensors_file::write(path, entries.collect()).map(drop)
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
            rotations: config.architecture.rotates().then(|| {
                rope::Table::new(
                    config.head_dim,
                    config.rope_theta,
                    config.max_position_embeddings,
                )
            }),
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
            config,
            storage,
            seed,
        )
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

        let (loss, mut dx) = self.end(&context, x, &batch.targets, step.scale, gradients);
        for _ in 0..self.network.blocks.len() {
            dx = blocks.backward(dx, gradients);
        }
        match dx {
            Some(dx) if tracked == Input::Tracked => {
                embedding.backward(embedded, dx, gradients);
            }
            _ => drop(embedding.dismantle(None)),
        }
        Ok(loss)
    }

    /// The walk of [`Model::gradients`] over the first block, with the time of each of its parts.
    pub(crate) fn timed(
        &self,
        batch: &Batch,
        step: &StepContext,
        gradients: &mut Gradients,
    ) -> Result<PartTimes, EngineError> {
        let positions = self.checked_positions(&batch.tokens, &batch.segments, 0)?;
        let context = self.context(&batch.segments, &positions);
        let mut clock = Instant::now();
        let mut lap = || {
            let lap = clock.elapsed().as_secs_f64();
            clock = Instant::now();
            lap
        };
        let mut embedding = Tape::recording(&context);
        let embedded = self
            .network
            .embed(&mut embedding, &batch.tokens, &positions);
        let x = embedding.take(embedded);
        let embedded_s = lap();
        let mut blocks = Blocks::new(self, &context, step.policy, Input::Tracked);
        let x = blocks.forward(x);
        let forward_s = lap();
        let (_, dx) = self.end(&context, x, &batch.targets, step.scale, gradients);
        let end_s = lap();
        let dx = blocks.backward(dx, gradients);
        let backward_s = lap();
        if let Some(dx) = dx {
            embedding.backward(embedded, dx, gradients);
        }
        Ok(PartTimes {
            embedding_s: embedded_s + lap(),
            forward_s,
            backward_s,
            end_s,
        })
    }

    /// From the last block's result to the loss and the gradient of that result.
    fn end(
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
            End::Classes { pooler, classifier } => {
                let first = tape.first_rows(x);
                let pooled = tape.linear(first, pooler);
                let pooled = tape.tanh(pooled);
                let logits = tape.linear(pooled, classifier);
                let mut dlogits = tape.take(logits);
                let loss = cross_entropy::classes(&mut dlogits, targets, scale);
                (loss, tape.backward(logits, dlogits, gradients))
            }
        }
    }

    /// Floating-point operations of one training step over `batch`, recomputation not counted: two for
    /// each weight and row forward, as many for the gradient of what went in and again for that of a
    /// trained weight; attention's two products forward and twice that back, over the pairs seen.
    pub fn step_flops(&self, batch: &Batch) -> u64 {
        let (n, n_targets) = (batch.tokens.len() as u64, batch.n_targets() as u64);
        let parameter = |id| self.parameters.get(id);
        let passes = |id| match parameter(id).role {
            Role::Trained => 3,
            Role::Frozen => 2,
        };
        let linear = |linear: &crate::tape::Linear, rows: u64| {
            let own = (linear.n_in * linear.n_out()) as u64 * passes(linear.weight);
            let adapter = linear.adapter.as_ref().map_or(0, |adapter| {
                3 * (adapter.rank * (linear.n_in + linear.n_out())) as u64
            });
            2 * rows * (own + adapter)
        };
        let maps: u64 = self.network.linears().map(|map| linear(map, n)).sum();
        let end = match &self.network.end {
            End::Tokens { head, .. } => {
                2 * n_targets * parameter(*head).len() as u64 * passes(*head)
            }
            End::Classes { pooler, classifier } => {
                linear(pooler, n_targets) + linear(classifier, n_targets)
            }
        };
        let pairs = self.network.pairs(&batch.segments);
        let width = (self.config.num_attention_heads * self.config.head_dim) as u64;
        let attention = 3 * 4 * pairs * width * self.network.blocks.len() as u64;
        maps + end + attention
    }

    /// The loss of a batch.
    ///
    /// # Errors
    /// Where a token or a sequence is beyond what the model knows.
    pub fn loss(&self, batch: &Batch) -> Result<Loss, EngineError> {
        let positions = self.checked_positions(&batch.tokens, &batch.segments, 0)?;
        let context = self.context(&batch.segments, &positions);
        let hidden = self.hidden(&context, &batch.tokens, None);
        let loss = match &self.network.end {
            End::Tokens { head, .. } => {
                cross_entropy::forward(&hidden, self.head(*head), &batch.targets)
            }
            End::Classes { .. } => {
                let mut logits = self.classes(&context, &hidden);
                cross_entropy::classes(&mut logits, &batch.targets, 0.0)
            }
        };
        self.pool.give(hidden);
        Ok(loss)
    }

    /// The logits of each token `(N, V)` of a decoder, of each sequence `(sequences, classes)` of an
    /// encoder.
    ///
    /// # Errors
    /// As [`Model::loss`].
    pub fn logits(&self, tokens: &[u32], segments: &Segments) -> Result<Vec<f32>, EngineError> {
        let positions = self.checked_positions(tokens, segments, 0)?;
        let context = self.context(segments, &positions);
        let hidden = self.hidden(&context, tokens, None);
        let logits = match &self.network.end {
            End::Tokens { .. } => self.token_logits(&hidden),
            End::Classes { .. } => self.classes(&context, &hidden),
        };
        self.pool.give(hidden);
        Ok(logits)
    }

    /// Logits `(V)` after the last of `tokens`, which follow those in `cache`.
    ///
    /// # Errors
    /// As [`Model::loss`].
    pub fn next_logits(
        &self,
        tokens: &[u32],
        cache: &mut KvCache,
    ) -> Result<Vec<f32>, EngineError> {
        let segments = Segments::batch(1, tokens.len());
        let positions = self.checked_positions(tokens, &segments, cache.len())?;
        let context = self.context(&segments, &positions);
        cache
            .layers
            .resize_with(self.network.blocks.len(), LayerCache::default);
        for layer in &mut cache.layers {
            layer.expect(tokens.len());
        }
        let hidden = self.hidden(&context, tokens, Some(cache));
        cache.n_tokens += tokens.len();
        let last = hidden.len().saturating_sub(self.network.width);
        let logits = self.token_logits(&hidden[last..]);
        self.pool.give(hidden);
        Ok(logits)
    }

    /// What the end sees of every row: the last block's result, normed for a decoder `(N, D)`.
    fn hidden(
        &self,
        context: &Context<'_>,
        tokens: &[u32],
        mut cache: Option<&mut KvCache>,
    ) -> Buffer {
        let mut tape = Tape::inferring(context);
        let x = self.network.embed(&mut tape, tokens, context.positions);
        let mut x = finish(tape, x);
        for index in 0..self.network.blocks.len() {
            let layer = cache.as_mut().and_then(|cache| cache.layers.get_mut(index));
            let mut tape = match layer {
                Some(layer) => Tape::continuing(context, layer),
                None => Tape::inferring(context),
            };
            let input = tape.input(x, self.network.width, Input::Untracked);
            let out = self.network.block(&mut tape, index, input);
            x = finish(tape, out);
        }
        match &self.network.end {
            End::Tokens { norm, .. } => {
                let mut tape = Tape::inferring(context);
                let input = tape.input(x, self.network.width, Input::Untracked);
                let out = self.network.norm(&mut tape, *norm, input);
                finish(tape, out)
            }
            End::Classes { .. } => x,
        }
    }

    fn token_logits(&self, hidden: &[f32]) -> Vec<f32> {
        let End::Tokens { head, .. } = &self.network.end else {
            return Vec::new();
        };
        let n = hidden.len() / self.network.width;
        let mut logits = vec![0.0; n * self.config.vocab_size];
        let head = self.parameters.matrix(*head);
        matmul::forward(&mut logits, hidden, head, n, self.precision, 0.0);
        logits
    }

    fn classes(&self, context: &Context<'_>, hidden: &[f32]) -> Vec<f32> {
        let End::Classes { pooler, classifier } = &self.network.end else {
            return Vec::new();
        };
        let mut tape = Tape::inferring(context);
        let mut input = self.pool.take(hidden.len());
        input.copy_from_slice(hidden);
        let x = tape.input(input, self.network.width, Input::Untracked);
        let first = tape.first_rows(x);
        let pooled = tape.linear(first, pooler);
        let pooled = tape.tanh(pooled);
        let logits = tape.linear(pooled, classifier);
        finish(tape, logits).to_vec()
    }

    fn head(&self, head: crate::tape::ParameterId) -> Head<'_> {
        Head {
            weight: self.parameters.matrix(head),
            width: self.network.width,
            precision: self.precision,
        }
    }

    fn context<'a>(&'a self, segments: &'a Segments, positions: &'a [u32]) -> Context<'a> {
        Context {
            parameters: &self.parameters,
            pool: &self.pool,
            segments,
            positions,
            rotations: self.rotations.as_ref(),
            precision: self.precision,
            dropout: None,
        }
    }

    /// Each row's position, counted from `start`, once tokens and lengths are known to fit the model.
    fn checked_positions(
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

/// The result of a tape whose other buffers go back to the pool.
fn finish(tape: Tape<'_>, out: Value) -> Buffer {
    tape.dismantle(Some(out)).unwrap_or_default()
}

/// The blocks on their way forward and back, under a policy.
struct Blocks<'a> {
    model: &'a Model,
    context: &'a Context<'a>,
    policy: Policy,
    /// Blocks of a group, of which only the first one's input is kept.
    group: usize,
    input: Input,
    kept: Vec<Kept<'a>>,
    /// Inputs of the blocks of the group at hand.
    replayed: Vec<Buffer>,
}

/// What is kept of a block.
enum Kept<'a> {
    /// Its tape, and its result.
    Tape(Tape<'a>, Value),
    /// Its input.
    Input(Buffer),
    /// Nothing: an earlier block's input leads to it.
    Nothing,
}

impl<'a> Blocks<'a> {
    fn new(model: &'a Model, context: &'a Context<'a>, policy: Policy, input: Input) -> Self {
        let n_blocks = model.network.blocks.len();
        Self {
            model,
            context,
            policy,
            group: match policy {
                Policy::RecomputeGroup => (n_blocks as f64).sqrt().round().max(1.0) as usize,
                Policy::Keep | Policy::RecomputeCheap | Policy::RecomputeBlock => 1,
            },
            // Once an adapter or a weight was passed, everything after it is tracked.
            input,
            kept: Vec::with_capacity(n_blocks),
            replayed: Vec::new(),
        }
    }

    /// The next block, from its input to its result.
    fn forward(&mut self, x: Buffer) -> Buffer {
        let index = self.kept.len();
        let (mut tape, input, result) = self.run(index, x);
        let out = tape.take(result);
        self.kept.push(match self.policy {
            Policy::Keep => Kept::Tape(tape, result),
            Policy::RecomputeCheap => {
                tape.drop_cheap();
                Kept::Tape(tape, result)
            }
            Policy::RecomputeBlock | Policy::RecomputeGroup => {
                let first = index.is_multiple_of(self.group);
                let kept = tape.dismantle(first.then_some(input));
                kept.map_or(Kept::Nothing, Kept::Input)
            }
        });
        out
    }

    /// The last block that has not gone back, from its result's gradient to its input's.
    fn backward(&mut self, dx: Option<Buffer>, gradients: &mut Gradients) -> Option<Buffer> {
        let kept = self.kept.pop()?;
        let index = self.kept.len();
        let (tape, result) = match kept {
            Kept::Tape(tape, result) => (tape, result),
            Kept::Input(x) if self.replayed.is_empty() => self.again(index, x),
            Kept::Input(x) => {
                self.context.pool.give(x);
                let x = self.replayed.pop()?;
                self.again(index, x)
            }
            Kept::Nothing => {
                let x = self.replay(index)?;
                self.again(index, x)
            }
        };
        tape.backward(result, dx?, gradients)
    }

    fn run(&self, index: usize, x: Buffer) -> (Tape<'a>, Value, Value) {
        let mut tape = Tape::recording(self.context);
        let tracked = if index == 0 {
            self.input
        } else {
            Input::Tracked
        };
        let input = tape.input(x, self.model.network.width, tracked);
        let result = self.model.network.block(&mut tape, index, input);
        (tape, input, result)
    }

    /// The block's tape, computed again; its result is not needed again.
    fn again(&self, index: usize, x: Buffer) -> (Tape<'a>, Value) {
        let (mut tape, _, result) = self.run(index, x);
        self.context.pool.give(tape.take(result));
        (tape, result)
    }

    /// The input of block `index`: where it was not kept, the group's blocks before it are computed
    /// again and their inputs kept.
    fn replay(&mut self, index: usize) -> Option<Buffer> {
        if self.replayed.is_empty() {
            let first = index - index % self.group;
            let Some(Kept::Input(kept)) = self.kept.get(first) else {
                return None;
            };
            let mut x = self.context.pool.take(kept.len());
            x.copy_from_slice(kept);
            for block in first..index {
                let (mut tape, input, result) = self.run(block, x);
                x = tape.take(result);
                self.replayed.extend(tape.dismantle(Some(input)));
            }
            self.replayed.push(x);
        }
        self.replayed.pop()
    }
}
