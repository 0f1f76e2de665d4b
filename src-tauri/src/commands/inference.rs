//! Trying a run's model, in a process of its own.

use super::{Answer, Request};
use crate::jobs::writing;
use crate::state::App;
use amoozgar_types::ipc::{InferenceGenerate, InferenceStop, TextPiece};
use tauri::State;
use tauri::ipc::Channel;

/// Lets a run's model continue a prompt, streamed over `channel`.
#[tauri::command]
pub async fn inference_generate(
    state: State<'_, App>,
    request: Request<InferenceGenerate>,
    channel: Channel<TextPiece>,
) -> Answer<InferenceGenerate> {
    let dir = writing::model_dir(&state.db, &state.user_id()?, &request.job_id).await?;
    let prompt = writing::prompt(request)?;
    let tell = |text: &str| {
        super::sent(channel.send(TextPiece {
            text: text.to_owned(),
        }))
    };
    let made = state.inference.generate(&dir, prompt, tell).await?;
    Ok(writing::generated(made))
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
