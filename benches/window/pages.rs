//! How long pages and keys take with ten thousand runs and a hundred thousand points in the database.

use crate::support::long_history::{self, FIELDS, VISITS};
use crate::support::window::{SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;

const N_JOBS: u32 = 10_000;
const N_POINTS: u32 = 100_000;
/// As a person would, not all at once.
const BETWEEN_VISITS: Duration = Duration::from_secs(1);
/// Rounds of visits; the first is printed apart.
const ROUNDS: usize = 6;

/// Visits pages and types into fields, and prints medians and maxima.
pub async fn measure() -> Result<()> {
    journey("measure-pages", async |desktop, window| {
        window.make_profile("سارا").await?;
        long_history::write(&desktop.data_dir(), N_JOBS, N_POINTS)?;
        pages(window).await?;
        keys(window).await
    })
    .await
}

async fn pages(window: &Window) -> Result<()> {
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
    let mut taken = vec![[const { Vec::new() }; 3]; VISITS.len()];
    for round in 0..ROUNDS {
        for (page, visit) in VISITS.iter().enumerate() {
            let path = visit.path;
            let arguments = vec![json!(path), json!(visit.shows), json!(visit.last)];
            let answer = window.ask(script, arguments).await?;
            let times: Option<[f64; 3]> = serde_json::from_value(answer)?;
            let times = times.with_context(|| format!("`{path}`: no `{}`", visit.shows))?;
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
    for (visit, times) in VISITS.iter().zip(taken) {
        let times = times.map(median_and_most);
        println!("page {}: {}", visit.path, in_words(times));
    }
    Ok(())
}

fn in_words<T: std::fmt::Display>([painted, shown, whole]: [T; 3]) -> String {
    format!("painted {painted}; on the screen {shown}; all of it {whole} (ms)")
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
    for field in FIELDS {
        window.go(field.path).await?;
        window.find(field.test_id, SOON).await?;
        window.settled().await?;
        let answer = window
            .ask(script, vec![json!(field.test_id), json!(field.text)])
            .await?;
        let times: Vec<f64> = serde_json::from_value(answer)?;
        ensure!(!times.is_empty(), "`{}` took no key", field.test_id);
        let times = median_and_most(times);
        println!("key in `{}`: {times} ms", field.test_id);
    }
    Ok(())
}
