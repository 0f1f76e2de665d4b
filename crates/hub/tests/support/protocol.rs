//! What the Hub says: lists, revisions, trees, where files are, and the files.

use super::server::{COMMIT, Seen, Shelf, World, lock};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a request is answered with, before any fault.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Arc<Vec<u8>>,
    /// Whether ranges of the body can be asked for.
    pub(crate) is_file: bool,
}

impl Answer {
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", "application/json".into())],
            body: Arc::new(value.to_string().into_bytes()),
            is_file: false,
        }
    }

    /// Says where the next page is, as a mirror copies it: with the official host.
    fn link_to(&mut self, target: &str) {
        let link = format!("<https://huggingface.co{target}>; rel=\"next\"");
        self.headers.push(("Link", link));
    }

    pub(crate) fn refusal(status: u16, code: &str) -> Self {
        Self {
            status,
            headers: vec![("X-Error-Code", code.into())],
            body: Arc::default(),
            is_file: false,
        }
    }
}

impl World {
    pub(crate) fn hub(&self, seen: &Seen) -> Answer {
        let Some(target) = seen.target.strip_prefix(lock(&self.prefix).as_str()) else {
            return Answer::refusal(404, "");
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api", kind @ ("models" | "datasets")] => self.list(kind, query),
            ["api", kind, owner, name, "revision", revision] => {
                self.revision(&format!("{kind}/{owner}/{name}"), revision)
            }
            ["api", kind, owner, name, "tree", revision, ..] => {
                self.tree(&format!("{kind}/{owner}/{name}"), revision, path, query)
            }
            [
                "api",
                "resolve-cache",
                kind,
                owner,
                name,
                revision,
                file @ ..,
            ] => self.resolve(&format!("{kind}/{owner}/{name}"), revision, &file.join("/")),
            ["returned", oid] => self.blob(oid),
            ["api", _, _, _, "refs"] => {
                Answer::json(&serde_json::json!({"branches": [], "converts": [], "tags": []}))
            }
            ["api", kind, owner, name, "discussions"] => {
                self.discussions(&format!("{kind}/{owner}/{name}"))
            }
            ["datasets", owner, name, "resolve", revision, file @ ..] => self.resolve(
                &format!("datasets/{owner}/{name}"),
                revision,
                &file.join("/"),
            ),
            [owner, name, "resolve", revision, file @ ..] => {
                self.resolve(&format!("models/{owner}/{name}"), revision, &file.join("/"))
            }
            _ => Answer::refusal(404, ""),
        }
    }

    fn shelf(&self, repo: &str, revision: &str) -> Result<Arc<Shelf>, Answer> {
        let repos = lock(&self.repos);
        if let Some(files) = repos.get(&(repo.into(), revision_of(revision))) {
            return Ok(Arc::clone(files));
        }
        if repos.keys().any(|(known, _)| known == repo) {
            return Err(Answer::refusal(404, "RevisionNotFound"));
        }
        // What the Hub says to strangers of what is not there.
        Err(Answer::refusal(401, "RepoNotFound"))
    }

    /// A page of the repositories whose names have the words that are sought; every one of them has the
    /// same task and tags.
    fn list(&self, kind: &str, query: &str) -> Answer {
        const TASK: &str = "text-generation";
        const TAGS: [&str; 3] = ["fa", "safetensors", "license:apache-2.0"];
        let asked: Vec<(&str, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, decode(&value.replace('+', " "))))
            .collect();
        let value = |wanted| {
            let pair = asked.iter().find(|(name, _)| *name == wanted);
            pair.map_or("", |(_, value)| value.as_str())
        };
        let suits = |id: &str| {
            let mut filters = asked.iter().filter(|(name, _)| *name == "filter");
            id.to_lowercase().contains(&value("search").to_lowercase())
                && filters.all(|(_, tag)| tag == TASK || TAGS.contains(&tag.as_str()))
        };
        let mut ids: Vec<String> = lock(&self.repos)
            .keys()
            .filter_map(|(repo, _)| Some(repo.strip_prefix(kind)?[1..].to_owned()))
            .filter(|id| suits(id))
            .collect();
        ids.sort();
        ids.dedup();
        let from: usize = value("cursor").parse().unwrap_or(0);
        let limit: usize = value("limit").parse().unwrap_or(1000);
        let lines: Vec<_> = ids
            .iter()
            .skip(from)
            .take(limit)
            .map(|id| {
                // As mirrors may: what nobody reads, of a type that nobody expects.
                serde_json::json!({"id": id, "downloads": 7, "likes": 1, "gated": false,
                "pipeline_tag": TASK, "tags": TAGS, "trendingScore": "high"})
            })
            .collect();
        let mut answer = Answer::json(&lines.into());
        if from + limit < ids.len() {
            let without: Vec<&str> = query
                .split('&')
                .filter(|pair| !pair.starts_with("cursor="))
                .collect();
            let next = format!("/api/{kind}?{}&cursor={}", without.join("&"), from + limit);
            answer.link_to(&next);
        }
        answer
    }

    fn revision(&self, repo: &str, revision: &str) -> Answer {
        match self.shelf(repo, revision) {
            Ok(shelf) => {
                let siblings: Vec<_> = shelf
                    .files
                    .iter()
                    .map(|file| serde_json::json!({"rfilename": file.path}))
                    .collect();
                Answer::json(&serde_json::json!({
                    "id": repo.split_once('/').unwrap().1, "sha": commit_of(revision), "private": false, "gated": "auto",
                    "downloads": 7, "likes": 1, "tags": ["license:mit", "fa"], "siblings": siblings,
                    // What nobody reads, of types that nobody expects.
                    "author": 7, "spaces": "none", "safetensors": {"parameters": {}, "total": "many"}, "gguf": [],
                }))
            }
            Err(refusal) => refusal,
        }
    }

    fn tree(&self, repo: &str, revision: &str, path: &str, query: &str) -> Answer {
        let shelf = match self.shelf(repo, revision) {
            Ok(shelf) => shelf,
            Err(refusal) => return refusal,
        };
        let page = usize::try_from(self.page_size.load(Ordering::SeqCst)).unwrap();
        let from: usize = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("cursor=")?.parse().ok())
            .unwrap_or(0);
        let entries: Vec<_> = shelf.files.iter()
            .skip(from)
            .take(page)
            .map(|file| {
                let size = file.bytes.len();
                if file.is_lfs {
                    serde_json::json!({"type": "file", "path": file.path, "size": size, "oid": "0".repeat(40),
                        "lfs": {"oid": file.oid, "size": size, "pointerSize": 135}})
                } else {
                    serde_json::json!({"type": "file", "path": file.path, "size": size, "oid": file.oid})
                }
            })
            .collect();
        let mut answer = Answer::json(&entries.into());
        if from + page < shelf.files.len() {
            answer.link_to(&format!("{path}?recursive=true&cursor={}", from + page));
        }
        answer
    }

    fn discussions(&self, repo: &str) -> Answer {
        let conversions = lock(&self.conversions)
            .get(repo)
            .cloned()
            .unwrap_or_default();
        let discussions: Vec<_> = conversions
            .iter()
            .map(|(number, author)| {
                serde_json::json!({"num": number, "isPullRequest": true, "status": "open", "author": {"name": author}})
            })
            .collect();
        Answer::json(&serde_json::json!({"discussions": discussions, "count": discussions.len()}))
    }

    fn resolve(&self, repo: &str, revision: &str, path: &str) -> Answer {
        let shelf = match self.shelf(repo, revision) {
            Ok(shelf) => shelf,
            Err(refusal) => return refusal,
        };
        let Some(file) = shelf.by_path.get(path).map(|index| &shelf.files[*index]) else {
            return Answer::refusal(404, "EntryNotFound");
        };
        let mut headers = vec![
            ("X-Repo-Commit", commit_of(revision)),
            ("Accept-Ranges", "bytes".into()),
        ];
        if file.is_lfs {
            headers.extend([
                ("X-Linked-Etag", format!("\"{}\"", file.oid)),
                ("X-Linked-Size", file.bytes.len().to_string()),
                (
                    "Location",
                    format!("{}/blob/{}?signature=abc", self.cdn, file.oid),
                ),
            ]);
            return Answer {
                status: 302,
                headers,
                body: Arc::default(),
                is_file: false,
            };
        }
        headers.push(("ETag", format!("\"{}\"", file.oid)));
        Answer {
            status: 200,
            headers,
            body: Arc::clone(&file.bytes),
            is_file: true,
        }
    }

    pub(crate) fn cdn(&self, seen: &Seen) -> Answer {
        let path = seen.target.split('?').next().unwrap_or_default();
        self.blob(path.strip_prefix("/blob/").unwrap_or_default())
    }

    fn blob(&self, oid: &str) -> Answer {
        let repos = lock(&self.repos);
        let Some(file) = repos
            .values()
            .flat_map(|shelf| &shelf.files)
            .find(|file| file.oid == oid)
        else {
            return Answer::refusal(404, "");
        };
        let headers = vec![
            ("ETag", format!("\"cdn-{}\"", &oid[..8])),
            ("Accept-Ranges", "bytes".into()),
        ];
        Answer {
            status: 200,
            headers,
            body: Arc::clone(&file.bytes),
            is_file: true,
        }
    }
}

/// `main` also under its commit.
fn revision_of(revision: &str) -> String {
    match revision.strip_prefix("00000000000000000000000000000000000") {
        Some(number) => format!("refs/pr/{}", number.trim_start_matches('0')),
        None if revision == COMMIT => "main".into(),
        None => revision.into(),
    }
}

fn commit_of(revision: &str) -> String {
    match revision_of(revision).strip_prefix("refs/pr/") {
        Some(number) => format!("{number:0>40}"),
        None => COMMIT.into(),
    }
}

fn decode(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let decoded = if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).unwrap()
}
