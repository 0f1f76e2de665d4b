//! A run before it is made: what it can go on from, what it will take, and its row.

use super::plan;
use super::queue::NewJob;
use crate::clock::{new_id, now_ms};
use crate::db::Db;
use crate::machine::resources::{free_disk_bytes, free_memory_bytes};
use crate::models::{self, installed};
use crate::paths::Paths;
use crate::process::{Inspector, Measurer};
use amoozgar_store::StoredDataset;
use amoozgar_types::chat::ConversationsPreview;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::installed::{BaseFitness, BaseModel, InstalledModel};
use amoozgar_types::ipc::{DatasetConversationsRequest, NewRun};
use amoozgar_types::job::JobRecord;
use amoozgar_types::limits::form as limits;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::plan::Estimate;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::spec::Method;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, TrainSpec};
use std::path::Path;

/// The models on this machine, with what a run can make of them: those that can be gone on from first.
/// Blocks.
pub fn bases(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user: &User,
) -> Result<Vec<BaseModel>, ApiError> {
    let models = installed::all(db, paths, user)?;
    let is_model = |model: &InstalledModel| model.kind == RepoKind::Model;
    let mut bases: Vec<BaseModel> = models
        .into_iter()
        .filter(is_model)
        .map(|model| base(model, inspector))
        .collect();
    bases.sort_by_key(|base| !matches!(base.fitness, BaseFitness::Fit { .. }));
    Ok(bases)
}

/// Memory and time of a run, before it is made. Blocks.
pub fn estimate(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    measurer: &Measurer,
    user_id: &UserId,
    request: &NewRun,
) -> Result<Estimate, ApiError> {
    let (spec, _) = planned(db, paths, inspector, user_id, request)?;
    let free_memory_bytes = usable_memory_bytes(&spec)?;
    let free_disk_bytes = free_disk_bytes(paths.place())?;
    measurer.plan(spec, free_memory_bytes, free_disk_bytes)
}

/// Some conversations of a dataset as a run on them would learn them. Blocks.
pub fn conversations(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user_id: &UserId,
    request: &DatasetConversationsRequest,
) -> Result<ConversationsPreview, ApiError> {
    if !limits::CONTEXT_LENGTH.contains(&request.context_length) {
        return Err(ApiError::invalid_field("context_length"));
    }
    let dataset = db
        .now(|store| store.dataset(user_id, &request.dataset_id))?
        .ok_or_else(|| ApiError::invalid_field("dataset_id"))?;
    let model = models::folder(db, paths, user_id, &request.base_model)
        .map_err(|_| ApiError::invalid_field("base_model"))?;
    let data = Path::new(&dataset.train_path);
    inspector.wait(inspector.conversations(data, &model, &request.rows, request.context_length))
}

/// A run as the queue takes it. Writes nothing. Blocks.
pub fn new_job(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    measurer: &Measurer,
    owner: UserId,
    request: &NewRun,
) -> Result<NewJob, ApiError> {
    let (spec, dataset) = planned(db, paths, inspector, &owner, request)?;
    within_limit(measurer, &spec)?;
    let mut record = new_record(request, &spec, &dataset);
    if let (Some(model), Some(_)) = (&request.base_model, &spec.base_model) {
        record.base_name = base_name(db, &owner, model)?;
    }
    Ok(NewJob {
        job_dir: paths.job(&record.job_id),
        owner,
        record,
        spec,
    })
}

/// Memory that a run may take now: what is free, or less where the user sets a limit.
fn usable_memory_bytes(spec: &TrainSpec) -> Result<u64, ApiError> {
    let free = free_memory_bytes()?;
    Ok(spec
        .memory_limit_bytes
        .map_or(free, |limit| limit.min(free)))
}

/// A run that no setting of the form's brings under the user's limit is not made.
fn within_limit(measurer: &Measurer, spec: &TrainSpec) -> Result<(), ApiError> {
    let Some(limit) = spec.memory_limit_bytes else {
        return Ok(());
    };
    let needed = measurer.least_memory_bytes(spec.clone())?;
    if needed <= limit {
        return Ok(());
    }
    Err(ApiError::with(
        ErrorCode::OutOfMemory,
        ErrorParams {
            needed: Some(needed),
            found: Some(limit),
            ..ErrorParams::default()
        },
    ))
}

fn planned(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user_id: &UserId,
    run: &NewRun,
) -> Result<(TrainSpec, StoredDataset), ApiError> {
    let dataset = db
        .now(|store| store.dataset(user_id, &run.dataset_id))?
        .ok_or_else(|| ApiError::invalid_field("dataset_id"))?;
    let settings = db.now(|store| store.settings(user_id))?;
    let base = match &run.base_model {
        Some(model) if run.method != Method::Scratch => {
            let dir = models::folder(db, paths, user_id, model)
                .map_err(|_| ApiError::invalid_field("base_model"))?;
            let fitness = inspector.wait(inspector.fitness(&dir));
            Some(plan::Base::new(dir, fitness))
        }
        _ => None,
    };
    let spec = plan::spec(run, &dataset, base.as_ref(), &settings)?;
    Ok((spec, dataset))
}

/// A model on this machine as something to go on from.
fn base(model: InstalledModel, inspector: &Inspector) -> BaseModel {
    BaseModel {
        fitness: inspector.wait(inspector.fitness(Path::new(&model.path))),
        model: model.model,
        name: model.name,
        architecture: model.architecture,
        path: model.path,
        size_bytes: model.size_bytes,
    }
}

/// What people call a model, so that a run can name it when the model is long gone.
fn base_name(db: &Db, user_id: &UserId, model: &ModelRef) -> Result<Option<String>, ApiError> {
    Ok(match model {
        ModelRef::Hub { repo, .. } => Some(repo.clone()),
        ModelRef::Imported { name } => Some(name.clone()),
        ModelRef::Trained { job_id } => db
            .now(|store| store.job(user_id, job_id))?
            .map(|job| job.record.name),
    })
}

fn new_record(run: &NewRun, spec: &TrainSpec, dataset: &StoredDataset) -> JobRecord {
    JobRecord {
        dataset_id: Some(dataset.record.dataset_id.clone()),
        task: spec.task,
        method: spec.method,
        ..JobRecord::queued(
            JobId::new(new_id()),
            &spec.name,
            &dataset.record.name,
            run.preset,
            now_ms(),
        )
    }
}
