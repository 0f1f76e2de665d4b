//! Notifications, settings and compared runs in the real window.
//!
//! With `AMOOZGAR_SCREENSHOTS=DIR` the pages are photographed as well (`cargo xtask screenshots`).

use crate::pages::in_both_themes;
use crate::support::desktop::Desktop;
use crate::support::history::History;
use crate::support::wait_for;
use crate::support::window::{SOON, Window, journey};
use anyhow::{Result, ensure};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

fn now_ms() -> Result<i64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64)
}

async fn no_faults(desktop: &Desktop, window: &Window, page: &str) -> Result<()> {
    in_both_themes(desktop, window, page).await?;
    desktop.resize_window(1280, 800)
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_read_filtered_followed_and_cleared() -> Result<()> {
    journey("notifications", async |desktop, window| {
        window.make_profile("سارا").await?;
        let mut history = History::of(&desktop.data_dir())?;
        history.add_run("a", "حافظ، کوچک", 200, 1e-3)?;
        history.add_run("b", "قصه‌ها", 200, 2e-3)?;
        history.add_notifications(now_ms()?)?;
        window.gather_errors().await?;
        window.go("/notifications").await?;
        window.find("notification-note-0", SOON).await?;
        no_faults(desktop, window, "notifications-full").await?;

        window.click("notifications-unread").await?;
        window.click("notification-note-1").await?;
        window.find("job-status", SOON).await?;
        let at = window.address().await?;
        ensure!(
            at == "/training/jobs/a",
            "the notice leads to its run, not to {at}"
        );
        window.go("/notifications").await?;
        window.find("notification-note-0", SOON).await?;
        window.click("notifications-unread").await?;
        window.settled().await?;
        ensure!(
            !window.has("notification-note-1").await,
            "what was opened is no longer unread"
        );
        ensure!(
            window.has("notification-note-2").await,
            "what was not opened still is"
        );
        window.choose("notifications-kind", "Download").await?;
        window.find("empty-state", SOON).await?;
        window.click("notifications-show-all").await?;
        window.find("notification-note-1", SOON).await?;

        window.click("notifications-mark-all").await?;
        window.click("notifications-unread").await?;
        window.find("empty-state", SOON).await?;
        window.click("notifications-show-all").await?;
        window.click("notifications-clear").await?;
        window.click("dialog-confirm").await?;
        window.find("empty-state", SOON).await?;
        ensure!(
            !window.has("notifications-kind").await,
            "an empty list has nothing to filter"
        );
        let errors = window.gathered_errors().await?;
        ensure!(errors.is_empty(), "the pages reported {errors:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked_saved_left_and_put_back() -> Result<()> {
    journey("settings", settings).await
}

async fn settings(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا").await?;
    window.gather_errors().await?;
    for (section, shows) in [
        ("appearance", "digits-persian"),
        ("training", "settings-memory"),
        ("notifications", "settings-quiet"),
        ("services", "service-add"),
        ("storage", "storage-backup"),
        ("window", "settings-reset"),
        ("about", "settings-open-data"),
    ] {
        window.go(&format!("/settings/{section}")).await?;
        window.find(shows, SOON).await?;
        no_faults(desktop, window, &format!("settings-{section}")).await?;
    }
    window.go("/settings/nothing").await?;
    window.find("not-found", SOON).await?;

    let history = History::of(&desktop.data_dir())?;
    window.go("/settings/training").await?;
    window.type_into("settings-memory", "۱۰").await?;
    ensure!(
        window.is_disabled("settings-save").await?,
        "a limit that is too low cannot be saved"
    );
    window.type_into("settings-memory", "۱۰۲۴").await?;
    window.click("settings-save").await?;
    let saved = wait_for("the saved limit", SOON, || {
        Ok(history
            .setting("$.compute.memory_limit_mib")
            .ok()
            .filter(|limit| limit == "1024"))
    });
    saved?;
    window.type_into("settings-memory", "۲۰۴۸").await?;
    window.click("settings-cancel").await?;
    let shown = window.prop("settings-memory", "value").await?;
    ensure!(
        shown.as_deref() == Some("۱٬۰۲۴"),
        "what was left shows what is in force, not {shown:?}"
    );

    window.go("/settings/appearance").await?;
    window.click("digits-latin").await?;
    window.click_in("digits-latin", "settings-save").await?;
    window.go("/settings/training").await?;
    window.find("settings-memory", SOON).await?;
    // The page is there at once; the digits follow when the settings are saved.
    window.click_text(".toast", "ذخیره شد").await?;
    window.settled().await?;
    // Numbers follow the digits that were chosen.
    window.prop_is("settings-memory", "value", "1,024").await?;

    let folder = tempfile::tempdir()?;
    let backup = folder.path().join("پشتیبان.db");
    window.choose_in_dialogs(&backup).await?;
    window.go("/settings/storage").await?;
    window.click("storage-backup").await?;
    wait_for("the back-up", SOON, || Ok(backup.is_file().then_some(())))?;
    window.click("storage-restore").await?;
    window.find("dialog-confirm", SOON).await?;
    window.click("dialog-cancel").await?;
    let logs = folder.path().join("logs.zip");
    window.choose_in_dialogs(&logs).await?;
    window.click("storage-logs").await?;
    wait_for("the archive of logs", SOON, || {
        Ok(logs.is_file().then_some(()))
    })?;

    window.go("/settings/services").await?;
    window.click("service-add").await?;
    window.type_into("service-name", "سرور خانگی").await?;
    window.type_into("service-address", "nowhere").await?;
    window.click("service-save").await?;
    ensure!(
        window.has("service-dialog").await,
        "an address that is none is not saved"
    );
    window
        .type_into("service-address", "http://127.0.0.1:9/v1")
        .await?;
    window.click("service-save").await?;
    window.find("service", SOON).await?;

    window.go("/settings/window").await?;
    window.click("settings-reset").await?;
    window.click("dialog-confirm").await?;
    wait_for("the first settings", SOON, || {
        Ok((history.setting("$.services")? == "[]").then_some(()))
    })?;
    let errors = window.gathered_errors().await?;
    ensure!(errors.is_empty(), "the pages reported {errors:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_chosen_compared_and_exported() -> Result<()> {
    journey("compare", async |desktop, window| {
        window.make_profile("سارا").await?;
        let mut history = History::of(&desktop.data_dir())?;
        history.add_run("a", "حافظ، نرخ کم", 2_000, 1e-3)?;
        history.add_run("b", "حافظ، نرخ زیاد", 5_000, 4e-3)?;
        history.add_run("c", "قصه‌ها، آزمایش سوم", 3_000, 2e-3)?;
        window.gather_errors().await?;
        window.go("/training").await?;
        for run in ["a", "b", "c"] {
            window.click(&format!("run-choose-{run}")).await?;
        }
        no_faults(desktop, window, "training-chosen").await?;
        window.click("compare-go").await?;
        window.find("compare-chart", SOON).await?;
        no_faults(desktop, window, "compare").await?;
        let table = window.text("compare-settings").await?;
        ensure!(
            table.contains("نرخ یادگیری") && !table.contains("بهینه‌ساز"),
            "only what differs is listed, not `{table}`"
        );
        window.turn("compare-all").await?;
        let table = window.text("compare-settings").await?;
        ensure!(table.contains("بهینه‌ساز"), "everything, when asked for");
        window.reveal("compare-measures").await?;
        no_faults(desktop, window, "compare-tables").await?;
        for axis in ["compare-axis-1", "compare-axis-2", "compare-curve-2"] {
            window.click(axis).await?;
            window.find("compare-chart", SOON).await?;
        }
        let folder = tempfile::tempdir()?;
        for ending in ["csv", "svg", "png"] {
            let path = folder.path().join(format!("مقایسه.{ending}"));
            window.choose_in_dialogs(&path).await?;
            window.click(&format!("compare-{ending}")).await?;
            wait_for("the exported file", SOON, || {
                Ok(path.is_file().then_some(()))
            })?;
            let bytes = std::fs::read(&path)?;
            let begins: &[u8] = match ending {
                "csv" => "\u{feff}job_id".as_bytes(),
                "svg" => b"<svg ",
                _ => b"\x89PNG",
            };
            ensure!(bytes.starts_with(begins), "the {ending} is one");
            if ending == "csv" {
                let lines = String::from_utf8(bytes)?.lines().count();
                ensure!(lines > 10_000, "no point is left out of {lines} lines");
            } else if let Some(folder) = std::env::var_os("AMOOZGAR_SCREENSHOTS") {
                std::fs::copy(
                    &path,
                    PathBuf::from(folder).join(format!("export.{ending}")),
                )?;
            }
        }
        let errors = window.gathered_errors().await?;
        ensure!(errors.is_empty(), "the pages reported {errors:?}");
        Ok(())
    })
    .await
}
