//! A clock that is set back while the window is open: the window locks and a wrong password costs what they
//! would anyway.

use crate::support::desktop::Desktop;
use crate::support::window::{Window, clocked_journey};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "گل سرخ ۱۴۰۵";
/// More than the minute after which the window locks.
const LOCKED_WITHIN: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_neither_keeps_a_window_open_nor_gives_a_try_for_nothing()
-> Result<()> {
    clocked_journey("clock", walk).await
}

async fn shown_day(window: &Window) -> Result<i64> {
    let now = window.script("return Date.now()").await?;
    let now = now.as_f64().context("a moment")?;
    Ok((now / 86_400_000.0) as i64)
}

/// Tries to open the locked window with a wrong password; answers what is said.
async fn guess(window: &Window) -> Result<String> {
    let wrong = json!({ "password": "حدس نادرست" });
    match window.invoke("account_unlock", &wrong).await? {
        Ok(answer) => anyhow::bail!("a guess opened it: {answer}"),
        Err(refusal) => Ok(refusal["code"].as_str().context("a code")?.to_owned()),
    }
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_guarded_profile("نیما", PASSWORD).await?;
    let settings = window.invoke("settings_get", &Value::Null).await?;
    let mut settings = settings.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    settings["account"]["idle_lock_min"] = json!(1);
    let set = window.invoke("settings_set", &settings).await?;
    ensure!(set.is_ok(), "the lock after a minute: {set:?}");

    let today = shown_day(window).await?;
    desktop.set_clock("-2d")?;
    ensure!(
        shown_day(window).await? < today,
        "the application's clock was set back"
    );
    window.find("lock", LOCKED_WITHIN).await?;

    let mut said = String::new();
    for _ in 0..4 {
        said = guess(window).await?;
    }
    ensure!(said == "too_many_attempts", "guesses cost: {said}");
    for back in ["-4d", "-6d", "-8d"] {
        desktop.set_clock(back)?;
        let said = guess(window).await?;
        ensure!(
            said == "too_many_attempts",
            "{back}: a guess for nothing: {said}"
        );
    }
    Ok(())
}
