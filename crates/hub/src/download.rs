//! A whole snapshot: what is needed of a repository, brought here and put in its place.

use crate::HubError;
use crate::api::{FoundPage, ListedFile, RemoteFile, RepoInfo, Search};
use crate::cache::{Cache, Folder, Origin};
use crate::clock::{Backoff, Surroundings};
use crate::control::{Control, Stop};
use crate::endpoint::Network;
use crate::error::blocking;
use crate::http::Http;
use crate::pace::Pace;
use crate::partial;
use crate::progress::{Event, Meter, TICK};
use crate::repo::{Commit, Oid, Repo, Revision};
use crate::select::{Selection, choose};
use crate::transfer::Transfer;
use futures_util::{FutureExt, StreamExt};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The way to the Hub. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Hub {
    pub(crate) http: Arc<Http>,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of which repository.
    pub repo: Repo,
    /// At which revision.
    pub revision: Revision,
    /// Which of its files.
    pub selection: Selection,
}

/// What a download will bring: shown before it starts, and pinned to one commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The repository.
    pub repo: Repo,
    /// The revision that was asked for.
    pub revision: Revision,
    /// The converter's branch that the files come from, where the revision has pickle alone.
    pub converted: Option<Revision>,
    /// The repository at the commit that all files come from.
    pub info: RepoInfo,
    /// The files.
    pub files: Vec<RemoteFile>,
    /// Every file of the commit, those included that do not come.
    pub listed: Vec<ListedFile>,
}

impl Plan {
    /// Bytes of all files, each content once.
    pub fn total_bytes(&self) -> u64 {
        self.contents().iter().map(|file| file.size_bytes).sum()
    }

    /// One file for each content.
    fn contents(&self) -> Vec<&RemoteFile> {
        let mut seen = HashSet::new();
        self.files
            .iter()
            .filter(|file| seen.insert(&file.oid))
            .collect()
    }

    /// The revision whose reference will point to the commit.
    fn reference(&self) -> &Revision {
        self.converted.as_ref().unwrap_or(&self.revision)
    }
}

/// How a download goes about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connections at once, over all files.
    pub connections: usize,
    /// Connections at once for one large file.
    pub lanes_per_file: usize,
    /// The most that is ever fetched again after a crash, and the size of a range.
    pub chunk_bytes: u64,
    /// The most bytes per second, over all files and over all downloads that share it.
    pub pace: Arc<Pace>,
    /// How long and how often a broken transfer is tried again before the failure is told.
    pub backoff: Backoff,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 8,
            lanes_per_file: 4,
            chunk_bytes: 32 << 20,
            pace: Arc::default(),
            backoff: Backoff::TRANSFER,
        }
    }
}

/// How a download ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every file is verified and in its place.
    Finished {
        /// The snapshot's folder.
        snapshot: PathBuf,
        /// Its commit.
        commit: Commit,
    },
    /// The caller stopped it.
    Stopped {
        /// Bytes that are kept for later.
        kept_bytes: u64,
    },
}

/// Who is told what happens.
pub type Observer<'a> = &'a (dyn Fn(&Event) + Send + Sync);

impl Hub {
    /// A way to the Hub as `network` says. Opens no connection.
    ///
    /// # Errors
    /// [`HubError::InvalidSetting`] where an address, the proxy or the certificates cannot be used.
    pub fn new(network: &Network, surroundings: Surroundings) -> Result<Self, HubError> {
        let http = Arc::new(Http::new(network, surroundings)?);
        Ok(Self { http })
    }

    /// The commit of a revision, and what the repository's card says.
    pub async fn info(
        &self,
        repo: &Repo,
        revision: &Revision,
        control: &Control,
    ) -> Result<RepoInfo, HubError> {
        self.http.info(repo, revision, control).await
    }

    /// Every file of a commit.
    pub async fn files(
        &self,
        repo: &Repo,
        commit: &Commit,
        control: &Control,
    ) -> Result<Vec<ListedFile>, HubError> {
        self.http.tree(repo, commit, control).await
    }

    /// One page of a search.
    pub async fn search(&self, search: &Search, control: &Control) -> Result<FoundPage, HubError> {
        self.http.search(search, control).await
    }

    /// Finds out what a request will bring.
    ///
    /// # Errors
    /// [`HubError::OnlyPickle`] where the weights are pickle and nobody trustworthy has converted
    /// them, beside what the Hub and the network may say.
    pub async fn plan(&self, request: &Request, control: &Control) -> Result<Plan, HubError> {
        let refused = match self.plan_at(request, &request.revision, control).await {
            Err(refused @ HubError::OnlyPickle { .. }) => refused,
            plan => return plan,
        };
        for conversion in self.http.conversions(&request.repo, control).await? {
            match self.plan_at(request, &conversion, control).await {
                Ok(plan) => {
                    return Ok(Plan {
                        converted: Some(conversion),
                        ..plan
                    });
                }
                Err(failure) if failure.is_network() || matches!(failure, HubError::Stopped) => {
                    return Err(failure);
                }
                Err(failure) => tracing::debug!(%failure, %conversion, "not what is needed"),
            }
        }
        Err(refused)
    }

    async fn plan_at(
        &self,
        request: &Request,
        revision: &Revision,
        control: &Control,
    ) -> Result<Plan, HubError> {
        let info = self.http.info(&request.repo, revision, control).await?;
        let listed = self.http.tree(&request.repo, &info.commit, control).await?;
        let files = choose(&request.repo, &listed, &request.selection)?;
        Ok(Plan {
            repo: request.repo.clone(),
            revision: request.revision.clone(),
            converted: None,
            info,
            files,
            listed,
        })
    }

    /// Compares an imported snapshot with what the Hub lists, so that its origin is no longer
    /// unverified. Asks the network, and hashes every file.
    ///
    /// # Errors
    /// [`HubError::NotConfirmed`] where the Hub does not have a file so,
    /// [`HubError::RevisionNotFound`] where it does not know the commit, and what the network says.
    /// The origin stays unverified then.
    pub async fn confirm(
        &self,
        cache: &Cache,
        repo: &Repo,
        commit: &Commit,
        control: &Control,
    ) -> Result<(), HubError> {
        let listed = self.http.tree(repo, commit, control).await?;
        let (cache, repo, commit) = (cache.clone(), repo.clone(), commit.clone());
        let work = blocking(move || {
            let _held = cache.lock(&repo)?;
            Folder::of(&cache, &repo).confirm(&repo, &commit, &listed)
        });
        control.guard(work).await
    }

    /// Brings a plan's files into `cache`. Going on and beginning are the same call.
    ///
    /// # Errors
    /// Whatever did not pass by itself; what has come is kept. [`HubError::WrongHash`] is the
    /// exception: those bytes are removed.
    pub async fn download(
        &self,
        cache: &Cache,
        plan: &Plan,
        settings: &Settings,
        control: &Control,
        observer: Observer<'_>,
    ) -> Result<Outcome, HubError> {
        let job = Job {
            hub: self,
            cache,
            plan,
            settings,
            control,
            observer,
        };
        let outcome = match job.run().await {
            Err(HubError::Stopped) => job.stopped().await,
            done => done,
        };
        observer(&match &outcome {
            Ok(Outcome::Finished { snapshot, commit }) => Event::Finished {
                snapshot: snapshot.clone(),
                commit: commit.clone(),
            },
            Ok(Outcome::Stopped { kept_bytes }) => Event::Stopped {
                kept_bytes: *kept_bytes,
            },
            Err(failure) => Event::Failed {
                reason: failure.to_string(),
            },
        });
        outcome
    }
}

struct Job<'a> {
    hub: &'a Hub,
    cache: &'a Cache,
    plan: &'a Plan,
    settings: &'a Settings,
    control: &'a Control,
    observer: Observer<'a>,
}

impl Job<'_> {
    async fn run(&self) -> Result<Outcome, HubError> {
        let plan = self.plan;
        let folder = self.folder();
        let (cache, repo, made) = (self.cache.clone(), plan.repo.clone(), folder.clone());
        let _held = blocking(move || {
            let lock = cache.lock(&repo)?;
            made.create().map(|()| lock)
        })
        .await?;
        let missing = self.missing().await?;
        let kept: u64 = missing.iter().map(|(_, kept)| kept).sum();
        let missing_bytes: u64 = missing.iter().map(|(file, _)| file.size_bytes).sum();
        self.check_space(missing_bytes - kept).await?;
        let (total, now) = (plan.total_bytes(), self.hub.http.surroundings.clock.now());
        let meter = Meter::new(total, total - missing_bytes + kept, now);
        (self.observer)(&Event::Started {
            repo: plan.repo.to_string(),
            commit: plan.info.commit.clone(),
            n_files: plan.files.len(),
            total_bytes: total,
            present_bytes: meter.done_bytes(),
        });
        self.fetch_all(
            missing.into_iter().map(|(file, _)| file).collect(),
            &folder,
            &meter,
        )
        .await?;
        let (plan, commit) = (plan.clone(), plan.info.commit.clone());
        let snapshot = blocking(move || {
            let commit = &plan.info.commit;
            let snapshot = folder.place(commit, plan.reference(), &plan.files, Origin::Hub)?;
            folder.settle_origin(commit, &plan.listed)?;
            Ok(snapshot)
        })
        .await?;
        Ok(Outcome::Finished { snapshot, commit })
    }

    /// Files whose bytes are not here, and how many bytes of each are.
    async fn missing(&self) -> Result<Vec<(RemoteFile, u64)>, HubError> {
        let mut missing = Vec::new();
        for file in self.plan.contents() {
            let (folder, commit, file) =
                (self.folder(), self.plan.info.commit.clone(), file.clone());
            let look = blocking(move || {
                if folder.holds(&commit, &file)? {
                    return Ok(None);
                }
                let kept = partial::kept_bytes(&folder.partial(), &file.oid, file.size_bytes);
                Ok(Some((file, kept)))
            });
            missing.extend(self.control.guard(look).await?);
        }
        Ok(missing)
    }

    async fn check_space(&self, needed: u64) -> Result<(), HubError> {
        let path = self.folder().path().to_owned();
        let free_space = Arc::clone(&self.hub.http.surroundings.free_space);
        blocking(move || {
            let free = free_space(&path).map_err(|source| HubError::io(&path, source))?;
            if needed > free {
                return Err(HubError::DiskFull {
                    path,
                    needed: Some(needed),
                    free: Some(free),
                });
            }
            Ok(())
        })
        .await
    }

    /// Fetches files side by side, and says how far it is. After a failure the others stop as if
    /// asked to, so that their bytes are kept.
    async fn fetch_all(
        &self,
        files: Vec<RemoteFile>,
        folder: &Folder,
        meter: &Meter,
    ) -> Result<(), HubError> {
        let control = Control::new();
        let partial_dir = folder.partial();
        let transfer = Transfer {
            http: &self.hub.http,
            repo: &self.plan.repo,
            commit: &self.plan.info.commit,
            settings: self.settings,
            control: &control,
            observer: self.observer,
            meter,
            connections: Semaphore::new(self.settings.connections.max(1)),
            partial_dir: &partial_dir,
        };
        let all = async {
            let mut first_failure = None;
            // Boxed, so that whoever spawns the download need not prove what closures return.
            let mut fetches = Vec::new();
            for file in &files {
                let place = folder.blob(&file.oid);
                fetches.push(transfer.fetch(file, place).boxed());
            }
            let at_once = self.settings.connections.max(1);
            let mut fetches = futures_util::stream::iter(fetches).buffer_unordered(at_once);
            while let Some(fetched) = fetches.next().await {
                if let Err(failure) = fetched {
                    control.stop(Stop::Pause);
                    first_failure.get_or_insert(failure);
                }
            }
            first_failure.map_or(Ok(()), Err)
        };
        self.watched(all, &control, meter).await
    }

    /// Does `work`, with an event of progress now and then, and passes the caller's wish on.
    async fn watched(
        &self,
        work: impl Future<Output = Result<(), HubError>>,
        inner: &Control,
        meter: &Meter,
    ) -> Result<(), HubError> {
        let mut work = std::pin::pin!(work);
        let mut ticks = tokio::time::interval(TICK);
        let clock = &self.hub.http.surroundings.clock;
        let mut last = None;
        let mut tell = || {
            let progress = meter.progress(clock.now());
            if last.as_ref() != Some(&progress) {
                (self.observer)(&Event::Progress(progress.clone()));
                last = Some(progress);
            }
        };
        loop {
            tokio::select! {
                done = &mut work => {
                    tell();
                    return done;
                }
                _ = ticks.tick() => tell(),
                how = self.control.wished(), if inner.wish().is_none() => inner.stop(how),
            }
        }
    }

    /// What is left after the caller has stopped it.
    async fn stopped(&self) -> Result<Outcome, HubError> {
        let folder = self.folder();
        let contents: Vec<(Oid, u64)> = self
            .plan
            .contents()
            .iter()
            .map(|file| (file.oid.clone(), file.size_bytes))
            .collect();
        let discard = self.control.wish() == Some(Stop::Discard);
        let (cache, repo) = (self.cache.clone(), self.plan.repo.clone());
        blocking(move || {
            let _held = cache.lock(&repo)?;
            let dir = folder.partial();
            let mut kept_bytes = 0;
            for (oid, size_bytes) in contents {
                if discard {
                    partial::discard(&dir, &oid)?;
                } else if folder.blob(&oid).is_file() || partial::whole(&dir, &oid).is_file() {
                    kept_bytes += size_bytes;
                } else {
                    kept_bytes += partial::kept_bytes(&dir, &oid, size_bytes);
                }
            }
            Ok(Outcome::Stopped { kept_bytes })
        })
        .await
    }

    fn folder(&self) -> Folder {
        Folder::of(self.cache, &self.plan.repo)
    }
}
