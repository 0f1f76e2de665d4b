//! A spreadsheet of questions and answers, in the real window: brought, mapped by hand, looked at, and learnt by
//! adapters over a model of one's own.

use crate::support::desktop::Desktop;
use crate::support::window::{Form, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_of_questions_and_answers_is_mapped_looked_at_and_learnt() -> Result<()> {
    journey("window-conversations", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    // The names of the columns say nothing; one answer is empty.
    let mut table = "ستون الف,ستون ب\n".to_owned();
    for n in 0..40 {
        writeln!(table, "کبوتر {n} کجاست؟,\"روی بام است، \"\"{n}\"\"\"")?;
    }
    table.push_str("بی‌پاسخ؟,\n");
    let file = desktop.data_dir().with_file_name("پرسش‌ها.csv");
    fs::write(&file, table)?;

    window.make_profile("نگار").await?;
    window
        .start_run(&Form {
            name: "پایه",
            dataset: "stories",
            epochs: "1",
            batch: "16",
            lr: "0.002",
            context: "64",
        })
        .await?;
    window.status(&["completed"], RUN).await?;
    let base = window.address().await?;
    let id = bring(window, &file).await?;

    let base = base.split("/training").nth(1).context("the run's page")?;
    window.go(&format!("/training{base}")).await?;
    window.click("job-train-on").await?;
    window.find("run-lora", SOON).await?;
    window.click(&format!("run-dataset-{id}")).await?;
    // Nothing is taken for granted: which column is which is asked.
    let taken = window.text("run-rows-taken").await?;
    ensure!(taken.contains("خودتان بگویید"), "it says `{taken}`");
    window.choose("run-column-prompt", "ستون الف").await?;
    window.choose("run-column-completion", "ستون ب").await?;
    window
        .see_text("[data-part=learnt]", "روی بام است، \"0\"")
        .await?;
    window
        .see_text("[data-part=read]", "کبوتر 0 کجاست؟")
        .await?;
    let read = window.script("return [...document.querySelectorAll('[data-part=read]')].map(e => e.textContent).join()").await?;
    ensure!(
        read.as_str().is_some_and(|read| !read.contains("بام")),
        "an answer is not read: {read}"
    );
    window.type_into("run-name", "پاسخ‌گو").await?;
    window.type_into("run-epochs", "1").await?;
    window.click("run-start").await?;
    window.status(&["completed"], RUN).await?;

    // The same settings once more are in the form, the columns included.
    window.click("job-again").await?;
    window.find("run-lora", SOON).await?;
    window
        .prop_is("run-column-prompt", "value", "ستون الف")
        .await
}

/// Brings a table to the datasets; its id.
pub async fn bring(window: &Window, file: &Path) -> Result<String> {
    window.click("nav-datasets").await?;
    let path = file.display().to_string();
    window.type_into("dataset-import-path", &path).await?;
    window.click("dataset-import-submit").await?;
    let name = file.file_stem().context("a name")?.to_string_lossy();
    window.see_text("a", &name).await?;
    let datasets = window.invoke("datasets_list", &json!(null)).await?;
    let datasets = datasets.ok().context("the datasets")?;
    let datasets = datasets.as_array().context("a list")?;
    let table = datasets.iter().find(|one| one["format"] == "csv");
    let id = table.and_then(|one| one["dataset_id"].as_str());
    Ok(id.context("the table")?.to_owned())
}
