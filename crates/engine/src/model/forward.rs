//! A model's pass forward alone: the loss of a text, logits, the tokens that may follow.

use super::network::End;
use super::{Batch, Model};
use crate::EngineError;
use crate::kernels::cross_entropy::{self, Loss};
use crate::kernels::matmul;
use crate::kernels::segments::Segments;
use crate::tape::{Buffer, Context, Input, LayerCache, Tape, Value};

impl Model {
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
            End::Classes(_) => {
                let mut logits = self.classes(&context, &hidden);
                cross_entropy::classes(&mut logits, &batch.targets, 0.0)
            }
        };
        self.pool.give(hidden);
        Ok(loss)
    }

    /// The logits of each token `(N, V)` of a decoder, of each sequence `(sequences, classes)` of an
    /// encoder, or of each token where it sorts those.
    ///
    /// # Errors
    /// As [`Model::loss`].
    pub fn logits(&self, tokens: &[u32], segments: &Segments) -> Result<Vec<f32>, EngineError> {
        let positions = self.checked_positions(tokens, segments, 0)?;
        let context = self.context(segments, &positions);
        let hidden = self.hidden(&context, tokens, None);
        let logits = match &self.network.end {
            End::Tokens { .. } => self.token_logits(&hidden),
            End::Classes(_) => self.classes(&context, &hidden),
        };
        self.pool.give(hidden);
        Ok(logits)
    }

    /// Logits `(V)` after the last of `tokens`, which follow the `n_before` tokens in `caches`, one of
    /// each block. Their own keys and values are added there.
    ///
    /// # Errors
    /// As [`Model::loss`].
    pub(crate) fn continued_logits(
        &self,
        tokens: &[u32],
        n_before: usize,
        caches: &mut Vec<LayerCache>,
    ) -> Result<Vec<f32>, EngineError> {
        let segments = Segments::batch(1, tokens.len());
        let positions = self.checked_positions(tokens, &segments, n_before)?;
        let context = self.context(&segments, &positions);
        caches.resize_with(self.network.blocks.len(), LayerCache::default);
        for layer in caches.iter_mut() {
            layer.expect(tokens.len());
        }
        let hidden = self.hidden(&context, tokens, Some(caches));
        let last = hidden.len().saturating_sub(self.network.width);
        let logits = self.token_logits(&hidden[last..]);
        self.pool.give(hidden);
        Ok(logits)
    }

    /// What the end sees of every row: the last block's result, normed for a decoder `(N, D)`.
    pub(super) fn hidden(
        &self,
        context: &Context<'_>,
        tokens: &[u32],
        mut caches: Option<&mut [LayerCache]>,
    ) -> Buffer {
        let mut tape = Tape::inferring(context);
        let x = self.network.embed(&mut tape, tokens, context.positions);
        let mut x = finish(tape, x);
        for index in 0..self.network.blocks.len() {
            let layer = caches.as_mut().and_then(|caches| caches.get_mut(index));
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
            End::Classes(_) => x,
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
        let End::Classes(head) = &self.network.end else {
            return Vec::new();
        };
        let mut tape = Tape::inferring(context);
        let mut input = self.pool.take(hidden.len());
        input.copy_from_slice(hidden);
        let x = tape.input(input, self.network.width, Input::Untracked);
        let logits = self.network.class_logits(&mut tape, head, x);
        finish(tape, logits).to_vec()
    }
}

/// The result of a tape whose other buffers go back to the pool.
fn finish(tape: Tape<'_>, out: Value) -> Buffer {
    tape.dismantle(Some(out)).unwrap_or_default()
}
