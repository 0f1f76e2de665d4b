//! Trying a trained model, in the window's process: a small model, a short text.

use super::{Answer, Request};
use crate::db::{Db, blocking};
use crate::error;
use crate::state::App;
use amoozgar_engine::{Generator, SamplingParams};
use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::{Generate, Generated, InferenceGenerate, InferenceStop, TextPiece};
use amoozgar_types::limits::form as limits;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use tauri::State;
use tauri::ipc::Channel;

/// Lets a run's model continue a prompt, streamed over `channel`.
#[tauri::command]
pub async fn inference_generate(
    state: State<'_, App>,
    request: Request<InferenceGenerate>,
    channel: Channel<TextPiece>,
) -> Answer<InferenceGenerate> {
    let user_id = state.user_id()?;
    check(&request)?;
    let stop = state.begin_generation();
    let db = state.db.clone();
    blocking(move || {
        let dir = model_dir(&db, &user_id, &request.job_id)?;
        let generator = Generator::load(&dir).map_err(|failure| error::of_engine(&failure))?;
        let sampling = SamplingParams {
            max_tokens: request.max_tokens as usize,
            temperature: request.temperature,
            seed: request.seed,
            ..SamplingParams::default()
        };
        let mut heard = |text: &str| {
            let piece = TextPiece {
                text: text.to_owned(),
            };
            if stop.load(Ordering::Relaxed) || channel.send(piece).is_err() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let made = generator
            .generate(&request.prompt, &sampling, &mut heard)
            .map_err(|failure| error::of_engine(&failure))?;
        Ok(Generated {
            text: made.text,
            n_tokens: u32::try_from(made.n_tokens).unwrap_or(u32::MAX),
            tokens_per_s: made.tokens_per_s,
            stopped: made.stopped,
        })
    })
    .await
}

/// Ends the generation under way.
#[tauri::command]
pub async fn inference_stop(
    state: State<'_, App>,
    request: Request<InferenceStop>,
) -> Answer<InferenceStop> {
    let () = request;
    state.user()?;
    state.stop_generation();
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
