//! A download as a person lives through it, in the real window: the settings, the catalog, progress,
//! a pause, a restart, the end, and a token that leaves no trace.

use crate::hub_server::{COMMIT, Fault, File, HubServer, Seen, noise};
use crate::support::database::Database;
use crate::support::desktop::Desktop;
use crate::support::downloads::{moved, queued, status};
use crate::support::window::{NETWORK, SOON, Window, journey};
use crate::support::{files_without, wait_for};
use anyhow::{Context, Result, bail, ensure};
use std::time::{Duration, Instant};

/// One of the catalog's.
const REPO: &str = "PartAI/TookaBERT-Base";
const TOKEN: &str = "hf_thetokenthatnobodyelsemayeverseeinanyfile";
const WEIGHTS_BYTES: usize = 12 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn from_the_settings_over_a_restart_to_an_installed_model_and_no_trace_of_the_token()
-> Result<()> {
    journey("window-downloads", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let _keyring = desktop.start_keyring()?;
    let server = HubServer::start();
    let weights = File::lfs("model.safetensors", noise(1405, WEIGHTS_BYTES));
    server.publish(
        &format!("models/{REPO}"),
        vec![
            File::git("README.md", "---\nlicense: apache-2.0\n---\n# توکابرت\n"),
            File::git("config.json", "{\"model_type\":\"bert\"}\n"),
            weights.clone(),
        ],
    );
    server.misbehave(slow);

    window.gather_traffic("secret_set").await?;
    window.make_profile("سارا").await?;
    window.go("/settings/network").await?;
    window.click("endpoint-custom").await?;
    window
        .type_into("network-endpoint", server.endpoint())
        .await?;
    window.click("proxy-none").await?;
    window.click("settings-save").await?;
    window.click("connection-test").await?;
    outcome(window, "api", "works").await?;
    outcome(window, "content", "works").await?;
    window.remember("settings-network").await?;

    window.go("/settings/token").await?;
    window.type_into("token-field", TOKEN).await?;
    window.click("token-save").await?;
    wait_until(window, "token-state", |text| text.contains("file")).await?;

    window.go("/models/catalog").await?;
    window.find(&format!("catalog-{REPO}"), SOON).await?;
    window.remember("catalog").await?;
    window.click(&format!("catalog-open-{REPO}")).await?;
    window.find("repo-files", SOON).await?;
    ensure!(
        window.text("repo-card").await?.contains("توکابرت"),
        "the card is shown"
    );
    window.remember("repo").await?;
    window.click("repo-download").await?;
    window.go("/models").await?;
    let database = Database::open(&desktop.data_dir())?;
    let id = queued(&database)?;

    status(window, &id, "running").await?;
    let first = moved(window, &id, 0.0).await?;
    moved(window, &id, first).await?;
    window.remember("models-downloading").await?;
    window.click(&format!("download-pause-{id}")).await?;
    status(window, &id, "paused").await?;
    let traffic = window.gathered_traffic().await?;
    desktop.tray()?.choose("خروج")?;
    wait_for("the end of the application", SOON, || {
        Ok((!desktop.window_is_visible()?).then_some(()))
    })?;
    let (_, state, kept_bytes) = database.download()?.context("the row is there")?;
    ensure!(
        state == "paused" && kept_bytes > 0,
        "`{state}` with {kept_bytes} bytes at the end"
    );

    server.behave();
    server.forget();
    window.end_session().await;
    let again = Window::open(desktop).await?;
    // The keyring may remember the session; else the profile is chosen again.
    if again.find("nav-models", SOON / 3).await.is_err() {
        again.click_text("button", "سارا").await?;
        again.find("nav-models", SOON).await?;
    }
    again.gather_traffic("secret_set").await?;
    again.go("/models").await?;
    status(&again, &id, "paused").await?;
    // Out of sight, so that the system's notification has something to tell.
    server.misbehave(slow);
    again.click(&format!("download-resume-{id}")).await?;
    status(&again, &id, "running").await?;
    desktop.close_window()?;
    server.behave();
    wait_for("the notification", NETWORK, || {
        let told = desktop.notifications();
        Ok(told.contains("دانلود تکمیل شد").then_some(()))
    })?;
    ensure!(
        desktop.notifications().contains(REPO),
        "the notification names the model"
    );
    let fetched = server.file_bytes_sent();
    ensure!(
        fetched < WEIGHTS_BYTES as u64,
        "{fetched} bytes after the restart: what had come was fetched again"
    );
    // From another page, so that it is seen where the click leads.
    again.go("/help").await?;
    desktop.click_notification()?;
    desktop.see_window()?;
    status(&again, &id, "installed").await?;
    ensure!(
        again.address().await? == "/models",
        "the notification leads to `{}`",
        again.address().await?
    );
    again.find(&format!("model-{REPO}"), SOON).await?;
    let found = desktop
        .data_dir()
        .join("hub/models--PartAI--TookaBERT-Base/snapshots")
        .join(COMMIT)
        .join("model.safetensors");
    ensure!(
        std::fs::read(found)? == *weights.bytes,
        "the bytes are those published"
    );

    // The token is kept, and nowhere to be seen.
    again.go("/settings/token").await?;
    wait_until(&again, "token-state", |text| text.contains("file")).await?;
    let traffic: Vec<String> = traffic
        .into_iter()
        .chain(again.gathered_traffic().await?)
        .collect();
    for kind in ["secret_status", "event {\"event\":\"download"] {
        ensure!(
            traffic.iter().any(|line| line.contains(kind)),
            "`{kind}` is among the traffic: {} lines",
            traffic.len()
        );
    }
    for line in &traffic {
        ensure!(!line.contains(TOKEN), "the token was in `{line}`");
    }
    ensure!(
        server
            .seen()
            .iter()
            .all(|seen| seen.header("authorization").is_none()),
        "the token went to another host than the official one"
    );
    let looked_at = files_without(&desktop.data_dir(), TOKEN)?;
    ensure!(
        looked_at.iter().any(|path| path.ends_with("amoozgar.db"))
            && looked_at
                .iter()
                .any(|path| path.starts_with(desktop.data_dir().join("logs"))),
        "database and logs were looked at: {looked_at:?}"
    );
    for log in ["app.out", "app.err"] {
        ensure!(!desktop.log(log).contains(TOKEN), "the token was in {log}");
    }
    again.close_session().await;
    Ok(())
}

/// Large files come slowly.
fn slow(seen: &Seen) -> Vec<Fault> {
    if seen.is_for("/api/") {
        Vec::new()
    } else {
        vec![Fault::Slow(Duration::from_millis(30))]
    }
}

async fn outcome(window: &Window, role: &str, wanted: &str) -> Result<()> {
    let host = format!("connection-{role}");
    window.attribute_is(&host, "data-outcome", wanted).await
}

async fn wait_until(window: &Window, test_id: &str, is_right: impl Fn(&str) -> bool) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let text = window.text(test_id).await?;
        if is_right(&text) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("`{test_id}` says `{text}`");
        }
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
}
