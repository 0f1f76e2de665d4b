//! Where files came from: what an offline bundle says of itself is shown as unverified until the Hub has
//! confirmed it, and stays so where the Hub has other files.

use crate::hub::{gone, import, model, use_server};
use crate::hub_server::{File, HubServer, noise};
use crate::support::desktop::Desktop;
use crate::support::window::{NETWORK, SOON, Window, journey};
use anyhow::{Result, ensure};
use serde_json::json;

const REPO: &str = "amoozgar/poet";
const BADGE: &str = "model-unverified-amoozgar/poet";

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_bundle_is_unverified_until_the_hub_confirms_its_files() -> Result<()> {
    journey("window-origin", origin).await
}

async fn origin(_: &Desktop, window: &Window) -> Result<()> {
    let stick = tempfile::tempdir()?;
    let server = HubServer::start();
    server.publish("models/amoozgar/poet", model());
    window.make_profile("سارا").await?;
    use_server(window, server.endpoint()).await?;
    window.go("/models/catalog/amoozgar/poet").await?;
    window.click("repo-download").await?;
    window.find("repo-installed", NETWORK).await?;
    window.go("/models").await?;
    window.find(&format!("model-{REPO}"), NETWORK).await?;
    ensure!(!window.has(BADGE).await, "what the Hub gave is verified");

    let bundle = stick.path().join("poet");
    let request = json!({
        "model": { "source": "hub", "repo": REPO, "kind": "model" },
        "path": bundle, "form": "folder",
    });
    let exported = window.invoke("models_export", &request).await?;
    ensure!(exported.is_ok() && bundle.is_dir(), "{exported:?}");
    window.click(&format!("model-delete-{REPO}")).await?;
    window.click("dialog-confirm").await?;
    gone(window, &format!("model-{REPO}")).await?;
    import(window, &bundle).await?;
    let badge = window.text(BADGE).await?;
    ensure!(badge.contains("تأییدنشده"), "the badge says `{badge}`");

    // The Hub has other weights: nothing is confirmed, and it is said.
    let mut others = model();
    others.pop();
    others.push(File::lfs("model.safetensors", noise(8, 3 << 20)));
    server.publish("models/amoozgar/poet", others);
    window.click(&format!("model-confirm-{REPO}")).await?;
    window.see_text(".toast", "همان فایل‌های مخزن نیست").await?;
    ensure!(window.has(BADGE).await, "it stays unverified");
    window.click("toast-close").await?;
    gone(window, "toast").await?;

    server.publish("models/amoozgar/poet", model());
    window.click(&format!("model-confirm-{REPO}")).await?;
    window.see_text(".toast", "همان فایل‌های مخزن است").await?;
    gone(window, BADGE).await?;
    window.go("/datasets").await?;
    window.find("dataset-import-path", SOON).await?;
    window.go("/models").await?;
    window.find(&format!("model-{REPO}"), SOON).await?;
    ensure!(!window.has(BADGE).await, "it stays confirmed");
    Ok(())
}
