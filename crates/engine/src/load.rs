//! The one way from a folder to a model: training, evaluation, generation and the merging of adapters all
//! open it here, so that they cannot differ.

mod place;

use crate::EngineError;
use crate::model::{Classes, Model, as_stored, read_weights};
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::LocalTime;
use crate::weights::{Storage, adapter};
use amoozgar_types::chat::Message;
pub(crate) use place::Place;
use std::path::Path;

/// How a model is opened. By itself: in f32, with the classes it has, as its folder is.
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions<'a> {
    /// How matrices are stored in memory; only what is frozen may be stored in less than f32.
    pub storage: Storage,
    /// What the folder lacks (a classifier's classes) is drawn from it.
    pub seed: u64,
    /// The classes that are wanted; where they are not the folder's own, their weights are drawn. Where none
    /// are named the folder's own are wanted, and their weights must be there.
    pub labels: Option<&'a [String]>,
    /// The folder of an adapter that is put on the weights.
    pub adapter: Option<&'a Path>,
}

impl Default for LoadOptions<'_> {
    fn default() -> Self {
        Self {
            storage: Storage::F32,
            seed: 0,
            labels: None,
            adapter: None,
        }
    }
}

/// A model's folder in memory.
#[derive(Debug)]
pub struct Opened {
    /// The model, with its adapter where it has one.
    pub model: Model,
    /// Names of weights in the folder that the model does not use, as its family says.
    pub passed_over: Vec<String>,
    place: Place,
}

/// Opens the model in `folder`: one in the Hub's form, an adapter's folder as PEFT writes it, a checkpoint
/// of a run, a run's folder (its final model, else its latest checkpoint), or a GGUF file or the folder of one.
///
/// # Errors
/// Where the folder is incomplete, damaged, or of an architecture that is not known.
pub fn open(folder: &Path, options: &LoadOptions<'_>) -> Result<Opened, EngineError> {
    let place = Place::find(folder)?;
    let (config, classes) = match options.labels {
        Some(labels) if !place.config.sorts_into(labels) => {
            (place.config.clone().sorting_into(labels), Classes::Fresh)
        }
        Some(_) => (place.config.clone(), Classes::Kept),
        None => (place.config.clone(), Classes::Own),
    };
    let config = as_stored(config, &place.weights)?;
    let stored = read_weights(
        &config,
        &place.weights,
        options.storage,
        options.seed,
        classes,
    )?;
    let mut model = Model::over(&config, stored.parameters)?;
    match (&place.adapter, options.adapter) {
        (Some(_), Some(_)) => return Err(place.invalid("it has an adapter already")),
        (Some(own), None) => {
            let values = adapter::read_values(&own.values)?;
            model.put_adapter(&own.config, values, options.storage, folder)?;
        }
        (None, Some(dir)) => {
            let config = adapter::read_config(dir)?;
            let values = adapter::read_values(&adapter::values_file(dir))?;
            model.put_adapter(&config, values, options.storage, dir)?;
        }
        (None, None) => {}
    }
    if let Some(first) = stored.passed_over.first() {
        let n = stored.passed_over.len();
        tracing::warn!(folder = %folder.display(), n, first, "the folder holds weights that the model does not use");
    }
    Ok(Opened {
        model,
        passed_over: stored.passed_over,
        place,
    })
}

/// The tokens of `text`, just as it is, and what each says, by the tokenizer of the model in `folder`.
///
/// # Errors
/// Where the folder has none that can be read.
pub fn tokens(folder: &Path, text: &str) -> Result<Vec<(u32, String)>, EngineError> {
    let tokenizer = Place::find(folder)?.tokenizer()?;
    Ok(named(&tokenizer, tokenizer.encode(text)?))
}

/// What the model in `folder` reads before it answers the last message, in its template: the text, and its
/// tokens as [`tokens`] gives them. `now` is what a template hears that asks for the time.
///
/// # Errors
/// As there, and where the template refuses the conversation.
pub fn chat_tokens(
    folder: &Path,
    messages: &[Message],
    now: LocalTime,
) -> Result<(String, Vec<(u32, String)>), EngineError> {
    let place = Place::find(folder)?;
    let tokenizer = place.tokenizer()?;
    let (text, ids) = place.chat(&tokenizer)?.prompt(messages, now)?;
    Ok((text, named(&tokenizer, ids)))
}

/// Tokens with what each says.
fn named(tokenizer: &Tokenizer, ids: Vec<u32>) -> Vec<(u32, String)> {
    let name = |id| (id, tokenizer.name(id).unwrap_or_default());
    ids.into_iter().map(name).collect()
}

impl Opened {
    /// The model's tokenizer.
    ///
    /// # Errors
    /// Where the folder has none that can be read.
    pub fn tokenizer(&self) -> Result<Tokenizer, EngineError> {
        self.place
            .tokenizer()
            .map_err(|error| self.place.invalid(&error.to_string()))
    }

    /// The model's conversations, with its [`Opened::tokenizer`].
    ///
    /// # Errors
    /// Where the folder's template is none.
    pub fn chat(&self, tokenizer: &Tokenizer) -> Result<Chat, EngineError> {
        self.place.chat(tokenizer)
    }

    /// Where its parts lie.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Refuses a model that sorts texts instead of continuing them.
    pub(crate) fn must_write(&self) -> Result<(), EngineError> {
        if self.model.config().is_decoder() {
            return Ok(());
        }
        Err(self
            .place
            .invalid("it sorts texts into classes and does not continue them"))
    }

    /// Refuses an adapter's folder, whose weights are frozen.
    pub(crate) fn must_be_whole(&self) -> Result<(), EngineError> {
        match self.place.adapter {
            None => Ok(()),
            Some(_) => Err(self
                .place
                .invalid("it is an adapter and no model of its own")),
        }
    }
}
