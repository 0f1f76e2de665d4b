//! One model's page: what its files say of it, where it came from, what its deletion frees; and the check of
//! its files, which a child does.

use super::{contents, installed};
use crate::db::{Db, blocking};
use crate::error;
use crate::hold::{Settled, Use};
use crate::paths::Paths;
use crate::process::{Checker, Inspector};
use amoozgar_hub::{Copied, Repo, Watch};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::ModelDetail;
use amoozgar_types::library::{CheckReport, KnownFile};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::process::CheckRequest;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::user::User;
use std::path::{Path, PathBuf};

/// What a model's page shows.
///
/// # Errors
/// `NotFound` where it is not here as a whole, or is no model.
pub async fn detail(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user: User,
    model: ModelRef,
) -> Result<ModelDetail, ApiError> {
    let (db, paths) = (db.clone(), paths.clone());
    let listed = move || {
        let all = installed::all(&db, &paths, &user)?;
        let is_it = |one: &InstalledModel| one.model == model && one.kind == RepoKind::Model;
        let found = all.into_iter().find(is_it).ok_or_else(error::not_found)?;
        let frees_bytes = match &found.model {
            ModelRef::Trained { job_id } => {
                contents::total_bytes(&contents::files(&paths.job(job_id))?)
            }
            _ => found.size_bytes.saturating_add(found.partial_bytes),
        };
        Ok((found, frees_bytes))
    };
    let (model, frees_bytes) = blocking(listed).await?;
    let (facts, unread) = match inspector.about(Path::new(&model.path)).await {
        Ok(facts) => (Some(facts), None),
        Err(failure) => (None, Some(failure)),
    };
    Ok(ModelDetail {
        model,
        facts,
        unread,
        frees_bytes,
    })
}

/// Has a child read every byte of a model. What is read is claimed.
///
/// # Errors
/// Where it is not here, or no process can read it.
pub async fn check(
    checker: &Checker,
    source: Source,
    watch: &Watch,
    settled: &Settled,
) -> Result<CheckReport, ApiError> {
    let _claim = settled.claim_for(&source.claimed, Use::Check);
    let told = |done_bytes, total_bytes| {
        (watch.told)(&Copied {
            done_bytes,
            total_bytes,
            file: String::new(),
        });
    };
    let stop = async {
        watch.control.wished().await;
    };
    checker.check(source.request, stop, told).await
}

/// What a check reads.
pub struct Source {
    request: CheckRequest,
    /// What nobody may take away meanwhile.
    claimed: PathBuf,
}

/// Where the files of a model lie, and what the Hub has told of their bytes. Blocks.
///
/// # Errors
/// Where it is not here.
pub fn source_of(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<Source, ApiError> {
    let dir = installed::folder(db, paths, user_id, model)?;
    Ok(Source {
        request: CheckRequest {
            model: dir.display().to_string(),
            known: known(paths, model)?,
        },
        claimed: installed::place_of(paths, model)?,
    })
}

/// The files of a downloaded model with the names of their contents, as far as the cache tells.
fn known(paths: &Paths, model: &ModelRef) -> Result<Vec<KnownFile>, ApiError> {
    let ModelRef::Hub { repo, kind } = model else {
        return Ok(Vec::new());
    };
    let hub_error = |failure| error::of_hub(&failure);
    let repo = Repo::new(*kind, repo).map_err(hub_error)?;
    let found = installed::cache(paths)
        .scan_repo(&repo)
        .map_err(hub_error)?;
    let Some((_, snapshot)) = installed::whole(&found) else {
        return Ok(Vec::new());
    };
    let known = snapshot.files.iter().filter_map(|file| {
        Some(KnownFile {
            path: file.path.to_string(),
            absolute: file.path.below(&snapshot.path).display().to_string(),
            oid: file.oid.as_ref()?.to_string(),
        })
    });
    Ok(known.collect())
}
