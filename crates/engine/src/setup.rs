//! What a specification asks for: the model it goes on from, its configuration, its adapters, how frozen
//! weights are stored and products computed.

use crate::EngineError;
use crate::kernels::matmul::Precision;
use crate::model::{ModelConfig, in_gguf};
use crate::weights::Storage;
use crate::weights::adapter::{LoraConfig, Scaling};
use amoozgar_data::{DataError, format_of, shape_of};
use amoozgar_types::TrainSpec;
use amoozgar_types::dataset::{DatasetFormat, Guess, Shape};
use amoozgar_types::spec::{BaseStorage, Dtype, Method, Objective, Task};
use std::path::Path;

/// The folder of the model that the run goes on from.
pub(crate) fn base_model(spec: &TrainSpec) -> Result<Option<&Path>, EngineError> {
    match (spec.method, &spec.base_model) {
        (Method::Scratch, _) => Ok(None),
        (_, Some(folder)) => Ok(Some(Path::new(folder))),
        (_, None) => Err(EngineError::InvalidSpec {
            field: "base_model",
            detail: "this method needs a model to go on from".to_owned(),
        }),
    }
}

/// What the rows of the run's text are, where they are conversations and the run learns to answer.
pub(crate) fn conversations_of(spec: &TrainSpec) -> Result<Option<Guess>, EngineError> {
    if spec.preference().is_some() {
        return Ok(None);
    }
    let wants = spec.objective == Some(Objective::Sft);
    let invalid = |field, detail: &str| EngineError::InvalidSpec {
        field,
        detail: detail.to_owned(),
    };
    if spec.task != Task::CausalLm {
        return if wants {
            Err(invalid("objective", "a classifier learns no conversations"))
        } else {
            Ok(None)
        };
    }
    let dataset = &spec.dataset;
    let found = shape_of(Path::new(&dataset.train), dataset.shape, &dataset.mapping);
    let is_told = wants || dataset.shape.is_some() || !dataset.mapping.is_empty();
    let guess = match found {
        Ok(guess) => guess,
        // What its rows lack as texts is said where they are read.
        Err(DataError::UnknownShape { path, .. })
            if !is_told && matches!(format_of(&path), Ok(DatasetFormat::Jsonl)) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if guess.shape == Shape::Preference {
        return Err(invalid(
            "objective",
            "the rows are pairs of a better and a worse answer, which `dpo` and `orpo` learn; to learn the \
             better ones alone, name them the column of `completion`",
        ));
    }
    if !guess.shape.is_conversation() {
        return if wants {
            Err(invalid(
                "objective",
                "the dataset is plain text and has no answers",
            ))
        } else {
            Ok(None)
        };
    }
    if spec.method == Method::Scratch {
        return Err(invalid(
            "method",
            "the dataset holds conversations, which a finished model learns: `full` or `lora`",
        ));
    }
    Ok(Some(guess))
}

/// What the rows of the run's text are, where it learns of pairs.
pub(crate) fn pairs_of(spec: &TrainSpec) -> Result<Option<Guess>, EngineError> {
    if spec.preference().is_none() {
        return Ok(None);
    }
    let dataset = &spec.dataset;
    let shape = dataset.shape.unwrap_or(Shape::Preference);
    if shape != Shape::Preference {
        let detail = format!("rows of shape `{}` are no pairs", shape.as_str());
        return Err(EngineError::InvalidSpec {
            field: "objective",
            detail,
        });
    }
    let path = Path::new(&dataset.train);
    Ok(Some(shape_of(path, Some(shape), &dataset.mapping)?))
}

/// The configuration of the model that the run trains; a classifier sorts into `labels`.
pub(crate) fn config_of(
    spec: &TrainSpec,
    vocab_size: usize,
    bos: u32,
    labels: &[String],
) -> Result<ModelConfig, EngineError> {
    let classifies = spec.task == Task::SequenceClassification;
    let Some(folder) = base_model(spec)? else {
        let config = if classifies {
            ModelConfig::encoder_from_spec(&spec.model, vocab_size, labels)
        } else {
            ModelConfig::from_spec(&spec.model, vocab_size, bos)
        };
        let invalid = |detail| EngineError::InvalidSpec {
            field: "model",
            detail,
        };
        config.check().map_err(invalid)?;
        return Ok(config);
    };
    let config = ModelConfig::load(folder)?;
    let longest = config.max_position_embeddings;
    let invalid = |field, detail| EngineError::InvalidSpec { field, detail };
    if config.is_decoder() == classifies {
        let detail = if classifies {
            "it does not sort texts into classes"
        } else {
            "it does not continue text"
        };
        return Err(invalid("base_model", detail.to_owned()));
    }
    let as_in_file = (spec.method, spec.lora.base) == (Method::Lora, BaseStorage::File);
    if as_in_file && in_gguf(folder)?.is_none() {
        let detail =
            "only a GGUF file keeps weights in blocks; the model is a folder of safetensors";
        return Err(invalid("lora.base", detail.to_owned()));
    }
    if spec.model.context_length > longest {
        let detail = format!("the model sees {longest} tokens at once");
        return Err(invalid("model.context_length", detail));
    }
    Ok(if classifies {
        config.sorting_into(labels)
    } else {
        config
    })
}

/// How the frozen weights of method `lora` are kept.
pub(crate) fn storage_of(spec: &TrainSpec) -> Storage {
    match (spec.lora.base, spec.dtype) {
        (BaseStorage::Dtype, Dtype::F32) => Storage::F32,
        (BaseStorage::Dtype, Dtype::Bf16) => Storage::Bf16,
        (BaseStorage::Q8, _) => Storage::Q8,
        (BaseStorage::Q4, _) => Storage::Q4,
        (BaseStorage::File, _) => Storage::File,
    }
}

/// The adapters that a specification asks for.
pub(crate) fn lora_of(spec: &TrainSpec) -> LoraConfig {
    LoraConfig {
        rank: spec.lora.rank,
        alpha: spec.lora.alpha,
        dropout: spec.lora.dropout,
        targets: spec.lora.targets.clone(),
        scaling: if spec.lora.use_rslora {
            Scaling::RankStabilized
        } else {
            Scaling::Plain
        },
    }
}

/// How products are computed for a data type of the specification.
pub(crate) fn precision_of(dtype: Dtype) -> Precision {
    match dtype {
        Dtype::F32 => Precision::F32,
        Dtype::Bf16 => Precision::Bf16,
    }
}
