//! Starts that meet what an earlier one left: a window that is ending, one whose process is gone, and a
//! data folder that cannot be used.

use crate::support::desktop::{Desktop, kill_hard};
use crate::support::window::{ENDLESS, NETWORK, RUN, SOON, journey};
use crate::support::{wait_for, wait_for_end};
use anyhow::{Context, Result, ensure};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a page says to the log when a person could use it.
const READY: &str = "interactive elapsed_ms";

/// Waits until a window that nobody drives is ready, and ends it.
fn opens(desktop: &Desktop, started: &mut Child) -> Result<()> {
    let ready = wait_for("a page", NETWORK, || {
        if let Some(status) = started.try_wait()? {
            anyhow::bail!("the start ended with {status}");
        }
        Ok(desktop.log("launched.err").contains(READY).then_some(()))
    });
    if started.try_wait()?.is_none() {
        kill_hard(started.id())?;
        started.wait()?;
    }
    ready.with_context(|| desktop.log("launched.err"))
}

/// A window that was killed: its name is still known on the bus, and whoever calls it hears that it went.
struct Gone {
    n_calls: Arc<AtomicU32>,
}

#[zbus::interface(name = "org.SingleInstance.DBus")]
impl Gone {
    async fn execute_callback(
        &self,
        arguments: Vec<String>,
        folder: String,
        #[zbus(connection)] bus: &zbus::Connection,
    ) {
        // It says nothing of who called.
        let _ = (arguments, folder);
        self.n_calls.fetch_add(1, Ordering::SeqCst);
        bus.clone().close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_meets_a_window_which_is_gone_opens_one_of_its_own() -> Result<()> {
    let desktop = Desktop::start()?;
    let n_calls = Arc::new(AtomicU32::new(0));
    let gone = Gone {
        n_calls: Arc::clone(&n_calls),
    };
    let _bus = zbus::connection::Builder::address(desktop.bus())
        .serve_at("/ir/amoozgar/app/SingleInstance", gone)
        .name("ir.amoozgar.app.SingleInstance")
        .build()
        .await?;
    let mut start = desktop.launch()?;
    opens(&desktop, &mut start)?;
    let n_calls = n_calls.load(Ordering::SeqCst);
    ensure!(n_calls == 1, "the gone window was called {n_calls} times");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_while_a_window_saves_its_run_waits_and_opens_its_own() -> Result<()> {
    journey("starts-ending", async |desktop, window| {
        window.make_profile("روشن").await?;
        window.start_run(&ENDLESS).await?;
        window.status(&["running"], RUN).await?;
        desktop.ask_application_to_end()?;
        let mut start = desktop.launch()?;
        opens(desktop, &mut start)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_says_why_where_no_terminal_is_seen() -> Result<()> {
    let desktop = Desktop::start()?;
    std::fs::remove_dir(desktop.data_dir())?;
    std::fs::write(desktop.data_dir(), "not a folder")?;
    let mut start = desktop.launch()?;
    let status = wait_for_end(&mut start, SOON)?;
    ensure!(!status.success(), "a start without a data folder: {status}");
    wait_for("the notification", Duration::from_secs(5), || {
        let told = desktop.notifications();
        let path = desktop.data_dir().display().to_string();
        let whole = told.contains("آموزگار باز نشد") && told.contains(&path);
        Ok(whole.then_some(()))
    })
    .with_context(|| desktop.notifications())
}
