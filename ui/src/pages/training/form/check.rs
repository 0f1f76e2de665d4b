//! From what was typed to a request, or what is wrong with it.

use super::{Field, Form};
use amoozgar_text::number;
use amoozgar_types::ipc::{AdvancedSettings, MAX_PROMPT_CHARS, MAX_PROMPTS, MOST_STEPS, NewRun};
use amoozgar_types::spec::{LoraSpec, Method};

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
    /// It is not in (0, 0.1].
    RateOutOfRange,
    /// It has more than 80 characters.
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
        let goes_on = self.method != Method::Scratch;
        let mut errors = FormErrors {
            fields: Vec::new(),
            dataset: self.dataset.is_none(),
            base: goes_on && self.base.is_none(),
        };
        let name = errors.take(Field::Name, check_name(&self.text(Field::Name)));
        let epochs = errors.take(Field::Epochs, self.whole(Field::Epochs, 1, 1000));
        let batch_size = errors.take(Field::Batch, self.whole(Field::Batch, 1, 512));
        let lr = errors.take(Field::Lr, rate(&self.text(Field::Lr)));
        let longest = self.longest_context();
        let context_length = errors.take(Field::Context, self.whole(Field::Context, 16, longest));
        let lora = self.lora(&mut errors);
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
            method: self.method,
            base_model: base.map(|base| base.model.clone()),
            lora,
            advanced,
        })
    }

    /// What to estimate: the request without regard to its name.
    pub fn to_estimate(&self) -> Option<NewRun> {
        let mut unnamed = self.clone();
        unnamed.own.insert(Field::Name, "-".to_owned());
        unnamed.check().ok()
    }

    /// The adapters, where there will be some: what is hidden cannot be wrong.
    fn lora(&self, errors: &mut FormErrors) -> LoraSpec {
        if self.method != Method::Lora {
            return LoraSpec::default();
        }
        let rank = errors.take(Field::Rank, self.whole(Field::Rank, 1, 256));
        LoraSpec {
            rank: rank as usize,
            alpha: errors.take(Field::Alpha, self.decimal(Field::Alpha, 0.01, 1024.0)),
            dropout: errors.take(Field::Dropout, self.decimal(Field::Dropout, 0.0, 0.9)),
            targets: self.targets.clone(),
            use_rslora: self.choices.rslora,
            base: self.choices.storage,
        }
    }

    fn advanced(&self, errors: &mut FormErrors) -> AdvancedSettings {
        let share = self.decimal(Field::ValidationShare, 0.5, 50.0);
        let warmup = self.whole_or_none(Field::Warmup, 0, MOST_STEPS);
        let checkpoint = self.whole_or_none(Field::CheckpointEvery, 1, MOST_STEPS);
        let patience = self.whole_or_none(Field::Patience, 1, 1000);
        AdvancedSettings {
            dtype: self.choices.dtype,
            optimizer: self.choices.optimizer,
            schedule: self.choices.schedule,
            packing: self.choices.packing,
            warmup_steps: errors.take(Field::Warmup, warmup),
            weight_decay: errors.take(
                Field::WeightDecay,
                self.decimal(Field::WeightDecay, 0.0, 1.0),
            ),
            seed: errors.take(Field::Seed, self.whole(Field::Seed, 0, u32::MAX)),
            validation_fraction: errors.take(Field::ValidationShare, share) / 100.0,
            patience: errors.take(Field::Patience, patience),
            checkpoint_every: errors.take(Field::CheckpointEvery, checkpoint),
            prompts: errors.take(Field::Prompts, prompts(&self.text(Field::Prompts))),
        }
    }

    fn whole(&self, field: Field, least: u32, most: u32) -> Result<u32, FieldError> {
        let value = parse(&self.text(field))?;
        if value.fract() != 0.0 {
            return Err(FieldError::NotWhole);
        }
        if value < f64::from(least) || value > f64::from(most) {
            return Err(FieldError::OutOfRange(least, most));
        }
        Ok(value as u32)
    }

    fn whole_or_none(
        &self,
        field: Field,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, FieldError> {
        if self.text(field).trim().is_empty() {
            return Ok(None);
        }
        self.whole(field, least, most).map(Some)
    }

    fn decimal(&self, field: Field, least: f64, most: f64) -> Result<f64, FieldError> {
        let value = parse(&self.text(field))?;
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(FieldError::NotBetween(least, most))
        }
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

fn rate(text: &str) -> Result<f64, FieldError> {
    let value = parse(text)?;
    if value > 0.0 && value <= 0.1 {
        Ok(value)
    } else {
        Err(FieldError::RateOutOfRange)
    }
}

/// A prompt a line, blank lines aside.
fn prompts(text: &str) -> Result<Vec<String>, FieldError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let prompts: Vec<String> = lines.map(str::to_owned).collect();
    let too_long = |prompt: &String| prompt.chars().count() > MAX_PROMPT_CHARS;
    if prompts.len() > MAX_PROMPTS || prompts.iter().any(too_long) {
        return Err(FieldError::TooManyPrompts);
    }
    Ok(prompts)
}
