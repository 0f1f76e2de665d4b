//! Losses token by token, for what is learnt of whole sequences: a pair's loss follows from the sums over its
//! two answers, and only then is it known how much each token's gradient counts.

use super::network::End;
use super::{Batch, Model, StepContext};
use crate::EngineError;
use crate::kernels::cross_entropy::{self, Gradients as HeadGradients};
use crate::tape::{Gradients, Input, Tape};

impl Model {
    /// The negative log-likelihood in nats of each row's target `(N)`, 0 where there is none.
    ///
    /// # Errors
    /// Where a token or a sequence is beyond what the model knows, or it does not continue text.
    pub fn row_losses(&self, batch: &Batch) -> Result<Vec<f64>, EngineError> {
        let End::Tokens { head, .. } = &self.network.end else {
            return Err(no_tokens());
        };
        let positions = self.checked_positions(&batch.tokens, &batch.segments, 0)?;
        let context = self.context(&batch.segments, &positions);
        let hidden = self.hidden(&context, &batch.tokens, None);
        let losses = cross_entropy::forward_rows(&hidden, self.head(*head), &batch.targets);
        self.pool.give(hidden);
        Ok(losses)
    }

    /// [`Model::row_losses`] with gradients: `weigh` is given them and answers with the factor `(N)` of each
    /// row's gradient. Their sum, times `step.scale`, is added to `gradients`.
    ///
    /// The head is computed twice, so that no more logits are in memory than a chunk of rows has.
    ///
    /// # Errors
    /// As [`Model::row_losses`].
    pub fn row_gradients(
        &self,
        batch: &Batch,
        step: &StepContext,
        weigh: &mut dyn FnMut(&[f64]) -> Vec<f32>,
        gradients: &mut Gradients,
    ) -> Result<Vec<f64>, EngineError> {
        let End::Tokens { norm, head } = &self.network.end else {
            return Err(no_tokens());
        };
        self.there_and_back(batch, step, gradients, |context, x, gradients| {
            let mut tape = Tape::recording(context);
            let x = tape.input(x, self.network.width, Input::Tracked);
            let hidden = self.network.norm(&mut tape, *norm, x);
            let values = tape.values(hidden);
            let losses = cross_entropy::forward_rows(values, self.head(*head), &batch.targets);
            let scales = weigh(&losses);
            let mut dhidden = self.pool.take(values.len());
            cross_entropy::backward_rows(
                values,
                self.head(*head),
                &batch.targets,
                &scales,
                HeadGradients {
                    dhidden: &mut dhidden,
                    dhead: gradients.get_mut(*head),
                    scale: step.scale,
                },
            );
            (losses, tape.backward(hidden, dhidden, gradients))
        })
    }
}

fn no_tokens() -> EngineError {
    EngineError::InvalidSpec {
        field: "base_model",
        detail: "it does not continue text".to_owned(),
    }
}
