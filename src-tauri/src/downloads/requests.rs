//! What users ask of the queue: to enqueue, to pause, to go on, to give up, to move, to list.

use super::message::Action;
use super::queue::Queue;
use super::rules::After;
use super::task;
use crate::clock::new_id;
use crate::error;
use amoozgar_hub::{HubError, Revision};
use amoozgar_store::StoredDownload;
use amoozgar_types::download::{DownloadRecord, DownloadStatus};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::ipc::NewDownload;
use amoozgar_types::{ApiError, UtcMs};

/// More patterns than anyone writes.
const MAX_FILES: usize = 10_000;

impl Queue {
    pub(super) async fn enqueue(
        &mut self,
        owner: UserId,
        wanted: NewDownload,
    ) -> Result<DownloadRecord, ApiError> {
        let now_ms = (self.outside.moment)().now_ms;
        let record = new_record(wanted, now_ms)?;
        let whose = owner.clone();
        let known = self
            .outside
            .db
            .call(move |store| store.downloads(&whose))
            .await?;
        let same = known.into_iter().find(|other| {
            other.status != DownloadStatus::Installed
                && other.repo == record.repo
                && other.kind == record.kind
                && other.revision == record.revision
                && other.files == record.files
        });
        if let Some(same) = same {
            let action = match same.status {
                DownloadStatus::Paused => Some(Action::Resume),
                status if status.has_ended() => Some(Action::Retry),
                _ => None,
            };
            if let Some(action) = action {
                self.act(action, &owner, &same.download_id).await?;
            }
            return self.now(&owner, &same.download_id).await;
        }
        let id = record.download_id.clone();
        let stored = StoredDownload {
            owner: owner.clone(),
            record,
            reference: None,
        };
        self.outside
            .db
            .call(move |store| store.insert_download(&stored))
            .await?;
        let record = self.now(&owner, &id).await?;
        self.outside.observer.changed(&owner, &record);
        Ok(record)
    }

    pub(super) async fn act(
        &mut self,
        action: Action,
        owner: &UserId,
        id: &DownloadId,
    ) -> Result<(), ApiError> {
        let mut stored = self.find(owner, id).await?;
        let status = stored.record.status;
        if let Some(live) = self.live.get_mut(id) {
            return match action {
                Action::Pause => {
                    live.leave(After::plain(DownloadStatus::Paused));
                    Ok(())
                }
                Action::Cancel(partial) => {
                    live.partial = partial;
                    live.give_up();
                    Ok(())
                }
                Action::Resume | Action::Retry => Err(error::invalid_state(status.as_str())),
            };
        }
        let to = match (action, status) {
            (Action::Pause, _) if status.is_in_line() => DownloadStatus::Paused,
            (Action::Resume, DownloadStatus::Paused | DownloadStatus::Waiting) => {
                DownloadStatus::Queued
            }
            (Action::Retry, DownloadStatus::Failed | DownloadStatus::Cancelled) => {
                // The commit may be gone, or its files; what is the same is kept by its hash.
                stored.record.commit = None;
                stored.reference = None;
                DownloadStatus::Queued
            }
            (Action::Cancel(partial), _) if status.may_become(DownloadStatus::Cancelled) => {
                self.discard(&mut stored, partial).await;
                DownloadStatus::Cancelled
            }
            _ => return Err(error::invalid_state(status.as_str())),
        };
        self.in_vain.remove(id);
        if self.become_after(&mut stored, After::plain(to)).await {
            Ok(())
        } else {
            Err(error::invalid_state(status.as_str()))
        }
    }

    pub(super) async fn reorder(
        &mut self,
        owner: UserId,
        id: DownloadId,
        position: u32,
    ) -> Result<(), ApiError> {
        let line = self
            .outside
            .db
            .call(move |store| {
                store.reorder_download(&owner, &id, position)?;
                store.downloads_in_line()
            })
            .await?;
        for stored in line {
            self.outside.observer.changed(&stored.owner, &stored.record);
        }
        Ok(())
    }

    pub(super) async fn list(&self, owner: UserId) -> Result<Vec<DownloadRecord>, ApiError> {
        let mut records = self
            .outside
            .db
            .call(move |store| store.downloads(&owner))
            .await?;
        for record in &mut records {
            if let Some(live) = self.live.get(&record.download_id) {
                record.clone_from(&live.stored.record);
            }
        }
        Ok(records)
    }

    pub(super) async fn clear(&self, owner: UserId) -> Result<(), ApiError> {
        let whose = owner.clone();
        let cleared = self
            .outside
            .db
            .call(move |store| store.clear_ended_downloads(&whose))
            .await?;
        for id in cleared {
            self.outside.observer.removed(&owner, &id);
        }
        Ok(())
    }
}

fn new_record(wanted: NewDownload, now_ms: UtcMs) -> Result<DownloadRecord, ApiError> {
    let files = wanted.files.unwrap_or_default();
    if files.len() > MAX_FILES || files.iter().any(|file| file.len() > 1024) {
        return Err(ApiError::invalid_field("files"));
    }
    let revision = wanted
        .revision
        .unwrap_or_else(|| Revision::main().to_string());
    let record = DownloadRecord {
        download_id: DownloadId::new(new_id()),
        repo: wanted.repo.trim().to_owned(),
        kind: wanted.kind,
        revision,
        commit: None,
        files,
        status: DownloadStatus::Queued,
        waits_for: None,
        retry_ms: None,
        queue_position: None,
        n_files: 0,
        done_bytes: 0,
        total_bytes: 0,
        percent: 0.0,
        bytes_per_s: None,
        eta_s: None,
        file: None,
        error: None,
        path: None,
        created_ms: now_ms,
        updated_ms: now_ms,
        finished_ms: None,
    };
    let check = || -> Result<(), HubError> {
        task::repo_of(&record)?;
        Revision::new(&record.revision).map(drop)
    };
    check().map_err(|failure| error::of_hub(&failure))?;
    Ok(record)
}
