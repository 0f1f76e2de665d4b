//! The repository of the Hub that a folder of its cache belongs to, read off the folder's path.

use std::path::Path;

/// A repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubPath {
    /// `owner/name`.
    pub(crate) repo: String,
    /// The commit.
    pub(crate) commit: String,
}

impl HubPath {
    /// That of `models--owner--name/snapshots/<commit>`, or of a file in it; `None` for every other path.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        parts.windows(3).rev().find_map(|window| match window {
            &[folder, "snapshots", commit] => Some(Self {
                repo: folder.strip_prefix("models--")?.replacen("--", "/", 1),
                commit: commit.to_owned(),
            }),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::HubPath;
    use std::path::Path;

    #[test]
    fn a_snapshot_s_path_names_its_repository_and_commit() {
        let of = |path: &str| HubPath::of(Path::new(path)).map(|hub| (hub.repo, hub.commit));
        let found = of("/data/hub/models--Qwen--Qwen3-0.6B/snapshots/c1899de");
        let expected = ("Qwen/Qwen3-0.6B".to_owned(), "c1899de".to_owned());
        assert_eq!(found, Some(expected));
        let in_it = of("/data/hub/models--gpt2/snapshots/607a/model.gguf");
        assert_eq!(in_it, Some(("gpt2".to_owned(), "607a".to_owned())));
        assert_eq!(of("/data/hub/datasets--a--b/snapshots/c"), None);
        assert_eq!(of("/data/models/my-model"), None);
    }
}
