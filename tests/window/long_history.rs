//! Pages over a history of hundreds of runs and curves of thousands of points: each shows what it is
//! about, also when it is opened again, and fields take what is typed. `cargo xtask measure pages`
//! takes the times.

use crate::support::LOOK_EVERY;
use crate::support::long_history::{self, FIELDS, VISITS};
use crate::support::window::{SOON, Window, journey};
use anyhow::{Result, ensure};
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_fields_cope_with_a_long_history() -> Result<()> {
    journey("long-history", async |desktop, window| {
        window.make_profile("سارا").await?;
        long_history::write(&desktop.data_dir(), 500, 5_000)?;
        // A page that was open before begins with what it knew.
        for _ in 0..2 {
            for visit in VISITS {
                window.go(visit.path).await?;
                window.find(visit.shows, SOON).await?;
                if let Some(last) = visit.last {
                    see(window, last, 1).await?;
                }
            }
        }
        // The list begins with the runs in sight, and the page's others follow.
        window.go("/training").await?;
        see(window, "[data-testid=run-list] > li", 25).await?;
        for field in FIELDS {
            window.go(field.path).await?;
            window.type_into(field.test_id, field.text).await?;
        }
        Ok(())
    })
    .await
}

/// Waits until a CSS selector finds `n` elements.
async fn see(window: &Window, css: &str, n: usize) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let found = window.count(css).await?;
        if found == n {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "`{css}` finds {found} elements, not {n}"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
