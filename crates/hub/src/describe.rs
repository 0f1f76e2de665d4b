//! A repository before anything is downloaded: every file with whether it would come and why, and
//! the words of its card.

use crate::HubError;
use crate::api::{ListedFile, RepoInfo};
use crate::control::Control;
use crate::download::{Hub, Request};
use crate::endpoint::host_of;
use crate::http::{About, Ask};
use crate::repo::{Commit, FilePath, Repo, Revision};
use crate::select::{Reason, reason};
use crate::source::resolve_url;
use std::collections::HashSet;

/// A card is a page of text; what is longer is no card.
const CARD_LIMIT_BYTES: usize = 2 << 20;

/// What a request would bring, and what it would leave.
#[derive(Debug)]
pub struct Description {
    /// The repository at the commit that the files are of.
    pub info: RepoInfo,
    /// The converter's branch that the files come from, where the revision has pickle alone.
    pub converted: Option<Revision>,
    /// Every file.
    pub files: Vec<DescribedFile>,
    /// Why nothing would come: [`HubError::OnlyPickle`] or [`HubError::NothingSelected`].
    pub refused: Option<HubError>,
}

/// A file with what would become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedFile {
    /// The file.
    pub file: ListedFile,
    /// Whether it would come.
    pub chosen: bool,
    /// Why, or why not.
    pub reason: Reason,
}

impl Hub {
    /// Finds out what a request would bring, and shows what it would leave as well.
    pub async fn describe(
        &self,
        request: &Request,
        control: &Control,
    ) -> Result<Description, HubError> {
        let (plan, refused) = match self.plan(request, control).await {
            Ok(plan) => (Some(plan), None),
            Err(refused @ (HubError::OnlyPickle { .. } | HubError::NothingSelected { .. })) => {
                (None, Some(refused))
            }
            Err(failure) => return Err(failure),
        };
        let (info, converted, chosen, all) = if let Some(plan) = plan {
            (plan.info, plan.converted, plan.files, plan.listed)
        } else {
            let info = self.info(&request.repo, &request.revision, control).await?;
            let all = self.files(&request.repo, &info.commit, control).await?;
            (info, None, Vec::new(), all)
        };
        let chosen: HashSet<&str> = chosen.iter().map(|file| file.path.as_str()).collect();
        let files = all.into_iter().map(|file| {
            let path = file.path.as_str();
            let is_chosen = chosen.contains(path);
            DescribedFile {
                chosen: is_chosen,
                reason: reason(request.repo.kind(), path, is_chosen),
                file,
            }
        });
        Ok(Description {
            info,
            converted,
            files: files.collect(),
            refused,
        })
    }

    /// The text of a repository's card; `None` where it has none.
    pub async fn card(
        &self,
        repo: &Repo,
        commit: &Commit,
        control: &Control,
    ) -> Result<Option<String>, HubError> {
        let path = FilePath::new("README.md")?;
        let about = About {
            repo: Some(repo),
            revision: commit.as_str(),
            path: Some(&path),
        };
        let url = resolve_url(&self.http, repo, commit.as_str(), path.as_str());
        let ask = Ask::get(url.clone());
        let read = async {
            let answer = self.http.follow(ask).await?;
            if let Some(failure) = self.http.failure(&answer, about) {
                return Err(failure);
            }
            self.http.whole_body(answer, CARD_LIMIT_BYTES).await
        };
        match control.guard(read).await {
            Ok(bytes) => String::from_utf8(bytes)
                .map(Some)
                .map_err(|_| HubError::bad_answer(&host_of(&url), "the card is not text")),
            Err(HubError::FileNotFound { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
