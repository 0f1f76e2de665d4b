//! A worker that is killed in the middle: the run shows as interrupted, goes on when asked to, and
//! ends where an unbroken run ends, to the last bit.

use crate::support::command_line::{Bench, Worker, curve, steps, validations};
use crate::support::database::Database;
use crate::support::desktop::{Desktop, kill_hard};
use crate::support::wait_for;
use crate::support::window::{ENDLESS, Form, RUN, SOON, Window, journey};
use amoozgar_types::TrainEvent;
use anyhow::{Context, Result, ensure};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_seen_resumed_in_the_window_and_loses_nothing() -> Result<()> {
    journey("interrupted", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    const NAME: &str = "آزمون قطع";
    window.make_profile("دارا").await?;
    window
        .start_run(&Form {
            name: NAME,
            epochs: "4",
            ..ENDLESS
        })
        .await?;
    window.status(&["running"], RUN).await?;

    // Past a checkpoint by a few steps, so that there is something to do again.
    let database = Database::open(&desktop.data_dir())?;
    let job = wait_for("a step after a checkpoint", RUN, || {
        let job = database.job(NAME)?.context("the job has a row")?;
        let checkpoint = database.latest_checkpoint(&job.job_id)?;
        Ok(checkpoint
            .is_some_and(|checkpoint| job.step > checkpoint + 1)
            .then_some(job))
    })?;
    ensure!(
        job.step < job.total_steps,
        "the run is in its middle: step {} of {}",
        job.step,
        job.total_steps
    );
    kill_hard(job.pid.context("a live job has a process")?)?;

    window.status(&["interrupted"], SOON).await?;
    ensure!(
        database.notifications("training_interrupted")? == 1,
        "the user is told once"
    );
    window.click("job-resume").await?;
    window.status(&["running", "completed"], RUN).await?;
    window.status(&["completed"], RUN).await?;

    let specification = std::fs::read(Path::new(&job.job_dir).join("job.json"))?;
    let bench = Bench::new();
    let unbroken_dir = bench.job_dir("unbroken", &serde_json::from_slice(&specification)?);
    let mut unbroken = Worker::start(&bench, &unbroken_dir);
    let code = unbroken.finish();
    ensure!(
        code == Some(0) && matches!(unbroken.events.last(), Some(TrainEvent::Finished(_))),
        "the unbroken run ended with {code:?}: {:?}",
        unbroken.events.last()
    );
    let resumed = database.curve(&job.job_id)?;
    ensure!(
        resumed == curve(steps(&unbroken.events)),
        "the training curves of {} points differ",
        resumed.len()
    );
    let expected: Vec<_> = validations(&unbroken.events)
        .into_iter()
        .map(|point| {
            let loss = point.val_loss.finite().unwrap_or(f64::NAN);
            (point.step, loss.to_bits())
        })
        .collect();
    ensure!(
        database.validation_curve(&job.job_id)? == expected,
        "the validation curves differ"
    );
    Ok(())
}
