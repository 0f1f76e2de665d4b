//! Keys and values of the tokens that a model has read.

use crate::EngineError;
use crate::model::Model;
use crate::tape::LayerCache;

/// Keys and values of every layer.
#[derive(Debug, Clone, Default)]
pub struct KvCache {
    layers: Vec<LayerCache>,
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

impl Model {
    /// Logits `(V)` after the last of `tokens`, which follow those in `cache`.
    ///
    /// # Errors
    /// As [`Model::loss`].
    pub fn next_logits(
        &self,
        tokens: &[u32],
        cache: &mut KvCache,
    ) -> Result<Vec<f32>, EngineError> {
        let logits = self.continued_logits(tokens, cache.n_tokens, &mut cache.layers)?;
        cache.n_tokens += tokens.len();
        Ok(logits)
    }
}
