//! What the Hub says of repositories: search, a revision's commit and card, the list of its files.
//!
//! A revision and its files are read by the crate `hf-hub`, through a door that sends as we do. A
//! search is read here, since that crate hides where its next page begins. Either way a field that is
//! left out or of another type than expected spoils nothing.

use crate::HubError;
use crate::clock::{Attempts, Backoff};
use crate::control::Control;
use crate::endpoint::host_of;
use crate::http::{About, Answer, Ask, Http};
use crate::repo::{Commit, FilePath, ListedPath, Oid, Repo, RepoKind, Revision};
use futures_util::TryStreamExt;
use hf_hub::repository::{DatasetInfo, ModelInfo, RepoTreeEntry};
use hf_hub::{HFRepository, HFResult, RepoType};
use reqwest::Url;
use reqwest::header;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest answer that is read: a page of a thousand files has half a megabyte.
const ANSWER_LIMIT_BYTES: usize = 32 << 20;
/// More files than any repository has.
const MAX_FILES: usize = 1_000_000;

/// A repository at one revision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepoInfo {
    /// `owner/name`, as the Hub calls it now.
    pub id: String,
    /// The revision's commit.
    pub commit: Commit,
    /// Whether terms must be accepted before a download.
    pub gated: bool,
    /// Whether it is private.
    pub private: bool,
    /// Downloads of the last month.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// The licence's short name, where the card names one.
    pub licence: Option<String>,
    /// What the model does, as in `text-generation`.
    pub task: Option<String>,
    /// The card's tags.
    pub tags: Vec<String>,
    /// Weights, where the Hub has counted them in safetensors.
    pub n_parameters: Option<u64>,
}

/// A line of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// `owner/name`.
    pub id: String,
    /// Whether terms must be accepted before a download.
    pub gated: bool,
    /// Downloads of the last month.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// The licence's short name.
    pub licence: Option<String>,
    /// What the model does.
    pub task: Option<String>,
}

/// One page of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundPage {
    /// The lines.
    pub found: Vec<Found>,
    /// Where the next page begins; absent on the last.
    pub next: Option<String>,
}

/// What to search for.
#[derive(Debug, Clone)]
pub struct Search {
    /// Models or datasets.
    pub kind: RepoKind,
    /// Words of the name.
    pub text: String,
    /// Tags that must all be there, as in `fa`, `text-generation`, `license:apache-2.0`.
    pub filters: Vec<String>,
    /// The order.
    pub sort: Sort,
    /// Lines of a page.
    pub limit: u32,
    /// [`FoundPage::next`] of the page before.
    pub next: Option<String>,
}

/// The order of a search, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By downloads.
    Downloads,
    /// By likes.
    Likes,
    /// By the last change.
    LastModified,
}

/// A file as the list of a commit's files has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedFile {
    /// Its place in the repository.
    pub path: ListedPath,
    /// Its length.
    pub size_bytes: u64,
    /// What its bytes hash to.
    pub oid: Oid,
}

impl ListedFile {
    /// The file as one that can be written.
    ///
    /// # Errors
    /// [`HubError::UnsafePath`] where its name means something else on some system.
    pub fn to_remote(&self) -> Result<RemoteFile, HubError> {
        Ok(RemoteFile {
            path: self.path.to_file_path()?,
            size_bytes: self.size_bytes,
            oid: self.oid.clone(),
        })
    }
}

/// A file of a commit that can be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteFile {
    /// Its place in the repository.
    pub path: FilePath,
    /// Its length.
    pub size_bytes: u64,
    /// What its bytes hash to.
    pub oid: Oid,
}

impl Http {
    /// The commit of a revision, and what its card says.
    pub(crate) async fn info(
        &self,
        repo: &Repo,
        revision: &Revision,
        control: &Control,
    ) -> Result<RepoInfo, HubError> {
        let about = About {
            repo: Some(repo),
            revision: revision.as_str(),
            path: None,
        };
        let (owner, name) = hf_hub::split_id(repo.id());
        let card = self
            .through_hf_hub(about, control, async |client| match repo.kind() {
                RepoKind::Model => {
                    let model = client.model(owner, name);
                    let info = model.info().revision(revision.as_str()).send().await;
                    info.map(Card::from)
                }
                RepoKind::Dataset => {
                    let dataset = client.dataset(owner, name);
                    let info = dataset.info().revision(revision.as_str()).send().await;
                    info.map(Card::from)
                }
            })
            .await?;
        let sha = card.sha.unwrap_or_default();
        let commit = Commit::new(&sha).ok_or_else(|| {
            let host = host_of(&self.addresses.endpoint);
            HubError::bad_answer(&host, format!("`{sha}` is no commit"))
        })?;
        let tags = card.tags.unwrap_or_default();
        Ok(RepoInfo {
            id: card.id,
            commit,
            gated: card.gated.as_ref().is_some_and(is_gated),
            private: card.private.unwrap_or_default(),
            downloads: card.downloads.unwrap_or_default(),
            likes: card.likes.unwrap_or_default(),
            licence: licence(&tags),
            n_parameters: card.n_parameters,
            task: card.task,
            tags,
        })
    }

    /// Every file of a commit.
    pub(crate) async fn tree(
        &self,
        repo: &Repo,
        commit: &Commit,
        control: &Control,
    ) -> Result<Vec<ListedFile>, HubError> {
        let about = About {
            repo: Some(repo),
            revision: commit.as_str(),
            path: None,
        };
        let (owner, name) = hf_hub::split_id(repo.id());
        let entries = self
            .through_hf_hub(about, control, async |client| match repo.kind() {
                RepoKind::Model => listed(client.model(owner, name), commit).await,
                RepoKind::Dataset => listed(client.dataset(owner, name), commit).await,
            })
            .await?;
        let host = host_of(&self.addresses.endpoint);
        if entries.len() > MAX_FILES {
            return Err(HubError::bad_answer(&host, "the list of files has no end"));
        }
        let files = entries.into_iter().filter_map(|entry| file(entry, &host));
        files.collect()
    }

    /// One page of a search.
    pub(crate) async fn search(
        &self,
        search: &Search,
        control: &Control,
    ) -> Result<FoundPage, HubError> {
        let url = match &search.next {
            Some(next) => {
                let next = Url::parse(next).map_err(|error| HubError::InvalidSetting {
                    setting: "next",
                    detail: error.to_string(),
                })?;
                self.addresses.on_endpoint(&next)
            }
            None => self.search_url(search),
        };
        let (page, next): (Vec<Line>, _) = self.json(&url, About::NOTHING, control).await?;
        let found = page.into_iter().map(|line| Found {
            gated: is_gated(&line.gated),
            downloads: line.downloads,
            likes: line.likes,
            licence: licence(&line.tags),
            task: line.pipeline_tag,
            id: line.id,
        });
        Ok(FoundPage {
            found: found.collect(),
            next: next.map(Into::into),
        })
    }

    /// Branches with weights that the Hub's own converter made of pickled ones, the likeliest first:
    /// a converted reference, then its open pull requests. Requests by anyone else are not looked
    /// at, since anyone can open one.
    pub(crate) async fn conversions(
        &self,
        repo: &Repo,
        control: &Control,
    ) -> Result<Vec<Revision>, HubError> {
        #[derive(Deserialize)]
        struct Refs {
            #[serde(default)]
            converts: Vec<Reference>,
        }
        #[derive(Deserialize)]
        struct Reference {
            #[serde(rename = "ref")]
            name: String,
        }
        #[derive(Deserialize)]
        struct Discussions {
            #[serde(default)]
            discussions: Vec<Discussion>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Discussion {
            num: u64,
            #[serde(default)]
            is_pull_request: bool,
            author: Author,
        }
        #[derive(Deserialize)]
        struct Author {
            name: String,
        }
        const CONVERTER: &str = "SFconvertbot";
        let about = About {
            repo: Some(repo),
            revision: "",
            path: None,
        };
        let (refs, _): (Refs, _) = self.json(&self.api(repo, ["refs"]), about, control).await?;
        let mut names: Vec<String> = refs
            .converts
            .into_iter()
            .map(|reference| reference.name)
            .filter(|name| name == "refs/convert/safetensors")
            .collect();
        let mut url = self.api(repo, ["discussions"]);
        url.query_pairs_mut()
            .append_pair("author", CONVERTER)
            .append_pair("type", "pull_request");
        match self.json::<Discussions>(&url, about, control).await {
            Ok((page, _)) => names.extend(
                page.discussions
                    .into_iter()
                    .filter(|one| one.is_pull_request && one.author.name == CONVERTER)
                    .map(|one| format!("refs/pr/{}", one.num)),
            ),
            // A mirror may not have them, and a repository may have them switched off.
            Err(failure) if !failure.is_network() && !matches!(failure, HubError::Stopped) => {
                tracing::debug!(%failure, %repo, "no discussions to look at");
            }
            Err(failure) => return Err(failure),
        }
        names.iter().map(|name| Revision::new(name)).collect()
    }

    fn search_url(&self, search: &Search) -> Url {
        let mut url = self.addresses.at(["api", search.kind.plural()]);
        let mut query = url.query_pairs_mut();
        if !search.text.trim().is_empty() {
            query.append_pair("search", search.text.trim());
        }
        for filter in &search.filters {
            query.append_pair("filter", filter);
        }
        let sort = match search.sort {
            Sort::Downloads => "downloads",
            Sort::Likes => "likes",
            Sort::LastModified => "lastModified",
        };
        query
            .append_pair("sort", sort)
            .append_pair("direction", "-1");
        query.append_pair("limit", &search.limit.to_string());
        query.append_pair("full", "true");
        drop(query);
        url
    }

    fn api<'a, const N: usize>(&self, repo: &'a Repo, parts: [&'a str; N]) -> Url {
        let base = ["api", repo.kind().plural()].into_iter();
        self.addresses
            .at(base.chain(repo.id().split('/')).chain(parts))
    }

    /// Asks until there is an answer, and reads it; with the next page's address.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        url: &Url,
        about: About<'_>,
        control: &Control,
    ) -> Result<(T, Option<Url>), HubError> {
        let mut attempts = Attempts::default();
        loop {
            match control.guard(self.json_once(url, about)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => {
                    tracing::debug!(%failure, %url, "a question failed");
                    let pause = attempts.after(failure, &Backoff::QUESTION, &self.jitter)?;
                    let clock = &self.surroundings.clock;
                    control
                        .guard(async {
                            clock.sleep(pause).await;
                            Ok(())
                        })
                        .await?;
                }
            }
        }
    }

    async fn json_once<T: DeserializeOwned>(
        &self,
        url: &Url,
        about: About<'_>,
    ) -> Result<(T, Option<Url>), HubError> {
        let answer = self.follow(Ask::get(url.clone())).await?;
        if let Some(failure) = self.failure(&answer, about) {
            return Err(failure);
        }
        let next = next_page(&answer).map(|link| self.addresses.on_endpoint(&link));
        let bytes = self.whole_body(answer, ANSWER_LIMIT_BYTES).await?;
        // A page of a network that wants a login, for one, is not JSON.
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| HubError::bad_answer(&host_of(url), error.to_string()))?;
        Ok((value, next))
    }
}

/// `Link: <https://…>; rel="next"`.
fn next_page(answer: &Answer) -> Option<Url> {
    let text = crate::http::text_of(answer.response.headers(), &header::LINK)?;
    text.split(',').find_map(|link| {
        let (address, parameters) = link.split_once(';')?;
        let is_next = parameters
            .split(';')
            .any(|one| matches!(one.trim(), "rel=\"next\"" | "rel=next"));
        let address = address.trim().strip_prefix('<')?.strip_suffix('>')?;
        is_next.then(|| answer.url.join(address).ok())?
    })
}

/// A line of a search.
#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    gated: serde_json::Value,
    #[serde(default, deserialize_with = "or_nothing")]
    downloads: u64,
    #[serde(default, deserialize_with = "or_nothing")]
    likes: u64,
    #[serde(default, deserialize_with = "or_nothing")]
    pipeline_tag: Option<String>,
    #[serde(default, deserialize_with = "or_nothing")]
    tags: Vec<String>,
}

/// A field of another type than expected counts as left out.
fn or_nothing<'de, D, T>(field: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = serde_json::Value::deserialize(field)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// What is read of a model's card and a dataset's alike.
struct Card {
    id: String,
    sha: Option<String>,
    gated: Option<serde_json::Value>,
    private: Option<bool>,
    downloads: Option<u64>,
    likes: Option<u64>,
    task: Option<String>,
    tags: Option<Vec<String>>,
    n_parameters: Option<u64>,
}

/// The two types of `hf-hub` name what they share alike, and have no trait for it.
macro_rules! card {
    ($info:ident, task: $task:expr, n_parameters: $n_parameters:expr) => {
        Card {
            task: $task,
            n_parameters: $n_parameters,
            id: $info.id,
            sha: $info.sha,
            gated: $info.gated,
            private: $info.private,
            downloads: $info.downloads,
            likes: $info.likes,
            tags: $info.tags,
        }
    };
}

impl From<ModelInfo> for Card {
    fn from(info: ModelInfo) -> Self {
        let n_parameters = info.safetensors.map(|weights| weights.total);
        card!(info, task: info.pipeline_tag, n_parameters: n_parameters)
    }
}

impl From<DatasetInfo> for Card {
    fn from(info: DatasetInfo) -> Self {
        card!(info, task: None, n_parameters: None)
    }
}

/// `false`, or the way in which access is granted: `"auto"`, `"manual"`.
fn is_gated(value: &serde_json::Value) -> bool {
    value.is_string() || value.as_bool() == Some(true)
}

fn licence(tags: &[String]) -> Option<String> {
    let name = tags.iter().find_map(|tag| tag.strip_prefix("license:"));
    name.map(str::to_owned)
}

/// Every entry of a commit, and one more than can be meant where there is no end.
async fn listed<T: RepoType>(
    repo: HFRepository<T>,
    commit: &Commit,
) -> HFResult<Vec<RepoTreeEntry>> {
    let entries = repo
        .list_tree()
        .revision(commit.as_str())
        .recursive(true)
        .limit(MAX_FILES + 1)
        .send()?;
    entries.try_collect().await
}

/// The file; `None` for a folder.
fn file(entry: RepoTreeEntry, host: &str) -> Option<Result<ListedFile, HubError>> {
    let RepoTreeEntry::File {
        oid,
        size,
        path,
        lfs,
        ..
    } = entry
    else {
        return None;
    };
    let path = match ListedPath::new(&path) {
        Ok(path) => path,
        Err(unsafe_path) => return Some(Err(unsafe_path)),
    };
    let (oid, size_bytes) = match &lfs {
        Some(lfs) => {
            let hash = lfs.sha256.as_deref().unwrap_or_default();
            let oid = Oid::sha256(hash.trim_start_matches("sha256:"));
            (oid, lfs.size.unwrap_or(size))
        }
        None => (Oid::git_sha1(&oid), size),
    };
    let oid = oid.ok_or_else(|| HubError::bad_answer(host, format!("`{path}` has no hash")));
    Some(oid.map(|oid| ListedFile {
        path,
        size_bytes,
        oid,
    }))
}
