//! One person's way through the real window, from the first start to the model's own lines.

use crate::support::desktop::Desktop;
use crate::support::window::{Form, RUN, SOON, Window, journey};
use crate::support::{resources, wait_for};
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_start_to_the_lines_that_the_model_writes() -> Result<()> {
    journey("window-journey", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا").await?;

    window.click("nav-datasets").await?;
    let fetched = resources().join("fetched/hafez/train.txt").is_file();
    let dataset = if fetched { "hafez" } else { "stories" };
    if !fetched {
        println!("the Divan of Hafez was not fetched; the bundled stories stand in for it");
    }

    window
        .start_run(&Form {
            name: "آزمون پنجره",
            dataset,
            epochs: if fetched { "۱" } else { "۸" },
            batch: "16",
            lr: "0.002",
            context: "64",
        })
        .await?;

    // Points arrive while it runs.
    window.status(&["running"], RUN).await?;
    let first = window.more_points_than(0, RUN).await?;
    window.more_points_than(first, RUN).await?;
    // The curve grew while the run went on, not only after it.
    window
        .attribute_is("job-status", "data-status", "running")
        .await?;

    window.click("job-pause").await?;
    window.status(&["paused"], SOON).await?;
    let at_pause = window.points().await?;
    window.click("job-resume").await?;
    window.status(&["running"], SOON).await?;
    window.more_points_than(at_pause, RUN).await?;

    // The cross hides the window; the run goes on; a second start brings it back.
    desktop.close_window()?;
    desktop.start_again()?;
    desktop.see_window()?;
    let at_return = window.points().await?;
    ensure!(
        at_return > at_pause,
        "the page shows what came while it was hidden"
    );

    // Out of sight again, so that the system's notification has something to tell.
    desktop.close_window()?;
    wait_for("the notification", RUN, || {
        Ok(desktop
            .notifications()
            .contains("آموزش تکمیل شد")
            .then_some(()))
    })?;
    ensure!(
        desktop.notifications().contains("آزمون پنجره"),
        "the notification names the run"
    );

    desktop.start_again()?;
    desktop.see_window()?;
    window.status(&["completed"], SOON).await?;
    let samples = window.text("job-samples").await?;
    ensure!(
        samples
            .chars()
            .filter(|letter| ('آ'..='ی').contains(letter))
            .count()
            > 20,
        "the model wrote Persian: `{samples}`"
    );

    window.click("nav-notifications").await?;
    Ok(())
}
