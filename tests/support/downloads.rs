//! Downloads as the window shows them.

use super::LOOK_EVERY;
use super::window::Window;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How long a download of some megabytes may take on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(90);

/// Waits until a download's row has a status.
pub async fn status(window: &Window, id: &str, wanted: &str) -> Result<()> {
    let deadline = Instant::now() + WITHIN;
    loop {
        let status = window
            .attribute(&format!("download-{id}"), "data-status")
            .await?;
        if status.as_deref() == Some(wanted) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("the download is {status:?}, not `{wanted}`, after {WITHIN:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until the bar is beyond a percent.
pub async fn moved(window: &Window, id: &str, beyond: f64) -> Result<f64> {
    let deadline = Instant::now() + WITHIN;
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
