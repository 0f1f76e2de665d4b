//! Making and watching runs.

use super::{Answer, Request, models, plan, system};
use crate::clock::{new_id, now_ms};
use crate::db::{Db, blocking};
use crate::error;
use crate::files;
use crate::jobs::{LOG_FILE, NewJob};
use crate::paths::Paths;
use crate::state::App;
use amoozgar_store::StoredDataset;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::installed::{BaseFitness, BaseModel, InstalledModel};
use amoozgar_types::ipc::{
    JobUpdate, NewRun, Reorder, TrainingBases, TrainingCreate, TrainingDelete, TrainingEstimate,
    TrainingGet, TrainingLog, TrainingMetrics, TrainingPage, TrainingPause, TrainingReorder,
    TrainingResume, TrainingStop, TrainingSubscribe, TrainingUnsubscribe,
};
use amoozgar_types::job::{JobDetail, JobRecord};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::plan::Estimate;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::spec::Method;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, TrainSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tauri::State;
use tauri::ipc::Channel;

/// Samples that a run's page shows.
const MAX_SAMPLES: u32 = 200;
/// Points of the training curve that a run's page is given: enough to zoom in, few enough to cross the
/// bridge at once.
const MAX_POINTS: usize = 2_400;
/// Lines of the log that a run's page shows.
const MAX_LOG_LINES: usize = 500;

/// The models on this machine, with what a run can make of them: those that can be gone on from first.
#[tauri::command]
pub async fn training_bases(
    state: State<'_, App>,
    request: Request<TrainingBases>,
) -> Answer<TrainingBases> {
    let () = request;
    let user = state.user()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || {
        let models = models::all(&db, &paths, &user)?;
        let is_model = |model: &InstalledModel| model.kind == RepoKind::Model;
        let mut bases: Vec<BaseModel> = models.into_iter().filter(is_model).map(base).collect();
        bases.sort_by_key(|base| !matches!(base.fitness, BaseFitness::Fit { .. }));
        Ok(bases)
    })
    .await
}

/// Memory and time of a run, before it is made.
#[tauri::command]
pub async fn training_estimate(
    state: State<'_, App>,
    request: Request<TrainingEstimate>,
) -> Answer<TrainingEstimate> {
    let user_id = state.user_id()?;
    let (db, paths) = (state.db.clone(), state.paths.clone());
    blocking(move || {
        let (spec, _) = planned(&db, &paths, &user_id, &request)?;
        let train = Path::new(&spec.dataset.train);
        let train_bytes = std::fs::metadata(train)
            .map_err(|failure| error::io_error(train, &failure))?
            .len();
        let run = amoozgar_engine::estimate(&spec, train_bytes)
            .map_err(|failure| error::of_engine(&failure))?;
        let free_memory_bytes = usable_memory_bytes(&spec)?;
        Ok(Estimate {
            n_parameters: run.n_parameters,
            memory_bytes: run.memory_bytes,
            free_memory_bytes,
            n_train_tokens: run.n_train_tokens,
            total_steps: run.total_steps,
            duration_s: run.duration_s,
            disk_bytes: run.disk_bytes,
            free_disk_bytes: system::free_disk_bytes(paths.place())?,
            kept: run.kept,
            to_fit: plan::to_fit(&spec, free_memory_bytes)?,
        })
    })
    .await
}

/// Makes a run and queues it.
#[tauri::command]
pub async fn training_create(
    state: State<'_, App>,
    request: Request<TrainingCreate>,
) -> Answer<TrainingCreate> {
    let owner = state.user_id()?;
    let (db, paths, whose) = (state.db.clone(), state.paths.clone(), owner.clone());
    let (spec, record) = blocking(move || {
        let (spec, dataset) = planned(&db, &paths, &whose, &request)?;
        within_limit(&spec)?;
        let mut record = new_record(&request, &spec, &dataset);
        if let (Some(model), Some(_)) = (&request.base_model, &spec.base_model) {
            record.base_name = base_name(&db, &whose, model)?;
        }
        Ok((spec, record))
    })
    .await?;
    let job_dir = state.paths.job(&record.job_id);
    let job = NewJob {
        owner,
        record,
        spec,
        job_dir,
    };
    state.jobs.create(job).await
}

/// A page of the user's runs.
#[tauri::command]
pub async fn training_page(
    state: State<'_, App>,
    request: Request<TrainingPage>,
) -> Answer<TrainingPage> {
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| store.job_page(&user_id, &request))
        .await
}

/// One run with what its page shows beside the curves.
#[tauri::command]
pub async fn training_get(
    state: State<'_, App>,
    request: Request<TrainingGet>,
) -> Answer<TrainingGet> {
    let user_id = state.user_id()?;
    state
        .db
        .call(move |store| {
            let Some(job) = store.job(&user_id, &request)? else {
                return Ok(None);
            };
            Ok(Some(JobDetail {
                checkpoints: store.checkpoints(&request)?,
                samples: store.samples(&request, MAX_SAMPLES)?,
                job: job.record,
                spec: job.spec,
            }))
        })
        .await?
        .ok_or_else(error::not_found)
}

/// Asks a running job to save and wait.
#[tauri::command]
pub async fn training_pause(
    state: State<'_, App>,
    request: Request<TrainingPause>,
) -> Answer<TrainingPause> {
    state.jobs.pause(state.user_id()?, request).await
}

/// Lets a paused job go on, or queues an ended one again.
#[tauri::command]
pub async fn training_resume(
    state: State<'_, App>,
    request: Request<TrainingResume>,
) -> Answer<TrainingResume> {
    state.jobs.resume(state.user_id()?, request).await
}

/// Asks a job to save and end, or takes it off the queue.
#[tauri::command]
pub async fn training_stop(
    state: State<'_, App>,
    request: Request<TrainingStop>,
) -> Answer<TrainingStop> {
    state.jobs.stop(state.user_id()?, request).await
}

/// Removes an ended run with its folder.
#[tauri::command]
pub async fn training_delete(
    state: State<'_, App>,
    request: Request<TrainingDelete>,
) -> Answer<TrainingDelete> {
    state.jobs.delete(state.user_id()?, request).await
}

/// Moves a queued run.
#[tauri::command]
pub async fn training_reorder(
    state: State<'_, App>,
    request: Request<TrainingReorder>,
) -> Answer<TrainingReorder> {
    let Reorder { job_id, position } = request;
    state.jobs.reorder(state.user_id()?, job_id, position).await
}

/// The curves so far.
#[tauri::command]
pub async fn training_metrics(
    state: State<'_, App>,
    request: Request<TrainingMetrics>,
) -> Answer<TrainingMetrics> {
    let user_id = state.user_id()?;
    let curves = Arc::clone(&state.curves);
    state
        .db
        .call(move |store| {
            let Some(job) = store.job(&user_id, &request)? else {
                return Ok(None);
            };
            let job = job.record;
            if let Some(known) = curves.of(&job) {
                return Ok(Some(known));
            }
            let metrics = store.thinned_metrics(&request, MAX_POINTS)?;
            curves.keep(&job, &metrics);
            Ok(Some(metrics))
        })
        .await?
        .ok_or_else(error::not_found)
}

/// The last lines of the run's log.
#[tauri::command]
pub async fn training_log(
    state: State<'_, App>,
    request: Request<TrainingLog>,
) -> Answer<TrainingLog> {
    let user_id = state.user_id()?;
    let db = state.db.clone();
    blocking(move || {
        let job = db
            .now(|store| store.job(&user_id, &request))?
            .ok_or_else(error::not_found)?;
        files::tail(&PathBuf::from(job.job_dir).join(LOG_FILE), MAX_LOG_LINES)
    })
    .await
}

/// Live updates of one run over `channel`; the row as it is now comes first.
#[tauri::command]
pub async fn training_subscribe(
    state: State<'_, App>,
    request: Request<TrainingSubscribe>,
    channel: Channel<JobUpdate>,
) -> Answer<TrainingSubscribe> {
    let user_id = state.user_id()?;
    let job_id = request.clone();
    let job = state
        .db
        .call(move |store| store.job(&user_id, &job_id))
        .await?
        .ok_or_else(error::not_found)?;
    let first = JobUpdate {
        job: job.record,
        loading: None,
        train: Vec::new(),
        validation: Vec::new(),
        samples: Vec::new(),
        checkpoints: Vec::new(),
    };
    channel
        .send(first)
        .map_err(|failure| error::internal("the channel is closed", &failure))?;
    let sink = Box::new(move |update| channel.send(update).is_ok());
    Ok(state.jobs.subscriptions.subscribe(request, sink))
}

/// Ends a subscription.
#[tauri::command]
pub async fn training_unsubscribe(
    state: State<'_, App>,
    request: Request<TrainingUnsubscribe>,
) -> Answer<TrainingUnsubscribe> {
    state.user()?;
    state.jobs.subscriptions.unsubscribe(request);
    Ok(())
}

/// Memory that a run may take now: what is free, or less where the user sets a limit.
fn usable_memory_bytes(spec: &TrainSpec) -> Result<u64, ApiError> {
    let free = system::free_memory_bytes()?;
    Ok(spec
        .memory_limit_bytes
        .map_or(free, |limit| limit.min(free)))
}

/// A run that no setting of the form's brings under the user's limit is not made.
fn within_limit(spec: &TrainSpec) -> Result<(), ApiError> {
    let Some(limit) = spec.memory_limit_bytes else {
        return Ok(());
    };
    let needed =
        amoozgar_engine::least_memory_bytes(spec).map_err(|failure| error::of_engine(&failure))?;
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
            Some(plan::Base::of(dir))
        }
        _ => None,
    };
    let spec = plan::spec(run, &dataset, base.as_ref(), &settings)?;
    Ok((spec, dataset))
}

/// A model on this machine as something to go on from.
fn base(model: InstalledModel) -> BaseModel {
    BaseModel {
        fitness: amoozgar_engine::base_fitness(Path::new(&model.path)),
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
