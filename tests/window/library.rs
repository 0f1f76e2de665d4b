//! One model's page: opened from the list, what it says of a model that was imported and of one that a run
//! made, a check that finds damage and says where, a deletion that refuses what is in use and then frees it,
//! and a run's settings for GPU servers.

use crate::hub::{gone, import};
use crate::support::command_line::Bench;
use crate::support::desktop::Desktop;
use crate::support::window::{NETWORK, RUN, SOON, Window, journey};
use crate::take::{export, tiny_model};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_s_page_says_what_it_is_finds_damage_and_lets_it_go() -> Result<()> {
    journey("window-library", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let bench = Bench::new();
    let file = bench.path("tiny.gguf");
    let model = tiny_model(&bench, 32, 60)?;
    export(
        &bench,
        &model,
        &["--to", "gguf", "--quantize", "f16"],
        &file,
    )?;
    window.make_profile("سارا").await?;
    window.go("/models").await?;
    import(window, &file).await?;
    window.find("model-tiny", NETWORK).await?;
    what_it_is(window).await?;
    // The run needs the model from here on.
    let run = run_on_it(window).await?;
    what_the_run_made(window, &run).await?;
    for_a_server(&bench, window, &run).await?;
    refused_then_gone(desktop, window, &run).await
}

/// The list leads there, every fact is known that can be, and what is not is said to be unknown.
async fn what_it_is(window: &Window) -> Result<()> {
    window
        .click_text("[data-testid=model-tiny] a.model-row__name", "tiny")
        .await?;
    window.find("model-page", NETWORK).await?;
    window.settled().await?;
    window.remember("model-imported").await?;
    for (fact, wanted) in [
        ("model-family", "llama"),
        ("model-weights", "F16"),
        ("model-licence", "نامشخص"),
        ("model-context", "۳۲"),
    ] {
        let shown = window.text(fact).await?;
        ensure!(shown.contains(wanted), "`{fact}` says `{shown}`");
    }
    let fertility = window.text("model-fertility").await?;
    ensure!(
        fertility.chars().any(|c| ('۰'..='۹').contains(&c)),
        "tokens a word are a number: `{fertility}`"
    );
    let faults = window.faults().await?;
    ensure!(faults.is_empty(), "{faults:?}");
    check(window, 0).await
}

/// Has the model checked, and finds so many faults.
async fn check(window: &Window, n_faults: u64) -> Result<()> {
    window.click("model-check").await?;
    window.click("check-start").await?;
    window.find("check-report", RUN).await?;
    window
        .attribute_is("check-report", "data-faults", &n_faults.to_string())
        .await?;
    let name = if n_faults == 0 { "sound" } else { "damaged" };
    window.remember(&format!("model-check-{name}")).await
}

async fn close_check(window: &Window) -> Result<()> {
    window.click("check-close").await?;
    gone(window, "check-dialog").await
}

/// A run on the model; answers with its id.
async fn run_on_it(window: &Window) -> Result<String> {
    close_check(window).await?;
    window.click("model-train").await?;
    window.find("run-lora", SOON).await?;
    window.settled().await?;
    window.click("run-dataset-stories").await?;
    window.type_into("run-name", "کوچک").await?;
    window.type_into("run-rank", "2").await?;
    window.type_into("run-epochs", "1").await?;
    window.click("run-start").await?;
    window.status(&["completed"], RUN).await?;
    let page = window.address().await?;
    let id = page.rsplit('/').next().context("the run's id")?;
    Ok(id.to_owned())
}

/// The model of the run says which run made it, with its curve and its samples, and has a card.
async fn what_the_run_made(window: &Window, run: &str) -> Result<()> {
    window.go(&format!("/models/run--{run}")).await?;
    window.find("model-run-made", NETWORK).await?;
    window.find("loss-chart", SOON).await?;
    window.find("job-details", SOON).await?;
    window.settled().await?;
    window.remember("model-trained").await?;
    let faults = window.faults().await?;
    ensure!(faults.is_empty(), "{faults:?}");
    let barriers = window.barriers().await?;
    ensure!(barriers.is_empty(), "{barriers:?}");
    let folder = window.text("model-folder").await?;
    let card = fs::read_to_string(Path::new(folder.trim()).join("README.md"))?;
    ensure!(
        card.contains("## What it is") && card.contains("## این مدل چیست"),
        "the card is in both languages: {card}"
    );
    ensure!(
        card.contains("datasets:") && !card.contains("license:"),
        "the data has its name, the licence is not known: {card}"
    );
    let weights = Path::new(folder.trim()).join("model.safetensors");
    let sound = fs::read(&weights)?;
    let mut damaged = sound.clone();
    let at = damaged.len() - 4;
    damaged[at..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    fs::write(&weights, &damaged)?;
    check(window, 1).await?;
    let told = window.text("check-report").await?;
    ensure!(
        told.contains("model.safetensors") && told.contains("inf"),
        "it says in which file and what: {told}"
    );
    ensure!(
        told.contains("model.") && told.contains("weight"),
        "it names the weight: {told}"
    );
    fs::write(&weights, &sound)?;
    close_check(window).await
}

/// The run's page writes its settings for a program on GPU servers.
async fn for_a_server(bench: &Bench, window: &Window, run: &str) -> Result<()> {
    window.go(&format!("/training/jobs/{run}")).await?;
    let out = bench.path("servers");
    fs::create_dir(&out)?;
    for (choice, name, file) in [
        ("recipe-for-axolotl", "one", "axolotl.yaml"),
        ("recipe-for-llama-factory", "two", "llama_factory.yaml"),
    ] {
        window.click("job-recipe").await?;
        window.click(choice).await?;
        window
            .type_into("export-folder", &out.display().to_string())
            .await?;
        window.type_into("export-name", name).await?;
        window.remember(&format!("recipe-{name}")).await?;
        window.click("recipe-start").await?;
        window.find("recipe-done", RUN).await?;
        window.remember(&format!("recipe-{name}-done")).await?;
        window.click("recipe-close").await?;
        gone(window, "recipe-dialog").await?;
        let folder = out.join(name);
        let settings = fs::read_to_string(folder.join(file))?;
        ensure!(
            settings.contains("GGUF") && settings.contains("lora"),
            "it says what the base model is: {settings}"
        );
        ensure!(folder.join("train.jsonl").is_file(), "the data is there");
    }
    Ok(())
}

/// What the run goes on from cannot be deleted while another run on it waits to go on; then it goes.
async fn refused_then_gone(desktop: &Desktop, window: &Window, run: &str) -> Result<()> {
    window.go("/models/imported--tiny").await?;
    window.click("model-train").await?;
    window.find("run-lora", SOON).await?;
    window.settled().await?;
    window.click("run-dataset-stories").await?;
    window.type_into("run-name", "نیمه‌کاره").await?;
    window.type_into("run-epochs", "500").await?;
    window.click("run-start").await?;
    window.status(&["running"], RUN).await?;
    let second = window.address().await?;
    window.go("/models/imported--tiny").await?;
    window.click("model-delete").await?;
    window.click("dialog-confirm").await?;
    window
        .see_text("[data-testid=error-message]", "نیمه‌کاره")
        .await?;
    window.remember("model-delete-refused").await?;
    window.click("dialog-cancel").await?;
    window.go(&second).await?;
    window.click("job-stop").await?;
    window.click("dialog-confirm").await?;
    window.status(&["stopped"], RUN).await?;
    window.click("job-delete").await?;
    window.click("dialog-confirm").await?;
    window.find("run-list", RUN).await?;

    window.go("/models/imported--tiny").await?;
    window.click("model-delete").await?;
    window.remember("model-delete").await?;
    window.click("dialog-confirm").await?;
    window.find("models-list", NETWORK).await?;
    ensure!(!window.has("model-tiny").await, "it is gone from the list");
    ensure!(
        !desktop.data_dir().join("models/tiny").exists(),
        "and from the disk"
    );
    window.go("/models/imported--tiny").await?;
    window.find("error-retry", SOON).await?;
    window.go(&format!("/models/run--{run}")).await?;
    window.find("model-page", NETWORK).await.map(drop)
}
