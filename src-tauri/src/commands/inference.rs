//! Trying a run's model, in a process of its own.

use super::{Answer, Request};
use crate::db::{Db, blocking};
use crate::error;
use crate::state::App;
use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::{Generate, Generated, InferenceGenerate, InferenceStop, TextPiece};
use amoozgar_types::limits::form as limits;
use amoozgar_types::process::Prompt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tauri::State;
use tauri::ipc::Channel;

/// Lets a run's model continue a prompt, streamed over `channel`.
#[tauri::command]
pub async fn inference_generate(
    state: State<'_, App>,
    request: Request<InferenceGenerate>,
    channel: Channel<TextPiece>,
) -> Answer<InferenceGenerate> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    check(&request)?;
    let Generate {
        job_id,
        prompt,
        max_tokens,
        temperature,
        seed,
    } = request;
    let dir = blocking(move || model_dir(&db, &user_id, &job_id)).await?;
    let prompt = Prompt {
        text: prompt,
        max_tokens,
        temperature,
        top_k: None,
        top_p: None,
        seed,
    };
    let tell = |text: &str| {
        let text = text.to_owned();
        match channel.send(TextPiece { text }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    };
    let made = state.inference.generate(&dir, prompt, tell).await?;
    Ok(Generated {
        text: made.text,
        n_tokens: made.n_tokens,
        tokens_per_s: made.tokens_per_s,
        stopped: made.stopped,
    })
}

/// Ends the generation under way.
#[tauri::command]
pub async fn inference_stop(
    state: State<'_, App>,
    request: Request<InferenceStop>,
) -> Answer<InferenceStop> {
    let () = request;
    state.user()?;
    state.inference.stop();
    Ok(())
}

fn check(request: &Generate) -> Result<(), ApiError> {
    if !limits::MAX_TOKENS.contains(&request.max_tokens) {
        return Err(ApiError::invalid_field("max_tokens"));
    }
    if !limits::TEMPERATURE.contains(&request.temperature) {
        return Err(ApiError::invalid_field("temperature"));
    }
    Ok(())
}

/// The final model's folder, else that of the best checkpoint, else of the latest.
fn model_dir(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<PathBuf, ApiError> {
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
