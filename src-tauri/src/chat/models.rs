//! What a conversation can be with: models of this machine, checkpoints of runs, adapters. Blocks.

use crate::db::Db;
use crate::error;
use crate::jobs::{new_run, writing};
use crate::models;
use crate::paths::Paths;
use crate::process::Inspector;
use crate::words;
use amoozgar_store::StoredJob;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{AdapterOffer, ChatModel, CheckpointOffer, ModelChoice, ModelOffer};
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::installed::{BaseFitness, BaseModel};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::process::ModelFiles;
use amoozgar_types::spec::{Method, Task};
use amoozgar_types::user::User;
use std::path::{Path, PathBuf};

/// Every model that can write, latest first. A run is among them as soon as it has a checkpoint.
pub fn offers(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user: &User,
) -> Result<Vec<ModelOffer>, ApiError> {
    let writes = |base: &BaseModel| matches!(base.fitness, BaseFitness::Fit { .. });
    let bases: Vec<BaseModel> = new_run::bases(db, paths, inspector, user)?
        .into_iter()
        .filter(writes)
        .collect();
    let runs = runs(db, &user.user_id)?;
    let mut offers: Vec<ModelOffer> = Vec::new();
    for run in runs.iter().filter(|run| run.record.model_dir.is_none()) {
        let checkpoints = checkpoints(db, &run.record.job_id)?;
        if !checkpoints.is_empty() {
            offers.push(ModelOffer {
                model: ModelRef::Trained {
                    job_id: run.record.job_id.clone(),
                },
                name: run.record.name.clone(),
                architecture: None,
                size_bytes: None,
                checkpoints,
                base: base_of(run, &bases),
                adapters: Vec::new(),
            });
        }
    }
    for base in &bases {
        let run = match &base.model {
            ModelRef::Trained { job_id } => runs.iter().find(|run| run.record.job_id == *job_id),
            _ => None,
        };
        offers.push(ModelOffer {
            model: base.model.clone(),
            name: base.name.clone(),
            architecture: base.architecture.clone(),
            size_bytes: Some(base.size_bytes),
            checkpoints: run
                .map(|run| checkpoints(db, &run.record.job_id))
                .transpose()?
                .unwrap_or_default(),
            base: run.and_then(|run| base_of(run, &bases)),
            adapters: runs
                .iter()
                .filter(|run| is_of(run, Path::new(&base.path)) && adapter_dir(run).is_some())
                .map(|run| AdapterOffer {
                    job_id: run.record.job_id.clone(),
                    name: run.record.name.clone(),
                })
                .collect(),
        });
    }
    Ok(offers)
}

/// A choice with its name.
pub fn named(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    choice: ModelChoice,
) -> Result<ChatModel, ApiError> {
    let (_, name) = found(db, paths, user_id, &choice)?;
    Ok(ChatModel { choice, name })
}

/// Where the files of a choice lie, and what people call it.
pub fn found(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    choice: &ModelChoice,
) -> Result<(ModelFiles, String), ApiError> {
    let (dir, mut name) = match &choice.model {
        ModelRef::Trained { job_id } => {
            let run = run(db, user_id, job_id)?;
            let dir = match choice.checkpoint {
                Some(step) => checkpoint_dir(db, job_id, step)?,
                None => writing::folder_now(db, user_id, job_id)?,
            };
            (dir, run.record.name)
        }
        ModelRef::Hub { repo, .. } => {
            let dir = models::folder(db, paths, user_id, &choice.model)?;
            (dir, repo.clone())
        }
        ModelRef::Imported { name } => {
            let dir = models::folder(db, paths, user_id, &choice.model)?;
            (dir, name.clone())
        }
    };
    if let Some(step) = choice.checkpoint {
        name = words::at_step(&name, step);
    }
    let adapter = match &choice.adapter {
        Some(job_id) => {
            let run = run(db, user_id, job_id)?;
            name = format!("{name} + {}", run.record.name);
            Some(adapter_dir(&run).ok_or_else(error::not_found)?)
        }
        None => None,
    };
    let files = ModelFiles {
        model_dir: dir.display().to_string(),
        adapter_dir: adapter.map(|dir| dir.display().to_string()),
    };
    Ok((files, name))
}

/// The user's runs that learn to write, latest first.
fn runs(db: &Db, user_id: &UserId) -> Result<Vec<StoredJob>, ApiError> {
    db.now(|store| {
        let mut runs = Vec::new();
        for record in store.jobs(user_id)? {
            if record.task == Task::CausalLm {
                runs.extend(store.job(user_id, &record.job_id)?);
            }
        }
        Ok(runs)
    })
}

fn run(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<StoredJob, ApiError> {
    db.now(|store| store.job(user_id, job_id))?
        .ok_or_else(error::not_found)
}

fn checkpoints(db: &Db, job_id: &JobId) -> Result<Vec<CheckpointOffer>, ApiError> {
    let mut found: Vec<CheckpointOffer> = db
        .now(|store| store.checkpoints(job_id))?
        .into_iter()
        .map(|saved| CheckpointOffer {
            step: saved.step,
            best: saved.best,
        })
        .collect();
    found.sort_by_key(|offer| std::cmp::Reverse(offer.step));
    Ok(found)
}

fn checkpoint_dir(db: &Db, job_id: &JobId, step: u64) -> Result<PathBuf, ApiError> {
    db.now(|store| store.checkpoints(job_id))?
        .into_iter()
        .find(|saved| saved.step == step)
        .map(|saved| PathBuf::from(saved.path))
        .ok_or_else(error::not_found)
}

/// Whether a run goes on from the model in `dir`.
fn is_of(run: &StoredJob, dir: &Path) -> bool {
    run.spec.base_model.as_deref().map(Path::new) == Some(dir)
}

fn base_of(run: &StoredJob, bases: &[BaseModel]) -> Option<ModelRef> {
    let base = bases.iter().find(|base| is_of(run, Path::new(&base.path)));
    base.map(|base| base.model.clone())
}

/// The adapter that a run left.
fn adapter_dir(run: &StoredJob) -> Option<PathBuf> {
    if run.record.method != Method::Lora {
        return None;
    }
    let dir = Path::new(run.record.model_dir.as_ref()?).join("adapter");
    dir.is_dir().then_some(dir)
}
