//! The Hub's pages: the bundled catalog, search, and a repository before it is downloaded.

use super::models::{InstalledRepos, cache, kind_of};
use super::{Answer, Request, system};
use crate::clock::surroundings;
use crate::db::blocking;
use crate::state::App;
use crate::{downloads, error};
use amoozgar_hub::{Control, Hub, Reason, Repo, Revision, Search, Selection, Sort};
use amoozgar_types::ApiError;
use amoozgar_types::catalog::{CatalogFile, CatalogItem, full_memory_bytes, lora_memory_bytes};
use amoozgar_types::download::DownloadRecord;
use amoozgar_types::id::DownloadId;
use amoozgar_types::ipc::{
    CatalogEntry, HubCatalog, HubFound, HubOpenPage, HubPage, HubQuery, HubRepo, HubSearch,
    HubSort, RepoAt, RepoDetail,
};
use amoozgar_types::network::NetworkSettings;
use amoozgar_types::repo::{FileReason, Fit, FitVerdict, RepoFile, RepoKind};
use std::sync::{Arc, OnceLock};
use tauri::State;

/// Lines of a page of a search.
const PAGE: u32 = 30;
/// A card longer than this is cut: it is read, not stored.
const MAX_CARD_CHARS: usize = 200_000;

/// The curated models and datasets, with what is here and what this machine can do.
#[tauri::command]
pub async fn hub_catalog(
    state: State<'_, App>,
    request: Request<HubCatalog>,
) -> Answer<HubCatalog> {
    let () = request;
    let known = Known::of(&state).await?;
    Ok(catalog()?
        .iter()
        .map(|item| CatalogEntry {
            fit: item
                .architecture
                .and(item.n_parameters)
                .map(|n| fit(n, known.memory_bytes)),
            installed: known.installed.holds(item.kind, &item.repo),
            download_id: known.download(item.kind, &item.repo),
            item: item.clone(),
        })
        .collect())
}

/// One page of a search.
#[tauri::command]
pub async fn hub_search(state: State<'_, App>, request: Request<HubSearch>) -> Answer<HubSearch> {
    let (hub, _) = way(&state).await?;
    let kind = request.kind;
    let page = hub
        .search(&search_of(request), &Control::new())
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let known = Known::of(&state).await?;
    let found = page.found.into_iter().map(|found| HubFound {
        installed: known.installed.holds(kind, &found.id),
        download_id: known.download(kind, &found.id),
        repo: found.id,
        kind,
        gated: found.gated,
        downloads: found.downloads,
        likes: found.likes,
        licence: found.licence,
        task: found.task,
    });
    Ok(HubPage {
        found: found.collect(),
        next: page.next,
    })
}

/// A repository with its files, its card and what it needs.
#[tauri::command]
pub async fn hub_repo(state: State<'_, App>, request: Request<HubRepo>) -> Answer<HubRepo> {
    let (hub, network) = way(&state).await?;
    let wanted = request_of(&request)?;
    let control = Control::new();
    let described = hub
        .describe(&wanted, &control)
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let card = match hub
        .card(&wanted.repo, &described.info.commit, &control)
        .await
    {
        Ok(card) => card.map(|text| body_of(&text)),
        Err(failure) => {
            // Of a gated repository the card may not be read; the page is of use without it.
            tracing::info!(%failure, repo = %wanted.repo, "the card could not be read");
            None
        }
    };
    let known = Known::of(&state).await?;
    let root = cache(&state.paths).root().to_owned();
    let free_disk_bytes = blocking(move || system::free_disk_bytes(&root)).await?;
    let info = described.info;
    let n_parameters = info.n_parameters.or_else(|| {
        let listed = catalog().ok()?;
        let item = listed
            .iter()
            .find(|item| item.kind == request.kind && item.repo == request.repo)?;
        item.n_parameters
    });
    let files: Vec<RepoFile> = described
        .files
        .into_iter()
        .map(|one| RepoFile {
            path: one.file.path.to_string(),
            size_bytes: one.file.size_bytes,
            chosen: one.chosen,
            why: reason_of(one.reason),
        })
        .collect();
    let chosen = files.iter().filter(|file| file.chosen);
    Ok(RepoDetail {
        chosen_bytes: chosen.map(|file| file.size_bytes).sum(),
        fit: n_parameters
            .filter(|_| request.kind == RepoKind::Model)
            .map(|n| fit(n, known.memory_bytes)),
        page: downloads::page_of(&network, request.kind, &info.id),
        installed: known.installed.holds(request.kind, &info.id),
        download_id: known.download(request.kind, &info.id),
        refused: described.refused.map(|refused| error::of_hub(&refused)),
        converted: described.converted.map(|branch| branch.to_string()),
        revision: wanted.revision.to_string(),
        repo: info.id,
        kind: request.kind,
        commit: info.commit.to_string(),
        gated: info.gated,
        private: info.private,
        downloads: info.downloads,
        likes: info.likes,
        licence: info.licence,
        task: info.task,
        tags: info.tags,
        n_parameters,
        files,
        free_disk_bytes,
        card,
    })
}

/// Opens a repository's page in the browser.
#[tauri::command]
pub async fn hub_open_page(
    state: State<'_, App>,
    request: Request<HubOpenPage>,
) -> Answer<HubOpenPage> {
    state.user()?;
    let network = state.settings().await.network;
    let repo = request_of(&request)?.repo;
    let page = downloads::page_of(&network, request.kind, repo.id());
    blocking(move || {
        tauri_plugin_opener::open_url(&page, None::<&str>)
            .map_err(|failure| error::internal("the browser could not be started", &failure))
    })
    .await
}

/// The signed-in user's way to the Hub.
async fn way(state: &App) -> Result<(Hub, NetworkSettings), ApiError> {
    let owner = state.user_id()?;
    let network = state.settings().await.network;
    let secrets = Arc::clone(&state.secrets);
    let settings = network.clone();
    let hub = blocking(move || downloads::hub(&settings, &secrets, &owner, surroundings())).await?;
    Ok((hub, network))
}

/// What is here, and what is on its way.
struct Known {
    installed: InstalledRepos,
    downloads: Vec<DownloadRecord>,
    memory_bytes: u64,
}

impl Known {
    async fn of(state: &App) -> Result<Self, ApiError> {
        let downloads = state.downloads.list(state.user_id()?).await?;
        let cache = cache(&state.paths);
        let (installed, memory_bytes) =
            blocking(move || Ok((InstalledRepos::of(&cache)?, system::memory_bytes()?))).await?;
        Ok(Self {
            installed,
            downloads,
            memory_bytes,
        })
    }

    fn download(&self, kind: RepoKind, repo: &str) -> Option<DownloadId> {
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

fn request_of(at: &RepoAt) -> Result<amoozgar_hub::Request, ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let main = Revision::main().to_string();
    Ok(amoozgar_hub::Request {
        repo: Repo::new(kind_of(at.kind), at.repo.trim()).map_err(hub_error)?,
        revision: Revision::new(at.revision.as_deref().unwrap_or(&main)).map_err(hub_error)?,
        selection: Selection::Needed,
    })
}

fn search_of(query: HubQuery) -> Search {
    let language = query.language;
    let filters = [query.task, language, query.library];
    Search {
        kind: kind_of(query.kind),
        text: query.text,
        filters: filters
            .into_iter()
            .flatten()
            .filter(|filter| !filter.trim().is_empty())
            .collect(),
        sort: match query.sort {
            HubSort::Downloads => Sort::Downloads,
            HubSort::Likes => Sort::Likes,
            HubSort::Updated => Sort::LastModified,
        },
        limit: PAGE,
        next: query.cursor,
    }
}

fn reason_of(reason: Reason) -> FileReason {
    match reason {
        Reason::Weights => FileReason::Weights,
        Reason::Configuration => FileReason::Configuration,
        Reason::Tokenizer => FileReason::Tokenizer,
        Reason::Words => FileReason::Words,
        Reason::Data => FileReason::Data,
        Reason::OtherWeights => FileReason::OtherWeights,
        Reason::Pickle => FileReason::Pickle,
        Reason::NotNeeded => FileReason::NotNeeded,
    }
}

/// A card without the header between two lines of dashes, which is for programs.
fn body_of(card: &str) -> String {
    let text = card.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let body = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(text.as_str(), |(_, body)| body);
    body.trim().chars().take(MAX_CARD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::{body_of, catalog, fit};
    use amoozgar_types::repo::FitVerdict;

    const GB: u64 = 1 << 30;

    #[test]
    fn a_card_is_shown_without_its_header() {
        assert_eq!(body_of("---\nlicense: mit\n---\n# مدل\n"), "# مدل");
        assert_eq!(body_of("---\r\na: b\r\n---\r\nmore"), "more");
        assert_eq!(body_of("# مدل\n\n---\n\nend"), "# مدل\n\n---\n\nend");
    }

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
