//! Shorter visits to the real window: a profile with a password, files that cannot be used, a run
//! that fails, the tray, and the notification that leads back.

use crate::support::database::Database;
use crate::support::desktop::Desktop;
use crate::support::wait_for;
use crate::support::window::{ENDLESS, Form, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_with_a_password_opens_with_it_and_with_nothing_else() -> Result<()> {
    journey("visit-password", async |desktop, window| {
        const PASSWORD: &str = "گل سرخ ۱۴۰۵";
        window.make_guarded_profile("نیما", PASSWORD).await?;
        window.click("sign-out").await?;

        window.click_text("button", "نیما").await?;
        window.type_into("login-password", "گل سرخ").await?;
        window.click("login-submit").await?;
        let refusal = window.text("error-message").await?;
        ensure!(
            refusal.contains("برای این نمایه گذاشته شده یکی نیست"),
            "a wrong password is refused in words, not with `{refusal}`"
        );
        ensure!(
            !window.has("nav-datasets").await,
            "no page opens with a wrong password"
        );
        // The address alone opens nothing either.
        window.go("/datasets").await?;
        window.settled().await?;
        ensure!(
            !window.has("dataset-row-stories").await,
            "no page opens by its address"
        );

        window.type_into("login-password", PASSWORD).await?;
        window.click("login-submit").await?;
        window.find("nav-datasets", SOON).await?;
        let stored = std::fs::read(desktop.data_dir().join("amoozgar.db"))?;
        ensure!(
            !contains(&stored, PASSWORD.as_bytes()),
            "the password itself is in the database"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_refused_in_words_and_nothing_is_lost() -> Result<()> {
    journey("visit-refusals", refusals).await
}

async fn refusals(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("پروین").await?;
    let folder = tempfile::tempdir()?;
    let seven = "{\"text\": \"یک سطر درست\"}\n".repeat(6) + "{\"text\": \"بی پایان\n";
    let files: [(&str, Option<&[u8]>, &str, &str); 5] = [
        ("خالی.txt", Some(b""), "EmptyFile", "خالی"),
        (
            "دودویی.txt",
            Some(b"\x7fELF\x00\x00\x01\x02\x00\x00"),
            "BinaryFile",
            "متن نیست",
        ),
        (
            "شکسته.jsonl",
            Some(seven.as_bytes()),
            "InvalidJson",
            "سطر ۷",
        ),
        ("نیست.txt", None, "FileNotFound", "در این نشانی چیزی نیست"),
        (
            "سند.docx",
            Some(b"PK\x03\x04"),
            "UnsupportedFormat",
            "پشتیبانی نمی‌شود",
        ),
    ];
    window.click("nav-datasets").await?;
    for (name, bytes, code, words) in files {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes)?;
        }
        let path = path.to_str().context("a path in UTF-8")?;
        window.type_into("dataset-import-path", path).await?;
        window.click("dataset-import-submit").await?;
        let said = window.text("error-message").await?;
        let shown = window.attribute("error-message", "data-code").await?;
        ensure!(
            shown.as_deref() == Some(code) && said.contains(words) && said.contains(name),
            "`{name}` must be refused as {code} with «{words}» and its path, not as {shown:?}: {said}"
        );
        ensure!(
            window
                .prop("dataset-import-path", "value")
                .await?
                .as_deref()
                == Some(path),
            "what was typed is still there to be mended"
        );
    }
    let imported = std::fs::read_dir(desktop.data_dir().join("datasets"))?.count();
    ensure!(imported == 0, "{imported} refused files were kept");

    // A usable file, but too short for the context that is asked for.
    let short = folder.path().join("کوتاه.txt");
    std::fs::write(&short, crate::support::persian_text(40))?;
    window
        .type_into(
            "dataset-import-path",
            short.to_str().context("a path in UTF-8")?,
        )
        .await?;
    window.click("dataset-import-submit").await?;
    let database = Database::open(&desktop.data_dir())?;
    let dataset = wait_for("the dataset's row", SOON, || database.dataset("کوتاه"))?;
    window
        .start_run(&Form {
            name: "زمینهٔ دراز",
            dataset: &dataset,
            epochs: "1",
            batch: "4",
            lr: "0.001",
            context: "2048",
        })
        .await?;
    window.find("job-banner", RUN).await?;
    let said = window.text("job-banner").await?;
    ensure!(
        said.contains("متن برای این اجرا کم است") && said.contains("۲٬۰۴۹"),
        "the page says how much text is needed: {said}"
    );
    window
        .attribute_is("job-status", "data-status", "failed")
        .await?;
    window.click("nav-datasets").await?;
    window.find(&format!("dataset-row-{dataset}"), SOON).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_shows_pauses_and_opens_and_a_notification_leads_back() -> Result<()> {
    journey("visit-tray", tray).await
}

async fn tray(desktop: &Desktop, window: &Window) -> Result<()> {
    const NAME: &str = "زیر نظر ناحیهٔ اعلان";
    const WITHIN: Duration = SOON;
    let labels = || -> Result<Vec<String>> {
        let entries = desktop.tray()?.entries()?;
        Ok(entries.into_iter().map(|entry| entry.label).collect())
    };
    window.make_profile("فروغ").await?;
    wait_for("an icon in the tray", WITHIN, || {
        Ok(labels()
            .is_ok_and(|labels| {
                labels
                    .iter()
                    .any(|label| label == "آموزشی در حال اجرا نیست")
            })
            .then_some(()))
    })?;
    window
        .start_run(&Form {
            name: NAME,
            epochs: "4",
            ..ENDLESS
        })
        .await?;
    window.status(&["running"], RUN).await?;
    window.more_points_than(2, RUN).await?;
    wait_for("the run in the tray", WITHIN, || {
        let progress = labels()?
            .iter()
            .any(|label| label.starts_with(NAME) && label.ends_with('٪'));
        Ok(progress.then_some(()))
    })?;

    desktop.tray()?.choose("مکث آموزش")?;
    window.status(&["paused"], WITHIN).await?;
    wait_for("the way to go on", WITHIN, || {
        Ok(labels()?
            .iter()
            .any(|label| label == "ادامهٔ آموزش")
            .then_some(()))
    })?;
    desktop.close_window()?;
    desktop.tray()?.choose("باز کردن آموزگار")?;
    desktop.see_window()?;

    window.click("nav-home").await?;
    desktop.tray()?.choose("ادامهٔ آموزش")?;
    desktop.close_window()?;
    wait_for("the notification", RUN, || {
        Ok(desktop
            .notifications()
            .contains("آموزش تکمیل شد")
            .then_some(()))
    })?;
    desktop.click_notification()?;
    desktop.see_window()?;
    window.status(&["completed"], WITHIN).await?;
    ensure!(
        window.address().await?.starts_with("/training/jobs/"),
        "the notification leads to the run's page"
    );

    desktop.tray()?.choose("خروج")?;
    wait_for("the end of the application", WITHIN, || {
        Ok((!desktop.window_is_visible()?).then_some(()))
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
