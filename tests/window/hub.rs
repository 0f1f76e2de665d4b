//! The Hub's pages as a person walks through them: a search with its pages, repositories that come, that
//! want terms accepted first, that are refused; and models that come from a disk and go to one.

use crate::hub_server::{Fault, File, HubServer, hex, noise};
use crate::support::database::Database;
use crate::support::desktop::Desktop;
use crate::support::downloads::{queued, status};
use crate::support::wait_for;
use crate::support::window::{NETWORK, SOON, Window, journey};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// More than a page of a search holds.
const N_POETS: usize = 34;

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_repositories_that_come_that_ask_for_terms_and_that_are_refused()
-> Result<()> {
    journey("window-hub", search).await
}

pub fn model() -> Vec<File> {
    vec![
        File::git(
            "README.md",
            "---\nlicense: mit\n---\n# شاعر\nبرای شعر کهن.\n",
        ),
        File::git("config.json", "{\"model_type\":\"llama\"}\n"),
        File::lfs("model.safetensors", noise(7, 3 << 20)),
    ]
}

async fn search(desktop: &Desktop, window: &Window) -> Result<()> {
    let server = HubServer::start();
    for number in 0..N_POETS {
        server.publish(&format!("models/amoozgar/poet-{number:02}"), model());
    }
    let pickle = || File::git("pytorch_model.bin", noise(3, 99));
    server.publish("models/amoozgar/poet-pickle", vec![pickle()]);
    server.publish("models/amoozgar/poet-mended", vec![pickle()]);
    server.pull_request("models/amoozgar/poet-mended", 7, "SFconvertbot", model());
    let accepted = Arc::new(AtomicBool::new(false));
    let knows = Arc::clone(&accepted);
    server.misbehave(move |seen| {
        let is_gated = seen.is_for("/amoozgar/poet-01/resolve/");
        if is_gated && !knows.load(Ordering::SeqCst) {
            vec![
                Fault::Status(403),
                Fault::With("X-Error-Code", "GatedRepo".into()),
            ]
        } else {
            Vec::new()
        }
    });
    window.make_profile("سارا").await?;
    use_server(window, server.endpoint()).await?;

    window.go("/models/catalog").await?;
    window.click("catalog-tab-search").await?;
    window.type_into("search-text", "poet").await?;
    window.click("search-submit").await?;
    window.find("found-amoozgar/poet-00", SOON).await?;
    ensure!(
        window.count(".found__row").await? == 30,
        "a page of what was found"
    );
    ensure!(
        window.is_disabled("search-previous").await?,
        "it is the first"
    );
    window.remember("search").await?;
    window.click("search-next").await?;
    window.find("found-amoozgar/poet-33", SOON).await?;
    ensure!(
        window.count(".found__row").await? == 6 && window.is_disabled("search-next").await?,
        "the rest, and no third page"
    );
    ensure!(
        window.text("search-page").await?.contains('۲'),
        "it is the second"
    );
    window.click("search-previous").await?;
    window.find("found-amoozgar/poet-00", SOON).await?;

    // A filter that nothing suits, and the way back.
    window.choose("search-library", "gguf").await?;
    window.find("search-clear", SOON).await?;
    window.click("search-clear").await?;
    window.find("found-amoozgar/poet-00", SOON).await?;

    // A page that is left is as it was.
    window.click_text(".found__name", "poet-00").await?;
    window.find("repo-files", SOON).await?;
    let card = window.text("repo-card").await?;
    ensure!(card.contains("برای شعر کهن"), "the card is shown: {card}");
    ensure!(!window.has("repo-refused").await, "it can come");

    gated(desktop, window, &accepted).await?;
    pickled(desktop, window).await
}

/// Every repository here wants terms accepted; of one it is also true when its files are asked for.
async fn gated(desktop: &Desktop, window: &Window, accepted: &AtomicBool) -> Result<()> {
    window.go("/models/catalog/amoozgar/poet-01").await?;
    window.find("repo-gated", SOON).await?;
    ensure!(
        window.has("repo-open-page").await && window.has("repo-token").await,
        "the page with the terms and the token are a click away"
    );
    window.remember("repo-gated").await?;
    window.click("repo-retry").await?;
    window.find("repo-gated", SOON).await?;
    window.click("repo-download").await?;
    window.go("/models").await?;
    let database = Database::open(&desktop.data_dir())?;
    let id = queued(&database)?;
    status(window, &id, "failed").await?;
    let row = window.text(&format!("download-{id}")).await?;
    ensure!(row.contains("پذیرش شرایط"), "the row says why: {row}");
    window.remember("models-gated").await?;
    accepted.store(true, Ordering::SeqCst);
    window.click(&format!("download-retry-{id}")).await?;
    window.find("model-amoozgar/poet-01", NETWORK).await?;
    status(window, &id, "installed").await
}

async fn pickled(desktop: &Desktop, window: &Window) -> Result<()> {
    window.go("/models/catalog/amoozgar/poet-pickle").await?;
    let refused = window.text("repo-refused").await?;
    ensure!(refused.contains("pickle"), "it says why: {refused}");
    ensure!(
        !window.has("repo-download").await && !window.has("repo-gated").await,
        "and offers nothing that would fail"
    );
    window.remember("repo-pickle").await?;

    window.go("/models/catalog/amoozgar/poet-mended").await?;
    window.find("repo-download", SOON).await?;
    let page = window.text("repo-page").await?;
    ensure!(
        page.contains("refs/pr/7"),
        "the branch that was converted is named: {page}"
    );
    window.remember("repo-converted").await?;
    window.click("repo-download").await?;
    window.find("repo-installed", NETWORK).await?;
    let snapshots = desktop
        .data_dir()
        .join("hub/models--amoozgar--poet-mended/snapshots");
    let names: Vec<_> = files_below(&snapshots)?
        .into_iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    ensure!(
        names.iter().any(|name| name == "model.safetensors")
            && names.iter().all(|name| !name.contains("pytorch_model")),
        "the weights came and no pickle: {names:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn models_come_from_a_disk_and_go_to_one() -> Result<()> {
    journey("window-bundles", carry).await
}

async fn carry(desktop: &Desktop, window: &Window) -> Result<()> {
    let stick = tempfile::tempdir()?;
    let server = HubServer::start();
    server.publish("models/amoozgar/poet", model());
    window.make_profile("سارا").await?;
    use_server(window, server.endpoint()).await?;
    window.go("/models/catalog/amoozgar/poet").await?;
    window.click("repo-download").await?;
    window.find("repo-installed", NETWORK).await?;

    // A folder; large, so that there is a bar to see and something to stop.
    let folder = stick.path().join("مدل بزرگ");
    fs::create_dir(&folder)?;
    fs::write(folder.join("config.json"), "{\"model_type\":\"llama\"}")?;
    fs::File::create(folder.join("model.safetensors"))?.set_len(1 << 30)?;
    window.go("/models").await?;
    import(window, &folder).await?;
    moves(window).await?;
    window.remember("import-bar").await?;
    window.click("transfer-stop").await?;
    window.see_text(".toast", "نیمه‌کاره رها شد").await?;
    window.remember("toast-over-dialog").await?;
    window.click("toast-close").await?;
    gone(window, "toast").await?;
    ensure!(
        window.has("import-start").await,
        "putting a message away does not leave the dialog"
    );
    let left = fs::read_dir(desktop.data_dir().join("models"))?.count();
    ensure!(left == 0, "{left} things are left of what was stopped");
    window.click("import-start").await?;
    window.find("model-مدل بزرگ", NETWORK).await?;

    // As a zip file, stopped and begun again.
    window.click("model-export-مدل بزرگ").await?;
    let out = stick.path().display().to_string();
    window.type_into("export-folder", &out).await?;
    window.type_into("export-name", "big").await?;
    window.click("export-start").await?;
    moves(window).await?;
    window.remember("export-bar").await?;
    window.click("transfer-stop").await?;
    window.see_text(".toast", "چیزی نوشته نماند").await?;
    let zip = stick.path().join("big.zip");
    ensure!(!zip.exists(), "nothing half-made is on the stick");
    window.click("export-start").await?;
    wait_for("the bundle", NETWORK, || Ok(zip.is_file().then_some(())))?;
    gone(window, "export-dialog").await?;

    // The other computer: here it is gone, and comes back under its name.
    window.click("model-delete-مدل بزرگ").await?;
    window.click("dialog-confirm").await?;
    gone(window, "model-مدل بزرگ").await?;
    import(window, &zip).await?;
    window.find("model-مدل بزرگ", NETWORK).await?;
    let came = desktop.data_dir().join("models/مدل بزرگ/model.safetensors");
    ensure!(fs::metadata(came)?.len() == 1 << 30, "it is whole");

    from_the_hub(desktop, window, stick.path()).await
}

/// A repository as a folder with its manifest, and a cache that another program left.
async fn from_the_hub(desktop: &Desktop, window: &Window, stick: &Path) -> Result<()> {
    window.click("model-export-amoozgar/poet").await?;
    let folder = stick.display().to_string();
    window.click("export-as-folder").await?;
    window.type_into("export-folder", &folder).await?;
    window.click("export-start").await?;
    let bundle = stick.join("amoozgar--poet");
    wait_for("the bundle", NETWORK, || Ok(bundle.is_dir().then_some(())))?;
    let manifest = fs::read_to_string(bundle.join("amoozgar-bundle.json"))?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
    let listed = manifest["files"].as_array().context("a list of files")?;
    ensure!(listed.len() == 3, "every file is listed: {manifest}");
    for file in listed {
        let path = file["path"].as_str().context("a path")?;
        let bytes = fs::read(bundle.join(path))?;
        let found = hex(&Sha256::digest(&bytes));
        ensure!(
            file["sha256"] == found.as_str(),
            "`{path}` hashes to {found}"
        );
    }
    gone(window, "export-dialog").await?;

    let cache = stick.join("hub");
    let status = std::process::Command::new("cp")
        .arg("-a")
        .arg(desktop.data_dir().join("hub"))
        .arg(&cache)
        .status()?;
    ensure!(status.success(), "cp: {status}");
    for source in [cache, bundle] {
        window.click("model-delete-amoozgar/poet").await?;
        window.click("dialog-confirm").await?;
        gone(window, "model-amoozgar/poet").await?;
        import(window, &source).await?;
        window.find("model-amoozgar/poet", NETWORK).await?;
    }
    Ok(())
}

pub async fn import(window: &Window, from: &Path) -> Result<()> {
    window.click("models-import").await?;
    let from = from.display().to_string();
    window.type_into("import-path", &from).await?;
    window.click("import-start").await
}

/// Waits until the bar of a copy shows something.
async fn moves(window: &Window) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let shown = window
            .attribute("transfer-progress", "aria-valuenow")
            .await?;
        let percent: f64 = shown.and_then(|text| text.parse().ok()).unwrap_or(0.0);
        if percent > 0.0 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("the bar shows nothing");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn gone(window: &Window, test_id: &str) -> Result<()> {
    let deadline = Instant::now() + NETWORK;
    while window.has(test_id).await {
        ensure!(Instant::now() < deadline, "`{test_id}` stays");
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
    Ok(())
}

/// Points the application at a server, as a person does in the settings.
pub async fn use_server(window: &Window, endpoint: &str) -> Result<()> {
    window.go("/settings/network").await?;
    window.click("endpoint-custom").await?;
    window.type_into("network-endpoint", endpoint).await?;
    window.click("proxy-none").await?;
    window.click("settings-save").await?;
    window.see_text(".toast", "ذخیره").await
}

fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
