//! How long pages and keys take with ten thousand runs and a hundred thousand points in the database,
//! and how the web process' memory goes while a run's page is watched. Prints figures; asserts none of
//! them, since machines differ. docs/benchmarks.md records them.
//!
//! `AMOOZGAR_SOAK_S` is how long the memory is watched: 10 seconds unless it says otherwise.

use crate::support::LOOK_EVERY;
use crate::support::desktop::Desktop;
use crate::support::history::History;
use crate::support::window::{ENDLESS, Form, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

// A debug build's figures tell nothing; it walks the same way over less.
const N_JOBS: u32 = if cfg!(debug_assertions) { 500 } else { 10_000 };
const N_POINTS: u32 = if cfg!(debug_assertions) {
    5_000
} else {
    100_000
};
/// As a person would, not all at once, where it is measured.
const BETWEEN_VISITS: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(100)
} else {
    Duration::from_secs(1)
};
/// A release build is quick: it watches a run over ten times the text.
const WATCHED: &str = if cfg!(debug_assertions) {
    "stories"
} else {
    "hafez"
};
/// Rounds of visits; the first is told apart.
const ROUNDS: usize = if cfg!(debug_assertions) { 2 } else { 6 };

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_keys_are_measured_over_a_long_history() -> Result<()> {
    journey("speed", async |desktop, window| {
        window.make_profile("سارا").await?;
        let mut history = History::of(&desktop.data_dir())?;
        history.add_jobs(N_JOBS)?;
        history.add_run("long", "اجرای دراز", N_POINTS, 1e-3)?;
        history.add_run("other", "اجرای دیگر", N_POINTS, 2e-3)?;
        pages(window).await?;
        whole_list(window).await?;
        keys(window).await
    })
    .await
}

async fn pages(window: &Window) -> Result<()> {
    // What each page is about, and the last of it, which may follow the first frame.
    let visits = [
        (
            "/training",
            "run-list",
            "[data-testid=run-list] > :nth-child(25)",
        ),
        ("/settings", "theme-system", ""),
        ("/settings/training", "settings-threads", ""),
        ("/datasets", "dataset-row-stories", ""),
        ("/notifications", "empty-state", ""),
        ("/training/new", "run-start", "[data-testid=run-advanced]"),
        (
            "/training/jobs/long",
            "loss-chart",
            ".job:has([data-testid=job-samples]) [data-testid=loss-chart]:not([data-points='0']) canvas",
        ),
        (
            "/training/compare?ids=long,other",
            "compare-chart",
            ".compare:has([data-testid=compare-texts]) [data-testid=compare-chart] canvas",
        ),
    ];
    // Until what the page is about stands in the document and is painted; until the next frame may begin,
    // since then the screen has taken that one; and until the last of it is painted.
    let script = "const [path, testid, last, done] = arguments;
        const began = performance.now();
        const since = () => performance.now() - began;
        const times = { painted: null, shown: null, whole: null };
        const whole = () => {
            if (times.shown === null || (last && !document.querySelector(last))) return;
            observer.disconnect();
            clearTimeout(given_up);
            requestAnimationFrame(() => setTimeout(() => {
                times.whole = since();
                done([times.painted, times.shown, times.whole]);
            }, 0));
        };
        let look = () => {
            const found = document.querySelector(`[data-testid=\"${testid}\"]`);
            if (!found || document.querySelector('[data-testid=skeleton]')) return;
            look = whole;
            stands = true;
        };
        // Asked for one frame ahead, so that its timer comes before those of the page, which builds what
        // follows the first frame as soon as that is painted.
        let stands = false;
        const frame = () => {
            if (!stands) return requestAnimationFrame(frame);
            setTimeout(() => { times.painted = since(); }, 0);
            requestAnimationFrame(() => { times.shown = since(); whole(); });
        };
        requestAnimationFrame(frame);
        const observer = new MutationObserver(() => look());
        observer.observe(document.body, { childList: true, subtree: true, attributes: true });
        const given_up = setTimeout(() => { observer.disconnect(); done(null); }, 20000);
        location.hash = path;";
    let mut taken = vec![[const { Vec::new() }; 3]; visits.len()];
    for round in 0..ROUNDS {
        for (page, (path, shows, last)) in visits.iter().enumerate() {
            let arguments = vec![json!(path), json!(shows), json!(last)];
            let answer = window.ask(script, arguments).await?;
            let times: Option<[f64; 3]> = serde_json::from_value(answer)?;
            let times = times.with_context(|| format!("`{path}`: no `{shows}`"))?;
            if round == 0 {
                println!("page {path}, first opening: {}", in_words(times));
            } else {
                for (all, time) in taken[page].iter_mut().zip(times) {
                    all.push(time);
                }
            }
            tokio::time::sleep(BETWEEN_VISITS).await;
        }
    }
    for ((path, ..), times) in visits.iter().zip(taken) {
        println!("page {path}: {}", in_words(times.map(median_and_most)));
    }
    Ok(())
}

fn in_words<T: std::fmt::Display>([painted, shown, whole]: [T; 3]) -> String {
    format!("painted {painted}; on the screen {shown}; all of it {whole} (ms)")
}

/// The list begins with the runs in sight, and the page's others follow.
async fn whole_list(window: &Window) -> Result<()> {
    window.go("/training").await?;
    let deadline = Instant::now() + SOON;
    loop {
        let n_rows = window.count("[data-testid=run-list] > li").await?;
        if n_rows == 25 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{n_rows} of 25 runs are shown");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn median_and_most(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    format!("{median:.1} (at most {most:.1})")
}

async fn keys(window: &Window) -> Result<()> {
    // From the key to the end of everything that the page does about it before it draws. A timer tells
    // that, at most 4 ms late; a message's way would lead through another process.
    let script = "const [testid, text, done] = arguments;
        const field = document.querySelector(`[data-testid=\"${testid}\"]`);
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
        const taken = [];
        let at = 0;
        const next = () => {
            if (at === text.length) return done(taken);
            at += 1;
            const began = performance.now();
            set.call(field, text.slice(0, at));
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));
            setTimeout(() => {
                taken.push(performance.now() - began);
                requestAnimationFrame(() => setTimeout(next, 120));
            }, 0);
        };
        next();";
    for (path, field) in [
        ("/training", "run-search"),
        ("/training/new", "run-name"),
        ("/settings/training", "settings-memory"),
    ] {
        window.go(path).await?;
        window.find(field, SOON).await?;
        window.settled().await?;
        let text = if field == "settings-memory" {
            "۱۰۲۴"
        } else {
            "اجرای شمارهٔ ۹۹۹۹"
        };
        let answer = window.ask(script, vec![json!(field), json!(text)]).await?;
        let times: Vec<f64> = serde_json::from_value(answer)?;
        ensure!(!times.is_empty(), "`{field}` took no key");
        println!("key in `{field}`: {} ms", median_and_most(times));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_process_is_watched_while_a_run_goes_on() -> Result<()> {
    let soak = std::env::var("AMOOZGAR_SOAK_S")
        .ok()
        .and_then(|text| text.parse().ok())
        .map_or(Duration::from_secs(10), Duration::from_secs);
    journey("soak", async |desktop, window| {
        watched(desktop, window, soak).await
    })
    .await
}

async fn watched(desktop: &Desktop, window: &Window, soak: Duration) -> Result<()> {
    window.make_profile("سارا").await?;
    let longer = Form {
        dataset: WATCHED,
        ..ENDLESS
    };
    window.start_run(&longer).await?;
    window.status(&["running"], RUN).await?;
    window.more_points_than(20, RUN).await?;
    let began = Instant::now();
    let mut seen = Vec::new();
    while began.elapsed() < soak {
        let mib = web_process_mib(&desktop.data_dir());
        if let Some(mib) = mib {
            seen.push((began.elapsed().as_secs_f64(), mib));
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
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

/// What the web process of this test's window holds.
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
