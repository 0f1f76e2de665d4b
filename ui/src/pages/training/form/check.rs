//! From what was typed to a request, or what is wrong with it.

use super::{Field, Form, Goal};
use amoozgar_text::number;
use amoozgar_types::ipc::{AdvancedSettings, NewRun};
use amoozgar_types::limits::{WARMUP_STEPS, form as limits};
use amoozgar_types::spec::{LoraSpec, Method, Objective};
use std::ops::RangeInclusive;

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
    /// It is outside these limits, between which fractions are good too.
    NotBetween(f64, f64),
    /// It is outside [`limits::LR`].
    RateOutOfRange,
    /// It has more characters than [`limits::NAME_CHARS`] allows.
    TooLong,
    /// Too many prompts, or one that is too long.
    TooManyPrompts,
}

/// What is wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormErrors {
    fields: Vec<(Field, FieldError)>,
    /// No dataset is chosen.
    pub dataset: bool,
    /// The method needs a model, and none is chosen.
    pub base: bool,
}

impl FormErrors {
    /// What is wrong with a field.
    pub fn of(&self, field: Field) -> Option<FieldError> {
        let found = self.fields.iter().find(|(wrong, _)| *wrong == field);
        found.map(|(_, error)| *error)
    }

    /// Whether one of the folded settings is wrong.
    pub fn in_advanced(&self) -> bool {
        self.fields.iter().any(|(field, _)| *field >= Field::Warmup)
    }

    /// Notes what is wrong with a field; a value that stands for it is used nowhere then.
    fn take<T: Default>(&mut self, field: Field, value: Result<T, FieldError>) -> T {
        value.unwrap_or_else(|error| {
            self.fields.push((field, error));
            T::default()
        })
    }
}

impl Form {
    /// The request, or what is wrong.
    pub fn check(&self) -> Result<NewRun, FormErrors> {
        let goes_on = self.goal.goes_on();
        let mut errors = FormErrors {
            fields: Vec::new(),
            dataset: self.dataset.is_none(),
            base: goes_on && self.base.is_none(),
        };
        let name = errors.take(Field::Name, check_name(&self.text(Field::Name)));
        let epochs = errors.take(Field::Epochs, self.whole(Field::Epochs, limits::EPOCHS));
        let batch_size = errors.take(Field::Batch, self.whole(Field::Batch, limits::BATCH_SIZE));
        let lr = errors.take(Field::Lr, rate(&self.text(Field::Lr)));
        let contexts = *limits::CONTEXT_LENGTH.start()..=self.longest_context();
        let context_length = errors.take(Field::Context, self.whole(Field::Context, contexts));
        let lora = self.lora(&mut errors);
        let is_preference = self.rows.objective.is_some_and(Objective::is_preference);
        let beta = is_preference
            .then(|| errors.take(Field::Beta, self.decimal(Field::Beta, limits::BETA)));
        let advanced = self.advanced(&mut errors);
        let Some((dataset_id, _)) = self.dataset.clone() else {
            return Err(errors);
        };
        if errors != FormErrors::default() {
            return Err(errors);
        }
        let base = self.base.as_ref().filter(|_| goes_on);
        Ok(NewRun {
            name,
            dataset_id,
            preset: self.preset.0,
            epochs,
            batch_size,
            lr,
            context_length,
            // Another batch size may be no multiple of it any more.
            micro_batch: self.micro_batch.filter(|n| batch_size.is_multiple_of(*n)),
            task: Goal::TASK,
            method: self.goal.method(),
            base_model: base.map(|base| base.model.clone()),
            lora,
            rows: self.rows.clone(),
            beta,
            advanced,
        })
    }

    /// Tokens in a sequence, where that can be used.
    pub fn context(&self) -> Option<u32> {
        let contexts = *limits::CONTEXT_LENGTH.start()..=self.longest_context();
        self.whole(Field::Context, contexts).ok()
    }

    /// What to estimate: the request without regard to its name.
    pub fn to_estimate(&self) -> Option<NewRun> {
        let mut unnamed = self.clone();
        unnamed.own.insert(Field::Name, "-".to_owned());
        unnamed.check().ok()
    }

    /// The adapters, where there will be some: what is hidden cannot be wrong.
    fn lora(&self, errors: &mut FormErrors) -> LoraSpec {
        if self.goal.method() != Method::Lora {
            return LoraSpec::default();
        }
        let rank = errors.take(Field::Rank, self.whole(Field::Rank, limits::RANK));
        LoraSpec {
            rank: rank as usize,
            alpha: errors.take(Field::Alpha, self.decimal(Field::Alpha, limits::ALPHA)),
            dropout: errors.take(
                Field::Dropout,
                self.decimal(Field::Dropout, limits::DROPOUT),
            ),
            targets: self.targets.clone(),
            use_rslora: self.choices.rslora,
            base: self.choices.storage,
        }
    }

    fn advanced(&self, errors: &mut FormErrors) -> AdvancedSettings {
        let share = limits::VALIDATION_FRACTION;
        let percent = 100.0 * share.start()..=100.0 * share.end();
        let share = self.decimal(Field::ValidationShare, percent);
        let warmup = self.whole_or_none(Field::Warmup, WARMUP_STEPS);
        let checkpoint = self.whole_or_none(Field::CheckpointEvery, limits::CHECKPOINT_EVERY);
        let patience = self.whole_or_none(Field::Patience, limits::PATIENCE);
        AdvancedSettings {
            dtype: self.choices.dtype,
            optimizer: self.choices.optimizer,
            schedule: self.choices.schedule,
            packing: self.choices.packing,
            warmup_steps: errors.take(Field::Warmup, warmup),
            weight_decay: errors.take(
                Field::WeightDecay,
                self.decimal(Field::WeightDecay, limits::WEIGHT_DECAY),
            ),
            seed: errors.take(Field::Seed, self.whole(Field::Seed, limits::SEED)),
            validation_fraction: errors.take(Field::ValidationShare, share) / 100.0,
            patience: errors.take(Field::Patience, patience),
            checkpoint_every: errors.take(Field::CheckpointEvery, checkpoint),
            checkpoint_minutes: errors.take(
                Field::CheckpointMinutes,
                self.whole(Field::CheckpointMinutes, limits::CHECKPOINT_MINUTES),
            ),
            prompts: errors.take(Field::Prompts, prompts(&self.text(Field::Prompts))),
        }
    }

    fn whole(&self, field: Field, range: RangeInclusive<u32>) -> Result<u32, FieldError> {
        let value = parse(&self.text(field))?;
        if value.fract() != 0.0 {
            return Err(FieldError::NotWhole);
        }
        let (least, most) = range.into_inner();
        if value < f64::from(least) || value > f64::from(most) {
            return Err(FieldError::OutOfRange(least, most));
        }
        Ok(value as u32)
    }

    fn whole_or_none(
        &self,
        field: Field,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, FieldError> {
        if self.text(field).trim().is_empty() {
            return Ok(None);
        }
        self.whole(field, range).map(Some)
    }

    fn decimal(&self, field: Field, range: RangeInclusive<f64>) -> Result<f64, FieldError> {
        let value = parse(&self.text(field))?;
        if range.contains(&value) {
            Ok(value)
        } else {
            Err(FieldError::NotBetween(*range.start(), *range.end()))
        }
    }
}

fn check_name(text: &str) -> Result<String, FieldError> {
    let name = text.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 {
        Err(FieldError::Empty)
    } else if limits::NAME_CHARS.contains(&n_chars) {
        Ok(name.to_owned())
    } else {
        Err(FieldError::TooLong)
    }
}

fn parse(text: &str) -> Result<f64, FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::Empty);
    }
    number::parse_number(text).ok_or(FieldError::NotANumber)
}

fn rate(text: &str) -> Result<f64, FieldError> {
    let value = parse(text)?;
    if limits::LR.contains(&value) {
        Ok(value)
    } else {
        Err(FieldError::RateOutOfRange)
    }
}

/// A prompt a line, blank lines aside.
fn prompts(text: &str) -> Result<Vec<String>, FieldError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let prompts: Vec<String> = lines.map(str::to_owned).collect();
    let fits = |prompt: &String| limits::PROMPT_CHARS.contains(&prompt.chars().count());
    if !limits::N_PROMPTS.contains(&prompts.len()) || !prompts.iter().all(fits) {
        return Err(FieldError::TooManyPrompts);
    }
    Ok(prompts)
}
