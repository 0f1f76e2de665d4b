//! The dashboard in the real window, with what the machine and a real run tell.

use crate::support::database::Database;
use crate::support::desktop::Desktop;
use crate::support::wait_for;
use crate::support::window::{Form, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_tells_of_the_machine_of_the_runs_and_of_what_can_go() -> Result<()> {
    journey("dashboard", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    const NAME: &str = "برای داشبورد";
    window.make_profile("شیرین").await?;
    window
        .start_run(&Form {
            name: NAME,
            dataset: "stories",
            epochs: "4",
            batch: "8",
            lr: "0.002",
            context: "64",
        })
        .await?;
    window.status(&["running"], RUN).await?;
    let job = window.address().await?;

    window.click("nav-dashboard").await?;
    window.find("machine", SOON).await?;
    let n_processors = std::fs::read_to_string("/proc/cpuinfo")?
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let n_bars = window.count("[data-testid=machine-cores] li").await?;
    ensure!(
        n_bars == n_processors,
        "a bar for each of the {n_processors} processors, not {n_bars}"
    );
    for meter in ["meter-cpu", "meter-memory", "meter-disk"] {
        let text = window.text(meter).await?;
        ensure!(
            text.chars().any(|letter| ('۰'..='۹').contains(&letter)),
            "`{meter}` shows a number: {text}"
        );
    }
    let own = window.text("machine-own").await?;
    ensure!(own.contains("پردازه"), "the program's own share: {own}");
    let tally = window.text("jobs-by-status").await?;
    ensure!(
        tally.contains("در حال اجرا"),
        "the live run is counted: {tally}"
    );

    let database = Database::open(&desktop.data_dir())?;
    wait_for("a sample of the machine", SOON, || {
        Ok((database.machine_samples()? > 0).then_some(()))
    })?;
    window.go("/").await?;
    window.click("nav-dashboard").await?;
    window.find("history-chart", SOON).await?;
    let points = window.attribute("history-chart", "data-points").await?;
    ensure!(
        points.as_deref().is_some_and(|points| points != "0"),
        "the chart has what was kept, not {points:?}"
    );

    window.go(&job).await?;
    window.status(&["completed"], RUN).await?;
    window.click("nav-dashboard").await?;
    let recent = window.text("recent").await?;
    ensure!(
        recent.contains(NAME),
        "the run is among the latest: {recent}"
    );

    let kept = database.job(NAME)?.context("the run's row")?;
    let dir = std::path::PathBuf::from(kept.job_dir);
    let checkpoints = || std::fs::read_dir(dir.join("checkpoints")).map_or(0, Iterator::count);
    let n_checkpoints = checkpoints();
    ensure!(n_checkpoints > 0, "the run has checkpoints");
    window.click("clean-up").await?;
    window.find("cleanup-list", SOON).await?;
    window.click("cleanup-safe").await?;
    window.click("cleanup-remove").await?;
    window.click("dialog-confirm").await?;
    wait_for("room", SOON, || {
        Ok((!dir.join("cache").exists()).then_some(()))
    })?;
    ensure!(
        (1..=n_checkpoints).contains(&checkpoints()),
        "the best checkpoint is not among what is safe to remove"
    );
    ensure!(dir.join("final").is_dir(), "the model is not touched");
    Ok(())
}
