//! A model's folder in memory, ready to write.

use super::decoder::{Generation, continue_prompt};
use super::sampler::SamplingParams;
use crate::model::Model;
use crate::tokenizer::Tokenizer;
use crate::{EngineError, threads};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A model ready to write.
pub struct Generator {
    loaded: Loaded,
    pool: rayon::ThreadPool,
}

impl Generator {
    /// Loads a model's folder.
    ///
    /// # Errors
    /// Where it is incomplete or of another architecture.
    pub fn load(model_dir: &Path) -> Result<Self, EngineError> {
        let pool = threads::pool(threads::count(None))?;
        let loaded = pool.install(|| load_model(model_dir))?;
        loaded.tokenizer()?;
        loaded.must_write()?;
        Ok(Self { loaded, pool })
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
        let tokenizer = self.loaded.tokenizer()?;
        // The tensor work goes to the pool; the caller's closure stays on the caller's thread.
        let run =
            |f: &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send)| self.pool.install(f);
        continue_prompt(&self.loaded.model, tokenizer, prompt, params, on_text, &run)
    }
}

/// A model's folder in memory.
pub(crate) struct Loaded {
    pub(crate) model: Model,
    folder: PathBuf,
    tokenizer: Result<Tokenizer, EngineError>,
}

impl Loaded {
    /// Refuses a model that sorts texts instead of continuing them.
    pub(crate) fn must_write(&self) -> Result<(), EngineError> {
        if self.model.config().architecture.is_decoder() {
            return Ok(());
        }
        Err(EngineError::InvalidModel {
            path: self.folder.clone(),
            detail: "it sorts texts into classes and does not continue them".to_owned(),
        })
    }

    pub(crate) fn tokenizer(&self) -> Result<&Tokenizer, EngineError> {
        self.tokenizer
            .as_ref()
            .map_err(|error| EngineError::InvalidModel {
                path: self.folder.clone(),
                detail: error.to_string(),
            })
    }
}

pub(crate) fn load_model(model_dir: &Path) -> Result<Loaded, EngineError> {
    let model = Model::load(model_dir, 0)?;
    let bos = model.config().bos_token_id;
    let tokenizer = Tokenizer::load(&model_dir.join("tokenizer.json"), bos);
    Ok(Loaded {
        model,
        folder: model_dir.to_path_buf(),
        tokenizer,
    })
}
