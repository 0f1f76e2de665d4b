//! Moving runs, models and datasets to another folder in the real window, over the restart that follows
//! and over a kill in the middle; putting a back-up in the database's place; and removing everything
//! there is, with what the keyring holds.

use crate::support::desktop::Desktop;
use crate::support::window::{ENDLESS, Form, RUN, SOON, Window};
use crate::support::{persian_text, wait_for};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Copying, reading back and starting again, on a busy machine.
const WITHIN: Duration = Duration::from_secs(120);

/// Ends what was started again by itself, and opens the application under the driver's eyes.
async fn come_back(desktop: &Desktop, window: Window) -> Result<Window> {
    window.end_session().await;
    desktop.end_application()?;
    Window::open(desktop).await
}

async fn sign_in(window: &Window, name: &str) -> Result<()> {
    window.click_text("button", name).await?;
    window.find("nav-datasets", SOON).await?;
    Ok(())
}

async fn import(desktop: &Desktop, window: &Window, name: &str) -> Result<String> {
    let file = desktop.data_dir().with_file_name("متن.txt");
    fs::write(&file, persian_text(50))?;
    let imported = window
        .invoke("datasets_import", &json!({ "path": file, "name": name }))
        .await?
        .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    let id = imported["dataset"]["dataset_id"]
        .as_str()
        .context("an id")?;
    Ok(id.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_to_a_chosen_folder_and_the_old_one_goes_when_told_to() -> Result<()> {
    let desktop = Desktop::start()?;
    let window = Window::open(&desktop).await?;
    window.make_profile("سارا").await?;
    let dataset = import(&desktop, &window, "شیرین").await?;
    let taken = desktop.data_dir().with_file_name("پر");
    fs::create_dir(&taken)?;
    fs::write(taken.join("مال من.txt"), "")?;
    let target = desktop.data_dir().with_file_name("دیسک بزرگ");

    window.go("/settings/storage").await?;
    window.click("storage-move").await?;
    window.choose_in_dialogs(&taken).await?;
    window.click("place-pick").await?;
    window.click("place-look").await?;
    let said = window.text("error-message").await?;
    ensure!(
        said.contains("خالی نیست"),
        "a full folder is refused: {said}"
    );
    let vast = desktop.data_dir().join("jobs/vast");
    fs::create_dir_all(&vast)?;
    // More than any disk of a test has, and nothing but holes.
    fs::File::create(vast.join("checkpoint"))?.set_len(8 << 40)?;
    look(&window, &target).await?;
    window
        .see_text("[data-testid=error-message]", "جای کافی نیست")
        .await?;
    fs::remove_dir_all(&vast)?;
    window.click("dialog-cancel").await?;
    refused_during_a_run(&window, &target).await?;
    window.go("/settings/storage").await?;
    window.click("storage-move").await?;
    look(&window, &target).await?;
    let summary = window.text("place-summary").await?;
    ensure!(summary.contains("داده کپی می‌شود"), "{summary}");
    window.click("place-start").await?;
    let pointer = desktop.data_dir().join("place.json");
    wait_for("the move", WITHIN, || Ok(pointer.is_file().then_some(())))?;

    let window = come_back(&desktop, window).await?;
    sign_in(&window, "سارا").await?;
    window.go("/settings/storage").await?;
    let place = window.text("storage-place").await?;
    ensure!(place.contains("دیسک بزرگ"), "the new place: {place}");
    let request = json!({ "dataset_id": dataset, "limit": 5, "offset": 0 });
    let preview = window.invoke("datasets_preview", &request).await?;
    ensure!(preview.is_ok(), "the text is read there: {preview:?}");
    let old = desktop.data_dir().join("datasets");
    ensure!(old.is_dir(), "the old place is kept until it is let go of");
    window.click("storage-let-go").await?;
    window.click("dialog-confirm").await?;
    wait_for("the end of the old place", SOON, || {
        Ok((!old.exists()).then_some(()))
    })?;
    let request = json!({ "dataset_id": dataset, "limit": 5, "offset": 0 });
    let preview = window.invoke("datasets_preview", &request).await?;
    ensure!(preview.is_ok(), "and is still read: {preview:?}");
    window.close_session().await;

    // A disk that is not plugged in is no empty one.
    let unplugged = target.with_file_name("بیرون");
    fs::rename(&target, &unplugged)?;
    let window = Window::open(&desktop).await?;
    sign_in(&window, "سارا").await?;
    window.go("/settings/storage").await?;
    window.find("storage-missing", SOON).await?;
    let refusal = window
        .invoke("datasets_delete", &Value::String(dataset))
        .await?;
    ensure!(
        refusal
            .as_ref()
            .is_err_and(|refusal| refusal["code"] == "place_missing"),
        "nothing is changed meanwhile: {refusal:?}"
    );
    ensure!(!target.exists(), "nothing is made where the disk was");
    window.close_session().await;
    Ok(())
}

/// Names the folder in the dialog and has it looked at.
async fn look(window: &Window, target: &Path) -> Result<()> {
    let path = target.display().to_string();
    window.type_into("place-path", &path).await?;
    window.click("place-look").await
}

/// What a run writes to does not go elsewhere under its hands.
async fn refused_during_a_run(window: &Window, target: &Path) -> Result<()> {
    window.start_run(&ENDLESS).await?;
    let job = window.address().await?;
    window.status(&["running"], RUN).await?;
    window.go("/settings/storage").await?;
    window.click("storage-move").await?;
    look(window, target).await?;
    window
        .see_text("[data-testid=error-message]", "در جریان یا در نوبت")
        .await?;
    ensure!(!target.exists(), "nothing was made there");
    window.click("dialog-cancel").await?;
    window.go(&job).await?;
    window.click("job-stop").await?;
    window.click("dialog-confirm").await?;
    window.status(&["stopped"], RUN).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_move_leaves_everything_where_it_was() -> Result<()> {
    let desktop = Desktop::start()?;
    let window = Window::open(&desktop).await?;
    window.make_profile("سارا").await?;
    import(&desktop, &window, "شیرین").await?;
    // Enough to be caught at it.
    let big = desktop.data_dir().join("jobs/big");
    fs::create_dir_all(&big)?;
    for number in 0..12 {
        fs::write(big.join(number.to_string()), vec![number; 32 << 20])?;
    }
    let target = desktop.data_dir().with_file_name("disk");
    let begin = format!(
        "window.__TAURI__.core.invoke('place_move', {{ request: {{ path: {:?} }},
         channel: new window.__TAURI__.core.Channel() }}).catch(() => {{}});",
        target.display().to_string()
    );
    window.script(&begin).await?;
    wait_for("the first bytes", SOON, || {
        let bytes = fs::metadata(target.join("jobs/big/0")).map_or(0, |file| file.len());
        let begun = bytes > 0 || target.join("jobs/big/1").exists();
        Ok(begun.then_some(()))
    })?;
    desktop.end_application()?;
    ensure!(
        !desktop.data_dir().join("place.json").exists(),
        "it was caught before the end; make the files larger"
    );
    ensure!(
        target.join(".amoozgar-moving").is_file(),
        "the half is marked"
    );
    window.end_session().await;

    let window = Window::open(&desktop).await?;
    sign_in(&window, "سارا").await?;
    window.go("/settings/storage").await?;
    let place = window.text("storage-place").await?;
    let data = desktop.data_dir().display().to_string();
    ensure!(place.contains(&data), "as before: {place}");
    // The half of it is no hindrance.
    window.click("storage-move").await?;
    look(&window, &target).await?;
    window.click("place-start").await?;
    window.find("transfer-progress", SOON).await?;
    let pointer = desktop.data_dir().join("place.json");
    wait_for("the move", WITHIN, || Ok(pointer.is_file().then_some(())))?;
    for number in 0..12 {
        let copied = fs::read(target.join("jobs/big").join(number.to_string()))?;
        ensure!(
            copied == vec![number; 32 << 20],
            "file {number} is what it was"
        );
    }
    window.end_session().await;
    desktop.end_application()
}

/// A run that the back-up does not know.
const NEWER: &str = "پس از پشتیبان";

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_takes_the_databases_place_and_the_program_starts_again() -> Result<()> {
    let desktop = Desktop::start()?;
    let window = Window::open(&desktop).await?;
    window.make_profile("سارا").await?;
    let copy = desktop.data_dir().with_file_name("copy.db");
    window.go("/settings/storage").await?;
    window.choose_in_dialogs(&copy).await?;
    window.click("storage-backup").await?;
    wait_for("the copy", SOON, || Ok(copy.is_file().then_some(())))?;
    window
        .start_run(&Form {
            name: NEWER,
            dataset: "stories",
            epochs: "1",
            batch: "8",
            lr: "0.002",
            context: "64",
        })
        .await?;
    window.status(&["completed"], RUN).await?;
    let job = window.address().await?;
    let points = window.points().await?;
    window.go("/settings/storage").await?;
    let dataset = import(&desktop, &window, "پس از پشتیبان").await?;
    window.click("storage-restore").await?;
    window.click("dialog-confirm").await?;
    let replaced = |folder: &Path| -> Result<bool> {
        Ok(fs::read_dir(folder)?.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with("amoozgar.db.replaced-")
        }))
    };
    wait_for("the start after it", WITHIN, || {
        Ok(replaced(&desktop.data_dir())?.then_some(()))
    })?;
    let window = come_back(&desktop, window).await?;
    sign_in(&window, "سارا").await?;
    let request = json!({ "dataset_id": dataset, "limit": 5, "offset": 0 });
    let preview = window.invoke("datasets_preview", &request).await?;
    ensure!(
        preview.is_err(),
        "what came after the back-up is not listed: {preview:?}"
    );

    // Its run is no rubbish: it is offered by its name, and comes back whole.
    window.click("nav-dashboard").await?;
    window.click("clean-up").await?;
    window.see_text("[data-testid=cleanup-list]", NEWER).await?;
    ensure!(
        window.is_disabled("cleanup-safe").await?,
        "it is not among what is safe to remove"
    );
    window.click("cleanup-adopt-0").await?;
    window
        .see_text(".toast", "به فهرست اجراهای شما برگشت")
        .await?;
    window.click("cleanup-close").await?;
    window.go(&job).await?;
    window.status(&["completed"], SOON).await?;
    window
        .more_points_than(points.saturating_sub(1), SOON)
        .await?;
    window.close_session().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_removed_with_the_keyrings_part_and_the_program_begins_anew() -> Result<()> {
    let desktop = Desktop::start()?;
    let _keyring = desktop.start_keyring()?;
    let window = Window::open(&desktop).await?;
    window.make_profile("سارا").await?;
    import(&desktop, &window, "شیرین").await?;
    window.close_session().await;

    // A file of that name asks for nothing by itself.
    let mark = desktop.data_dir().join("wipe");
    fs::write(&mark, "everything\n")?;
    let window = Window::open(&desktop).await?;
    sign_in(&window, "سارا").await?;
    window.click("nav-datasets").await?;
    window.see_text("main", "شیرین").await?;
    ensure!(mark.is_file(), "it is somebody's");
    let kept = window
        .invoke(
            "secret_set",
            &json!({ "secret": "hub_token", "value": "hf_abcdefghijklmnop" }),
        )
        .await?;
    ensure!(kept.is_ok(), "a token is kept: {kept:?}");
    ensure!(desktop.n_secrets()? == 1, "it is in the keyring");

    window.go("/settings/window").await?;
    window.click("wipe").await?;
    ensure!(
        window.is_disabled("wipe-confirm").await?,
        "not before the word is typed"
    );
    window.type_into("wipe-word", "پاک شود").await?;
    window.click("wipe-confirm").await?;
    let datasets = desktop.data_dir().join("datasets");
    wait_for("the start after it", WITHIN, || {
        let empty = fs::read_dir(&datasets).is_ok_and(|mut files| files.next().is_none());
        let done = !desktop.data_dir().join("wipe").exists();
        Ok((empty && done).then_some(()))
    })?;
    wait_for("the end of the secrets", SOON, || {
        Ok((desktop.n_secrets()? == 0).then_some(()))
    })?;
    let window = come_back(&desktop, window).await?;
    window.find("login-name", SOON).await?;
    window.make_profile("دارا").await?;
    window.close_session().await;
    Ok(())
}
