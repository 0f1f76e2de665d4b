//! What people come for, from end to end: a model that is a GGUF file and a table of questions and answers come
//! in, the model learns to answer them, is talked to, leaves as a GGUF file, comes in again, and answers the
//! same.

use crate::chat::{answer, ask, ended};
use crate::conversations::bring;
use crate::hub::{gone, import};
use crate::support::command_line::Bench;
use crate::support::desktop::Desktop;
use crate::support::window::{NETWORK, RUN, SOON, Window, journey};
use crate::take::{export, tiny_model};
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::fs;

const QUESTION: &str = "کبوتر کجاست؟";
const ANSWER: &str = "روی بام است.";

#[tokio::test(flavor = "multi_thread")]
async fn a_model_and_a_table_come_in_and_what_was_learnt_leaves_and_comes_back() -> Result<()> {
    journey("window-loop", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let bench = Bench::new();
    let file = bench.path("tiny.gguf");
    let form = ["--to", "gguf", "--quantize", "f16"];
    export(&bench, &tiny_model(&bench, 128, 300)?, &form, &file)?;
    let mut table = "ستون الف,ستون ب\n".to_owned();
    for _ in 0..120 {
        writeln!(table, "{QUESTION},{ANSWER}")?;
    }
    let rows = desktop.data_dir().with_file_name("پرسش‌ها.csv");
    fs::write(&rows, table)?;

    window.make_profile("نگار").await?;
    window.go("/models").await?;
    import(window, &file).await?;
    window.find("model-tiny", NETWORK).await?;
    let before = answered_by(window, "imported:tiny").await?;
    let dataset = bring(window, &rows).await?;

    window.go("/models").await?;
    window.click("model-train-tiny").await?;
    window.find("run-lora", SOON).await?;
    window.click(&format!("run-dataset-{dataset}")).await?;
    window.choose("run-column-prompt", "ستون الف").await?;
    window.choose("run-column-completion", "ستون ب").await?;
    window.see_text("[data-part=learnt]", ANSWER).await?;
    window.see_text("[data-part=read]", QUESTION).await?;
    window.type_into("run-name", "پاسخ‌گو").await?;
    window.type_into("run-rank", "16").await?;
    window.type_into("run-epochs", "20").await?;
    window.type_into("run-batch", "4").await?;
    window.type_into("run-lr", "0.01").await?;
    window.click("run-start").await?;
    window.status(&["completed"], RUN).await?;
    let page = window.address().await?;
    let job_id = page.rsplit('/').next().context("the run's id")?;
    let tuned = answered_by(window, &format!("run:{job_id}")).await?;
    ensure!(tuned != before, "it learnt nothing: `{tuned}`");
    ensure!(tuned.contains(ANSWER), "it learnt `{tuned}`");

    let page = page.split_once('#').map_or(page.as_str(), |(_, path)| path);
    window.go(page).await?;
    window.click("job-take").await?;
    window.click("export-as-gguff16").await?;
    let out = bench.path("out");
    fs::create_dir(&out)?;
    window
        .type_into("export-folder", &out.display().to_string())
        .await?;
    window.type_into("export-name", "taken").await?;
    window.click("export-start").await?;
    window.find("export-done", RUN).await?;
    window.click("export-close").await?;
    gone(window, "export-dialog").await?;

    window.go("/models").await?;
    import(window, &out.join("taken.gguf")).await?;
    window.find("model-taken", NETWORK).await?;
    let taken = answered_by(window, "imported:taken").await?;
    ensure!(taken == tuned, "`{taken}`, and before it left `{tuned}`");
    Ok(())
}

/// What a model answers in a new conversation where it always takes the likeliest token.
async fn answered_by(window: &Window, model: &str) -> Result<String> {
    window.go("/chat").await?;
    window.find("chat", SOON).await?;
    window.settled().await?;
    window.choose("chat-model", model).await?;
    window.click("chat-settings-open").await?;
    window.type_into("chat-temperature", "۰").await?;
    window.type_into("chat-max-tokens", "۴۸").await?;
    window.type_into("chat-repetition-penalty", "۱").await?;
    window.click("chat-settings-open").await?;
    ask(window, QUESTION).await?;
    ended(window, &["whole", "cut"]).await?;
    answer(window).await
}
