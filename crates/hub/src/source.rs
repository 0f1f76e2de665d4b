//! One file on the server: asked for at its resolve address, served perhaps from another host under
//! an address that expires, perhaps in a version that is not the one we began with.

use crate::HubError;
use crate::api::RemoteFile;
use crate::endpoint::host_of;
use crate::http::{About, Answer, Ask, Body, Http, text_of};
use crate::repo::{Commit, Repo, RepoKind};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode, Url};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file of a commit, and what was learnt of where it is.
pub(crate) struct Source<'a> {
    http: &'a Http,
    repo: &'a Repo,
    commit: &'a Commit,
    pub(crate) file: &'a RemoteFile,
    resolve: Url,
    learnt: Mutex<Learnt>,
}

#[derive(Default)]
struct Learnt {
    /// Where the bytes come from, while that address is good.
    location: Option<Url>,
    /// The `ETag` of the version that comes.
    version: Option<String>,
    /// More than one version came.
    mixed: bool,
    /// The server sends whole files only.
    unranged: bool,
}

/// Bytes that begin to come.
pub(crate) struct Opened {
    /// Where in the file they begin.
    pub(crate) offset: u64,
    pub(crate) body: Body,
}

/// Where a file is, without its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// The host that serves the bytes.
    pub(crate) location: Url,
}

impl<'a> Source<'a> {
    pub(crate) fn new(
        http: &'a Http,
        repo: &'a Repo,
        commit: &'a Commit,
        file: &'a RemoteFile,
    ) -> Self {
        let resolve = resolve_url(http, repo, commit.as_str(), file.path.as_str());
        Self {
            http,
            repo,
            commit,
            file,
            resolve,
            learnt: Mutex::default(),
        }
    }

    /// Whether ranges are of no use here.
    pub(crate) fn is_unranged(&self) -> bool {
        self.learnt().unranged
    }

    /// Remembers that ranges are of no use here.
    pub(crate) fn set_unranged(&self) {
        self.learnt().unranged = true;
    }

    /// What a hash that is not the commit's means.
    pub(crate) fn wrong_hash(&self, found: String) -> HubError {
        let path = self.file.path.to_string();
        if self.learnt().mixed {
            return HubError::Changed { path };
        }
        HubError::WrongHash {
            path,
            expected: self.file.oid.to_string(),
            found,
        }
    }

    /// Asks for a range, or for the whole file where none is given or ranges are of no use.
    pub(crate) async fn open(&self, range: Option<Range<u64>>) -> Result<Opened, HubError> {
        let range = range.filter(|_| !self.is_unranged());
        let mut answer = self.ask(range.clone()).await?;
        let other = self.is_another_version(&answer);
        self.note_version(&answer);
        if other && range.is_some() && answer.response.status() == StatusCode::OK {
            // `If-Range` made the server send all of its present version. What is here stays: the
            // same bytes often go by several names, and the hash of the whole decides.
            answer = self.ask(range.clone()).await?;
            self.note_version(&answer);
        }
        self.begin(answer, range)
    }

    /// Asks where the bytes are.
    pub(crate) async fn head(
        http: &Http,
        url: Url,
        about: About<'_>,
    ) -> Result<Resolved, HubError> {
        let ask = Ask {
            method: Method::HEAD,
            ..Ask::get(url.clone())
        };
        let response = http.send(&ask, true).await?;
        if let Some(location) = http.redirect(&response, &url)? {
            return Ok(Resolved { location });
        }
        let headers = response.headers().clone();
        let answer = Answer {
            response,
            url: url.clone(),
            resolve_headers: headers,
            elsewhere: false,
        };
        match http.failure(&answer, about) {
            Some(failure) => Err(failure),
            None => Ok(Resolved { location: url }),
        }
    }

    async fn ask(&self, range: Option<Range<u64>>) -> Result<Answer, HubError> {
        let (location, version) = {
            let learnt = self.learnt();
            // Where versions have several names, a condition would only bring whole files.
            let version = learnt.version.clone().filter(|_| !learnt.mixed);
            (learnt.location.clone(), version)
        };
        // Only addresses that other hosts led to are remembered. One of them may be on our own host.
        let remembered = location.is_some();
        let ask = Ask {
            if_range: version.filter(|_| range.is_some()),
            range,
            from_elsewhere: remembered,
            ..Ask::get(location.unwrap_or_else(|| self.resolve.clone()))
        };
        let mut answer = match self.http.follow(ask).await {
            Ok(answer) => answer,
            Err(failure) => {
                // The next attempt may be led to a host that is better off.
                self.learnt().location = None;
                return Err(failure);
            }
        };
        answer.elsewhere |= remembered;
        if !remembered {
            self.check_commit(&answer.resolve_headers)?;
        }
        if answer.response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            *self.learnt() = Learnt::default();
            let found = total_of(answer.response.headers()).unwrap_or(0);
            return Err(self.wrong_size(found));
        }
        let about = About {
            repo: Some(self.repo),
            revision: self.commit.as_str(),
            path: Some(&self.file.path),
        };
        if let Some(failure) = self.http.failure(&answer, about) {
            self.learnt().location = None;
            return Err(failure);
        }
        if answer.elsewhere {
            self.learnt().location = Some(answer.url.clone());
        }
        Ok(answer)
    }

    /// Holds what the resolve host says of the file against what the commit says.
    fn check_commit(&self, headers: &HeaderMap) -> Result<(), HubError> {
        let changed = || HubError::Changed {
            path: self.file.path.to_string(),
        };
        let text = |name: &'static str| text_of(headers, &HeaderName::from_static(name));
        if text("x-repo-commit").is_some_and(|commit| commit != self.commit.as_str()) {
            return Err(changed());
        }
        if text("x-linked-etag").is_some_and(|etag| {
            etag.trim_start_matches("W/").trim_matches('"') != self.file.oid.as_str()
        }) {
            return Err(changed());
        }
        match text("x-linked-size").and_then(|size| size.parse().ok()) {
            Some(size) if size != self.file.size_bytes => Err(self.wrong_size(size)),
            _ => Ok(()),
        }
    }

    /// Whether an answer names another version than the one that came so far.
    fn is_another_version(&self, answer: &Answer) -> bool {
        let now = version_of(answer.response.headers());
        let learnt = self.learnt();
        learnt.version.is_some() && now.is_some() && learnt.version != now
    }

    fn note_version(&self, answer: &Answer) {
        let other = self.is_another_version(answer);
        let mut learnt = self.learnt();
        learnt.mixed |= other;
        if let Some(version) = version_of(answer.response.headers()) {
            learnt.version = Some(version);
        }
    }

    fn begin(&self, answer: Answer, range: Option<Range<u64>>) -> Result<Opened, HubError> {
        let host = host_of(&answer.url);
        let (status, headers) = (answer.response.status(), answer.response.headers().clone());
        let length = answer.response.content_length();
        let body = self.http.body(answer);
        match (status, range) {
            (StatusCode::PARTIAL_CONTENT, Some(range)) => {
                if body.is_compressed() {
                    self.set_unranged();
                    return Err(HubError::bad_answer(
                        &host,
                        "it sends a range of something compressed",
                    ));
                }
                // A mirror may leave it out; then the hash of the whole has the last word.
                if start_of(&headers).is_some_and(|start| start != range.start) {
                    self.set_unranged();
                    return Err(HubError::bad_answer(
                        &host,
                        "it sends another range than was asked for",
                    ));
                }
                match total_of(&headers) {
                    Some(total) if total != self.file.size_bytes => Err(self.wrong_size(total)),
                    _ => Ok(Opened {
                        offset: range.start,
                        body,
                    }),
                }
            }
            (StatusCode::OK, range) => {
                if range.is_some() {
                    self.set_unranged();
                }
                match length {
                    Some(length) if !body.is_compressed() && length != self.file.size_bytes => {
                        Err(self.wrong_size(length))
                    }
                    _ => Ok(Opened { offset: 0, body }),
                }
            }
            (status, _) => Err(HubError::bad_answer(
                &host,
                format!("status {}", status.as_u16()),
            )),
        }
    }

    pub(crate) fn wrong_size(&self, found: u64) -> HubError {
        HubError::WrongSize {
            path: self.file.path.to_string(),
            expected: self.file.size_bytes,
            found,
        }
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `{endpoint}/[datasets/]{repo}/resolve/{revision}/{path}`.
pub(crate) fn resolve_url(http: &Http, repo: &Repo, revision: &str, path: &str) -> Url {
    let prefix = (repo.kind() == RepoKind::Dataset).then_some("datasets");
    let parts = prefix
        .into_iter()
        .chain(repo.id().split('/'))
        .chain(["resolve", revision]);
    http.addresses.at(parts.chain(path.split('/')))
}

/// A strong `ETag`; a weak one cannot be the condition of a range (RFC 9110, 13.1.5).
fn version_of(headers: &HeaderMap) -> Option<String> {
    text_of(headers, &header::ETAG).filter(|etag| etag.starts_with('"'))
}

/// The start of `Content-Range: bytes 5-9/10`.
fn start_of(headers: &HeaderMap) -> Option<u64> {
    let text = text_of(headers, &header::CONTENT_RANGE)?;
    text.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// The total of `Content-Range: bytes 5-9/10` or `bytes */10`.
fn total_of(headers: &HeaderMap) -> Option<u64> {
    let text = text_of(headers, &header::CONTENT_RANGE)?;
    text.rsplit_once('/')?.1.parse().ok()
}
