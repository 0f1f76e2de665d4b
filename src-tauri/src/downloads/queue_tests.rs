//! The queue against a server that speaks the Hub's protocol and misbehaves.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use super::server::{Fault, File, HubServer, Seen, noise};
use super::{Downloads, Moment, Observer, Outside};
use crate::db::Db;
use crate::hold::tests::settled;
use crate::secrets::Secrets;
use crate::secrets::tests::Missing;
use amoozgar_hub::{Cache, Clock, Links, Surroundings};
use amoozgar_store::Store;
use amoozgar_types::ErrorCode;
use amoozgar_types::download::{
    DownloadHours, DownloadProgress, DownloadRecord, DownloadStatus, PartialBytes, WaitReason,
};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::ipc::NewDownload;
use amoozgar_types::network::{EndpointChoice, ProxyChoice};
use amoozgar_types::repo::RepoKind;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::{Role, User};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const REPO: &str = "amoozgar/test";
const MB: usize = 1 << 20;

/// A row as the queue makes one.
pub fn record(id: &str, status: DownloadStatus) -> DownloadRecord {
    DownloadRecord {
        download_id: DownloadId::new(id),
        repo: REPO.to_owned(),
        kind: RepoKind::Model,
        revision: "main".to_owned(),
        commit: None,
        files: Vec::new(),
        status,
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
        created_ms: 1,
        updated_ms: 1,
        finished_ms: None,
    }
}

/// Its waits pass at once.
struct QuickClock(Instant);

impl Clock for QuickClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::task::yield_now())
    }
}

/// Passes on what the queue tells.
struct Ears {
    changes: UnboundedSender<DownloadRecord>,
    progress: Mutex<Vec<DownloadProgress>>,
    ended: Mutex<Vec<DownloadStatus>>,
    removed: Mutex<Vec<DownloadId>>,
}

impl Observer for Ears {
    fn changed(&self, _: &UserId, download: &DownloadRecord) {
        let _ = self.changes.send(download.clone());
    }
    fn progressed(&self, _: &UserId, progress: &DownloadProgress) {
        self.progress.lock().unwrap().push(progress.clone());
    }
    fn removed(&self, _: &UserId, download_id: &DownloadId) {
        self.removed.lock().unwrap().push(download_id.clone());
    }
    fn live(&self, _: Option<&DownloadRecord>) {}
    fn ended(&self, _: &UserId, download: &DownloadRecord) {
        self.ended.lock().unwrap().push(download.status);
    }
}

struct Bench {
    dir: TempDir,
    server: HubServer,
    db: Db,
    ears: Arc<Ears>,
    changes: UnboundedReceiver<DownloadRecord>,
    owner: UserId,
    now_ms: Arc<AtomicI64>,
    minute: Arc<AtomicU16>,
    weights: File,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = HubServer::start();
        let weights = File::lfs("model.safetensors", noise(1405, 3 * MB));
        server.publish(
            &format!("models/{REPO}"),
            vec![File::git("config.json", "{}\n"), weights.clone()],
        );
        let store = Store::open(&dir.path().join("a.db"), 1).unwrap().store;
        let owner = UserId::new("u1");
        let user = User {
            user_id: owner.clone(),
            name: "سارا".into(),
            has_password: false,
            role: Role::Administrator,
            created_ms: 1,
        };
        store.insert_user(&user, None, 1).unwrap();
        let (sender, changes) = unbounded_channel();
        let bench = Self {
            db: Db::new(store),
            ears: Arc::new(Ears {
                changes: sender,
                progress: Mutex::default(),
                ended: Mutex::default(),
                removed: Mutex::default(),
            }),
            changes,
            owner,
            now_ms: Arc::new(AtomicI64::new(1_000_000)),
            minute: Arc::new(AtomicU16::new(720)),
            dir,
            server,
            weights,
        };
        bench.settings(|_| ());
        bench
    }

    fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.db.now(|store| store.settings(&self.owner)).unwrap();
        settings.network.endpoint = EndpointChoice::Custom;
        self.server
            .endpoint()
            .clone_into(&mut settings.network.custom_endpoint);
        settings.network.proxy = ProxyChoice::None;
        change(&mut settings);
        let set = |store: &Store| store.set_settings(&self.owner, &settings, 1);
        self.db.now(set).unwrap();
    }

    fn start(&self) -> Downloads {
        let (now_ms, minute) = (Arc::clone(&self.now_ms), Arc::clone(&self.minute));
        Downloads::start(Outside {
            db: self.db.clone(),
            observer: Arc::clone(&self.ears) as Arc<dyn Observer>,
            secrets: Arc::new(Secrets::new(Box::new(Missing))),
            cache: Cache::new(self.cache_dir(), Links::Auto),
            surroundings: Surroundings {
                clock: Arc::new(QuickClock(Instant::now())),
                seed: 1405,
                free_space: Arc::new(|_| Ok(u64::MAX)),
            },
            moment: Arc::new(move || Moment {
                now_ms: now_ms.load(Ordering::SeqCst),
                minute: minute.load(Ordering::SeqCst),
                held: false,
            }),
        })
    }

    fn cache_dir(&self) -> PathBuf {
        self.dir.path().join("hub")
    }

    fn wanted() -> NewDownload {
        NewDownload {
            repo: REPO.to_owned(),
            kind: RepoKind::Model,
            revision: None,
            files: None,
        }
    }

    async fn enqueue(&self, downloads: &Downloads) -> DownloadId {
        let made = downloads
            .enqueue(self.owner.clone(), Self::wanted(), &settled())
            .await;
        made.unwrap().download_id
    }

    /// Waits until a row is in the state, and answers it; the whole wait is bounded.
    async fn until(&mut self, status: DownloadStatus) -> DownloadRecord {
        let mut heard = Vec::new();
        let waited = async {
            while let Some(change) = self.changes.recv().await {
                heard.push(change.status);
                if change.status == status {
                    return change;
                }
            }
            unreachable!("the bench holds the sender")
        };
        let found = tokio::time::timeout(Duration::from_secs(60), waited).await;
        found.unwrap_or_else(|late| panic!("never {status:?}, only {heard:?}: {late}"))
    }

    async fn until_progress(&self) {
        let started = Instant::now();
        while !self
            .ears
            .progress
            .lock()
            .unwrap()
            .iter()
            .any(|progress| progress.done_bytes > MB as u64 / 2)
        {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no progress came"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn is_right(&self, installed: &DownloadRecord) -> bool {
        let path = PathBuf::from(installed.path.as_ref().unwrap());
        std::fs::read(path.join("model.safetensors")).unwrap() == *self.weights.bytes
    }
}

/// Large files come slowly.
fn slow(seen: &Seen) -> Vec<Fault> {
    if seen.is_for("/blob/") {
        vec![Fault::Slow(Duration::from_millis(20))]
    } else {
        Vec::new()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_is_installed_when_every_file_is_verified_and_its_owner_is_told() {
    let mut bench = Bench::new();
    let downloads = bench.start();
    let id = bench.enqueue(&downloads).await;
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed), "the bytes are those published");
    assert_eq!(installed.n_files, 2);
    assert_eq!(installed.done_bytes, installed.total_bytes);
    let list = downloads.list(bench.owner.clone()).await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].download_id, id);
    let stranger = UserId::new("u2");
    assert!(
        downloads.list(stranger.clone()).await.unwrap().is_empty(),
        "nobody else sees it"
    );
    let refused = downloads.pause(stranger, id.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "nor touches it");
    let refused = downloads.pause(bench.owner.clone(), id.clone()).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidState);
    downloads.clear_finished(bench.owner.clone()).await.unwrap();
    assert_eq!(*bench.ears.removed.lock().unwrap(), [id], "forgotten");
    assert_eq!(
        *bench.ears.ended.lock().unwrap(),
        [DownloadStatus::Installed],
        "told once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_download_goes_on_after_a_restart_from_the_bytes_that_came() {
    let mut bench = Bench::new();
    bench.server.misbehave(slow);
    let downloads = bench.start();
    let id = bench.enqueue(&downloads).await;
    bench.until(DownloadStatus::Running).await;
    bench.until_progress().await;
    downloads
        .pause(bench.owner.clone(), id.clone())
        .await
        .unwrap();
    let paused = bench.until(DownloadStatus::Paused).await;
    assert!(paused.done_bytes > 0, "what has come is kept");
    assert_eq!(paused.bytes_per_s, None, "nothing comes any more");
    downloads.quit().await;

    bench.server.behave();
    bench.server.forget();
    let again = bench.start();
    let list = again.list(bench.owner.clone()).await.unwrap();
    assert_eq!(list[0].status, DownloadStatus::Paused, "still paused");
    again
        .resume(bench.owner.clone(), id, &settled())
        .await
        .unwrap();
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed));
    let fetched = bench.server.file_bytes_sent();
    assert!(
        fetched < installed.total_bytes,
        "{fetched} of {} bytes were fetched after {} had come",
        installed.total_bytes,
        paused.done_bytes
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ran_when_the_program_ended_goes_on_by_itself_unless_the_owner_does_not_want_it() {
    let mut bench = Bench::new();
    bench.server.misbehave(slow);
    let downloads = bench.start();
    bench.enqueue(&downloads).await;
    bench.until(DownloadStatus::Running).await;
    downloads.quit().await;
    let list = bench.db.now(|store| store.downloads(&bench.owner)).unwrap();
    assert_eq!(list[0].status, DownloadStatus::Queued, "for the next start");
    drop(downloads);

    bench.settings(|settings| settings.downloads.auto_resume = false);
    let by_hand = bench.start();
    bench.until(DownloadStatus::Paused).await;
    drop(by_hand);

    bench.settings(|settings| settings.downloads.auto_resume = true);
    bench.server.behave();
    let id = list[0].download_id.clone();
    let again = bench.start();
    again
        .resume(bench.owner.clone(), id, &settled())
        .await
        .unwrap();
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_leaves_a_live_row_that_goes_on_at_the_next_start() {
    let mut bench = Bench::new();
    for status in [DownloadStatus::Queued, DownloadStatus::Preparing] {
        let mut stored = amoozgar_store::StoredDownload {
            owner: bench.owner.clone(),
            record: record("d1", DownloadStatus::Queued),
            reference: None,
        };
        if status == DownloadStatus::Queued {
            bench
                .db
                .now(|store| store.insert_download(&stored))
                .unwrap();
        } else {
            stored.record.status = status;
            bench
                .db
                .now(|store| store.update_download(&stored))
                .unwrap();
        }
    }
    let _downloads = bench.start();
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed), "it went on by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_network_is_waited_for_and_the_download_goes_on_when_it_is_back() {
    let mut bench = Bench::new();
    bench.server.misbehave(|_| vec![Fault::Status(503)]);
    let downloads = bench.start();
    bench.enqueue(&downloads).await;
    let waiting = bench.until(DownloadStatus::Waiting).await;
    assert_eq!(waiting.waits_for, Some(WaitReason::Network));
    assert_eq!(
        waiting.error.as_ref().map(|error| error.code),
        Some(ErrorCode::ServerFailed),
        "and it says what it waits out"
    );
    assert!(waiting.retry_ms > Some(1_000_000), "later");
    bench.server.behave();
    bench.now_ms.fetch_add(60_000, Ordering::SeqCst);
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed));
    assert!(
        !bench
            .ears
            .ended
            .lock()
            .unwrap()
            .contains(&DownloadStatus::Failed),
        "waiting is no failure"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_offline_switch_and_the_hours_stop_what_runs_and_let_it_go_on() {
    let mut bench = Bench::new();
    bench.server.misbehave(slow);
    let downloads = bench.start();
    bench.enqueue(&downloads).await;
    bench.until(DownloadStatus::Running).await;
    bench.settings(|settings| settings.network.offline = true);
    downloads.look();
    let waiting = bench.until(DownloadStatus::Waiting).await;
    assert_eq!(waiting.waits_for, Some(WaitReason::OfflineSwitch));
    bench.server.forget();
    bench.settings(|settings| {
        settings.network.offline = false;
        settings.downloads.hours = Some(DownloadHours {
            from_min: 60,
            to_min: 420,
        });
    });
    downloads.look();
    let waiting = bench.until(DownloadStatus::Waiting).await;
    assert_eq!(waiting.waits_for, Some(WaitReason::Hours), "it is noon");
    assert!(bench.server.seen().is_empty(), "nothing went out");
    bench.server.behave();
    bench.minute.store(61, Ordering::SeqCst);
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_told_and_can_be_tried_again() {
    let mut bench = Bench::new();
    let downloads = bench.start();
    let wanted = NewDownload {
        repo: "amoozgar/later".to_owned(),
        ..Bench::wanted()
    };
    let made = downloads
        .enqueue(bench.owner.clone(), wanted.clone(), &settled())
        .await;
    let id = made.unwrap().download_id;
    let failed = bench.until(DownloadStatus::Failed).await;
    assert_eq!(
        failed.error.map(|error| error.code),
        Some(ErrorCode::RepoNotFound)
    );
    bench.server.publish(
        "models/amoozgar/later",
        vec![File::git("config.json", "{}\n"), bench.weights.clone()],
    );
    let again = downloads
        .enqueue(bench.owner.clone(), wanted, &settled())
        .await
        .unwrap();
    assert_eq!(again.download_id, id, "the same row is taken up again");
    let installed = bench.until(DownloadStatus::Installed).await;
    assert!(bench.is_right(&installed));
    assert_eq!(installed.error, None, "the old failure is forgotten");
    let refused = downloads
        .enqueue(
            bench.owner.clone(),
            NewDownload {
                repo: "../etc".to_owned(),
                ..Bench::wanted()
            },
            &settled(),
        )
        .await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidField);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_download_leaves_its_bytes_or_nothing_as_its_owner_says() {
    let mut bench = Bench::new();
    bench.server.misbehave(slow);
    let downloads = bench.start();
    let id = bench.enqueue(&downloads).await;
    bench.until(DownloadStatus::Running).await;
    bench.until_progress().await;
    let (owner, settled) = (bench.owner.clone(), settled());
    let keep = downloads.cancel(owner.clone(), id.clone(), PartialBytes::Keep, &settled);
    keep.await.unwrap();
    let kept = bench.until(DownloadStatus::Cancelled).await;
    assert!(kept.done_bytes > 0, "kept for another time");
    downloads
        .retry(owner.clone(), id.clone(), &settled)
        .await
        .unwrap();
    bench.until(DownloadStatus::Running).await;
    let remove = downloads.cancel(owner, id, PartialBytes::Remove, &settled);
    remove.await.unwrap();
    let removed = bench.until(DownloadStatus::Cancelled).await;
    assert_eq!(removed.done_bytes, 0);
    let partial = bench.cache_dir().join("models--amoozgar--test/.amoozgar");
    assert!(!partial.exists(), "nothing is left of it");
}
