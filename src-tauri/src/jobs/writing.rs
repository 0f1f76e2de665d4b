//! What a run's model needs to write: which folder it is in, and a prompt within the limits.

use crate::db::{Db, blocking};
use crate::error;
use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::{Generate, Generated};
use amoozgar_types::limits::form as limits;
use amoozgar_types::process::{Continuation, Prompt, PromptInput};
use amoozgar_types::sampling::{FinishReason, Sampling};
use std::path::PathBuf;

/// The final model's folder, else that of the best checkpoint, else of the latest.
///
/// # Errors
/// `NotFound` for a run that is not the user's, `InvalidState` where it has no model yet.
pub async fn model_dir(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<PathBuf, ApiError> {
    let (db, user_id, job_id) = (db.clone(), user_id.clone(), job_id.clone());
    blocking(move || folder_now(&db, &user_id, &job_id)).await
}

/// [`model_dir`], on a thread that may block.
///
/// # Errors
/// As there.
pub fn folder_now(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<PathBuf, ApiError> {
    let job = db
        .now(|store| store.job(user_id, job_id))?
        .ok_or_else(error::not_found)?;
    if let Some(dir) = job.record.model_dir {
        return Ok(PathBuf::from(dir));
    }
    let checkpoints = db.now(|store| store.checkpoints(job_id))?;
    checkpoints
        .iter()
        .find(|checkpoint| checkpoint.best)
        .or(checkpoints.first())
        .map(|checkpoint| PathBuf::from(&checkpoint.path))
        .ok_or_else(|| error::invalid_state("the run has no model yet"))
}

/// What is asked of the process that holds the model.
///
/// # Errors
/// `InvalidField` for a value outside its limits.
pub fn prompt(request: Generate) -> Result<Prompt, ApiError> {
    if !limits::MAX_TOKENS.contains(&request.max_tokens) {
        return Err(ApiError::invalid_field("max_tokens"));
    }
    if !limits::TEMPERATURE.contains(&request.temperature) {
        return Err(ApiError::invalid_field("temperature"));
    }
    Ok(Prompt {
        input: PromptInput::Text(request.prompt),
        sampling: Sampling {
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            ..Sampling::UNLIMITED
        },
        seed: request.seed,
    })
}

/// What the interface is answered.
pub fn generated(made: Continuation) -> Generated {
    Generated {
        text: made.text,
        n_tokens: made.n_tokens,
        tokens_per_s: made.tokens_per_s,
        stopped: made.finish == FinishReason::Cancelled,
    }
}
