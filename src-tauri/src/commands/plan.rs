//! From the new-run form to a specification: every field held to its range.

use crate::error;
use amoozgar_engine::Change;
use amoozgar_store::StoredDataset;
use amoozgar_types::ipc::{FitChange, NewRun, Settings};
use amoozgar_types::spec::{
    CheckpointSpec, DatasetSpec, Dtype, EvaluationSpec, LoraSpec, Method, ModelSpec, OptimizerSpec,
    Packing, TokenizerSpec,
};
use amoozgar_types::{ApiError, TrainSpec};

const MAX_NAME_CHARS: usize = 80;
/// The share held out where a dataset has no held-out text of its own.
const VALIDATION_FRACTION: f64 = 0.05;
/// Every run of the form draws from the same seed, so that two of them can be compared.
const SEED: u64 = 1405;

/// The specification of a run on `dataset`, or which field of the form cannot be used.
pub fn spec(
    run: &NewRun,
    dataset: &StoredDataset,
    settings: &Settings,
) -> Result<TrainSpec, ApiError> {
    check(run)?;
    Ok(TrainSpec {
        name: run.name.trim().to_owned(),
        dataset: DatasetSpec {
            train: dataset.train_path.clone(),
            validation: dataset.validation_path.clone(),
            validation_fraction: VALIDATION_FRACTION,
            packing: Packing::default(),
        },
        method: Method::Scratch,
        base_model: None,
        lora: LoraSpec::default(),
        dtype: Dtype::default(),
        tokenizer: TokenizerSpec {
            vocab_size: run.preset.vocab_size(),
        },
        model: ModelSpec {
            context_length: run.context_length as usize,
            ..run.preset.model()
        },
        optimizer: OptimizerSpec {
            epochs: u64::from(run.epochs),
            batch_size: run.batch_size as usize,
            micro_batch: run.micro_batch.map(|n| n as usize),
            lr: run.lr,
            ..OptimizerSpec::default()
        },
        evaluation: EvaluationSpec::default(),
        checkpoint: CheckpointSpec::default(),
        seed: SEED,
        threads: settings.threads.map(|threads| threads as usize),
        memory_limit_bytes: settings
            .compute
            .memory_limit_mib
            .map(|mib| u64::from(mib) << 20),
    })
}

/// What to change in the form so that the run takes no more than `free_bytes`. That less is kept from
/// forward passes is no change of the form: each run chooses it for itself.
pub fn to_fit(spec: &TrainSpec, free_bytes: u64) -> Result<Vec<FitChange>, ApiError> {
    let changes = amoozgar_engine::make_it_fit(spec, free_bytes)
        .map_err(|failure| error::of_engine(&failure))?;
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(changes
        .into_iter()
        .filter_map(|change| match change {
            Change::MicroBatch(n) => Some(FitChange::MicroBatch(small(n))),
            Change::Context(n) => Some(FitChange::Context(small(n))),
            // The form trains from scratch: nothing is frozen, so nothing is stored shorter.
            Change::Kept(_) | Change::Bf16Storage => None,
        })
        .collect())
}

fn check(run: &NewRun) -> Result<(), ApiError> {
    let n_chars = run.name.trim().chars().count();
    let fields = [
        ("name", (1..=MAX_NAME_CHARS).contains(&n_chars)),
        ("epochs", (1..=1000).contains(&run.epochs)),
        ("batch_size", (1..=512).contains(&run.batch_size)),
        ("lr", run.lr > 0.0 && run.lr <= 0.1),
        ("context_length", (16..=2048).contains(&run.context_length)),
        (
            "micro_batch",
            run.micro_batch
                .is_none_or(|n| n > 0 && run.batch_size.is_multiple_of(n)),
        ),
    ];
    match fields.iter().find(|(_, usable)| !usable) {
        Some((field, _)) => Err(ApiError::invalid_field(field)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::spec;
    use amoozgar_store::StoredDataset;
    use amoozgar_types::id::DatasetId;
    use amoozgar_types::ipc::{DatasetFormat, DatasetRecord, DatasetSource, NewRun, Settings};
    use amoozgar_types::spec::SizePreset;
    use amoozgar_types::{ErrorCode, TrainSpec};

    fn dataset() -> StoredDataset {
        StoredDataset {
            record: DatasetRecord {
                sharing: amoozgar_types::ipc::Sharing::Private,
                dataset_id: DatasetId::new("hafez"),
                name: "دیوان حافظ".into(),
                source: DatasetSource::Bundled,
                format: DatasetFormat::Txt,
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
        }
    }

    #[test]
    fn the_form_becomes_a_specification_that_reads_back_the_same() {
        let settings = Settings {
            threads: Some(2),
            ..Settings::default()
        };
        let spec = spec(&run(), &dataset(), &settings).unwrap();
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
        let cases: [(&str, Spoil); 10] = [
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
        ];
        for (field, spoil) in cases {
            let mut run = run();
            spoil(&mut run);
            let error = spec(&run, &dataset(), &Settings::default()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidField, "{run:?}");
            assert_eq!(error.params.field.as_deref(), Some(field), "{run:?}");
        }
    }
}
