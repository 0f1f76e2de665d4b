//! The Hub: the catalog, search, a repository's page, the way there, and the secrets it needs.

use crate::ApiError;
use crate::catalog::CatalogItem;
use crate::id::DownloadId;
use crate::network::NetworkSettings;
use crate::repo::{Fit, RepoFile, RepoKind};
use crate::secret::{SecretName, SecretPlace};
use serde::{Deserialize, Serialize};

/// A curated model or dataset, and how it stands on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// What the bundled catalog says of it.
    pub item: CatalogItem,
    /// What it needs of this machine, where it is a model whose weights were counted.
    pub fit: Option<Fit>,
    /// Whether every file of it is here and verified.
    pub installed: bool,
    /// The user's download of it that is not finished.
    pub download_id: Option<DownloadId>,
}

/// A search of the Hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubQuery {
    /// Models or datasets.
    pub kind: RepoKind,
    /// Words of the name; may be empty.
    pub text: String,
    /// A task, as in `text-generation`.
    pub task: Option<String>,
    /// A language, as in `fa`.
    pub language: Option<String>,
    /// A library or a form, as in `transformers`, `safetensors`, `gguf`.
    pub library: Option<String>,
    /// The order.
    pub sort: HubSort,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// The order of a search, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HubSort {
    /// By downloads of the last month.
    Downloads,
    /// By likes.
    Likes,
    /// By the last change.
    Updated,
}

/// One page of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubPage {
    /// The lines.
    pub found: Vec<HubFound>,
    /// Where the next page begins; absent on the last.
    pub next: Option<String>,
}

/// A line of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubFound {
    /// `owner/name`.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// Whether terms must be accepted in a browser first.
    pub gated: bool,
    /// Downloads of the last month.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// The licence's short name.
    pub licence: Option<String>,
    /// What the model does, as in `text-generation`.
    pub task: Option<String>,
    /// Whether every file of it is here and verified.
    pub installed: bool,
    /// The user's download of it that is not finished.
    pub download_id: Option<DownloadId>,
}

/// A repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoAt {
    /// `owner/name`.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// A branch, a tag or a commit; `main` where absent.
    pub revision: Option<String>,
}

/// What a repository's page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepoDetail {
    /// `owner/name`, as the Hub calls it now.
    pub repo: String,
    /// Model or dataset.
    pub kind: RepoKind,
    /// The revision that was asked for.
    pub revision: String,
    /// Its commit.
    pub commit: String,
    /// The converter's branch that the files come from, where the revision has pickle alone.
    pub converted: Option<String>,
    /// Whether terms must be accepted in a browser first.
    pub gated: bool,
    /// Whether it is private.
    pub private: bool,
    /// Downloads of the last month.
    pub downloads: u64,
    /// Likes.
    pub likes: u64,
    /// The licence's short name.
    pub licence: Option<String>,
    /// What the model does.
    pub task: Option<String>,
    /// The card's tags.
    pub tags: Vec<String>,
    /// Weights, where the Hub or the catalog says so.
    pub n_parameters: Option<u64>,
    /// What it needs of this machine, where that is known.
    pub fit: Option<Fit>,
    /// Every file of the commit.
    pub files: Vec<RepoFile>,
    /// Bytes of the chosen files.
    pub chosen_bytes: u64,
    /// Bytes free on the disk where they would go.
    pub free_disk_bytes: u64,
    /// Why nothing can be downloaded (pickle alone, nothing that is needed).
    pub refused: Option<ApiError>,
    /// The card's text without its header, in Markdown; absent where there is none or it may not be
    /// read.
    pub card: Option<String>,
    /// The page on the Hub, for the browser.
    pub page: String,
    /// Whether every file of it is here and verified.
    pub installed: bool,
    /// The user's download of it that is not finished.
    pub download_id: Option<DownloadId>,
}

/// Which settings to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTry {
    /// Settings that are not saved yet; those in force where absent.
    pub network: Option<NetworkSettings>,
}

/// What a connection test found, in the order in which a download needs the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// The hosts.
    pub hosts: Vec<HostCheck>,
}

/// What was found of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCheck {
    /// What it is for.
    pub role: HostRole,
    /// The host; absent where it could not even be learnt.
    pub host: Option<String>,
    /// Whether it works.
    pub outcome: HostOutcome,
}

/// What a host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostRole {
    /// Lists and searches.
    Api,
    /// Says where a file is.
    Resolve,
    /// Sends a large file's bytes.
    Content,
}

/// Whether a host works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HostOutcome {
    /// It answers.
    Works {
        /// After this many milliseconds.
        ms: u64,
    },
    /// It cannot be reached.
    Unreachable {
        /// The stage that fails.
        stage: FailedStage,
    },
    /// It is reached and says nothing, or answers with something else.
    Fails {
        /// What it does.
        detail: String,
    },
    /// Not tried, since an earlier host fails.
    NotTried,
}

/// The stage at which a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedStage {
    /// The host's name has no address.
    Dns,
    /// Nobody answers there, or the way is blocked.
    Connect,
    /// The secure connection fails.
    Tls,
    /// The proxy fails or refuses.
    Proxy,
    /// No connection within the time allowed.
    TimedOut,
    /// The connection broke before an answer came.
    Broken,
}

/// A secret to keep.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    /// Which.
    pub secret: SecretName,
    /// The secret itself.
    pub value: String,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret")
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

/// What may be known of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretStatus {
    /// Where it is kept; absent where there is none.
    pub kept: Option<SecretPlace>,
    /// The last four characters of an access token that is long enough.
    pub tail: Option<String>,
    /// Whether the system has a keyring that can be used. Without one a secret lives as long as the
    /// program runs.
    pub keyring: bool,
}

#[cfg(test)]
mod tests {
    use super::{NewSecret, SecretName};

    #[test]
    fn a_secret_never_shows_in_debug_output() {
        let shown = format!(
            "{:?}",
            NewSecret {
                secret: SecretName::HubToken,
                value: "hf_secret".into(),
            }
        );
        assert!(!shown.contains("hf_secret"), "leaked in `{shown}`");
        assert!(shown.contains("HubToken"), "which one helps: `{shown}`");
    }
}
