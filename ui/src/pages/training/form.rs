//! What the new-run form holds, and what follows from its choices. Pure.

pub mod again;
mod check;
mod goal;
#[cfg(test)]
mod tests;

pub use check::{FieldError, FormErrors};
pub use goal::Goal;

use crate::i18n::{methods, training as words};
use amoozgar_text::number;
use amoozgar_types::dataset::DatasetRecord;
use amoozgar_types::id::DatasetId;
use amoozgar_types::installed::{BaseFitness, BaseModel};
use amoozgar_types::ipc::{AdvancedSettings, RowChoices};
use amoozgar_types::limits::form as limits;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::plan::Change;
use amoozgar_types::spec::{
    BaseStorage, DEFAULT_BETA, Defaults, Dtype, LoraSpec, OptimizerKind, Packing, ScheduleKind,
    SizePreset, default_alpha, default_context,
};
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::Reducible;

/// A field that is typed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The run's name.
    Name,
    /// Passes over the text.
    Epochs,
    /// Sequences in a step.
    Batch,
    /// The peak rate.
    Lr,
    /// Tokens in a sequence.
    Context,
    /// Of adapters.
    Rank,
    /// Of adapters.
    Alpha,
    /// Of adapters.
    Dropout,
    /// Of what is learnt of pairs.
    Beta,
    /// Steps; empty chooses by itself.
    Warmup,
    /// Of matrices.
    WeightDecay,
    /// Of all that is drawn.
    Seed,
    /// Per cent.
    ValidationShare,
    /// Validations; empty never stops.
    Patience,
    /// Steps; empty chooses by itself.
    CheckpointEvery,
    /// Minutes.
    CheckpointMinutes,
    /// A prompt a line.
    Prompts,
}

/// What is chosen from lists.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Choices {
    /// The numbers to compute with.
    pub dtype: Dtype,
    /// How weights follow their gradients.
    pub optimizer: OptimizerKind,
    /// The rate's course.
    pub schedule: ScheduleKind,
    /// How documents share sequences.
    pub packing: Packing,
    /// How frozen weights are kept.
    pub storage: BaseStorage,
    /// Whether adapters are scaled by the rank's root.
    pub rslora: bool,
}

/// The model to go on from.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// Which.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// Tokens that it sees at once.
    pub context_length: u32,
    /// The maps that adapters can be given to.
    pub targets: Vec<String>,
}

impl Base {
    /// A model that can be gone on from.
    pub fn of(model: &BaseModel) -> Option<Self> {
        let BaseFitness::Fit {
            context_length,
            targets,
            ..
        } = &model.fitness
        else {
            return None;
        };
        Some(Self {
            model: model.model.clone(),
            name: model.name.clone(),
            context_length: *context_length,
            targets: targets.clone(),
        })
    }
}

/// The form as typed and chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Form {
    /// What was typed; the rest follows from the choices.
    own: BTreeMap<Field, String>,
    /// What is wanted of the run.
    pub goal: Goal,
    /// The chosen dataset with its name.
    pub dataset: Option<(DatasetId, String)>,
    /// The chosen model.
    pub base: Option<Base>,
    /// The model that was asked for, by its key or its folder, before the list of models was there.
    pub wanted_base: Option<String>,
    /// The chosen size, of a model of fresh weights.
    pub preset: SizeChoice,
    /// How the rows of a dataset of conversations are learnt.
    pub rows: RowChoices,
    /// What is chosen from lists.
    pub choices: Choices,
    /// The maps that get an adapter; all of them where empty.
    pub targets: Vec<String>,
    /// Sequences in one forward pass, once that was chosen to fit into memory.
    pub micro_batch: Option<u32>,
}

/// A size, the second one at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeChoice(pub SizePreset);

impl Default for SizeChoice {
    fn default() -> Self {
        Self(SizePreset::Small)
    }
}

/// A change to [`Form`].
pub enum FormAction {
    /// A field was typed into.
    Typed(Field, String),
    /// A goal was chosen.
    Goal(Goal),
    /// A dataset was chosen.
    Dataset(DatasetId, String),
    /// How its rows are learnt was chosen.
    Rows(RowChoices),
    /// A model was chosen.
    Base(Base),
    /// The list of models has come.
    Bases(Rc<Vec<BaseModel>>),
    /// A size was chosen.
    Preset(SizePreset),
    /// Something was chosen from a list.
    Choices(Choices),
    /// A map gets an adapter, or no longer.
    Target(String),
    /// What was proposed to fit into memory was taken.
    Fit(Vec<Change>),
    /// The whole batch goes through at once again.
    WholeBatch,
}

impl Form {
    /// The text of a field: typed, or what follows from the choices.
    pub fn text(&self, field: Field) -> String {
        match self.own.get(&field) {
            Some(text) => text.clone(),
            None => self.proposed(field),
        }
    }

    /// What suits the choices.
    fn proposed(&self, field: Field) -> String {
        let advanced = AdvancedSettings::default();
        let defaults = match self.rows.objective {
            Some(objective) => Defaults::learning(Goal::TASK, self.goal.method(), Some(objective)),
            None => self.goal.defaults(),
        };
        let number = |value: f64| number::as_typed(&value.to_string());
        match field {
            Field::Name => self.suggested_name(),
            Field::Epochs => number(defaults.epochs.into()),
            Field::Batch => number(defaults.batch_size.into()),
            Field::Lr => words::rate(defaults.lr),
            Field::Context => {
                let longest = self.base.as_ref().map(|base| base.context_length);
                let context = default_context(self.goal.method(), self.preset.0, longest);
                number(context.into())
            }
            Field::Rank => number(LoraSpec::default().rank as f64),
            Field::Alpha => {
                let rank = number::parse_number(&self.text(Field::Rank));
                number(default_alpha(
                    rank.unwrap_or(LoraSpec::default().rank as f64),
                ))
            }
            Field::Dropout => number(LoraSpec::default().dropout),
            Field::Beta => number(DEFAULT_BETA),
            Field::WeightDecay => number(defaults.weight_decay),
            Field::Seed => number(advanced.seed.into()),
            Field::ValidationShare => number(100.0 * advanced.validation_fraction),
            Field::Patience => number(advanced.patience.unwrap_or(4).into()),
            Field::CheckpointMinutes => number(advanced.checkpoint_minutes.into()),
            Field::Warmup | Field::CheckpointEvery => String::new(),
            Field::Prompts => advanced.prompts.join("\n"),
        }
    }

    fn suggested_name(&self) -> String {
        let Some((_, dataset)) = &self.dataset else {
            return String::new();
        };
        let name = match &self.base {
            Some(base) if self.goal.goes_on() => {
                methods::suggested_name(dataset, self.goal, &base.name)
            }
            _ => words::suggested_name(dataset, self.preset.0),
        };
        name.chars().take(*limits::NAME_CHARS.end()).collect()
    }

    /// The longest context that can be asked for.
    pub fn longest_context(&self) -> u32 {
        match &self.base {
            Some(base) if self.goal.goes_on() => base.context_length.clamp(
                *limits::CONTEXT_LENGTH.start(),
                *limits::CONTEXT_LENGTH.end(),
            ),
            _ => *limits::CONTEXT_LENGTH.end(),
        }
    }

    /// Chooses the first dataset where none is chosen, and lets go of one that is gone.
    pub fn first_of(&self, datasets: &[DatasetRecord]) -> Option<(DatasetId, String)> {
        let chosen = self.dataset.as_ref().map(|(id, _)| id);
        let found = datasets
            .iter()
            .find(|one| Some(&one.dataset_id) == chosen)
            .or(datasets.first())
            .map(|one| (one.dataset_id.clone(), one.name.clone()));
        found.filter(|found| self.dataset.as_ref() != Some(found))
    }

    /// The model that was asked for, else the one that is chosen while it is there, else the first
    /// that can be gone on from.
    fn base_of(&self, bases: &[BaseModel]) -> Option<Base> {
        let asked = self.wanted_base.as_ref().map(|wanted| {
            bases
                .iter()
                .find(|base| base.model.key() == *wanted || base.path == *wanted)
                .and_then(Base::of)
        });
        if let Some(found) = asked {
            // One that is gone is not replaced by another in silence.
            return found;
        }
        let chosen = self.base.as_ref().map(|base| &base.model);
        let still = bases.iter().find(|base| Some(&base.model) == chosen);
        still
            .and_then(Base::of)
            .or_else(|| bases.iter().find_map(Base::of))
    }
}

impl Reducible for Form {
    type Action = FormAction;

    fn reduce(self: Rc<Self>, action: FormAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            FormAction::Typed(field, text) => {
                next.own.insert(field, text);
            }
            FormAction::Goal(goal) => next.goal = goal,
            FormAction::Dataset(id, name) => {
                if next.dataset.as_ref().map(|(id, _)| id) != Some(&id) {
                    // Another dataset has other columns.
                    next.rows = RowChoices::default();
                }
                next.dataset = Some((id, name));
            }
            FormAction::Rows(rows) => next.rows = rows,
            FormAction::Base(base) => {
                next.wanted_base = None;
                next.base = Some(base);
            }
            FormAction::Bases(bases) => next.base = self.base_of(&bases),
            FormAction::Preset(preset) => next.preset = SizeChoice(preset),
            FormAction::Choices(choices) => next.choices = choices,
            FormAction::Target(target) => {
                if next.targets.contains(&target) {
                    next.targets.retain(|one| *one != target);
                } else {
                    next.targets.push(target);
                }
            }
            FormAction::Fit(changes) => changes.iter().for_each(|change| match change {
                Change::MicroBatch(n) => next.micro_batch = Some(*n),
                Change::Context(n) => {
                    let text = number::digits(&n.to_string());
                    next.own.insert(Field::Context, text);
                }
                Change::Bf16Storage => next.choices.dtype = Dtype::Bf16,
                // Not the form's to choose.
                Change::Kept(_) => {}
            }),
            FormAction::WholeBatch => next.micro_batch = None,
        }
        if let Some(base) = &next.base {
            next.targets.retain(|target| base.targets.contains(target));
        }
        next.into()
    }
}
