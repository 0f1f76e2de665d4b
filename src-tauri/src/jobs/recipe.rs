//! A run's settings and data for a program on GPU servers, which a child writes.

use crate::db::Db;
use crate::error::{self, io_error};
use crate::files::modes;
use crate::paths::JOB_FILE;
use crate::process::Inspector;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::library::{Recipe, RecipeProgram};
use amoozgar_types::{ApiError, TrainSpec};
use std::path::Path;

/// The specification of a user's run. Blocks.
///
/// # Errors
/// `NotFound` where it is not theirs.
pub fn source_of(db: &Db, user_id: &UserId, job_id: &JobId) -> Result<TrainSpec, ApiError> {
    let job = db.now(|store| store.job(user_id, job_id))?;
    Ok(job.ok_or_else(error::not_found)?.spec)
}

/// Has a child write the folder `out` of the run in `job_dir`, whose specification is `spec`.
///
/// # Errors
/// `AlreadyThere` where something is at `out`; where the program has no such runs, or the data is gone.
pub async fn write(
    inspector: &Inspector,
    spec: &TrainSpec,
    job_dir: &Path,
    program: RecipeProgram,
    out: &Path,
) -> Result<Recipe, ApiError> {
    if out.symlink_metadata().is_ok() {
        return Err(error::already_there(out));
    }
    let data = Path::new(&spec.dataset.train);
    let job_file = job_dir.join(JOB_FILE);
    let recipe = inspector.recipe(&job_file, data, program, out).await?;
    modes::as_the_user_would(out).map_err(|failure| io_error(out, &failure))?;
    Ok(recipe)
}
