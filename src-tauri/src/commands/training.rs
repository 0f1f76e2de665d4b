//! Making and watching runs.

use super::{Answer, Request};
use crate::db::blocking;
use crate::error;
use crate::files;
use crate::jobs::{new_run, recipe, view};
use crate::state::App;
use amoozgar_types::ipc::{
    JobUpdate, Reorder, TrainingBases, TrainingCreate, TrainingDelete, TrainingEstimate,
    TrainingGet, TrainingLog, TrainingMetrics, TrainingPage, TrainingPause, TrainingRecipe,
    TrainingReorder, TrainingResume, TrainingStop, TrainingSubscribe, TrainingUnsubscribe,
};
use std::sync::Arc;
use tauri::State;
use tauri::ipc::Channel;

/// The models on this machine, with what a run can make of them: those that can be gone on from first.
#[tauri::command]
pub async fn training_bases(
    state: State<'_, App>,
    request: Request<TrainingBases>,
) -> Answer<TrainingBases> {
    let () = request;
    let (db, paths, user) = (state.db.clone(), state.paths.clone(), state.user()?);
    let inspector = Arc::clone(&state.inspector);
    blocking(move || new_run::bases(&db, &paths, &inspector, &user)).await
}

/// Memory and time of a run, before it is made.
#[tauri::command]
pub async fn training_estimate(
    state: State<'_, App>,
    request: Request<TrainingEstimate>,
) -> Answer<TrainingEstimate> {
    let (db, paths, user_id) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    let (inspector, measurer) = (Arc::clone(&state.inspector), Arc::clone(&state.measurer));
    let estimate =
        move || new_run::estimate(&db, &paths, &inspector, &measurer, &user_id, &request);
    blocking(estimate).await
}

/// Makes a run and queues it.
#[tauri::command]
pub async fn training_create(
    state: State<'_, App>,
    request: Request<TrainingCreate>,
) -> Answer<TrainingCreate> {
    let settled = state.hold.settled()?;
    let (db, paths, owner) = (state.db.clone(), state.paths.clone(), state.user_id()?);
    let (inspector, measurer) = (Arc::clone(&state.inspector), Arc::clone(&state.measurer));
    let new_job = move || new_run::new_job(&db, &paths, &inspector, &measurer, owner, &request);
    let job = blocking(new_job).await?;
    state.jobs.create(job, &settled).await
}

/// A page of the user's runs.
#[tauri::command]
pub async fn training_page(
    state: State<'_, App>,
    request: Request<TrainingPage>,
) -> Answer<TrainingPage> {
    let user_id = state.user_id()?;
    let page = state
        .db
        .call(move |store| store.job_page(&user_id, &request));
    page.await
}

/// One run with what its page shows beside the curves.
#[tauri::command]
pub async fn training_get(
    state: State<'_, App>,
    request: Request<TrainingGet>,
) -> Answer<TrainingGet> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || view::detail(&db, &user_id, &request)).await
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
    let settled = state.hold.settled()?;
    state.jobs.resume(state.user_id()?, request, &settled).await
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
    let settled = state.hold.settled()?;
    state.jobs.delete(state.user_id()?, request, &settled).await
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
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    let curves = Arc::clone(&state.curves);
    blocking(move || view::metrics(&db, &curves, &user_id, &request)).await
}

/// The last lines of the run's log.
#[tauri::command]
pub async fn training_log(
    state: State<'_, App>,
    request: Request<TrainingLog>,
) -> Answer<TrainingLog> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || view::log(&db, &user_id, &request)).await
}

/// Writes a run's settings and data for a program on GPU servers.
#[tauri::command]
pub async fn training_recipe(
    state: State<'_, App>,
    request: Request<TrainingRecipe>,
) -> Answer<TrainingRecipe> {
    let settled = state.hold.settled()?;
    let out = files::absolute(&request.path)?;
    let _claim = settled.claim(&out);
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    let wish = request.clone();
    let run = blocking(move || recipe::source_of(&db, &user_id, &wish.job_id)).await?;
    let place = state.paths.job(&request.job_id);
    recipe::write(&state.inspector, &run, &place, request.program, &out).await
}

/// Live updates of one run over `channel`; the row as it is now comes first.
#[tauri::command]
pub async fn training_subscribe(
    state: State<'_, App>,
    request: Request<TrainingSubscribe>,
    channel: Channel<JobUpdate>,
) -> Answer<TrainingSubscribe> {
    let (db, user_id, job_id) = (state.db.clone(), state.user_id()?, request.clone());
    let first = blocking(move || view::first_update(&db, &user_id, &job_id)).await?;
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
