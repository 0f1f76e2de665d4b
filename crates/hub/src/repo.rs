//! Names on the Hub, checked before they become part of a path or an address: repositories,
//! revisions, commits, content ids, files. What cannot be such a name never gets further than here.

use crate::HubError;
pub use amoozgar_types::repo::RepoKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// A repository: its kind and `owner/name`, or a bare `name` for a few old ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repo {
    kind: RepoKind,
    id: String,
}

impl Repo {
    /// A repository by its id.
    ///
    /// # Errors
    /// [`HubError::InvalidRepo`] where the Hub could have no repository of that name.
    pub fn new(kind: RepoKind, id: &str) -> Result<Self, HubError> {
        const MAX_LENGTH: usize = 96;
        let part = |part: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty()
                && part.chars().all(allowed)
                && !part.starts_with(['-', '.'])
                && !part.ends_with(['-', '.'])
        };
        let valid = id.len() <= MAX_LENGTH
            && id.split('/').count() <= 2
            && id.split('/').all(part)
            && !id.contains("--")
            && !id.contains("..");
        if valid {
            let id = id.to_owned();
            return Ok(Self { kind, id });
        }
        Err(HubError::InvalidRepo {
            repo: id.to_owned(),
        })
    }

    /// What it holds.
    pub fn kind(&self) -> RepoKind {
        self.kind
    }

    /// `owner/name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its folder in a cache: `models--owner--name`.
    pub fn folder_name(&self) -> String {
        format!("{}--{}", self.kind.plural(), self.id.replace('/', "--"))
    }

    /// The repository whose folder in a cache has this name.
    pub fn from_folder_name(name: &str) -> Option<Self> {
        let (kind, id) = name.split_once("--")?;
        let kind = [RepoKind::Model, RepoKind::Dataset]
            .into_iter()
            .find(|candidate| candidate.plural() == kind)?;
        Self::new(kind, &id.replace("--", "/")).ok()
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// A branch, a tag, a commit or a reference such as `refs/pr/3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(String);

impl Revision {
    /// A revision by its name.
    ///
    /// # Errors
    /// [`HubError::InvalidRevision`] where it could not be a git reference, or would leave its folder.
    pub fn new(name: &str) -> Result<Self, HubError> {
        let forbidden = |c: char| {
            c.is_control()
                || c.is_whitespace()
                || matches!(c, '\\' | ':' | '~' | '^' | '?' | '*' | '[')
        };
        let valid = !name.is_empty()
            && name.len() <= 255
            && !name.contains(forbidden)
            && !name.contains("..")
            && name.split('/').all(|part| !part.is_empty() && part != ".");
        if valid {
            return Ok(Self(name.to_owned()));
        }
        Err(HubError::InvalidRevision {
            revision: name.to_owned(),
        })
    }

    /// The default branch.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A commit's full hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commit(String);

impl Commit {
    /// A commit by its hash; `None` where it is none.
    pub fn new(hash: &str) -> Option<Self> {
        is_hash(hash, 40).then(|| Self(hash.to_owned()))
    }

    /// The hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a file's bytes must hash to; also its blob's name in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oid {
    /// SHA-256 of the bytes, of a large file.
    Sha256(String),
    /// SHA-1 of git's blob (`blob <length>`, a zero byte, the bytes), of a small one.
    GitSha1(String),
}

impl Oid {
    /// A SHA-256; `None` where it is none.
    pub fn sha256(hash: &str) -> Option<Self> {
        is_hash(hash, 64).then(|| Self::Sha256(hash.to_owned()))
    }

    /// A git blob's id; `None` where it is none.
    pub fn git_sha1(hash: &str) -> Option<Self> {
        is_hash(hash, 40).then(|| Self::GitSha1(hash.to_owned()))
    }

    /// The id whose text this is, by its length.
    pub fn parse(hash: &str) -> Option<Self> {
        Self::sha256(hash).or_else(|| Self::git_sha1(hash))
    }

    /// The hash in hexadecimal.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sha256(hash) | Self::GitSha1(hash) => hash,
        }
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A file's place in its repository: relative, below it, and writable on every system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FilePath(String);

impl FilePath {
    /// A path as the Hub names it, with `/` between its parts.
    ///
    /// # Errors
    /// [`HubError::UnsafePath`] where it climbs out, is absolute, or means something else on one of
    /// the systems this program runs on.
    pub fn new(path: &str) -> Result<Self, HubError> {
        if !path.is_empty() && path.len() <= 1024 && path.split('/').all(is_plain_name) {
            return Ok(Self(path.to_owned()));
        }
        Err(HubError::UnsafePath {
            path: path.to_owned(),
        })
    }

    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// How many folders it lies below the repository.
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// The path below `folder`.
    pub fn below(&self, folder: &Path) -> PathBuf {
        folder.join(self.0.split('/').collect::<PathBuf>())
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file's place as a repository's list names it: relative and below the repository, but perhaps not
/// writable on every system. It becomes a place on the disk only as a [`FilePath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ListedPath(String);

impl ListedPath {
    /// A path as the Hub lists it.
    ///
    /// # Errors
    /// [`HubError::UnsafePath`] where it climbs out, is absolute or has an empty part.
    pub fn new(path: &str) -> Result<Self, HubError> {
        let climbs = path
            .split(['/', '\\'])
            .any(|part| matches!(part, "" | "." | ".."));
        if climbs {
            return Err(HubError::UnsafePath {
                path: path.to_owned(),
            });
        }
        Ok(Self(path.to_owned()))
    }

    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The place to write the file to.
    ///
    /// # Errors
    /// [`HubError::UnsafePath`] where the name means something else on some system.
    pub fn to_file_path(&self) -> Result<FilePath, HubError> {
        FilePath::new(&self.0)
    }
}

impl fmt::Display for ListedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a name stands for itself on every system. Windows drops dots and spaces at the end, and
/// opens a device where a name before the first dot is one of its own.
fn is_plain_name(name: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let numbered_device = (stem.starts_with("com") || stem.starts_with("lpt"))
        && stem.len() == 4
        && stem.ends_with(|c: char| c.is_ascii_digit());
    !matches!(name, "" | "." | "..")
        && name.len() <= 255
        && !name.contains(|c: char| {
            c.is_control() || matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*')
        })
        && !name.ends_with(['.', ' '])
        && !DEVICES.contains(&stem.as_str())
        && !numbered_device
}

fn is_hash(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Commit, FilePath, Oid, Repo, RepoKind, Revision};

    #[test]
    fn a_path_that_means_another_place_is_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/./b",
            "a\\..\\x",
            "C:x",
            "a/b\0",
            "a/nul.txt",
            "COM1",
            "a/b.",
            "a /b ",
            "..",
            "a/",
            "a\nb",
        ] {
            assert!(
                FilePath::new(path).is_err(),
                "`{path}` must not be a file's name"
            );
        }
        for path in [
            "a",
            "a/b.json",
            ".gitattributes",
            "1_Pooling/config.json",
            "پوشه/مدل.txt",
            "company.txt",
        ] {
            assert_eq!(
                FilePath::new(path).unwrap().as_str(),
                path,
                "an ordinary name"
            );
        }
    }

    #[test]
    fn a_repository_is_known_by_its_folder_again() {
        for id in ["gpt2", "PartAI/TookaBERT-Base", "a/b_c.d"] {
            let repo = Repo::new(RepoKind::Dataset, id).unwrap();
            assert_eq!(
                Repo::from_folder_name(&repo.folder_name()),
                Some(repo),
                "`{id}` and back"
            );
        }
        for id in [
            "", "a/b/c", "a/../b", "../a", "a/", "a b", "a--b/c", "/a", "a/b?x", "a\\b",
        ] {
            assert!(
                Repo::new(RepoKind::Model, id).is_err(),
                "`{id}` is no repository"
            );
        }
    }

    #[test]
    fn revisions_and_hashes_cannot_leave_their_folders() {
        for name in [
            "", "../main", "a/../b", "/main", "a//b", "a b", "a\\b", "refs/",
        ] {
            assert!(Revision::new(name).is_err(), "`{name}` is no revision");
        }
        assert_eq!(Revision::new("refs/pr/3").unwrap().as_str(), "refs/pr/3");
        assert!(Commit::new("../../../../etc").is_none(), "no commit");
        assert!(
            Oid::parse(&"A".repeat(40)).is_none(),
            "hashes are in small letters"
        );
        assert!(matches!(Oid::parse(&"a".repeat(40)), Some(Oid::GitSha1(_))));
        assert!(matches!(Oid::parse(&"a".repeat(64)), Some(Oid::Sha256(_))));
    }
}
