//! Downloads as the window shows them.

use super::database::Database;
use super::window::{NETWORK, SOON, Window};
use super::{LOOK_EVERY, wait_for};
use anyhow::{Result, bail};
use std::time::Instant;

/// Waits until a download's row has a status.
pub async fn status(window: &Window, id: &str, wanted: &str) -> Result<()> {
    let row = format!("download-{id}");
    window.attribute_is(&row, "data-status", wanted).await
}

/// The one download that was asked for, once the queue has it.
pub fn queued(database: &Database) -> Result<String> {
    wait_for("a row", SOON, || {
        Ok(database.download()?.map(|(id, _, _)| id))
    })
}

/// Waits until the bar is beyond a percent.
pub async fn moved(window: &Window, id: &str, beyond: f64) -> Result<f64> {
    let deadline = Instant::now() + NETWORK;
    loop {
        let shown = window
            .attribute(&format!("download-progress-{id}"), "aria-valuenow")
            .await?;
        let percent = shown.and_then(|text| text.parse().ok()).unwrap_or(0.0);
        if percent > beyond {
            return Ok(percent);
        }
        if Instant::now() >= deadline {
            bail!("the bar stays at {percent}, not beyond {beyond}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
