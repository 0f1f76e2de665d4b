//! What is too large for a window: it costs a child, the person reads why in Persian, and the window's
//! own process stays small and goes on answering.

use crate::support::desktop::Desktop;
use crate::support::window::{NETWORK, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// What the window's process may have held at the most, in KiB.
const MOST_KIB: u64 = 1 << 20;
/// Length of the text's only line.
const LINE_MIB: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_a_text_and_a_folder_too_large_for_a_window_leave_it_small_and_alive() -> Result<()>
{
    journey("window-heavy", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا").await?;
    let models = desktop.data_dir().join("models");
    model(&models.join("seven"), 32, 13_476_000_000)?;
    model(&models.join("monster"), 4_000_000_000, 1 << 20)?;

    the_form(window).await?;
    is_small_and_alive(
        desktop,
        window,
        "the form with seven thousand million weights",
    )
    .await?;
    the_text(window).await?;
    is_small_and_alive(desktop, window, "a text on one line").await?;
    the_folder(window).await?;
    is_small_and_alive(desktop, window, "four thousand million layers").await
}

/// A model's folder of the shape of a Llama of seven thousand million weights, which are a hole on the
/// disk.
fn model(dir: &Path, n_layers: u64, weights_bytes: u64) -> Result<()> {
    fs::create_dir_all(dir)?;
    let config = json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": n_layers,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "tie_word_embeddings": false,
        "torch_dtype": "float16"
    });
    fs::write(dir.join("config.json"), serde_json::to_vec(&config)?)?;
    // A plan counts the text's tokens with the model's own tokenizer.
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": null,
        "decoder": null,
        "model": { "type": "WordLevel", "vocab": { "<unk>": 0 }, "unk_token": "<unk>" }
    });
    fs::write(dir.join("tokenizer.json"), tokenizer.to_string())?;
    File::create(dir.join("model.safetensors"))?.set_len(weights_bytes)?;
    Ok(())
}

/// The estimate of a run over the large model, as it is and where less memory is allowed.
async fn the_form(window: &Window) -> Result<()> {
    choose_the_large_model(window).await?;
    window.find("run-kept", RUN).await?;
    let figures = window.text("run-estimate").await?;
    ensure!(is_persian(&figures), "the plan in Persian: `{figures}`");

    window.go("/settings/training").await?;
    window.type_into("settings-memory", "۲۰۴۸").await?;
    window.click("settings-save").await?;
    window.click_text(".toast", "ذخیره شد").await?;
    choose_the_large_model(window).await?;
    let warning = window.find("run-warning", NETWORK).await?.text().await?;
    ensure!(
        warning.contains("در حافظهٔ آزاد جا نمی‌شود"),
        "the person is told that it does not fit: `{warning}`"
    );
    Ok(())
}

async fn choose_the_large_model(window: &Window) -> Result<()> {
    window.go("/training/new").await?;
    window.click("run-method-lora").await?;
    window.click("run-base-imported:seven").await?;
    window.find("run-lora", SOON).await?;
    window.click("run-dataset-stories").await
}

/// A file whose only line no process may hold.
async fn the_text(window: &Window) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("text.txt");
    let mut file = File::create(&path)?;
    let part = "سلام دنیا ".repeat((1 << 20) / "سلام دنیا ".len());
    for _ in 0..LINE_MIB {
        file.write_all(part.as_bytes())?;
    }
    drop(file);
    window.click("nav-datasets").await?;
    let name = path.display().to_string();
    window.type_into("dataset-import-path", &name).await?;
    window.click("dataset-import-submit").await?;
    let message = window.find("error-message", RUN).await?.text().await?;
    ensure!(is_persian(&message), "why it was refused: `{message}`");
    Ok(())
}

/// The folder is listed among the models, and the form says why no run can go on from it.
async fn the_folder(window: &Window) -> Result<()> {
    window.click("nav-models").await?;
    window.find("model-monster", NETWORK).await?;
    window.go("/training/new").await?;
    window.click("run-method-lora").await?;
    window.find("run-base-imported:seven", NETWORK).await?;
    window
        .click_text("details.new-run__unfit summary", "")
        .await?;
    let reason = window.text("run-base-imported:monster").await?;
    ensure!(
        is_persian(&reason) && reason.contains("num_hidden_layers"),
        "which setting says why no run can go on from it: `{reason}`"
    );
    Ok(())
}

async fn is_small_and_alive(desktop: &Desktop, window: &Window, after: &str) -> Result<()> {
    window.click("nav-home").await?;
    window.click("nav-training").await?;
    window
        .find("new-run", SOON)
        .await
        .with_context(|| format!("no page after {after}"))?;
    let alive = window.invoke("system_app_info", &Value::Null).await?;
    ensure!(alive.is_ok(), "the shell answers no more after {after}");
    let held_kib = desktop.window_peak_kib()?;
    ensure!(
        held_kib < MOST_KIB,
        "after {after} the window's process had held {held_kib} KiB"
    );
    Ok(())
}

fn is_persian(text: &str) -> bool {
    text.chars()
        .any(|letter| ('\u{600}'..='\u{6ff}').contains(&letter))
}
