//! A model's own form of a conversation: the Jinja template that it was trained with, rendered as
//! transformers renders it (`utils/chat_template_utils.py`).
//!
//! A template is a stranger's program: it reaches nothing but the conversation, and it ends, since each
//! rendering has a budget of work and memory.

mod dialect;
mod given;
mod python;
mod source;
mod strftime;

use crate::EngineError;
use amoozgar_types::chat::Dialogue;
use amoozgar_types::sampling::TemplateKind;
pub(super) use dialect::GENERATED;
use minijinja::{Environment, Value};
pub(crate) use source::{TEMPLATE_FILE, TEMPLATE_JSON, TOKENIZER_CONFIG, template_of};
use std::collections::BTreeMap;
pub use strftime::LocalTime;

/// The name of the one template in its environment.
const NAME: &str = "chat_template";

/// What templates call the token that ends a text.
const EOS: &str = "eos_token";

/// What a model is given that has no template of its own: each message after its writer's name, and the token
/// that ends a text after each answer. It stands in the folder of what was trained with it.
const PLAIN: &str = include_str!("chat_template/plain.jinja");

/// A model's form of a conversation.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    kind: TemplateKind,
    source: String,
    special: SpecialTokens,
    environment: Environment<'static>,
    /// Whether its author marked with `{% generation %}` what a model writes.
    is_tagged: bool,
}

/// Texts of the special tokens that a template names, as `bos_token`; one that is absent is empty there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialTokens(BTreeMap<String, String>);

/// What stands at the end of a rendered conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its last message.
    Closed,
    /// What the model's answer goes on from.
    Open,
}

impl SpecialTokens {
    /// The two that almost every template names.
    pub fn new(bos: Option<&str>, eos: Option<&str>) -> Self {
        let named = [("bos_token", bos), (EOS, eos)].into_iter();
        let named = named.filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned())));
        Self(named.collect())
    }

    /// The same, with the token that ends a text of `others` where it names none.
    #[must_use]
    pub fn or_eos_of(mut self, others: &Self) -> Self {
        if let (None, Some(eos)) = (self.eos(), others.eos()) {
            self.0.insert(EOS.to_owned(), eos.to_owned());
        }
        self
    }

    /// The text of the token that ends a text.
    pub fn eos(&self) -> Option<&str> {
        self.0.get(EOS).map(String::as_str)
    }
}

impl ChatTemplate {
    /// Reads the template `source`.
    ///
    /// # Errors
    /// Where it is no template, with the line.
    pub fn new(source: &str, special: SpecialTokens) -> Result<Self, EngineError> {
        let mut environment = dialect::environment();
        let read = dialect::with_line_feeds(source);
        let filtered = dialect::with_generation_as_filter(&read);
        let is_tagged = filtered != read;
        environment
            .add_template_owned(NAME, filtered)
            .map_err(|error| refused(&error))?;
        Ok(Self {
            kind: TemplateKind::Own,
            source: source.to_owned(),
            special,
            environment,
            is_tagged,
        })
    }

    /// The form of a model that has none of its own.
    ///
    /// # Errors
    /// Never: the template is ours.
    pub fn plain(special: SpecialTokens) -> Result<Self, EngineError> {
        Ok(Self {
            kind: TemplateKind::Plain,
            ..Self::new(PLAIN, special)?
        })
    }

    /// Whether it is its model's own. The plain one is too where it stands in the model's folder: what was
    /// trained with it knows it.
    pub fn kind(&self) -> TemplateKind {
        self.kind
    }

    /// The template as its model has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The special tokens that it is given.
    pub fn special(&self) -> &SpecialTokens {
        &self.special
    }

    /// Whether its author marked with `{% generation %}` what a model writes.
    pub(super) fn is_tagged(&self) -> bool {
        self.is_tagged
    }

    /// The text of a conversation; `now` is what a template hears that asks for the time.
    ///
    /// # Errors
    /// Where the template refuses the conversation, in its own words, or takes too long.
    pub fn render<'a>(
        &self,
        dialogue: impl Into<Dialogue<'a>>,
        ending: Ending,
        now: LocalTime,
    ) -> Result<String, EngineError> {
        self.write(dialogue.into(), ending, now, Marks::Without)
    }

    /// The same, with the marks of [`GENERATED`] around each `{% generation %}`.
    ///
    /// # Errors
    /// As of [`Self::render`].
    pub(super) fn render_marked(
        &self,
        dialogue: Dialogue<'_>,
        ending: Ending,
        now: LocalTime,
    ) -> Result<String, EngineError> {
        self.write(dialogue, ending, now, Marks::With)
    }

    fn write(
        &self,
        dialogue: Dialogue<'_>,
        ending: Ending,
        now: LocalTime,
        marks: Marks,
    ) -> Result<String, EngineError> {
        let special = self.special.0.iter();
        let special = special.map(|(name, text)| (name.as_str(), Value::from(text.as_str())));
        let given = [
            ("messages", given::messages(dialogue.messages)?),
            ("tools", given::tools(dialogue.tools)?),
            ("documents", Value::from(())),
            ("add_generation_prompt", (ending == Ending::Open).into()),
            ("strftime_now", strftime::function(now)),
            (dialect::MARKS, (marks == Marks::With).into()),
        ];
        self.environment
            .get_template(NAME)
            .and_then(|template| template.render(Value::from_pairs(special.chain(given))))
            .map_err(|error| refused(&error))
    }
}

/// Whether what a model writes is marked, where the template tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    With,
    Without,
}

/// What the template says, in the words of its author where they are there.
fn refused(error: &minijinja::Error) -> EngineError {
    let said = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    let place = error.line().map(|line| format!(" (line {line})"));
    EngineError::ChatTemplate {
        detail: said + &place.unwrap_or_default(),
    }
}

#[cfg(test)]
#[path = "chat_template/tests.rs"]
mod tests;
