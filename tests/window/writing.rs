//! A run's model writes before the run has ended, from what the run saved on its way.

use crate::support::desktop::Desktop;
use crate::support::window::{ENDLESS, RUN, SOON, Window, journey};
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_not_ended_writes_from_its_checkpoint() -> Result<()> {
    journey("window-writing", walk).await
}

async fn walk(_desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("پروین").await?;
    window.start_run(&ENDLESS).await?;
    window.status(&["running"], RUN).await?;
    window.more_points_than(20, RUN).await?;
    // A pause saves.
    window.click("job-pause").await?;
    window.status(&["paused"], RUN).await?;
    window.click("job-tab-write").await?;
    writes(window).await?;

    // And while it goes on, from the same checkpoint.
    window.click("job-resume").await?;
    window.status(&["running"], SOON).await?;
    writes(window).await?;
    window
        .attribute_is("job-status", "data-status", "running")
        .await
}

async fn writes(window: &Window) -> Result<()> {
    window.click("write-start").await?;
    window
        .attribute_is("write-output", "data-state", "done")
        .await?;
    let text = window.find("write-text", SOON).await?.text().await?;
    ensure!(!text.is_empty(), "the model wrote something");
    ensure!(!window.has("error-message").await, "and nothing went wrong");
    Ok(())
}
