//! The Hub's pages: search, and a repository before it is downloaded.

use super::catalog::{self, Known};
use super::installed::{cache, whole};
use crate::clock::surroundings;
use crate::db::{Db, blocking};
use crate::downloads::Downloads;
use crate::error;
use crate::machine::resources::free_disk_bytes;
use crate::network;
use crate::paths::Paths;
use crate::secrets::Secrets;
use amoozgar_hub::{Control, Hub, Reason, Repo, Revision, Search, Selection, Sort};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::{HubFound, HubPage, HubQuery, HubSort, RepoAt, RepoDetail};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::network::NetworkSettings;
use amoozgar_types::repo::{FileReason, RepoFile, RepoKind};
use std::sync::Arc;

/// Lines of a page of a search.
const PAGE: u32 = 30;
/// A card longer than this is cut: it is read, not stored.
const MAX_CARD_CHARS: usize = 200_000;

/// A user's way to the Hub, and what is asked beside it.
pub struct Way {
    hub: Hub,
    network: NetworkSettings,
    downloads: Downloads,
    paths: Paths,
    user_id: UserId,
}

impl Way {
    /// By the settings and secrets of a user.
    pub async fn of(
        db: &Db,
        paths: &Paths,
        secrets: &Arc<Secrets>,
        downloads: &Downloads,
        user_id: UserId,
    ) -> Result<Self, ApiError> {
        let (handle, secrets, owner) = (db.clone(), Arc::clone(secrets), user_id.clone());
        let (hub, network) = blocking(move || {
            // Settings that cannot be read are the defaults, as they are everywhere.
            let settings = handle.now(|store| store.settings(&owner));
            let network = settings.unwrap_or_default().network;
            let hub = network::hub(&network, &secrets, &owner, surroundings())?;
            Ok((hub, network))
        })
        .await?;
        Ok(Self {
            hub,
            network,
            downloads: downloads.clone(),
            paths: paths.clone(),
            user_id,
        })
    }

    async fn known(&self) -> Result<Known, ApiError> {
        Known::of(&self.downloads, &self.paths, self.user_id.clone()).await
    }
}

/// One page of a search.
pub async fn search(way: &Way, query: HubQuery) -> Result<HubPage, ApiError> {
    let kind = query.kind;
    let page = way
        .hub
        .search(&search_of(query), &Control::new())
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let known = way.known().await?;
    let found = page.found.into_iter().map(|found| HubFound {
        installed: known.installed(kind, &found.id),
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

/// Asks the Hub whether the files of an imported repository are its own.
pub async fn confirm(way: &Way, model: &ModelRef) -> Result<(), ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let ModelRef::Hub { repo, kind } = model else {
        return Err(error::invalid_state("it came from no Hub"));
    };
    let repo = Repo::new(*kind, repo).map_err(hub_error)?;
    let (cache, wanted) = (cache(&way.paths), repo.clone());
    let commit = blocking({
        let cache = cache.clone();
        move || {
            let found = cache.scan_repo(&wanted).map_err(hub_error)?;
            let shown = whole(&found).ok_or_else(error::not_found)?;
            Ok(shown.1.commit.clone())
        }
    })
    .await?;
    way.hub
        .confirm(&cache, &repo, &commit, &Control::new())
        .await
        .map_err(hub_error)
}

/// A repository with its files, its card and what it needs.
pub async fn repository(way: &Way, at: &RepoAt) -> Result<RepoDetail, ApiError> {
    let wanted = request_of(at)?;
    let control = Control::new();
    let described = way
        .hub
        .describe(&wanted, &control)
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    let card = match way
        .hub
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
    let known = way.known().await?;
    let root = cache(&way.paths).root().to_owned();
    let free_disk_bytes = blocking(move || free_disk_bytes(&root)).await?;
    let info = described.info;
    let n_parameters = info
        .n_parameters
        .or_else(|| catalog::n_parameters(at.kind, &at.repo));
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
            .filter(|_| at.kind == RepoKind::Model)
            .map(|n| known.fit(n)),
        page: network::page_of(&way.network, at.kind, &info.id),
        installed: known.installed(at.kind, &info.id),
        download_id: known.download(at.kind, &info.id),
        refused: described.refused.map(|refused| error::of_hub(&refused)),
        converted: described.converted.map(|branch| branch.to_string()),
        revision: wanted.revision.to_string(),
        repo: info.id,
        kind: at.kind,
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

/// The address of a repository's page.
pub fn page_of(network: &NetworkSettings, at: &RepoAt) -> Result<String, ApiError> {
    let repo = request_of(at)?.repo;
    Ok(network::page_of(network, at.kind, repo.id()))
}

fn request_of(at: &RepoAt) -> Result<amoozgar_hub::Request, ApiError> {
    let hub_error = |failure| error::of_hub(&failure);
    let main = Revision::main().to_string();
    Ok(amoozgar_hub::Request {
        repo: Repo::new(at.kind, at.repo.trim()).map_err(hub_error)?,
        revision: Revision::new(at.revision.as_deref().unwrap_or(&main)).map_err(hub_error)?,
        selection: Selection::Needed,
    })
}

fn search_of(query: HubQuery) -> Search {
    let language = query.language;
    let filters = [query.task, language, query.library];
    Search {
        kind: query.kind,
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
    use super::body_of;

    #[test]
    fn a_card_is_shown_without_its_header() {
        assert_eq!(body_of("---\nlicense: mit\n---\n# مدل\n"), "# مدل");
        assert_eq!(body_of("---\r\na: b\r\n---\r\nmore"), "more");
        assert_eq!(body_of("# مدل\n\n---\n\nend"), "# مدل\n\n---\n\nend");
    }
}
