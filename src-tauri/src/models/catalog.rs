//! The curated models and datasets, and what is known of any repository: whether it is here, on its
//! way, and whether this machine can do with it.

use super::installed::{InstalledRepos, cache};
use crate::db::blocking;
use crate::downloads::Downloads;
use crate::error;
use crate::machine::resources::memory_bytes;
use crate::paths::Paths;
use amoozgar_types::ApiError;
use amoozgar_types::catalog::{CatalogFile, CatalogItem, full_memory_bytes, lora_memory_bytes};
use amoozgar_types::download::DownloadRecord;
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::ipc::CatalogEntry;
use amoozgar_types::repo::{Fit, FitVerdict, RepoKind};
use std::sync::OnceLock;

/// The curated models and datasets, with what is here and what this machine can do.
pub fn entries(known: &Known) -> Result<Vec<CatalogEntry>, ApiError> {
    Ok(catalog()?
        .iter()
        .map(|item| CatalogEntry {
            fit: item
                .architecture
                .and(item.n_parameters)
                .map(|n| known.fit(n)),
            installed: known.installed(item.kind, &item.repo),
            download_id: known.download(item.kind, &item.repo),
            item: item.clone(),
        })
        .collect())
}

/// The parameters of a repository that the catalog lists.
pub fn n_parameters(kind: RepoKind, repo: &str) -> Option<u64> {
    let listed = catalog().ok()?;
    let item = listed
        .iter()
        .find(|item| item.kind == kind && item.repo == repo)?;
    item.n_parameters
}

/// What is here, and what is on its way.
pub struct Known {
    installed: InstalledRepos,
    downloads: Vec<DownloadRecord>,
    memory_bytes: u64,
}

impl Known {
    /// As it is now, for a user.
    pub async fn of(
        downloads: &Downloads,
        paths: &Paths,
        user_id: UserId,
    ) -> Result<Self, ApiError> {
        let downloads = downloads.list(user_id).await?;
        let cache = cache(paths);
        let (installed, memory_bytes) =
            blocking(move || Ok((InstalledRepos::of(&cache)?, memory_bytes()?))).await?;
        Ok(Self {
            installed,
            downloads,
            memory_bytes,
        })
    }

    /// Whether a repository is here as a whole.
    pub fn installed(&self, kind: RepoKind, repo: &str) -> bool {
        self.installed.holds(kind, repo)
    }

    /// What this machine can do with a model of so many parameters.
    pub fn fit(&self, n_parameters: u64) -> Fit {
        fit(n_parameters, self.memory_bytes)
    }

    /// The download that brings a repository here, where one is under way.
    pub fn download(&self, kind: RepoKind, repo: &str) -> Option<DownloadId> {
        self.downloads
            .iter()
            .find(|one| !one.status.has_ended() && one.kind == kind && one.repo == repo)
            .map(|one| one.download_id.clone())
    }
}

fn catalog() -> Result<&'static [CatalogItem], ApiError> {
    static CATALOG: OnceLock<Vec<CatalogItem>> = OnceLock::new();
    if let Some(items) = CATALOG.get() {
        return Ok(items);
    }
    let file: CatalogFile = serde_json::from_str(include_str!("../../../data/catalog.json"))
        .map_err(|failure| error::internal("the catalog cannot be read", &failure))?;
    Ok(CATALOG.get_or_init(|| file.entries))
}

/// What a model needs, held against the memory of this machine less what the system itself takes.
fn fit(n_parameters: u64, memory_bytes: u64) -> Fit {
    let usable = memory_bytes / 10 * 9;
    let (full_bytes, lora_bytes) = (
        full_memory_bytes(n_parameters),
        lora_memory_bytes(n_parameters),
    );
    // In bf16, with a little for the text at hand.
    let use_bytes = 2 * n_parameters + (256 << 20);
    Fit {
        verdict: if full_bytes <= usable {
            FitVerdict::Full
        } else if lora_bytes <= usable {
            FitVerdict::Lora
        } else if use_bytes <= usable {
            FitVerdict::Use
        } else {
            FitVerdict::TooLarge
        },
        full_bytes,
        lora_bytes,
        use_bytes,
        memory_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::{catalog, fit};
    use amoozgar_types::repo::FitVerdict;

    const GB: u64 = 1 << 30;

    #[test]
    fn what_fits_is_judged_by_the_memory_of_the_machine() {
        for (n_parameters, memory, verdict) in [
            (120_000_000, 4 * GB, FitVerdict::Full),
            (500_000_000, 8 * GB, FitVerdict::Lora),
            (1_500_000_000, 8 * GB, FitVerdict::Use),
            (7_000_000_000, 8 * GB, FitVerdict::TooLarge),
        ] {
            assert_eq!(
                fit(n_parameters, memory).verdict,
                verdict,
                "{n_parameters} weights in {memory} bytes"
            );
        }
    }

    #[test]
    fn the_bundled_catalog_can_be_read() {
        assert!(
            catalog().is_ok_and(|items| !items.is_empty()),
            "there is something to choose from"
        );
    }
}
