//! How much memory the web process holds while the page of a live run is open.

use crate::support::desktop::Desktop;
use crate::support::window::{ENDLESS, Form, RUN, SOON, Window, journey};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Watches a run for `watched` and prints what the web process held every five seconds.
pub async fn measure(watched: Duration) -> Result<()> {
    journey("measure-memory", async |desktop, window| {
        watch(desktop, window, watched).await
    })
    .await
}

async fn watch(desktop: &Desktop, window: &Window, watched: Duration) -> Result<()> {
    window.make_profile("سارا").await?;
    let longer = Form {
        dataset: "hafez",
        ..ENDLESS
    };
    window.start_run(&longer).await?;
    window.status(&["running"], RUN).await?;
    window.more_points_than(20, RUN).await?;
    let began = Instant::now();
    let mut seen = Vec::new();
    while began.elapsed() < watched {
        if let Some(mib) = web_process_mib(&desktop.data_dir()) {
            seen.push((began.elapsed().as_secs_f64(), mib));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    window.status(&["running"], SOON).await?;
    let points = window.points().await?;
    ensure!(!seen.is_empty(), "there is a web process");
    for (at, mib) in &seen {
        println!("web process after {at:.0} s: {mib:.1} MiB");
    }
    println!("points drawn by then: {points}");
    Ok(())
}

/// What the web process of this desktop's window holds.
fn web_process_mib(data_dir: &Path) -> Option<f64> {
    let mark = format!("AMOOZGAR_DATA_DIR={}", data_dir.display());
    std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .find_map(|entry| {
            let of = |name: &str| std::fs::read(entry.path().join(name)).ok();
            let name = String::from_utf8(of("comm")?).ok()?;
            let environment = String::from_utf8_lossy(&of("environ")?).into_owned();
            if !name.starts_with("WebKitWebProc") || !environment.contains(&mark) {
                return None;
            }
            let status = String::from_utf8(of("status")?).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kib / 1024.0)
        })
}
