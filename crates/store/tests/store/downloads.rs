use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_store::{StoreError, StoredDownload};
use amoozgar_types::download::{DownloadRecord, DownloadStatus, WaitReason};
use amoozgar_types::error::{ApiError, ErrorCode};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::repo::RepoKind;

fn record(id: &str, status: DownloadStatus) -> DownloadRecord {
    DownloadRecord {
        download_id: DownloadId::new(id),
        repo: "PartAI/TookaBERT-Base".to_owned(),
        kind: RepoKind::Model,
        revision: "main".to_owned(),
        commit: None,
        files: vec!["config.json".to_owned()],
        status,
        waits_for: (status == DownloadStatus::Waiting).then_some(WaitReason::Network),
        retry_ms: None,
        queue_position: None,
        n_files: 0,
        done_bytes: 0,
        total_bytes: 0,
        percent: 0.0,
        bytes_per_s: None,
        eta_s: None,
        file: None,
        error: (status == DownloadStatus::Failed).then(|| ApiError::new(ErrorCode::DiskFull)),
        path: (status == DownloadStatus::Installed).then(|| "/hub/x".to_owned()),
        created_ms: NOW,
        updated_ms: NOW,
        finished_ms: None,
    }
}

fn stored(owner: UserId, id: &str, status: DownloadStatus) -> StoredDownload {
    StoredDownload {
        owner,
        record: record(id, status),
        reference: None,
    }
}

fn line(fixture: &Fixture) -> Vec<String> {
    let line = fixture.store.downloads_in_line().unwrap();
    for (place, download) in (0..).zip(&line) {
        assert_eq!(
            download.record.queue_position,
            Some(place),
            "places run from 0 without gaps"
        );
    }
    line.iter()
        .map(|download| download.record.download_id.to_string())
        .collect()
}

/// Takes a row through states, as the queue would.
fn walk(fixture: &Fixture, id: &str, states: &[DownloadStatus]) -> DownloadRecord {
    let mut download = fixture
        .store
        .download_unscoped(&DownloadId::new(id))
        .unwrap()
        .unwrap();
    for &status in states {
        let fresh = record(id, status);
        download.record = DownloadRecord {
            waits_for: fresh.waits_for,
            error: fresh.error.clone(),
            path: fresh.path.clone(),
            status,
            ..download.record
        };
        download.record = fixture.store.update_download(&download).unwrap();
    }
    download.record
}

#[test]
fn every_field_of_a_download_survives_a_restart_but_its_speed() {
    let fixture = Fixture::with_users();
    let mut download = stored(sara(), "d1", DownloadStatus::Queued);
    fixture.store.insert_download(&download).unwrap();
    download.record.status = DownloadStatus::Waiting;
    download.record.waits_for = Some(WaitReason::OfflineSwitch);
    download.record.retry_ms = Some(NOW + 5);
    download.record.commit = Some("c".repeat(40));
    download.reference = Some("refs/pr/3".to_owned());
    download.record.n_files = 4;
    download.record.done_bytes = 250;
    download.record.total_bytes = 1000;
    download.record.bytes_per_s = Some(9.0);
    download.record.error = Some(ApiError::new(ErrorCode::Offline));
    download.record.updated_ms = NOW + 7;
    fixture.store.update_download(&download).unwrap();
    let fixture = fixture.reopened();
    let read = fixture
        .store
        .download(&sara(), &DownloadId::new("d1"))
        .unwrap()
        .unwrap();
    download.record.queue_position = Some(0);
    download.record.percent = 25.0;
    download.record.bytes_per_s = None;
    assert_eq!(read, download, "the row is what was written");
}

#[test]
fn a_download_is_its_owners_alone() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    for (owner, id, status) in [
        (sara(), "d1", DownloadStatus::Queued),
        (sara(), "d2", DownloadStatus::Installed),
    ] {
        store.insert_download(&stored(owner, id, status)).unwrap();
    }
    let d1 = DownloadId::new("d1");
    assert_eq!(store.download(&dara(), &d1).unwrap(), None, "not hers");
    assert!(store.downloads(&dara()).unwrap().is_empty(), "nor listed");
    assert!(
        matches!(
            store.reorder_download(&dara(), &d1, 0),
            Err(StoreError::NotFound { .. })
        ),
        "nor moved"
    );
    assert!(
        store.clear_ended_downloads(&dara()).unwrap().is_empty(),
        "nor cleared"
    );
    assert_eq!(
        store.clear_ended_downloads(&sara()).unwrap(),
        [DownloadId::new("d2")],
        "what has ended goes, what has not stays"
    );
    assert_eq!(store.downloads(&sara()).unwrap().len(), 1, "the other one");
}

#[test]
fn what_was_live_returns_to_the_head_of_the_line_and_what_was_paused_to_its_end() {
    use DownloadStatus::{Paused, Preparing, Queued, Running, Waiting};
    let fixture = Fixture::with_users();
    for id in ["d1", "d2", "d3"] {
        fixture
            .store
            .insert_download(&stored(sara(), id, Queued))
            .unwrap();
    }
    assert_eq!(line(&fixture), ["d1", "d2", "d3"], "first come first");
    walk(&fixture, "d1", &[Preparing, Running]);
    assert_eq!(line(&fixture), ["d2", "d3"], "what runs is not in line");
    walk(&fixture, "d1", &[Waiting]);
    assert_eq!(line(&fixture), ["d1", "d2", "d3"], "back to its head");
    walk(&fixture, "d2", &[Paused]);
    walk(&fixture, "d2", &[Queued]);
    assert_eq!(line(&fixture), ["d1", "d3", "d2"], "to its end");
    fixture
        .store
        .reorder_download(&sara(), &DownloadId::new("d2"), 0)
        .unwrap();
    assert_eq!(line(&fixture), ["d2", "d1", "d3"], "as was asked");
    fixture
        .store
        .reorder_download(&sara(), &DownloadId::new("d2"), 99)
        .unwrap();
    assert_eq!(line(&fixture.reopened()), ["d1", "d3", "d2"], "kept");
}

#[test]
fn states_that_contradict_each_other_are_refused() {
    use DownloadStatus::{Installed, Preparing, Queued, Running};
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    store
        .insert_download(&stored(sara(), "d1", Queued))
        .unwrap();
    let installed = stored(sara(), "d1", Installed);
    assert!(
        matches!(
            store.update_download(&installed),
            Err(StoreError::InvalidDownload {
                from: Queued,
                to: Installed,
                ..
            })
        ),
        "what never ran cannot be installed"
    );
    walk(&fixture, "d1", &[Preparing, Running]);
    let mut nowhere = stored(sara(), "d1", Installed);
    nowhere.record.path = None;
    assert!(
        matches!(
            store.update_download(&nowhere),
            Err(StoreError::Sqlite { .. })
        ),
        "installed without a folder is no row"
    );
    let mut waiting = stored(sara(), "d2", DownloadStatus::Waiting);
    waiting.record.waits_for = None;
    assert!(
        store.insert_download(&waiting).is_err(),
        "waiting for nothing is no row"
    );
}

#[test]
fn a_hundred_percent_is_said_of_what_is_installed_alone() {
    use DownloadStatus::{Installed, Preparing, Queued, Running};
    let fixture = Fixture::with_users();
    let mut download = stored(sara(), "d1", Queued);
    download.record.total_bytes = 1000;
    download.record.done_bytes = 1000;
    fixture.store.insert_download(&download).unwrap();
    let running = walk(&fixture, "d1", &[Preparing, Running]);
    assert!(
        running.percent < 100.0,
        "all bytes are here, but not in their place"
    );
    let installed = walk(&fixture, "d1", &[Installed]);
    assert!(
        (installed.percent - 100.0).abs() < f64::EPSILON,
        "now they are: {}",
        installed.percent
    );
}
