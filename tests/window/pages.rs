//! Every page in the real window, in both themes and two widths: each link leads to a page, nothing
//! is cut off or runs out of the window, Persian has Persian digits, and the page reports no error.
//!
//! With `AMOOZGAR_SCREENSHOTS=DIR` the pages are photographed as well (`cargo xtask screenshots`).

use crate::support::desktop::Desktop;
use crate::support::window::{Form, RUN, SOON, Window, still_journey};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::path::PathBuf;

const SIZES: [(u32, u32); 2] = [(1280, 800), (900, 700)];
const THEMES: [&str; 2] = ["light", "dark"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_in_both_themes_and_two_widths() -> Result<()> {
    still_journey("window-pages", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.gather_errors().await?;
    for theme in THEMES {
        window.prefer(theme).await?;
        look(desktop, window, "login", theme).await?;
    }
    welcome(desktop, window).await?;
    for (page, at, shows) in [
        ("home-first", "/", "home-new-run"),
        ("training-empty", "/training", "empty-state"),
        ("models-empty", "/models", "models-empty-download"),
        ("notifications-empty", "/notifications", "empty-state"),
    ] {
        window.go(at).await?;
        window.find(shows, SOON).await?;
        in_both_themes(desktop, window, page).await?;
    }

    window
        .start_run(&Form {
            name: "قصه‌ها، نخستین آزمایش",
            dataset: "stories",
            epochs: "۴",
            batch: "8",
            lr: "0.002",
            context: "64",
        })
        .await?;
    window.status(&["running"], RUN).await?;
    window.more_points_than(5, RUN).await?;
    in_both_themes(desktop, window, "job-running").await?;
    window.status(&["completed"], RUN).await?;
    let job = window.address().await?;

    for (page, at, shows) in [
        ("home", "/", "home-new-run"),
        ("training", "/training", "run-list"),
        ("training-new", "/training/new", "run-start"),
        ("job", job.as_str(), "job-samples"),
        ("datasets", "/datasets", "dataset-row-stories"),
        ("dataset", "/datasets/stories", "dataset-rows"),
        ("models", "/models", "models-list"),
        ("catalog", "/models/catalog", "catalog"),
        ("notifications", "/notifications", "notifications-mark-all"),
        ("settings", "/settings", "theme-system"),
        (
            "settings-training",
            "/settings/training",
            "settings-threads",
        ),
        ("settings-window", "/settings/window", "settings-tray"),
        ("settings-account", "/settings/account", "users"),
        ("dashboard", "/dashboard", "machine-own"),
        ("settings-network", "/settings/network", "network-offline"),
        ("settings-token", "/settings/token", "token-field"),
        (
            "settings-downloads",
            "/settings/downloads",
            "downloads-at-once",
        ),
        ("settings-about", "/settings/about", "settings-open-data"),
        ("help", "/help", "help-chapter"),
        ("help-glossary", "/help/glossary", "help-chapter"),
        ("not-found", "/nowhere", "not-found"),
    ] {
        window.go(at).await?;
        window.find(shows, SOON).await?;
        if page == "training-new" {
            window.click("run-dataset-stories").await?;
            window.find("run-estimate", SOON).await?;
        }
        in_both_themes(desktop, window, page).await?;
    }
    tuning(desktop, window, &job).await?;
    of_everything(desktop, window).await?;
    guarded(desktop, window).await?;
    window.go(&job).await?;
    for (page, tab) in [
        ("job-write", "job-tab-write"),
        ("job-checkpoints", "job-tab-checkpoints"),
        ("job-details", "job-tab-details"),
        ("job-log", "job-tab-log"),
    ] {
        window.click(tab).await?;
        window.reveal(tab).await?;
        in_both_themes(desktop, window, page).await?;
    }

    without_a_network(desktop, window).await?;

    let mut seen = BTreeSet::from(["/login".to_owned()]);
    let mut ahead = vec!["/".to_owned()];
    while let Some(at) = ahead.pop() {
        // One repository's page is like another's.
        let is_repo = |at: &String| at.starts_with("/models/catalog/");
        if seen.contains(&at) || (is_repo(&at) && seen.iter().any(is_repo)) {
            continue;
        }
        seen.insert(at.clone());
        window.go(&at).await?;
        window.settled().await?;
        ensure!(
            !window.has("not-found").await,
            "a link leads to `{at}`, where there is no page"
        );
        ahead.extend(window.links().await?);
    }
    ensure!(
        seen.len() >= 8,
        "links lead to every page of the navigation, not only to {seen:?}"
    );
    let errors = window.gathered_errors().await?;
    ensure!(errors.is_empty(), "the pages reported {errors:?}");
    Ok(())
}

/// The first start: a profile, and what it is led through.
async fn welcome(desktop: &Desktop, window: &Window) -> Result<()> {
    window.type_into("login-name", "سارا محمدی").await?;
    window.click("login-submit").await?;
    for (page, shows) in [
        ("welcome-look", "welcome-dark"),
        ("welcome-place", "welcome"),
        ("welcome-machine", "welcome-sizes"),
    ] {
        window.find(shows, RUN).await?;
        in_both_themes(desktop, window, page).await?;
        window.click("welcome-next").await?;
    }
    window.find("nav-datasets", SOON).await?;
    Ok(())
}

/// The new-run form for adapters over a finished model, with what is folded away opened.
async fn tuning(desktop: &Desktop, window: &Window, job: &str) -> Result<()> {
    window.go(job).await?;
    window.click("job-train-on").await?;
    window.find("run-lora", SOON).await?;
    in_both_themes(desktop, window, "training-new-lora").await?;
    window.reveal("run-lora").await?;
    in_both_themes(desktop, window, "training-new-lora-settings").await?;
    window.click("run-advanced-open").await?;
    window.reveal("run-advanced-open").await?;
    in_both_themes(desktop, window, "training-new-advanced").await
}

/// The dialogs that move everything and that remove it, opened and left.
async fn of_everything(desktop: &Desktop, window: &Window) -> Result<()> {
    window.go("/settings/storage").await?;
    window.find("storage-move", SOON).await?;
    in_both_themes(desktop, window, "settings-storage").await?;
    window.click("storage-move").await?;
    window.find("place-path", SOON).await?;
    in_both_themes(desktop, window, "storage-move").await?;
    window.click("dialog-cancel").await?;
    window.go("/settings/window").await?;
    window.click("wipe").await?;
    window.find("wipe-word", SOON).await?;
    in_both_themes(desktop, window, "wipe").await?;
    window.click("dialog-cancel").await
}

/// What a password brings: codes, the lock, and the question at the door.
async fn guarded(desktop: &Desktop, window: &Window) -> Result<()> {
    const PASSWORD: &str = "گل سرخ";
    window.go("/settings/account").await?;
    window.type_into("password-new", PASSWORD).await?;
    window.type_into("password-new-again", PASSWORD).await?;
    window.click("password-save").await?;
    window.find("recovery-codes", SOON).await?;
    in_both_themes(desktop, window, "settings-codes").await?;
    window.click("codes-kept").await?;
    window.find("codes-left", SOON).await?;
    in_both_themes(desktop, window, "settings-account-guarded").await?;
    window.go("/dashboard").await?;
    window.click("clean-up").await?;
    window.find("cleanup-list", SOON).await?;
    in_both_themes(desktop, window, "cleanup").await?;
    window.click("cleanup-close").await?;
    window.click("lock-now").await?;
    window.find("lock", SOON).await?;
    in_both_themes(desktop, window, "lock").await?;
    window.click("lock-leave").await?;
    window.click_text("button", "سارا محمدی").await?;
    window.find("login-remember", SOON).await?;
    in_both_themes(desktop, window, "login-password").await?;
    window.click("login-forgot").await?;
    window.find("recover-code", SOON).await?;
    in_both_themes(desktop, window, "login-recover").await?;
    window.click("recover-back").await?;
    window.type_into("login-password", PASSWORD).await?;
    window.click("login-submit").await?;
    window.find("nav-datasets", SOON).await?;
    Ok(())
}

/// The pages of the Hub where nothing may go out: what they say, and that they say it at once.
async fn without_a_network(desktop: &Desktop, window: &Window) -> Result<()> {
    window.go("/settings/network").await?;
    window.find("network-offline", SOON).await?;
    window.click_text(".switch__label", "حالت آفلاین").await?;
    window.click("settings-save").await?;
    window.find("toast", SOON).await?;
    window.go("/models/catalog/Qwen/Qwen3-0.6B").await?;
    window.find("error-retry", SOON).await?;
    in_both_themes(desktop, window, "repo-offline").await?;
    window.go("/models/catalog").await?;
    window.click("catalog-tab-search").await?;
    window.click("search-submit").await?;
    window.find("error-network", SOON).await?;
    in_both_themes(desktop, window, "search-offline").await?;
    window.click("catalog-tab-list").await?;
    window.click("catalog-kind-dataset").await?;
    window.find("catalog-wikimedia/wikipedia", SOON).await?;
    in_both_themes(desktop, window, "catalog-datasets").await?;
    window.go("/models").await?;
    window.click("models-import").await?;
    window.find("import-path", SOON).await?;
    in_both_themes(desktop, window, "import").await?;
    window.click("dialog-cancel").await
}

/// Looks at a page in every theme and size, and photographs it where pictures are asked for.
pub async fn in_both_themes(desktop: &Desktop, window: &Window, page: &str) -> Result<()> {
    for theme in THEMES {
        window.prefer(theme).await?;
        look(desktop, window, page, theme).await?;
    }
    Ok(())
}

async fn look(desktop: &Desktop, window: &Window, page: &str, theme: &str) -> Result<()> {
    for (width, height) in SIZES {
        desktop.resize_window(width, height)?;
        window.settled().await?;
        if let Some(folder) = std::env::var_os("AMOOZGAR_SCREENSHOTS") {
            let folder = PathBuf::from(folder);
            std::fs::create_dir_all(&folder)?;
            let file = format!("{page}-{theme}-{width}.png");
            window.photograph(&folder.join(file)).await?;
        }
        let faults = window.faults().await?;
        ensure!(
            faults.is_empty(),
            "`{page}`, {theme}, {width} wide: {faults:#?}"
        );
    }
    Ok(())
}
