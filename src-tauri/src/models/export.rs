//! Models that go to a disk as offline bundles.

use super::installed::{self, installed_repo};
use crate::db::Db;
use crate::error;
use crate::files::modes;
use crate::hold::{Settled, Use};
use crate::paths::Paths;
use amoozgar_hub::{BundleForm, HubError, Repo, Revision, Watch};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::ModelExported;
use amoozgar_types::model_ref::ModelRef;
use std::path::{Path, PathBuf};

/// Writes a model or a dataset as an offline bundle to `to`. No move begins meanwhile, and what is read
/// is claimed.
pub async fn export(
    paths: &Paths,
    source: &Source,
    form: BundleForm,
    to: &Path,
    watch: &Watch,
    settled: &Settled,
) -> Result<ModelExported, ApiError> {
    let exported = match source {
        Source::Snapshot(repo, revision) => {
            let cache = installed::cache(paths);
            let folder = cache.root().join(repo.folder_name());
            let _claim = settled.claim_for(&folder, Use::Export);
            amoozgar_hub::export(&cache, repo, revision, form, to, watch).await
        }
        Source::Folder(dir, name) => {
            let _claim = settled.claim_for(dir, Use::Export);
            amoozgar_hub::export_folder(dir, name, form, to, watch).await
        }
    };
    match exported {
        Ok(manifest) => {
            modes::as_the_user_would(to).map_err(|failure| error::io_error(to, &failure))?;
            Ok(ModelExported {
                path: to.display().to_string(),
                n_files: u32::try_from(manifest.files.len()).unwrap_or(u32::MAX),
                size_bytes: manifest.files.iter().map(|file| file.size_bytes).sum(),
                stopped: false,
                lossiest: None,
            })
        }
        Err(HubError::Stopped) => Ok(ModelExported {
            path: to.display().to_string(),
            n_files: 0,
            size_bytes: 0,
            stopped: true,
            lossiest: None,
        }),
        Err(failure) => Err(error::of_hub(&failure)),
    }
}

/// What is exported.
pub enum Source {
    /// A revision in the Hub's cache.
    Snapshot(Repo, Revision),
    /// A folder that came from no Hub, with its name.
    Folder(PathBuf, String),
}

/// Where what is exported lies. Blocks.
pub fn source_of(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<Source, ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let (repo, kind) = match model {
        ModelRef::Hub { repo, kind } => (repo, *kind),
        ModelRef::Imported { name } => {
            let dir = installed::folder(db, paths, user_id, model)?;
            return Ok(Source::Folder(dir, name.clone()));
        }
        ModelRef::Trained { job_id } => {
            let dir = installed::folder(db, paths, user_id, model)?;
            let job = db.now(|store| store.job(user_id, job_id))?;
            let name = job.ok_or_else(error::not_found)?.record.name;
            return Ok(Source::Folder(dir, name));
        }
    };
    let repo = Repo::new(kind, repo).map_err(hub_error)?;
    let found = installed::cache(paths)
        .scan_repo(&repo)
        .map_err(hub_error)?;
    let model = installed_repo(&found).ok_or_else(error::not_found)?;
    let revision = model.revision.as_deref().unwrap_or_default();
    let revision = Revision::new(revision).map_err(hub_error)?;
    Ok(Source::Snapshot(repo, revision))
}
