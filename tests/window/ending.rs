//! The program ends while a run has not been saved: it says what it waits for, waits for as long as a person
//! wants it to, and loses nothing.

use crate::support::database::{Database, Job};
use crate::support::desktop::Desktop;
use crate::support::wait_for;
use crate::support::window::{ENDLESS, Form, RUN, Window, journey};
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::Duration;

/// Longer than a silent worker is waited for before somebody is asked.
const ASKED_WITHIN: Duration = Duration::from_secs(60);
const NAME: &str = "آزمون پایان";

#[tokio::test(flavor = "multi_thread")]
async fn the_window_waits_for_a_run_that_saves_and_asks_before_it_gives_it_up() -> Result<()> {
    journey("ending", walk).await
}

/// The run, once it has made some steps since its latest checkpoint.
fn unsaved(database: &Database, more_than: u64) -> Result<Job> {
    wait_for("steps that are not saved", RUN, || {
        let job = database.job(NAME)?.context("the job has a row")?;
        let saved = database.latest_checkpoint(&job.job_id)?.unwrap_or(0);
        let enough = job.pid.is_some() && job.step > saved.max(more_than) + 2;
        Ok(enough.then_some(job))
    })
}

fn signal(name: &str, job: &Job) -> Result<()> {
    let pid = job.pid.context("a live job has a process")?;
    let status = Command::new("kill")
        .args([name, &pid.to_string()])
        .status()?;
    ensure!(status.success(), "kill {name} {pid}: {status}");
    Ok(())
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("مانی").await?;
    let form = Form {
        name: NAME,
        ..ENDLESS
    };
    window.start_run(&form).await?;
    window.status(&["running"], RUN).await?;
    let database = Database::open(&desktop.data_dir())?;
    let job = unsaved(&database, 0)?;

    // A worker that does nothing, as one before a disk that does not answer.
    signal("-STOP", &job)?;
    desktop.ask_application_to_end()?;
    window.find("ending-give-up", ASKED_WITHIN).await?;
    let told = window.text("ending").await?;
    ensure!(told.contains(NAME), "what is waited for: {told}");
    let barriers = window.barriers().await?;
    ensure!(barriers.is_empty(), "the notice: {barriers:#?}");
    window.find("ending-wait", ASKED_WITHIN).await?;
    window.click("ending-wait").await?;
    signal("-CONT", &job)?;
    desktop.wait_for_end_of_application()?;
    let saved = database.latest_checkpoint(&job.job_id)?;
    ensure!(
        saved >= Some(job.step),
        "nothing is lost: step {} of {} is saved",
        saved.unwrap_or(0),
        job.step
    );
    let status = database.job(NAME)?.context("the job")?.status;
    ensure!(status == "interrupted", "it can go on: {status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_want_to_wait_for_a_run_ends_the_program_at_once() -> Result<()> {
    journey("ending-give-up", give_up).await
}

async fn give_up(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("مانی").await?;
    let form = Form {
        name: NAME,
        ..ENDLESS
    };
    window.start_run(&form).await?;
    window.status(&["running"], RUN).await?;
    let database = Database::open(&desktop.data_dir())?;
    let job = unsaved(&database, 0)?;
    signal("-STOP", &job)?;
    desktop.ask_application_to_end()?;
    window.find("ending-give-up", ASKED_WITHIN).await?;
    window.click("ending-give-up").await?;
    desktop.wait_for_end_of_application()?;
    let found = database.job(NAME)?.context("the job")?;
    ensure!(
        found.status == "interrupted",
        "it can go on: {}",
        found.status
    );
    Ok(())
}
