//! The connection test: it walks the hosts that a download needs, in the order in which it needs
//! them, and says of each what works or how it fails.

use crate::HubError;
use crate::clock::Clock;
use crate::control::Control;
use crate::download::Hub;
use crate::endpoint::host_of;
use crate::error::Unreachable;
use crate::http::{About, Ask};
use crate::repo::{FilePath, Repo, RepoKind, Revision};
use crate::source::{Source, resolve_url};
use reqwest::Url;
use serde::Serialize;
use std::future::Future;

/// A list of one line is far shorter.
const API_LIMIT_BYTES: usize = 1 << 20;

/// A file by which the way is tried; a large one, since those come from the host that is blocked
/// most often. One byte of it is fetched.
#[derive(Debug, Clone)]
pub struct ProbeTarget {
    /// A public repository.
    pub repo: Repo,
    /// A large file of it.
    pub file: FilePath,
}

impl Default for ProbeTarget {
    fn default() -> Self {
        let repo = Repo::new(RepoKind::Model, "PartAI/TookaBERT-Base");
        let file = FilePath::new("model.safetensors");
        Self {
            repo: repo.expect("BUG: the name is well formed"),
            file: file.expect("BUG: the name is well formed"),
        }
    }
}

/// What a host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Lists and searches.
    Api,
    /// Says where a file is.
    Resolve,
    /// Sends a large file's bytes.
    Content,
}

/// What was found of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostReport {
    /// What it is for.
    pub role: Role,
    /// The host; absent where it could not even be learnt.
    pub host: Option<String>,
    /// Whether it works.
    pub verdict: Verdict,
}

/// Whether a host works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It answers.
    Works {
        /// After this many milliseconds.
        ms: u64,
    },
    /// It cannot be reached.
    Unreachable {
        /// The stage that fails.
        how: Unreachable,
    },
    /// It is reached and says nothing, or answers with something else.
    Fails {
        /// What it does.
        detail: String,
    },
    /// Not tried, since an earlier host fails.
    NotTried,
}

impl Hub {
    /// Tries the hosts that a download needs. Ends after the first that fails, since the others
    /// cannot be learnt without it.
    ///
    /// # Errors
    /// [`HubError::Offline`] and [`HubError::Stopped`]; what hosts do is in the reports.
    pub async fn probe(
        &self,
        target: &ProbeTarget,
        control: &Control,
    ) -> Result<Vec<HostReport>, HubError> {
        let revision = Revision::main();
        let about = About {
            repo: Some(&target.repo),
            revision: revision.as_str(),
            path: Some(&target.file),
        };
        let api = self.http.addresses.at(["api", "models"]);
        let (report, found) = self
            .try_host(Role::Api, &api, control, self.ask_api(&api))
            .await?;
        let mut reports = vec![report];
        let resolve = resolve_url(
            &self.http,
            &target.repo,
            revision.as_str(),
            target.file.as_str(),
        );
        let location = if found.is_some() {
            let head = Source::head(&self.http, resolve.clone(), about);
            let (report, found) = self
                .try_host(Role::Resolve, &resolve, control, head)
                .await?;
            reports.push(report);
            found.map(|resolved| resolved.location)
        } else {
            reports.push(not_tried(Role::Resolve, Some(&resolve)));
            None
        };
        match location {
            Some(location) => {
                let byte = self.ask_content(&location, about);
                reports.push(
                    self.try_host(Role::Content, &location, control, byte)
                        .await?
                        .0,
                );
            }
            None => reports.push(not_tried(Role::Content, None)),
        }
        Ok(reports)
    }

    async fn try_host<T>(
        &self,
        role: Role,
        url: &Url,
        control: &Control,
        attempt: impl Future<Output = Result<T, HubError>>,
    ) -> Result<(HostReport, Option<T>), HubError> {
        let clock: &dyn Clock = &*self.http.surroundings.clock;
        let begun = clock.now();
        let (verdict, found) = match control.guard(attempt).await {
            Ok(found) => {
                let ms = u64::try_from(clock.now().saturating_sub(begun).as_millis())
                    .unwrap_or(u64::MAX);
                (Verdict::Works { ms }, Some(found))
            }
            Err(failure @ (HubError::Offline | HubError::Stopped)) => return Err(failure),
            Err(HubError::Unreachable { how, .. }) => (Verdict::Unreachable { how }, None),
            Err(HubError::Stalled { .. }) => (
                Verdict::Unreachable {
                    how: Unreachable::TimedOut,
                },
                None,
            ),
            Err(failure) => (
                Verdict::Fails {
                    detail: failure.to_string(),
                },
                None,
            ),
        };
        let host = Some(host_of(&self.http.addresses.rewritten(url)));
        Ok((
            HostReport {
                role,
                host,
                verdict,
            },
            found,
        ))
    }

    async fn ask_api(&self, url: &Url) -> Result<(), HubError> {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("limit", "1");
        let host = host_of(&url);
        let answer = self.http.follow(Ask::get(url)).await?;
        if let Some(failure) = self.http.failure(&answer, About::NOTHING) {
            return Err(failure);
        }
        let bytes = self.http.whole_body(answer, API_LIMIT_BYTES).await?;
        match serde_json::from_slice::<Vec<serde_json::Value>>(&bytes) {
            Ok(_) => Ok(()),
            // The page of a network that wants a login, or of a filter.
            Err(_) => Err(HubError::bad_answer(
                &host,
                "it is not the Hub that answers",
            )),
        }
    }

    async fn ask_content(&self, location: &Url, about: About<'_>) -> Result<(), HubError> {
        let ask = Ask {
            range: Some(0..1),
            ..Ask::get(location.clone())
        };
        let answer = self.http.follow(ask).await?;
        if let Some(failure) = self.http.failure(&answer, about) {
            return Err(failure);
        }
        let mut body = self.http.body(answer);
        match body.next().await? {
            Some(_) => Ok(()),
            None => Err(HubError::Cut {
                host: body.host,
                source: None,
            }),
        }
    }
}

fn not_tried(role: Role, url: Option<&Url>) -> HostReport {
    HostReport {
        role,
        host: url.map(host_of),
        verdict: Verdict::NotTried,
    }
}
