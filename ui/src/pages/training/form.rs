//! What the new-run form holds, and what is wrong with it. Pure.

use crate::i18n::training as words;
use amoozgar_text::number;
use amoozgar_types::id::DatasetId;
use amoozgar_types::ipc::{DatasetRecord, FitChange, NewRun};
use amoozgar_types::spec::{OptimizerSpec, SizePreset};
use yew::Reducible;

/// The form as typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The name, while it is the person's own; else one is suggested.
    pub own_name: Option<String>,
    /// The chosen dataset with its name.
    pub dataset: Option<(DatasetId, String)>,
    /// The chosen size.
    pub preset: SizePreset,
    /// As typed.
    pub epochs: String,
    /// As typed.
    pub batch_size: String,
    /// As typed.
    pub lr: String,
    /// As typed, while it is the person's own; else the preset's.
    pub own_context: Option<String>,
    /// Sequences in one forward pass, once that was chosen to fit into memory.
    pub micro_batch: Option<u32>,
}

/// A change to [`Form`].
pub enum FormAction {
    /// The name was typed.
    Name(String),
    /// A dataset was chosen.
    Dataset(DatasetId, String),
    /// A size was chosen.
    Preset(SizePreset),
    /// Epochs were typed.
    Epochs(String),
    /// The batch size was typed.
    BatchSize(String),
    /// The learning rate was typed.
    Lr(String),
    /// The context was typed.
    Context(String),
    /// What was proposed to fit into memory was taken.
    Fit(Vec<FitChange>),
    /// The whole batch goes through at once again.
    WholeBatch,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldError {
    /// Nothing was typed.
    Empty,
    /// It is no number.
    NotANumber,
    /// It has a fraction.
    NotWhole,
    /// It is outside these limits.
    OutOfRange(u32, u32),
    /// It is not in (0, 0.1].
    RateOutOfRange,
    /// It has more than 80 characters.
    TooLong,
}

/// What is wrong, a field each.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FormErrors {
    /// Of the name.
    pub name: Option<FieldError>,
    /// No dataset is chosen.
    pub dataset: bool,
    /// Of the epochs.
    pub epochs: Option<FieldError>,
    /// Of the batch size.
    pub batch_size: Option<FieldError>,
    /// Of the learning rate.
    pub lr: Option<FieldError>,
    /// Of the context.
    pub context: Option<FieldError>,
}

impl Default for Form {
    fn default() -> Self {
        let optimizer = OptimizerSpec::default();
        Self {
            own_name: None,
            dataset: None,
            preset: SizePreset::Small,
            epochs: number::digits(&optimizer.epochs.to_string()),
            batch_size: number::digits(&optimizer.batch_size.to_string()),
            lr: words::rate(optimizer.lr),
            own_context: None,
            micro_batch: None,
        }
    }
}

impl Form {
    /// The name: typed, or suggested from the choices.
    pub fn name(&self) -> String {
        match (&self.own_name, &self.dataset) {
            (Some(own), _) => own.clone(),
            (None, Some((_, dataset))) => words::suggested_name(dataset, self.preset)
                .chars()
                .take(80)
                .collect(),
            (None, None) => String::new(),
        }
    }

    /// The context: typed, or the preset's.
    pub fn context(&self) -> String {
        self.own_context
            .clone()
            .unwrap_or_else(|| number::digits(&self.preset.model().context_length.to_string()))
    }

    /// Chooses the first dataset where none is chosen, and lets go of one that is gone.
    pub fn first_of(&self, datasets: &[DatasetRecord]) -> Option<(DatasetId, String)> {
        let there = |id: &DatasetId| datasets.iter().any(|one| one.dataset_id == *id);
        if self.dataset.as_ref().is_some_and(|(id, _)| there(id)) {
            return None;
        }
        datasets
            .first()
            .map(|one| (one.dataset_id.clone(), one.name.clone()))
    }

    /// The request, or what is wrong.
    pub fn check(&self) -> Result<NewRun, FormErrors> {
        let name = check_name(&self.name());
        let epochs = whole(&self.epochs, 1, 1000);
        let batch_size = whole(&self.batch_size, 1, 512);
        let lr = rate(&self.lr);
        let context = whole(&self.context(), 16, 2048);
        if let (Ok(name), Some((dataset_id, _)), Ok(epochs), Ok(batch_size), Ok(lr), Ok(context)) =
            (&name, &self.dataset, &epochs, &batch_size, &lr, &context)
        {
            return Ok(NewRun {
                name: name.clone(),
                dataset_id: dataset_id.clone(),
                preset: self.preset,
                epochs: *epochs,
                batch_size: *batch_size,
                lr: *lr,
                context_length: *context,
                // Another batch size may be no multiple of it any more.
                micro_batch: self.micro_batch.filter(|n| batch_size.is_multiple_of(*n)),
            });
        }
        Err(FormErrors {
            name: name.err(),
            dataset: self.dataset.is_none(),
            epochs: epochs.err(),
            batch_size: batch_size.err(),
            lr: lr.err(),
            context: context.err(),
        })
    }

    /// What to estimate: the request without regard to its name.
    pub fn to_estimate(&self) -> Option<NewRun> {
        let unnamed = Self {
            own_name: Some("-".to_owned()),
            ..self.clone()
        };
        unnamed.check().ok()
    }
}

impl Reducible for Form {
    type Action = FormAction;

    fn reduce(self: std::rc::Rc<Self>, action: FormAction) -> std::rc::Rc<Self> {
        let mut next = (*self).clone();
        match action {
            FormAction::Name(name) => next.own_name = Some(name),
            FormAction::Dataset(id, name) => next.dataset = Some((id, name)),
            FormAction::Preset(preset) => next.preset = preset,
            FormAction::Epochs(text) => next.epochs = text,
            FormAction::BatchSize(text) => next.batch_size = text,
            FormAction::Lr(text) => next.lr = text,
            FormAction::Context(text) => next.own_context = Some(text),
            FormAction::Fit(changes) => changes.iter().for_each(|change| match change {
                FitChange::MicroBatch(n) => next.micro_batch = Some(*n),
                FitChange::Context(n) => {
                    next.own_context = Some(number::digits(&n.to_string()));
                }
            }),
            FormAction::WholeBatch => next.micro_batch = None,
        }
        next.into()
    }
}

fn check_name(text: &str) -> Result<String, FieldError> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err(FieldError::Empty),
        1..=80 => Ok(name.to_owned()),
        _ => Err(FieldError::TooLong),
    }
}

fn parse(text: &str) -> Result<f64, FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::Empty);
    }
    number::parse_number(text).ok_or(FieldError::NotANumber)
}

fn whole(text: &str, least: u32, most: u32) -> Result<u32, FieldError> {
    let value = parse(text)?;
    if value.fract() != 0.0 {
        return Err(FieldError::NotWhole);
    }
    if value < f64::from(least) || value > f64::from(most) {
        return Err(FieldError::OutOfRange(least, most));
    }
    Ok(value as u32)
}

fn rate(text: &str) -> Result<f64, FieldError> {
    let value = parse(text)?;
    if value > 0.0 && value <= 0.1 {
        Ok(value)
    } else {
        Err(FieldError::RateOutOfRange)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{FieldError, Form, FormAction};
    use amoozgar_types::id::DatasetId;
    use amoozgar_types::ipc::FitChange;
    use amoozgar_types::spec::SizePreset;
    use std::rc::Rc;
    use yew::Reducible;

    fn chosen() -> Rc<Form> {
        Rc::new(Form::default()).reduce(FormAction::Dataset(DatasetId::new("hafez"), "حافظ".into()))
    }

    #[test]
    fn the_form_as_it_opens_needs_only_a_dataset() {
        let errors = Form::default().check().unwrap_err();
        assert!(errors.dataset, "no dataset is chosen yet");
        assert_eq!(errors.epochs, None, "the rest has its defaults");
        let run = chosen().check().unwrap();
        assert_eq!(
            (run.epochs, run.batch_size, run.context_length),
            (8, 16, 128),
            "the defaults of the specification"
        );
        assert!(
            (run.lr - 2e-3).abs() < 1e-12,
            "the rate reads back from 2e-3"
        );
        assert!(
            run.name.contains("حافظ"),
            "a name is suggested: `{}`",
            run.name
        );
    }

    #[test]
    fn digits_of_all_three_kinds_are_understood() {
        for text in ["۱۲", "١٢", "12", " ۱۲ "] {
            let run = chosen()
                .reduce(FormAction::Epochs(text.into()))
                .check()
                .unwrap();
            assert_eq!(run.epochs, 12, "`{text}`");
        }
        for text in ["۰٫۰۰۲", "0.002", "2e-3", "۲e-۳"] {
            let run = chosen()
                .reduce(FormAction::Lr(text.into()))
                .check()
                .unwrap();
            assert!((run.lr - 2e-3).abs() < 1e-12, "`{text}`");
        }
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let wrong = |text: &str| {
            chosen()
                .reduce(FormAction::Epochs(text.into()))
                .check()
                .unwrap_err()
                .epochs
        };
        assert_eq!(wrong(""), Some(FieldError::Empty), "nothing typed");
        assert_eq!(
            wrong("ده"),
            Some(FieldError::NotANumber),
            "words are no number"
        );
        assert_eq!(wrong("۲٫۵"), Some(FieldError::NotWhole), "half an epoch");
        assert_eq!(
            wrong("۰"),
            Some(FieldError::OutOfRange(1, 1000)),
            "none at all"
        );
        assert_eq!(
            wrong("1001"),
            Some(FieldError::OutOfRange(1, 1000)),
            "too many"
        );
        for text in ["0", "0.2", "-1e-3"] {
            let errors = chosen()
                .reduce(FormAction::Lr(text.into()))
                .check()
                .unwrap_err();
            assert_eq!(errors.lr, Some(FieldError::RateOutOfRange), "`{text}`");
        }
        let errors = chosen()
            .reduce(FormAction::Context("8".into()))
            .check()
            .unwrap_err();
        assert_eq!(
            errors.context,
            Some(FieldError::OutOfRange(16, 2048)),
            "too short a context"
        );
        let errors = chosen()
            .reduce(FormAction::Name("  ".into()))
            .check()
            .unwrap_err();
        assert_eq!(errors.name, Some(FieldError::Empty), "spaces are no name");
    }

    #[test]
    fn context_and_name_follow_the_choices_until_they_are_typed() {
        let form = chosen().reduce(FormAction::Preset(SizePreset::Tiny));
        assert_eq!(
            form.check().unwrap().context_length,
            64,
            "the preset's context"
        );
        let typed = form
            .reduce(FormAction::Context("۱۰۰".into()))
            .reduce(FormAction::Name("اولین".into()))
            .reduce(FormAction::Preset(SizePreset::Medium));
        let run = typed.check().unwrap();
        assert_eq!(
            (run.context_length, run.name.as_str()),
            (100, "اولین"),
            "what was typed stays"
        );
    }

    #[test]
    fn what_was_proposed_to_fit_is_taken_and_let_go_with_another_batch() {
        let fitted = chosen().reduce(FormAction::Fit(vec![
            FitChange::MicroBatch(4),
            FitChange::Context(64),
        ]));
        let run = fitted.check().unwrap();
        assert_eq!(
            (run.micro_batch, run.context_length),
            (Some(4), 64),
            "both changes"
        );
        let other = fitted.clone().reduce(FormAction::BatchSize("۱۰".into()));
        assert_eq!(
            other.check().unwrap().micro_batch,
            None,
            "four do not divide ten"
        );
        let whole = fitted.reduce(FormAction::WholeBatch);
        assert_eq!(whole.check().unwrap().micro_batch, None, "taken back");
    }

    #[test]
    fn an_estimate_does_not_wait_for_a_name() {
        let unnamed = chosen().reduce(FormAction::Name(String::new()));
        assert!(unnamed.check().is_err(), "it cannot start");
        assert!(unnamed.to_estimate().is_some(), "but it can be estimated");
    }
}
