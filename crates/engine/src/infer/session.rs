//! A model's folder in memory, ready to write.

use super::decoder::{Asked, Generation, continue_prompt};
use super::sampler::SamplingParams;
use crate::load::{self, LoadOptions};
use crate::model::Model;
use crate::tokenizer::Tokenizer;
use crate::{EngineError, threads};
use std::ops::ControlFlow;
use std::path::Path;

/// A model ready to write.
pub struct Generator {
    model: Model,
    tokenizer: Tokenizer,
    pool: rayon::ThreadPool,
}

impl Generator {
    /// Opens a model's folder, an adapter's, a checkpoint or a run's, as [`crate::open`] does.
    ///
    /// # Errors
    /// Where it is incomplete or of another architecture.
    pub fn load(folder: &Path) -> Result<Self, EngineError> {
        let pool = threads::pool(threads::count(None))?;
        let opened = pool.install(|| load::open(folder, &LoadOptions::default()))?;
        let tokenizer = opened.tokenizer()?;
        opened.must_write()?;
        Ok(Self {
            model: opened.model,
            tokenizer,
            pool,
        })
    }

    /// Continues `prompt`; `on_text` gets the text piece by piece, in whole characters, and may end it.
    ///
    /// # Errors
    /// Where a setting cannot be used.
    pub fn generate(
        &self,
        prompt: &str,
        params: &SamplingParams,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        // The tensor work goes to the pool; the caller's closure stays on the caller's thread.
        let run =
            |f: &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send)| self.pool.install(f);
        let asked = Asked::Text(prompt);
        continue_prompt(&self.model, &self.tokenizer, asked, params, on_text, &run)
    }

    /// How many tokens a text is, normalized as a prompt is.
    ///
    /// # Errors
    /// Where it cannot be tokenized.
    pub fn count_tokens(&self, text: &str) -> Result<usize, EngineError> {
        let tokens = self.tokenizer.encode(&amoozgar_text::normalize(text))?;
        Ok(tokens.len())
    }
}
