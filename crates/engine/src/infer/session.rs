//! A model's folder in memory, ready to write.

use super::answer::{self, Answer};
use super::decoder::{Asked, Generation, continue_prompt, continue_tokens};
use super::sampler::SamplingParams;
use crate::load::{self, LoadOptions};
use crate::model::Model;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::LocalTime;
use crate::{EngineError, threads};
use amoozgar_types::chat::Message;
use amoozgar_types::sampling::TemplateKind;
use std::ops::ControlFlow;
use std::path::Path;

/// How the plain template begins what a person says.
const PLAIN_STOPS: [&str; 2] = ["\nپرسش:", "\nپاسخ:"];

/// A model ready to write.
pub struct Generator {
    model: Model,
    tokenizer: Tokenizer,
    chat: Chat,
    pool: rayon::ThreadPool,
}

impl Generator {
    /// Opens a model's folder, an adapter's, a checkpoint or a run's, as [`crate::open`] does.
    ///
    /// # Errors
    /// Where it is incomplete or of another architecture.
    pub fn load(folder: &Path) -> Result<Self, EngineError> {
        Self::load_with(folder, None)
    }

    /// [`Generator::load`], with the adapter of a folder on the weights.
    ///
    /// # Errors
    /// As there, and where the adapter is another model's.
    pub fn load_with(folder: &Path, adapter: Option<&Path>) -> Result<Self, EngineError> {
        let pool = threads::pool(threads::count(None))?;
        let options = LoadOptions {
            adapter,
            ..LoadOptions::default()
        };
        let opened = pool.install(|| load::open(folder, &options))?;
        let tokenizer = opened.tokenizer()?;
        opened.must_write()?;
        Ok(Self {
            chat: opened.chat(&tokenizer)?,
            model: opened.model,
            tokenizer,
            pool,
        })
    }

    /// What the model's conversations are written in.
    pub fn template_kind(&self) -> TemplateKind {
        self.chat.template().kind()
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

    /// Answers the last message of a conversation; `now` is what a template hears that asks for the time,
    /// `on_text` is as in [`Generator::generate`].
    ///
    /// # Errors
    /// Where the model's template refuses the conversation, or the last message fills its context.
    pub fn answer(
        &self,
        messages: &[Message],
        params: &SamplingParams,
        now: LocalTime,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, EngineError> {
        let context = self.model.config().max_position_embeddings;
        let (beginning, n_left_out) =
            answer::beginning(&self.chat, context, messages, params.max_tokens, now)?;
        let mut params = params.clone();
        if self.template_kind() == TemplateKind::Plain {
            // A model that never saw the plain template may go on with the person's next message.
            params.stop.extend(PLAIN_STOPS.map(str::to_owned));
        }
        let run =
            |f: &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send)| self.pool.install(f);
        let ends = |token| self.chat.ends_answer(token);
        let generation = continue_tokens(
            &self.model,
            &self.tokenizer,
            beginning,
            &ends,
            &params,
            on_text,
            &run,
        )?;
        Ok(Answer {
            generation,
            n_left_out,
        })
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
