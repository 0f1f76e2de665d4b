//! Fine-tuning in the real window: a model from scratch, adapters over it, and what is refused.

use crate::support::desktop::Desktop;
use crate::support::window::{Form, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn adapters_are_trained_over_a_model_of_ones_own_and_the_result_writes() -> Result<()> {
    journey("window-tuning", walk).await
}

async fn walk(_desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("نگار").await?;
    window
        .start_run(&Form {
            name: "پایه",
            dataset: "stories",
            epochs: "1",
            batch: "16",
            lr: "0.002",
            context: "32",
        })
        .await?;
    window.status(&["completed"], RUN).await?;
    let page = window.address().await?;
    let base = page.rsplit('/').next().context("the run's id")?.to_owned();

    window.click("job-train-on").await?;
    window.find("run-lora", SOON).await?;
    window.click("run-dataset-stories").await?;
    window.type_into("run-name", "لحن تازه").await?;
    window.type_into("run-rank", "4").await?;
    window.type_into("run-epochs", "1").await?;
    window.click("run-start").await?;
    window.status(&["completed"], RUN).await?;
    window.click("job-tab-details").await?;
    ensure!(
        window.text("job-base").await? == "پایه",
        "the details name the model that it went on from"
    );

    // The adapters are merged into the weights: the result writes like any other model.
    window.click("job-tab-write").await?;
    window.click("write-start").await?;
    window.find("write-text", RUN).await?;

    // The same settings once more are in the form, the model included.
    window.click("job-again").await?;
    window.find("run-lora", SOON).await?;
    ensure!(
        window.prop("run-rank", "value").await?.as_deref() == Some("۴"),
        "the rank of the run before"
    );
    window.settled().await?;
    ensure!(
        !window.has("run-base-missing").await,
        "the model of the run before is chosen"
    );
    refusals(window, &base).await
}

async fn refusals(window: &Window, base: &str) -> Result<()> {
    let run = |base: &str, targets: Value, context: u32| {
        json!({
            "name": "x", "dataset_id": "stories", "preset": "tiny", "epochs": 1, "batch_size": 4,
            "lr": 0.001, "context_length": context, "method": "lora",
            "base_model": { "source": "trained", "job_id": base },
            "lora": { "targets": targets },
        })
    };
    for (field, run) in [
        ("base_model", run("gone", json!([]), 32)),
        ("targets", run(base, json!(["no_such_map"]), 32)),
        ("context_length", run(base, json!([]), 2048)),
    ] {
        let refusal = window.invoke("training_create", &run).await?;
        let refusal = refusal
            .err()
            .with_context(|| format!("`{field}` was taken"))?;
        ensure!(
            refusal["code"] == "invalid_field" && refusal["params"]["field"] == field,
            "`{field}` is named: {refusal}"
        );
    }
    Ok(())
}
