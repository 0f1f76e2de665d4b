//! From the new-run form to a specification: every field held to its range.

use amoozgar_store::StoredDataset;
use amoozgar_types::installed::BaseFitness;
use amoozgar_types::ipc::NewRun;
use amoozgar_types::limits::{WARMUP_STEPS, form as limits};
use amoozgar_types::settings::Settings;
use amoozgar_types::spec::{
    CheckpointSpec, DEFAULT_BETA, DatasetSpec, Defaults, EvaluationSpec, Method, ModelSpec,
    OptimizerSpec, Task, TokenizerSpec,
};
use amoozgar_types::{ApiError, TrainSpec};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// A model to go on from.
pub struct Base {
    dir: PathBuf,
    fitness: BaseFitness,
}

impl Base {
    /// The one in a folder, and what a run can make of it.
    pub fn new(dir: PathBuf, fitness: BaseFitness) -> Self {
        Self { dir, fitness }
    }
}

/// The specification of a run on `dataset`, or which field of the form cannot be used.
pub fn spec(
    run: &NewRun,
    dataset: &StoredDataset,
    base: Option<&Base>,
    settings: &Settings,
) -> Result<TrainSpec, ApiError> {
    check(run)?;
    check_base(run, base)?;
    let advanced = &run.advanced;
    let preference = run.rows.objective.filter(|one| one.is_preference());
    Ok(TrainSpec {
        name: run.name.trim().to_owned(),
        dataset: DatasetSpec {
            name: Some(dataset.record.name.clone()),
            train: dataset.train_path.clone(),
            validation: dataset.validation_path.clone(),
            validation_fraction: advanced.validation_fraction,
            packing: advanced.packing,
            shape: run.rows.shape,
            mapping: run.rows.mapping.clone(),
            supervise: run.rows.supervise,
            thinking: run.rows.thinking,
        },
        task: run.task,
        objective: run.rows.objective,
        beta: preference.map(|_| run.beta.unwrap_or(DEFAULT_BETA)),
        method: run.method,
        base_model: base.map(|base| base.dir.display().to_string()),
        lora: run.lora.clone(),
        dtype: advanced.dtype,
        tokenizer: TokenizerSpec {
            vocab_size: run.preset.vocab_size(),
        },
        model: ModelSpec {
            context_length: run.context_length as usize,
            ..run.preset.model()
        },
        optimizer: OptimizerSpec {
            kind: advanced.optimizer,
            schedule: advanced.schedule,
            epochs: u64::from(run.epochs),
            batch_size: run.batch_size as usize,
            micro_batch: run.micro_batch.map(|n| n as usize),
            lr: run.lr,
            warmup_steps: advanced.warmup_steps.map(u64::from),
            weight_decay: advanced.weight_decay,
            ..OptimizerSpec::with(Defaults::learning(run.task, run.method, run.rows.objective))
        },
        evaluation: EvaluationSpec {
            prompts: advanced.prompts.clone(),
            patience: advanced.patience.map(u64::from),
            ..EvaluationSpec::default()
        },
        checkpoint: CheckpointSpec {
            every_steps: advanced.checkpoint_every.map(u64::from),
            every_minutes: f64::from(advanced.checkpoint_minutes),
            ..CheckpointSpec::default()
        },
        seed: u64::from(advanced.seed),
        threads: settings.threads.map(|threads| threads as usize),
        memory_limit_bytes: settings
            .compute
            .memory_limit_mib
            .map(|mib| u64::from(mib) << 20),
    })
}

fn check(run: &NewRun) -> Result<(), ApiError> {
    let n_chars = run.name.trim().chars().count();
    let (lora, advanced) = (&run.lora, &run.advanced);
    let within =
        |value: Option<u32>, range: RangeInclusive<u32>| value.is_none_or(|n| range.contains(&n));
    let rank = u32::try_from(lora.rank).unwrap_or(u32::MAX);
    let fields = [
        // A classifier's data is labelled, which the form cannot choose yet.
        ("task", run.task == Task::CausalLm),
        ("name", limits::NAME_CHARS.contains(&n_chars)),
        ("epochs", limits::EPOCHS.contains(&run.epochs)),
        ("batch_size", limits::BATCH_SIZE.contains(&run.batch_size)),
        ("lr", limits::LR.contains(&run.lr)),
        (
            "beta",
            run.beta.is_none_or(|beta| limits::BETA.contains(&beta)),
        ),
        (
            "context_length",
            limits::CONTEXT_LENGTH.contains(&run.context_length),
        ),
        (
            "micro_batch",
            run.micro_batch
                .is_none_or(|n| n > 0 && run.batch_size.is_multiple_of(n)),
        ),
        ("rank", limits::RANK.contains(&rank)),
        ("alpha", limits::ALPHA.contains(&lora.alpha)),
        ("dropout", limits::DROPOUT.contains(&lora.dropout)),
        ("warmup_steps", within(advanced.warmup_steps, WARMUP_STEPS)),
        (
            "weight_decay",
            limits::WEIGHT_DECAY.contains(&advanced.weight_decay),
        ),
        (
            "validation_fraction",
            limits::VALIDATION_FRACTION.contains(&advanced.validation_fraction),
        ),
        ("patience", within(advanced.patience, limits::PATIENCE)),
        (
            "checkpoint_every",
            within(advanced.checkpoint_every, limits::CHECKPOINT_EVERY),
        ),
        (
            "checkpoint_minutes",
            limits::CHECKPOINT_MINUTES.contains(&advanced.checkpoint_minutes),
        ),
        ("prompts", prompts_are_usable(&advanced.prompts)),
    ];
    match fields.iter().find(|(_, usable)| !usable) {
        Some((field, _)) => Err(ApiError::invalid_field(field)),
        None => Ok(()),
    }
}

fn prompts_are_usable(prompts: &[String]) -> bool {
    let usable = |prompt: &String| {
        !prompt.trim().is_empty() && limits::PROMPT_CHARS.contains(&prompt.chars().count())
    };
    limits::N_PROMPTS.contains(&prompts.len()) && prompts.iter().all(usable)
}

/// Whether the run has the model that its method needs, and asks nothing of it that it has not.
fn check_base(run: &NewRun, base: Option<&Base>) -> Result<(), ApiError> {
    if run.method == Method::Scratch {
        return Ok(());
    }
    let fitness = base.map(|base| &base.fitness);
    let Some(BaseFitness::Fit {
        context_length,
        targets,
        ..
    }) = fitness
    else {
        return Err(ApiError::invalid_field("base_model"));
    };
    if run.context_length > *context_length {
        return Err(ApiError::invalid_field("context_length"));
    }
    let known = |target: &String| targets.contains(target);
    if run.method == Method::Lora && !run.lora.targets.iter().all(known) {
        return Err(ApiError::invalid_field("targets"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Base, spec};
    use amoozgar_store::StoredDataset;
    use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, DatasetSource};
    use amoozgar_types::id::DatasetId;
    use amoozgar_types::installed::BaseFitness;
    use amoozgar_types::ipc::{AdvancedSettings, NewRun};
    use amoozgar_types::model_ref::ModelRef;
    use amoozgar_types::settings::Settings;
    use amoozgar_types::spec::{
        BaseStorage, Dtype, LoraSpec, Method, OptimizerKind, ScheduleKind, SizePreset, Task,
    };
    use amoozgar_types::{ErrorCode, TrainSpec};

    fn dataset() -> StoredDataset {
        StoredDataset {
            record: DatasetRecord {
                sharing: amoozgar_types::dataset::Sharing::Private,
                dataset_id: DatasetId::new("hafez"),
                name: "دیوان حافظ".into(),
                source: DatasetSource::Bundled,
                format: DatasetFormat::Txt,
                guess: None,
                size_bytes: 1,
                n_rows: 1,
                n_validation_rows: 1,
                created_ms: 0,
            },
            train_path: "/data/train.txt".into(),
            validation_path: Some("/data/validation.txt".into()),
        }
    }

    fn run() -> NewRun {
        NewRun {
            name: " حافظ ".into(),
            dataset_id: DatasetId::new("hafez"),
            preset: SizePreset::Small,
            epochs: 8,
            batch_size: 16,
            lr: 2e-3,
            context_length: 64,
            micro_batch: Some(4),
            task: Task::CausalLm,
            method: Method::Scratch,
            base_model: None,
            lora: LoraSpec::default(),
            rows: amoozgar_types::ipc::RowChoices::default(),
            beta: None,
            advanced: AdvancedSettings::default(),
        }
    }

    fn base(fitness: BaseFitness) -> Base {
        Base {
            dir: "/models/base".into(),
            fitness,
        }
    }

    fn fit() -> Base {
        base(BaseFitness::Fit {
            context_length: 128,
            n_parameters: 1000,
            targets: vec!["q_proj".into(), "v_proj".into()],
        })
    }

    fn lora() -> NewRun {
        NewRun {
            method: Method::Lora,
            base_model: Some(ModelRef::Imported { name: "x".into() }),
            ..run()
        }
    }

    #[test]
    fn adapters_over_a_model_and_the_advanced_settings_reach_the_specification() {
        let mut run = lora();
        run.lora = LoraSpec {
            rank: 16,
            targets: vec!["q_proj".into()],
            base: BaseStorage::Q8,
            ..LoraSpec::default()
        };
        run.advanced = AdvancedSettings {
            dtype: Dtype::Bf16,
            optimizer: OptimizerKind::AdamW8bit,
            schedule: ScheduleKind::Linear,
            warmup_steps: Some(7),
            weight_decay: 0.0,
            seed: 3,
            validation_fraction: 0.2,
            patience: None,
            checkpoint_every: Some(9),
            checkpoint_minutes: 3,
            prompts: vec!["سلام".into()],
            ..AdvancedSettings::default()
        };
        let base = fit();
        let spec = spec(&run, &dataset(), Some(&base), &Settings::default()).unwrap();
        assert_eq!(spec.method, Method::Lora, "the method");
        assert_eq!(spec.base_model.as_deref(), Some("/models/base"), "the base");
        assert_eq!(spec.lora, run.lora, "the adapters");
        assert_eq!(
            (spec.dtype, spec.optimizer.kind, spec.optimizer.schedule),
            (Dtype::Bf16, OptimizerKind::AdamW8bit, ScheduleKind::Linear),
            "how it computes"
        );
        assert_eq!(
            (spec.optimizer.warmup_steps, spec.seed),
            (Some(7), 3),
            "warm-up and seed"
        );
        assert_eq!(
            (spec.evaluation.patience, spec.checkpoint.every_steps),
            (None, Some(9)),
            "never stops early, saves every nine steps"
        );
        assert!(
            (spec.checkpoint.every_minutes - 3.0).abs() < 1e-9,
            "and every three minutes"
        );
        assert_eq!(spec.evaluation.prompts, ["سلام"], "the prompts");
    }

    #[test]
    fn a_model_that_is_gone_or_cannot_be_gone_on_from_is_refused_as_the_base_model() {
        let refused = |run: &NewRun, base: Option<&Base>| {
            let error = spec(run, &dataset(), base, &Settings::default()).unwrap_err();
            (error.code, error.params.field)
        };
        let field = |name: &str| (ErrorCode::InvalidField, Some(name.to_owned()));
        assert_eq!(refused(&lora(), None), field("base_model"), "none");
        for fitness in [
            BaseFitness::UnknownArchitecture,
            BaseFitness::NotUnderstood {
                detail: "`a` is 1".to_owned(),
            },
            BaseFitness::NotADecoder,
            BaseFitness::NoTokenizer,
            BaseFitness::NoSafetensors,
        ] {
            let base = base(fitness);
            assert_eq!(
                refused(&lora(), Some(&base)),
                field("base_model"),
                "{:?}",
                base.fitness
            );
        }
        let longer = NewRun {
            context_length: 129,
            ..lora()
        };
        assert_eq!(
            refused(&longer, Some(&fit())),
            field("context_length"),
            "more than the model sees"
        );
        let mut elsewhere = lora();
        elsewhere.lora.targets = vec!["no_such_map".into()];
        assert_eq!(
            refused(&elsewhere, Some(&fit())),
            field("targets"),
            "a map that the model has not"
        );
    }

    #[test]
    fn the_form_becomes_a_specification_that_reads_back_the_same() {
        let settings = Settings {
            threads: Some(2),
            ..Settings::default()
        };
        let spec = spec(&run(), &dataset(), None, &settings).unwrap();
        assert_eq!(spec.name, "حافظ", "trimmed");
        assert_eq!(spec.model.context_length, 64, "the form's context");
        assert_eq!(spec.model.d_model, 192, "the preset's width");
        assert_eq!(
            spec.optimizer.micro_batch,
            Some(4),
            "a batch in four passes"
        );
        assert_eq!(spec.tokenizer.vocab_size, 4096, "the preset's vocabulary");
        assert_eq!(spec.threads, Some(2), "the user's setting");
        let text = serde_json::to_string(&spec).unwrap();
        let back: TrainSpec = serde_json::from_str(&text).unwrap();
        assert_eq!(back, spec, "through job.json");
    }

    #[test]
    fn a_field_out_of_its_range_is_named() {
        type Spoil = fn(&mut NewRun);
        let cases: [(&str, Spoil); 25] = [
            ("name", |run| run.name = "  ".into()),
            ("name", |run| run.name = "ا".repeat(81)),
            ("epochs", |run| run.epochs = 0),
            ("batch_size", |run| run.batch_size = 513),
            ("lr", |run| run.lr = 0.0),
            ("lr", |run| run.lr = f64::NAN),
            ("context_length", |run| run.context_length = 15),
            ("context_length", |run| run.context_length = 2049),
            ("micro_batch", |run| run.micro_batch = Some(0)),
            ("micro_batch", |run| run.micro_batch = Some(5)),
            ("task", |run| run.task = Task::SequenceClassification),
            ("rank", |run| run.lora.rank = 0),
            ("rank", |run| run.lora.rank = 257),
            ("alpha", |run| run.lora.alpha = f64::NAN),
            ("dropout", |run| run.lora.dropout = 1.0),
            ("warmup_steps", |run| {
                run.advanced.warmup_steps = Some(1_000_001);
            }),
            ("weight_decay", |run| run.advanced.weight_decay = -0.1),
            ("weight_decay", |run| run.advanced.weight_decay = f64::NAN),
            ("validation_fraction", |run| {
                run.advanced.validation_fraction = 0.6;
            }),
            ("patience", |run| run.advanced.patience = Some(0)),
            ("checkpoint_every", |run| {
                run.advanced.checkpoint_every = Some(0);
            }),
            ("checkpoint_minutes", |run| {
                run.advanced.checkpoint_minutes = 0;
            }),
            ("prompts", |run| run.advanced.prompts = vec![" ".into()]),
            ("prompts", |run| {
                run.advanced.prompts = vec!["ا".repeat(501)];
            }),
            ("prompts", |run| {
                run.advanced.prompts = vec!["ا".into(); 9];
            }),
        ];
        for (field, spoil) in cases {
            let mut run = run();
            spoil(&mut run);
            let error = spec(&run, &dataset(), None, &Settings::default()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidField, "{run:?}");
            assert_eq!(error.params.field.as_deref(), Some(field), "{run:?}");
        }
    }
}
