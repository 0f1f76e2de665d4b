//! What a run's text consists of: windows of a stream, rows of documents, examples, or pairs; and its batches.

use super::batches::{Epoch, Sequences, Source};
use super::packing::{self, Rows};
use super::run_plan::{Plan, n_windows};
use crate::model::Batch;
use crate::random::Keyed;
use crate::setup::conversations_of;
use crate::train::corpus::{self, Corpus, Part, Progress};
use crate::{Control, EngineError};
use amoozgar_data::format_of;
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Task;
use std::path::Path;
use std::sync::Arc;

/// The run's batches.
pub(super) fn source(
    spec: &TrainSpec,
    corpus: &Corpus,
    sequences: Sequences,
    micro_batch: usize,
) -> Source {
    let tokens = Arc::clone(&corpus.train.tokens);
    let batch_size = spec.optimizer.batch_size;
    Source::new(tokens, sequences, spec.seed, batch_size, micro_batch)
        .learning(corpus.train.trained.clone())
}

/// The micro-batches of the first `n_steps` steps of the run in `job_dir`, as it takes them: to hold
/// another program against it.
///
/// # Errors
/// Where the run's text cannot be read.
pub fn first_batches(
    spec: &TrainSpec,
    job_dir: &Path,
    n_steps: u64,
) -> Result<Vec<Vec<Batch>>, EngineError> {
    let control = Control::new();
    let mut report = |_, _| {};
    let mut progress = Progress::new(&control, &mut report);
    let corpus = corpus::prepare(spec, &job_dir.join("cache"), &mut progress)?;
    let sequences = sequences(spec, &corpus, packs_documents(spec)?);
    let plan = Plan::new(spec, sequences.len());
    let source = source(spec, &corpus, sequences, plan.micro_batch);
    let mut epoch = Epoch::default();
    Ok((0..n_steps)
        .map(|step| {
            let made = source.step(step, &mut epoch).into_iter();
            made.map(|made| made.batch).collect()
        })
        .collect())
}

/// What an epoch of the run consists of.
pub(super) fn sequences(spec: &TrainSpec, corpus: &Corpus, packs_documents: bool) -> Sequences {
    let context = spec.model.context_length;
    if let Some(classes) = &corpus.classes {
        return Sequences::Examples {
            places: corpus.train.places(),
            classes: classes.train.clone(),
        };
    }
    if let Some(objective) = spec.preference() {
        return Sequences::Pairs {
            places: corpus.train.conversations(),
            objective,
        };
    }
    if packs_documents {
        let pieces = match &corpus.chat {
            Some(_) => corpus.train.conversations(),
            None => corpus.train.pieces(true, context),
        };
        let order = Keyed::new(spec.seed, "rows");
        return Sequences::Rows(Rows::pack(&pieces, context, order));
    }
    Sequences::Windows {
        n: n_windows(corpus.train.tokens.len(), context),
        context,
    }
}

/// Whether the run's documents keep to themselves; a classifier's examples always do.
pub(super) fn packs_documents(spec: &TrainSpec) -> Result<bool, EngineError> {
    if spec.task == Task::SequenceClassification {
        return Ok(false);
    }
    if spec.preference().is_some() || conversations_of(spec)?.is_some() {
        return Ok(true);
    }
    let format = format_of(Path::new(&spec.dataset.train))?;
    Ok(packing::packs_documents(spec.dataset.packing, format))
}

pub(super) fn require(path: &str, part: &Part, needed: usize) -> Result<(), EngineError> {
    let tokens = &part.tokens;
    if tokens.len() >= needed {
        return Ok(());
    }
    Err(EngineError::DatasetTooSmall {
        path: path.into(),
        needed: needed as u64,
        found: tokens.len() as u64,
    })
}
