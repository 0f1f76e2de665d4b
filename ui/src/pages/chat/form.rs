//! With whom a conversation is, and how answers are made, as it stands in the fields.

use amoozgar_text::number;
use amoozgar_types::chat::{ChatRecord, ChatSettings, ModelChoice, ModelOffer};
use amoozgar_types::limits::sampling as limits;
use amoozgar_types::sampling::Sampling;
use std::ops::RangeInclusive;
use std::rc::Rc;
use yew::Reducible;

/// The fields that hold a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Longest answer.
    MaxTokens,
    /// Temperature.
    Temperature,
    /// Likeliest tokens; may be empty.
    TopK,
    /// Their share; may be empty.
    TopP,
    /// Least share; may be empty.
    MinP,
    /// Repetition penalty.
    RepetitionPenalty,
    /// Seed; may be empty.
    Seed,
}

impl Field {
    /// Every field, in the order of the page.
    pub const ALL: [Self; 7] = [
        Self::Temperature,
        Self::MaxTokens,
        Self::TopK,
        Self::TopP,
        Self::MinP,
        Self::RepetitionPenalty,
        Self::Seed,
    ];

    /// The numbers that it takes.
    pub fn range(self) -> RangeInclusive<f64> {
        let whole =
            |range: &RangeInclusive<u32>| f64::from(*range.start())..=f64::from(*range.end());
        match self {
            Self::MaxTokens => whole(&limits::MAX_TOKENS),
            Self::Temperature => limits::TEMPERATURE,
            Self::TopK => whole(&limits::TOP_K),
            Self::TopP => limits::TOP_P,
            Self::MinP => limits::MIN_P,
            Self::RepetitionPenalty => limits::REPETITION_PENALTY,
            Self::Seed => 0.0..=f64::from(u32::MAX),
        }
    }

    /// Decimals that it is shown with; 0 for whole numbers.
    pub fn decimals(self) -> u8 {
        match self {
            Self::MaxTokens | Self::TopK | Self::Seed => 0,
            Self::Temperature | Self::TopP | Self::MinP | Self::RepetitionPenalty => 2,
        }
    }

    /// Whether it may be empty.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::TopK | Self::TopP | Self::MinP | Self::Seed)
    }
}

/// What stands in the fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Whom the conversation is with.
    pub model: Option<ModelChoice>,
    /// The second model, where two are compared.
    pub compared: Option<ModelChoice>,
    /// What the model is told first.
    pub system: String,
    numbers: [String; 7],
    /// What the fields have no place for.
    stop: Vec<String>,
}

impl Default for Form {
    fn default() -> Self {
        Self::of_settings(&ChatSettings::default())
    }
}

/// A change of the form.
pub enum Change {
    /// The conversation's own, where nothing is chosen yet.
    Record(Rc<ChatRecord>),
    /// Another model.
    Model(ModelChoice),
    /// Another second model, or none.
    Compared(Option<ModelChoice>),
    /// Another system prompt.
    System(String),
    /// Another number.
    Number(Field, String),
}

impl Form {
    /// The form of a conversation.
    pub fn of(record: &ChatRecord) -> Self {
        let choice = |model: &Option<amoozgar_types::chat::ChatModel>| {
            model.as_ref().map(|model| model.choice.clone())
        };
        Self {
            model: choice(&record.model),
            compared: choice(&record.compared),
            ..Self::of_settings(&record.settings)
        }
    }

    fn of_settings(settings: &ChatSettings) -> Self {
        let sampling = &settings.sampling;
        let shown = |field: Field, value: f64| shown(value, field.decimals());
        Self {
            model: None,
            compared: None,
            system: settings.system.clone(),
            numbers: Field::ALL.map(|field| match field {
                Field::MaxTokens => shown(field, sampling.max_tokens.into()),
                Field::Temperature => shown(field, sampling.temperature),
                Field::TopK => sampling
                    .top_k
                    .map_or(String::new(), |k| shown(field, k.into())),
                Field::TopP => sampling.top_p.map_or(String::new(), |p| shown(field, p)),
                Field::MinP => sampling.min_p.map_or(String::new(), |p| shown(field, p)),
                Field::RepetitionPenalty => shown(field, sampling.repetition_penalty),
                Field::Seed => settings
                    .seed
                    .map_or(String::new(), |seed| shown(field, seed.into())),
            }),
            stop: sampling.stop.clone(),
        }
    }

    /// What stands in a field.
    pub fn text(&self, field: Field) -> &str {
        let index = Field::ALL.iter().position(|one| *one == field);
        index
            .and_then(|index| self.numbers.get(index))
            .map_or("", String::as_str)
    }

    /// The number in a field, `None` where it may be empty and is; `Err` where it cannot be used.
    pub fn number(&self, field: Field) -> Result<Option<f64>, ()> {
        let text = self.text(field).trim();
        if text.is_empty() {
            return if field.is_optional() {
                Ok(None)
            } else {
                Err(())
            };
        }
        let value = number::parse_number(text).filter(|value| field.range().contains(value));
        let value = value.filter(|value| field.decimals() > 0 || value.fract() == 0.0);
        value.map(Some).ok_or(())
    }

    /// The settings; `None` where a field cannot be used.
    pub fn settings(&self) -> Option<ChatSettings> {
        let number = |field| self.number(field).ok();
        let whole = |value: Option<f64>| value.map(|value| value as u32);
        Some(ChatSettings {
            system: self.system.clone(),
            sampling: Sampling {
                max_tokens: whole(number(Field::MaxTokens)?)?,
                temperature: number(Field::Temperature)??,
                top_k: whole(number(Field::TopK)?),
                top_p: number(Field::TopP)?,
                min_p: number(Field::MinP)?,
                repetition_penalty: number(Field::RepetitionPenalty)??,
                stop: self.stop.clone(),
            },
            seed: whole(number(Field::Seed)?),
        })
    }

    /// Whether the conversation goes on otherwise than its row says.
    pub fn differs_from(&self, record: &ChatRecord) -> bool {
        let stored = Self::of(record);
        self.model != stored.model
            || self.compared != stored.compared
            || self
                .settings()
                .is_some_and(|settings| settings != record.settings)
    }
}

impl Reducible for Form {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let mut next = (*self).clone();
        match change {
            // What a person has chosen since is not taken back by reading the row anew.
            Change::Record(record) if next.model.is_none() => next = Self::of(&record),
            Change::Record(_) => {}
            Change::Model(choice) => next.model = Some(choice),
            Change::Compared(choice) => next.compared = choice,
            Change::System(text) => next.system = text,
            Change::Number(field, text) => {
                let index = Field::ALL.iter().position(|one| *one == field);
                if let Some(number) = index.and_then(|index| next.numbers.get_mut(index)) {
                    *number = text;
                }
            }
        }
        Rc::new(next)
    }
}

/// The model to compare `chosen` with: the one that it was made from, or one that was made from it, or any
/// other, or itself as it was at its run's earliest checkpoint.
pub fn counterpart(chosen: &ModelChoice, offers: &[ModelOffer]) -> Option<ModelChoice> {
    let own = offers.iter().find(|offer| offer.model == chosen.model);
    let plain = |model: &amoozgar_types::model_ref::ModelRef| ModelChoice::plain(model.clone());
    if chosen.adapter.is_some() || chosen.checkpoint.is_some() && own?.base.is_none() {
        return Some(plain(&chosen.model));
    }
    let base = own.and_then(|own| own.base.as_ref()).map(plain);
    let made = || {
        let of_it = |offer: &&ModelOffer| offer.base.as_ref() == Some(&chosen.model);
        offers.iter().find(of_it).map(|offer| plain(&offer.model))
    };
    let other = || {
        let another = |offer: &&ModelOffer| offer.model != chosen.model;
        offers.iter().find(another).map(|offer| plain(&offer.model))
    };
    let earlier = || {
        let first = own?.checkpoints.last()?;
        Some(ModelChoice {
            checkpoint: Some(first.step),
            ..plain(&chosen.model)
        })
    };
    base.or_else(made).or_else(other).or_else(earlier)
}

/// A number as a person would type it: no zeros at the end, Persian digits, no marks between thousands.
fn shown(value: f64, decimals: u8) -> String {
    let plain = format!("{value:.*}", usize::from(decimals));
    let plain = if decimals > 0 {
        plain.trim_end_matches('0').trim_end_matches('.')
    } else {
        &plain
    };
    number::as_typed(plain)
}

#[cfg(test)]
mod tests {
    use super::{Change, Field, Form, counterpart};
    use amoozgar_types::chat::{ChatSettings, ModelChoice, ModelOffer};
    use amoozgar_types::id::JobId;
    use amoozgar_types::model_ref::ModelRef;
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn the_default_comes_back_and_persian_digits_are_read() {
        let form = Rc::new(Form::default());
        assert_eq!(form.settings(), Some(ChatSettings::default()));
        assert_eq!(form.text(Field::Temperature), "۰٫۷");
        let typed = |field, text: &str| Change::Number(field, text.into());
        let form = form
            .reduce(typed(Field::Temperature, "۰٫۲"))
            .reduce(typed(Field::TopK, ""))
            .reduce(typed(Field::Seed, "۷"));
        let settings = form.settings().unwrap_or_default();
        assert!((settings.sampling.temperature - 0.2).abs() < 1e-9);
        assert_eq!((settings.sampling.top_k, settings.seed), (None, Some(7)));
        for (field, text) in [
            (Field::Temperature, "۳"),
            (Field::MaxTokens, ""),
            (Field::TopK, "۱٫۵"),
        ] {
            let wrong = form.clone().reduce(typed(field, text));
            assert_eq!(wrong.settings(), None, "{field:?} `{text}`");
            assert!(wrong.number(field).is_err());
        }
    }

    fn offer(model: ModelRef, base: Option<ModelRef>) -> ModelOffer {
        ModelOffer {
            name: model.key(),
            model,
            architecture: None,
            size_bytes: None,
            checkpoints: Vec::new(),
            base,
            adapters: Vec::new(),
        }
    }

    #[test]
    fn a_model_is_compared_with_what_it_was_made_from() {
        let base = ModelRef::Imported { name: "b".into() };
        let tuned = ModelRef::Trained {
            job_id: JobId::new("j"),
        };
        let other = ModelRef::Imported { name: "o".into() };
        let offers = [
            offer(other.clone(), None),
            offer(tuned.clone(), Some(base.clone())),
            offer(base.clone(), None),
        ];
        let of = |model: &ModelRef| {
            counterpart(&ModelChoice::plain(model.clone()), &offers).map(|choice| choice.model)
        };
        assert_eq!(of(&tuned), Some(base.clone()), "the base of a tuned one");
        assert_eq!(of(&base), Some(tuned.clone()), "the tuned one of a base");
        assert_eq!(
            of(&other),
            Some(tuned),
            "any other of one that stands alone"
        );
        let adapted = ModelChoice {
            adapter: Some(JobId::new("j")),
            ..ModelChoice::plain(base.clone())
        };
        assert_eq!(
            counterpart(&adapted, &offers),
            Some(ModelChoice::plain(base)),
            "the same without its adapter"
        );
    }
}
