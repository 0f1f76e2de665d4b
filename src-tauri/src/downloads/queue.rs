//! The queue of downloads: one task that owns all rows and knows which downloads are live. Every
//! request, every sign of life and the clock reach it one after the other, so no two can cross.

use super::Observer;
use super::live::{Live, progress_of};
use super::message::{Message, answer};
use super::rules::{self, After, Moment, Verdict};
use super::task::{self, Ended, Told, Work};
use crate::db::{Db, blocking};
use crate::error;
use crate::secrets::Secrets;
use amoozgar_hub::{Backoff, Cache, Control, Pace, Surroundings};
use amoozgar_store::{Store, StoredDownload};
use amoozgar_types::download::{DownloadRecord, DownloadStatus, PartialBytes, WaitReason};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::settings::Settings;
use amoozgar_types::{ApiError, UtcMs};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

/// How often the hours, the switches and the times of another attempt are looked at, while there is
/// something to download.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the bytes that are here are written down.
const KEEP_EVERY_MS: UtcMs = 2000;
/// A broken transfer is told after a few attempts: then the queue shows that it waits, and tries on.
const BACKOFF: Backoff = Backoff {
    longest: Duration::from_secs(8),
    attempts: 4,
    ..Backoff::TRANSFER
};

/// What the queue takes from outside.
#[derive(Clone)]
pub struct Outside {
    /// The database.
    pub db: Db,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// The secrets that requests may need.
    pub secrets: Arc<Secrets>,
    /// Where files go.
    pub cache: Cache,
    /// Time and disk, shared by all downloads, as their rate is.
    pub surroundings: Surroundings,
    /// The time of day.
    pub moment: Arc<dyn Fn() -> Moment + Send + Sync>,
}

/// The task's own state.
pub(super) struct Queue {
    pub(super) outside: Outside,
    messages: UnboundedSender<Message>,
    busy: Arc<AtomicBool>,
    pub(super) live: HashMap<DownloadId, Live>,
    /// Attempts in a row that brought nothing.
    pub(super) in_vain: HashMap<DownloadId, u32>,
    paces: HashMap<UserId, Arc<Pace>>,
    in_line: bool,
    /// Whether the last look, and the last row, met a database that fails: it is said once.
    looks_fail: bool,
    rows_fail: AtomicBool,
    quitting: Vec<oneshot::Sender<()>>,
}

impl Queue {
    /// A queue that nothing is known to yet.
    pub(super) fn new(
        outside: Outside,
        messages: UnboundedSender<Message>,
        busy: Arc<AtomicBool>,
    ) -> Self {
        Self {
            outside,
            messages,
            busy,
            live: HashMap::new(),
            in_vain: HashMap::new(),
            paces: HashMap::new(),
            in_line: false,
            looks_fail: false,
            rows_fail: AtomicBool::new(false),
            quitting: Vec::new(),
        }
    }

    /// Works until the last handle is gone.
    pub(super) async fn run(mut self, mut inbox: UnboundedReceiver<Message>) {
        if let Err(failure) = self.recover().await {
            tracing::error!(error = %failure, "downloads could not be taken up again");
        }
        self.look().await;
        let mut clock = tokio::time::interval(LOOK_EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.busy.store(!self.live.is_empty(), Ordering::Relaxed);
            let waits = self.in_line || !self.live.is_empty();
            let message = tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => message,
                    None => return,
                },
                _ = clock.tick(), if waits => Message::Look,
            };
            self.take(message).await;
            if !self.quitting.is_empty() && self.live.is_empty() {
                for reply in self.quitting.drain(..) {
                    let _ = reply.send(());
                }
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Enqueue(owner, wanted, reply) => {
                answer(reply, self.enqueue(owner, wanted).await);
                self.look().await;
            }
            Message::Act(action, owner, id, reply) => {
                answer(reply, self.act(action, &owner, &id).await);
                self.look().await;
            }
            Message::Reorder(owner, id, position, reply) => {
                answer(reply, self.reorder(owner, id, position).await);
            }
            Message::List(owner, reply) => answer(reply, self.list(owner).await),
            Message::Clear(owner, reply) => answer(reply, self.clear(owner).await),
            Message::Told(id, told) => self.told(&id, told).await,
            Message::Ended(id, ended) => {
                self.ended(&id, ended).await;
                self.look().await;
            }
            Message::Look => self.look().await,
            Message::Quit(reply) => {
                self.quitting.push(reply);
                for live in self.live.values_mut() {
                    live.leave(After::plain(DownloadStatus::Queued));
                }
            }
        }
    }

    /// What was live when the program last ended is in line again, at its head.
    async fn recover(&mut self) -> Result<(), ApiError> {
        let mut left = self.outside.db.call(Store::live_downloads).await?;
        left.reverse();
        left.extend(self.outside.db.call(Store::downloads_in_line).await?);
        for mut stored in left {
            let settings = self.settings(&stored.owner).await?;
            if let Some(status) = rules::at_start(stored.record.status, &settings) {
                self.become_after(&mut stored, After::plain(status)).await;
            }
        }
        Ok(())
    }

    /// Starts what may start, stops what may not go on, and says of the rest what it waits for.
    async fn look(&mut self) {
        if !self.quitting.is_empty() {
            return;
        }
        let looked = self.try_look().await;
        let failed_before = std::mem::replace(&mut self.looks_fail, looked.is_err());
        if let Err(failure) = looked
            && !failed_before
        {
            tracing::error!(error = %failure, "the queue of downloads cannot be read");
        }
    }

    async fn try_look(&mut self) -> Result<(), ApiError> {
        let moment = (self.outside.moment)();
        let owners: Vec<(DownloadId, UserId)> = self
            .live
            .iter()
            .map(|(id, live)| (id.clone(), live.stored.owner.clone()))
            .collect();
        for (id, owner) in owners {
            let settings = self.settings(&owner).await?;
            self.pace(&owner).set(settings.downloads.limit_bytes_per_s);
            let Some(live) = self.live.get_mut(&id) else {
                continue;
            };
            if let Some(reason) = rules::kept_by(&settings, moment) {
                live.leave(After::waiting(reason));
            } else if live.network != settings.network {
                // It begins anew, on the new way.
                live.leave(After::plain(DownloadStatus::Queued));
            }
        }
        let line = self.outside.db.try_call(Store::downloads_in_line).await?;
        self.in_line = !line.is_empty();
        for mut stored in line {
            let settings = self.settings(&stored.owner).await?;
            let same = |live: &Live| {
                live.stored.record.repo == stored.record.repo
                    && live.stored.record.kind == stored.record.kind
            };
            if self.live.values().any(same) {
                continue;
            }
            match rules::verdict(&stored.record, &settings, moment, self.live.len()) {
                Verdict::Start => self.begin(stored, settings).await,
                Verdict::Wait(reason) => {
                    self.become_after(&mut stored, After::waiting(reason)).await;
                }
                Verdict::Queue => {
                    let after = After::plain(DownloadStatus::Queued);
                    self.become_after(&mut stored, after).await;
                }
                Verdict::Stay => {}
            }
        }
        Ok(())
    }

    async fn begin(&mut self, mut stored: StoredDownload, settings: Settings) {
        let preparing = After::plain(DownloadStatus::Preparing);
        if !self.become_after(&mut stored, preparing).await {
            return;
        }
        let id = stored.record.download_id.clone();
        let pace = self.pace(&stored.owner);
        pace.set(settings.downloads.limit_bytes_per_s);
        let control = Control::new();
        let work = Work {
            owner: stored.owner.clone(),
            download: stored.record.clone(),
            reference: stored.reference.clone(),
            network: settings.network.clone(),
            settings: amoozgar_hub::Settings {
                connections: settings.downloads.connections.clamp(1, 16) as usize,
                pace,
                backoff: BACKOFF,
                ..amoozgar_hub::Settings::default()
            },
            cache: self.outside.cache.clone(),
            secrets: Arc::clone(&self.outside.secrets),
            surroundings: self.outside.surroundings.clone(),
            control: control.clone(),
        };
        self.live.insert(
            id.clone(),
            Live {
                began_bytes: stored.record.done_bytes,
                stored,
                control,
                network: settings.network,
                leaving: None,
                partial: PartialBytes::Keep,
                kept_ms: 0,
            },
        );
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let (tell, whose) = (messages.clone(), id.clone());
            let told = move |told| {
                // The queue lives as long as the program.
                let _ = tell.send(Message::Told(whose.clone(), told));
            };
            // A task of its own, so that even a panic in it frees the queue.
            let ended = match tokio::spawn(task::run(work, told)).await {
                Ok(ended) => ended,
                Err(failure) => Ended::Refused(error::internal("a download panicked", &failure)),
            };
            let _ = messages.send(Message::Ended(id, ended));
        });
    }

    async fn told(&mut self, id: &DownloadId, told: Told) {
        let now_ms = (self.outside.moment)().now_ms;
        let Some(live) = self.live.get_mut(id) else {
            return;
        };
        let record = &mut live.stored.record;
        match told {
            Told::Planned {
                commit,
                reference,
                n_files,
                total_bytes,
            } => {
                record.commit = Some(commit);
                record.n_files = n_files;
                record.total_bytes = total_bytes;
                live.stored.reference = Some(reference);
            }
            Told::Started(present_bytes) => {
                record.status = DownloadStatus::Running;
                record.done_bytes = present_bytes;
                record.updated_ms = now_ms;
                live.began_bytes = present_bytes;
            }
            Told::Progress(progress) => {
                record.done_bytes = progress.done_bytes;
                record.percent = progress.percent.min(99.99);
                record.bytes_per_s = Some(progress.bytes_per_s).filter(|speed| *speed >= 1.0);
                record.eta_s = progress.eta_s;
                record.file.clone_from(&progress.file);
                let keep = now_ms - live.kept_ms >= KEEP_EVERY_MS;
                if keep {
                    live.kept_ms = now_ms;
                }
                if progress.done_bytes > live.began_bytes {
                    self.in_vain.remove(id);
                }
                let (owner, event) = (live.stored.owner.clone(), progress_of(record));
                self.outside.observer.progressed(&owner, &event);
                self.tell_live();
                if keep {
                    self.keep_bytes(id.clone(), progress.done_bytes).await;
                }
                return;
            }
        }
        let mut stored = live.stored.clone();
        self.write(&mut stored).await;
        if let Some(live) = self.live.get_mut(id) {
            live.stored = stored;
        }
        self.tell_live();
    }

    async fn keep_bytes(&self, id: DownloadId, done_bytes: u64) {
        let kept = self
            .outside
            .db
            .call(move |store| store.set_download_bytes(&id, done_bytes));
        if let Err(failure) = kept.await {
            tracing::warn!(error = %failure, "how far a download is could not be kept");
        }
    }

    async fn ended(&mut self, id: &DownloadId, ended: Ended) {
        let Some(live) = self.live.remove(id) else {
            return;
        };
        let now_ms = (self.outside.moment)().now_ms;
        let mut stored = live.stored;
        let n_in_vain = self.in_vain.get(id).copied().unwrap_or(0);
        let after = match ended {
            Ended::Installed(path) => {
                stored.record.path = Some(path.display().to_string());
                stored.record.done_bytes = stored.record.total_bytes;
                After::plain(DownloadStatus::Installed)
            }
            Ended::Stopped(kept_bytes) => {
                stored.record.done_bytes = kept_bytes.unwrap_or(stored.record.done_bytes);
                let queued = After::plain(DownloadStatus::Queued);
                live.leaving.unwrap_or(queued)
            }
            Ended::Failed(failure) => live
                .leaving
                .unwrap_or_else(|| After::failure(&failure, n_in_vain, now_ms)),
            Ended::Refused(error) => live.leaving.unwrap_or(After {
                error: Some(error),
                ..After::plain(DownloadStatus::Failed)
            }),
        };
        if after.waits_for == Some(WaitReason::Network) {
            self.in_vain.insert(id.clone(), n_in_vain + 1);
        } else {
            self.in_vain.remove(id);
        }
        if after.status == DownloadStatus::Cancelled {
            self.discard(&mut stored, live.partial).await;
        }
        self.become_after(&mut stored, after).await;
        self.tell_live();
        if matches!(
            stored.record.status,
            DownloadStatus::Installed | DownloadStatus::Failed
        ) {
            self.announce(stored).await;
        }
    }

    async fn announce(&self, stored: StoredDownload) {
        let observer = Arc::clone(&self.outside.observer);
        let told = blocking(move || {
            observer.ended(&stored.owner, &stored.record);
            Ok(())
        });
        if let Err(failure) = told.await {
            tracing::error!(error = %failure, "an ended download could not be announced");
        }
    }

    /// Removes the bytes of files that are not whole, where that is wanted.
    pub(super) async fn discard(&self, stored: &mut StoredDownload, partial: PartialBytes) {
        if partial == PartialBytes::Keep {
            return;
        }
        let (cache, record) = (self.outside.cache.clone(), stored.record.clone());
        let discarded = blocking(move || {
            task::repo_of(&record)
                .and_then(|repo| cache.discard_partial(&repo))
                .map_err(|failure| error::of_hub(&failure))
        });
        match discarded.await {
            Ok(()) => stored.record.done_bytes = 0,
            Err(failure) => tracing::warn!(error = %failure, "partial files are left"),
        }
    }

    async fn settings(&self, owner: &UserId) -> Result<Settings, ApiError> {
        let owner = owner.clone();
        self.outside
            .db
            .try_call(move |store| store.settings(&owner))
            .await
    }

    fn pace(&mut self, owner: &UserId) -> Arc<Pace> {
        Arc::clone(self.paces.entry(owner.clone()).or_default())
    }

    pub(super) async fn find(
        &self,
        owner: &UserId,
        id: &DownloadId,
    ) -> Result<StoredDownload, ApiError> {
        let (owner, id) = (owner.clone(), id.clone());
        self.outside
            .db
            .call(move |store| store.download(&owner, &id))
            .await?
            .ok_or_else(error::not_found)
    }

    pub(super) async fn now(
        &self,
        owner: &UserId,
        id: &DownloadId,
    ) -> Result<DownloadRecord, ApiError> {
        if let Some(live) = self.live.get(id) {
            return Ok(live.stored.record.clone());
        }
        self.find(owner, id).await.map(|stored| stored.record)
    }

    /// Writes what a row becomes; whether that could be.
    pub(super) async fn become_after(&self, stored: &mut StoredDownload, after: After) -> bool {
        let now_ms = (self.outside.moment)().now_ms;
        let record = &mut stored.record;
        record.status = after.status;
        record.waits_for = after.waits_for;
        record.retry_ms = after.retry_ms;
        record.error = after.error;
        record.bytes_per_s = None;
        record.eta_s = None;
        record.file = None;
        record.updated_ms = now_ms;
        record.finished_ms = after.status.has_ended().then_some(now_ms);
        self.write(stored).await
    }

    async fn write(&self, stored: &mut StoredDownload) -> bool {
        let row = stored.clone();
        let written = self
            .outside
            .db
            .try_call(move |store| store.update_download(&row))
            .await;
        let failed_before = self.rows_fail.swap(written.is_err(), Ordering::Relaxed);
        let kept = match written {
            Ok(record) => {
                stored.record = record;
                true
            }
            Err(failure) => {
                if !failed_before {
                    tracing::error!(error = %failure, "the rows of downloads cannot be written");
                }
                false
            }
        };
        // A full disk is the very thing to hear of, even if it cannot be written down.
        self.outside.observer.changed(&stored.owner, &stored.record);
        kept
    }

    fn tell_live(&self) {
        let first = self
            .live
            .values()
            .map(|live| &live.stored.record)
            .min_by_key(|record| (record.created_ms, record.download_id.as_str()));
        self.outside.observer.live(first);
    }
}
