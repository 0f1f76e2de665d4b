//! The form as an address or an earlier run fills it.

use super::{Choices, Field, Form, Goal, SizeChoice};
use crate::i18n::training as words;
use crate::route::Route;
use amoozgar_text::number;
use amoozgar_types::id::{DatasetId, JobId};
use amoozgar_types::ipc::RowChoices;
use amoozgar_types::job::JobDetail;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::spec::DEFAULT_BETA;
use yew_router::Routable;

/// What an address asks the form to begin with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// A model to go on from, by its key.
    pub model: Option<String>,
    /// A dataset.
    pub dataset: Option<DatasetId>,
    /// A run whose settings are used again.
    pub from: Option<JobId>,
}

impl Asked {
    /// Reads an address' query; `decode` undoes the encoding of addresses.
    pub fn read(query: &str, decode: impl Fn(&str) -> String) -> Self {
        let value = |name: &str| {
            let parts = query.trim_start_matches('?').split('&');
            let mut found = parts.filter_map(|part| part.split_once('='));
            let found = found.find(|(key, value)| *key == name && !value.is_empty());
            found.map(|(_, value)| decode(value))
        };
        Self {
            model: value("model"),
            dataset: value("dataset").map(DatasetId::new),
            from: value("from").map(JobId::new),
        }
    }

    /// The form to begin with. Whoever comes from a model wants to tune it, in the lightest way.
    pub fn form(self) -> Form {
        Form {
            goal: if self.model.is_some() {
                Goal::Lora
            } else {
                Goal::Scratch
            },
            wanted_base: self.model,
            dataset: self.dataset.map(|id| (id, String::new())),
            ..Form::default()
        }
    }
}

/// The form's address with a model; `encode` makes a text fit for an address.
pub fn address_with_model(model: &ModelRef, encode: impl Fn(&str) -> String) -> String {
    format!("{}?model={}", Route::NewRun.to_path(), encode(&model.key()))
}

/// The form's address with the settings of an earlier run.
pub fn address_again(job_id: &JobId) -> String {
    format!("{}?from={job_id}", Route::NewRun.to_path())
}

impl Form {
    /// The settings of an earlier run.
    pub fn again(run: &JobDetail) -> Self {
        let (job, spec) = (&run.job, &run.spec);
        let (optimizer, evaluation) = (&spec.optimizer, &spec.evaluation);
        let decimal = |value: f64| number::as_typed(&value.to_string());
        let whole = |value: u64| number::digits(&value.to_string());
        let or_empty = |value: Option<u64>| value.map(whole).unwrap_or_default();
        let percent = (100_000.0 * spec.dataset.validation_fraction).round() / 1000.0;
        let own = [
            (Field::Name, job.name.clone()),
            (Field::Epochs, whole(optimizer.epochs)),
            (Field::Batch, whole(optimizer.batch_size as u64)),
            (Field::Lr, words::rate(optimizer.lr)),
            (Field::Context, whole(spec.model.context_length as u64)),
            (Field::Rank, whole(spec.lora.rank as u64)),
            (Field::Alpha, decimal(spec.lora.alpha)),
            (Field::Dropout, decimal(spec.lora.dropout)),
            (Field::Beta, decimal(spec.beta.unwrap_or(DEFAULT_BETA))),
            (Field::Warmup, or_empty(optimizer.warmup_steps)),
            (Field::WeightDecay, decimal(optimizer.weight_decay)),
            (Field::Seed, whole(spec.seed)),
            (Field::ValidationShare, decimal(percent)),
            (Field::Patience, or_empty(evaluation.patience)),
            (
                Field::CheckpointEvery,
                or_empty(spec.checkpoint.every_steps),
            ),
            (
                Field::CheckpointMinutes,
                whole((spec.checkpoint.every_minutes.round() as u64).max(1)),
            ),
            (Field::Prompts, evaluation.prompts.join("\n")),
        ];
        let dataset = job.dataset_id.clone();
        Self {
            own: own.into(),
            goal: spec.method.into(),
            dataset: dataset.map(|id| (id, job.dataset_name.clone())),
            base: None,
            wanted_base: spec.base_model.clone(),
            preset: SizeChoice(job.preset),
            rows: RowChoices {
                shape: spec.dataset.shape,
                mapping: spec.dataset.mapping.clone(),
                supervise: spec.dataset.supervise,
                objective: spec.preference(),
                thinking: spec.dataset.thinking,
            },
            choices: Choices {
                dtype: spec.dtype,
                optimizer: optimizer.kind,
                schedule: optimizer.schedule,
                packing: spec.dataset.packing,
                storage: spec.lora.base,
                rslora: spec.lora.use_rslora,
            },
            targets: spec.lora.targets.clone(),
            micro_batch: optimizer.micro_batch.and_then(|n| u32::try_from(n).ok()),
        }
    }
}
