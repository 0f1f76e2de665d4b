//! The whole application, killed again and again in the middle of a download of several files: at
//! each start it goes on by itself, and in the end every byte is right.

use crate::hub_server::{COMMIT, Fault, File, HubServer, noise, splitmix};
use crate::support::database::Database;
use crate::support::desktop::{Desktop, kill_hard};
use crate::support::wait_for;
use amoozgar_store::{Store, StoredDownload};
use amoozgar_types::download::{DownloadRecord, DownloadStatus};
use amoozgar_types::id::{DownloadId, UserId};
use amoozgar_types::network::{EndpointChoice, ProxyChoice};
use amoozgar_types::repo::RepoKind;
use amoozgar_types::settings::Settings;
use amoozgar_types::user::{Role, User};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Duration;

const REPO: &str = "amoozgar/test";
const N_KILLS: usize = 20;
const FILE_BYTES: usize = 6 << 20;
const WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_download_survives_twenty_kills_of_the_whole_application() -> Result<()> {
    let files: Vec<File> = (0..4)
        .map(|number| {
            let path = format!("model-{number}.safetensors");
            File::lfs(&path, noise(number, FILE_BYTES + number as usize))
        })
        .chain([File::git("config.json", "{}\n")])
        .collect();
    let total_bytes: u64 = files.iter().map(|file| file.bytes.len() as u64).sum();
    let server = HubServer::start();
    server.publish(&format!("models/{REPO}"), files.clone());
    server.misbehave(|_| vec![Fault::Slow(Duration::from_millis(30))]);
    let desktop = Desktop::start()?;
    prepare(&desktop.data_dir(), server.endpoint())?;

    let mut random = 1405;
    for kill in 0..N_KILLS {
        let before = server.file_bytes_sent();
        let until = before + splitmix(&mut random) % (total_bytes / 8);
        let mut application = desktop.launch()?;
        let came = wait_for("more bytes", WITHIN, || {
            Ok((server.file_bytes_sent() > until).then_some(()))
        });
        let ended = application.try_wait()?;
        kill_hard(application.id())?;
        application.wait()?;
        came.with_context(|| format!("start {kill}: {}", desktop.log("launched.err")))?;
        ensure!(ended.is_none(), "start {kill} ended by itself: {ended:?}");
        let (_, status, _) = Database::open(&desktop.data_dir())?
            .download()?
            .context("the row is there")?;
        ensure!(
            matches!(status.as_str(), "preparing" | "running"),
            "kill {kill} found it `{status}`"
        );
    }

    server.behave();
    let before = server.file_bytes_sent();
    let mut application = desktop.launch()?;
    let installed = wait_for("the end of the download", WITHIN, || {
        let row = Database::open(&desktop.data_dir())?.download()?;
        Ok(row.filter(|(_, status, _)| status == "installed"))
    });
    kill_hard(application.id())?;
    application.wait()?;
    installed.with_context(|| desktop.log("launched.err"))?;
    let fetched_at_last = server.file_bytes_sent() - before;
    ensure!(
        fetched_at_last < total_bytes,
        "the last start fetched {fetched_at_last} of {total_bytes} bytes: nothing was kept"
    );
    let snapshot = desktop
        .data_dir()
        .join("hub/models--amoozgar--test/snapshots")
        .join(COMMIT);
    for file in &files {
        let found = std::fs::read(snapshot.join(&file.path))?;
        ensure!(found == *file.bytes, "`{}` has other bytes", file.path);
    }
    Ok(())
}

/// A data folder as a person leaves it who asked for a download and closed the program.
fn prepare(data_dir: &Path, endpoint: &str) -> Result<()> {
    let store = Store::open(&data_dir.join("amoozgar.db"), 1)?.store;
    let owner = UserId::new("u1");
    let user = User {
        user_id: owner.clone(),
        name: "سارا".to_owned(),
        has_password: false,
        role: Role::Administrator,
        created_ms: 1,
    };
    store.insert_user(&user, None, 1)?;
    let mut settings = Settings::default();
    settings.network.endpoint = EndpointChoice::Custom;
    endpoint.clone_into(&mut settings.network.custom_endpoint);
    settings.network.proxy = ProxyChoice::None;
    store.set_settings(&owner, &settings, 1)?;
    let record = DownloadRecord {
        download_id: DownloadId::new("d1"),
        repo: REPO.to_owned(),
        kind: RepoKind::Model,
        revision: "main".to_owned(),
        commit: None,
        files: Vec::new(),
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
        created_ms: 1,
        updated_ms: 1,
        finished_ms: None,
    };
    store.insert_download(&StoredDownload {
        owner,
        record,
        reference: None,
    })?;
    Ok(())
}
