//! One download at work: what will come is asked for, then brought. It is steered by a [`Control`]
//! and tells what happens; rows are not its business.

use crate::network;
use crate::paths;
use crate::secrets::Secrets;
use crate::{db, error};
use amoozgar_hub::{
    Cache, Control, Event, HubError, Outcome, Progress, Repo, Request, Revision, Selection,
    Settings, Surroundings,
};
use amoozgar_types::ApiError;
use amoozgar_types::download::DownloadRecord;
use amoozgar_types::id::UserId;
use amoozgar_types::network::NetworkSettings;
use std::path::PathBuf;
use std::sync::Arc;

/// What a download needs to work.
pub struct Work {
    /// Whose it is.
    pub owner: UserId,
    /// What is wanted.
    pub download: DownloadRecord,
    /// The revision whose reference will point to the commit, where an earlier attempt learnt it.
    pub reference: Option<String>,
    /// The way out.
    pub network: NetworkSettings,
    /// How to go about it.
    pub settings: Settings,
    /// Where the files go.
    pub cache: Cache,
    /// The secrets that requests may need.
    pub secrets: Arc<Secrets>,
    /// Time and disk.
    pub surroundings: Surroundings,
    /// Stops it.
    pub control: Control,
}

/// What a download tells while it works.
#[derive(Debug)]
pub enum Told {
    /// What will come.
    Planned {
        /// The commit that all files come from.
        commit: String,
        /// The revision whose reference will point to it.
        reference: String,
        /// Files.
        n_files: u32,
        /// Bytes.
        total_bytes: u64,
    },
    /// Bytes begin to come; so many are here.
    Started(u64),
    /// How far it is.
    Progress(Progress),
}

/// How a task ended.
#[derive(Debug)]
pub enum Ended {
    /// Every file is verified and in its place, in this folder.
    Installed(PathBuf),
    /// It was stopped; so many bytes are kept, where they were counted.
    Stopped(Option<u64>),
    /// It could not go on.
    Failed(HubError),
    /// It could not even begin.
    Refused(ApiError),
}

/// Does the work.
pub async fn run(work: Work, told: impl Fn(Told) + Send + Sync) -> Ended {
    match attempt(work, told).await {
        Ok(ended) => ended,
        Err(failure) => Ended::Refused(failure),
    }
}

/// The repository that a row names.
pub fn repo_of(download: &DownloadRecord) -> Result<Repo, HubError> {
    Repo::new(download.kind, &download.repo)
}

async fn attempt(work: Work, told: impl Fn(Told) + Send + Sync) -> Result<Ended, ApiError> {
    let (network, secrets, owner, surroundings) = (
        work.network.clone(),
        Arc::clone(&work.secrets),
        work.owner.clone(),
        work.surroundings.clone(),
    );
    let hub = db::blocking(move || network::hub(&network, &secrets, &owner, surroundings)).await?;
    let wanted = request(&work).map_err(|failure| error::of_hub(&failure))?;
    let mut plan = match hub.plan(&wanted, &work.control).await {
        Ok(plan) => plan,
        Err(HubError::Stopped) => return Ok(Ended::Stopped(None)),
        Err(failure) => return Ok(Ended::Failed(failure)),
    };
    if let Some(reference) = &work.reference {
        // The commit was pinned by an earlier attempt, which knew what should point to it.
        plan.revision = Revision::new(reference).map_err(|failure| error::of_hub(&failure))?;
        plan.converted = None;
    }
    let reference = plan.converted.as_ref().unwrap_or(&plan.revision);
    told(Told::Planned {
        commit: plan.info.commit.to_string(),
        reference: reference.to_string(),
        n_files: u32::try_from(plan.files.len()).unwrap_or(u32::MAX),
        total_bytes: plan.total_bytes(),
    });
    let observer = |event: &Event| match event {
        Event::Started { present_bytes, .. } => told(Told::Started(*present_bytes)),
        Event::Progress(progress) => told(Told::Progress(progress.clone())),
        Event::Retrying {
            reason, attempt, ..
        } => {
            tracing::info!(repo = %work.download.repo, %reason, attempt, "a transfer is tried again");
        }
        Event::FileDone { .. }
        | Event::Finished { .. }
        | Event::Stopped { .. }
        | Event::Failed { .. } => {}
    };
    let outcome = hub
        .download(&work.cache, &plan, &work.settings, &work.control, &observer)
        .await;
    Ok(match outcome {
        Ok(Outcome::Finished { snapshot, .. }) => {
            paths::open_named_cache(&snapshot);
            Ended::Installed(snapshot)
        }
        Ok(Outcome::Stopped { kept_bytes }) => Ended::Stopped(Some(kept_bytes)),
        Err(HubError::Stopped) => Ended::Stopped(None),
        Err(failure) => Ended::Failed(failure),
    })
}

/// What to ask for: the commit that an earlier attempt began with, else the revision.
fn request(work: &Work) -> Result<Request, HubError> {
    let download = &work.download;
    let pinned = work.reference.as_ref().and(download.commit.as_ref());
    Ok(Request {
        repo: repo_of(download)?,
        revision: Revision::new(pinned.unwrap_or(&download.revision))?,
        selection: if download.files.is_empty() {
            Selection::Needed
        } else {
            Selection::Matching(download.files.clone())
        },
    })
}
