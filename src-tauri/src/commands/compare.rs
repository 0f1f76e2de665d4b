//! Runs beside one another, and the files that a comparison is exported to.

use super::{Answer, Request};
use crate::db::blocking;
use crate::jobs::compare;
use crate::state::App;
use amoozgar_types::ipc::{TrainingCompare, TrainingCompareExport};
use tauri::State;

/// Several runs with what a comparison shows of them.
#[tauri::command]
pub async fn training_compare(
    state: State<'_, App>,
    request: Request<TrainingCompare>,
) -> Answer<TrainingCompare> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || compare::runs(&db, &user_id, &request.job_ids)).await
}

/// Writes a comparison to a file.
#[tauri::command]
pub async fn training_compare_export(
    state: State<'_, App>,
    request: Request<TrainingCompareExport>,
) -> Answer<TrainingCompareExport> {
    let (db, user_id) = (state.db.clone(), state.user_id()?);
    blocking(move || compare::export(&db, &user_id, request)).await
}
