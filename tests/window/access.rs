//! The real window for who cannot see it well, hears it, or has no mouse: axe finds no serious barrier
//! on any page in any theme, doubled text breaks nothing, the keyboard reaches everything, and a
//! failure of the interface itself leaves a way back.

use crate::pages::in_both_themes;
use crate::support::desktop::Desktop;
use crate::support::window::{Form, RUN, SOON, Window, journey, still_journey};
use anyhow::{Result, ensure};
use fantoccini::key::Key;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_a_serious_barrier_in_any_theme_or_with_doubled_text() -> Result<()> {
    still_journey("window-access", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    desktop.resize_window(1280, 800)?;
    window.find("login-name", SOON).await?;
    look(window, "/login").await?;
    window.make_profile("سارا محمدی").await?;
    let mut seen = BTreeSet::from(["/login".to_owned()]);
    visit_all(window, &mut seen).await?;
    window
        .start_run(&Form {
            name: "قصه‌ها، برای همه",
            dataset: "stories",
            epochs: "۲",
            batch: "۸",
            lr: "0.002",
            context: "۶۴",
        })
        .await?;
    window.status(&["completed"], RUN).await?;
    let job = window.address().await?;
    // What was empty has something to show now.
    for page in ["/", "/training", "/notifications"] {
        seen.remove(page);
    }
    visit_all(window, &mut seen).await?;
    window.go(&job).await?;
    for tab in ["write", "checkpoints", "details", "log"] {
        window.click(&format!("job-tab-{tab}")).await?;
        look(window, tab).await?;
    }
    window.go("/nowhere").await?;
    window.find("not-found", SOON).await?;
    look(window, "/nowhere").await?;
    ensure!(seen.len() >= 10, "links led to {seen:?} only");
    Ok(())
}

/// The component page is part of debug builds of the interface (`cargo xtask ui --debug`), where nothing
/// may be wrong with it. No link leads to it, and what is shipped has no such page.
#[tokio::test(flavor = "multi_thread")]
async fn components_have_no_serious_barrier_and_are_not_shipped() -> Result<()> {
    still_journey("window-components", components).await
}

async fn components(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا محمدی").await?;
    window.gather_errors().await?;
    window.go("/dev/components").await?;
    window.settled().await?;
    if window.has("components").await {
        for part in 0..window.count(".dev > *").await? {
            let script = "document.querySelectorAll('.dev > *')[arguments[0]].scrollIntoView()";
            window.run(script, vec![json!(part)]).await?;
            in_both_themes(desktop, window, &format!("components-{part}")).await?;
        }
        for (width, height) in [(900, 700), (1280, 800)] {
            desktop.resize_window(width, height)?;
            look(window, "/dev/components").await?;
        }
    } else {
        window.find("not-found", SOON).await?;
    }
    let errors = window.gathered_errors().await?;
    ensure!(errors.is_empty(), "the page reported {errors:?}");
    Ok(())
}

/// Follows every link from home on, and looks at each page once.
async fn visit_all(window: &Window, seen: &mut BTreeSet<String>) -> Result<()> {
    let mut ahead = vec!["/".to_owned()];
    while let Some(at) = ahead.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        window.go(&at).await?;
        look(window, &at).await?;
        ahead.extend(window.links().await?);
    }
    Ok(())
}

async fn look(window: &Window, page: &str) -> Result<()> {
    for (theme, contrast) in [
        ("light", "system"),
        ("dark", "system"),
        ("light", "more"),
        ("dark", "more"),
    ] {
        window.appear("theme", theme).await?;
        window.appear("contrast", contrast).await?;
        let barriers = if (theme, contrast) == ("light", "system") {
            window.barriers().await?
        } else {
            window.faint_texts().await?
        };
        ensure!(
            barriers.is_empty(),
            "`{page}`, {theme}, contrast {contrast}: {barriers:#?}"
        );
    }
    window.appear("contrast", "system").await?;
    window.appear("text-scale", "200").await?;
    let doubled = async {
        window.settled().await?;
        window.faults().await
    };
    let faults = doubled.await;
    window.appear("text-scale", "100").await?;
    let faults = faults?;
    ensure!(faults.is_empty(), "`{page}`, text doubled: {faults:#?}");
    window.settled().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_finds_everything_and_a_failure_leaves_a_way_back() -> Result<()> {
    journey("window-keyboard", by_keyboard).await
}

async fn by_keyboard(_: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا").await?;
    // The palette: Ctrl+K, a few letters without the ZWNJ, Enter.
    window
        .press(&format!("{}k", char::from(Key::Control)))
        .await?;
    window.find("palette-field", SOON).await?;
    let barriers = window.barriers().await?;
    ensure!(barriers.is_empty(), "the palette: {barriers:#?}");
    window.press("مجموعه داده").await?;
    window.press(&char::from(Key::Enter).to_string()).await?;
    window.find("dataset-row-stories", SOON).await?;
    ensure!(
        !window.has("palette").await,
        "the palette closes with a choice"
    );

    // Escape leaves it, and the focus goes back to what opened it.
    window.click("open-palette").await?;
    window.find("palette-field", SOON).await?;
    window.press(&char::from(Key::Escape).to_string()).await?;
    let focused = "return document.activeElement?.dataset.testid ?? null";
    ensure!(
        window.script(focused).await? == "open-palette" && !window.has("palette").await,
        "Escape closes the palette and gives the focus back"
    );

    // The guide: search, follow what was found.
    window.go("/help").await?;
    window.find("help-chapter", SOON).await?;
    window.type_into("help-search", "بیش برازش").await?;
    window.find("help-found", SOON).await?;
    window.click_text("a", "بیش‌برازش").await?;
    window.find("help-chapter", SOON).await?;
    let address = window.address().await?;
    ensure!(
        address == "/help/glossary/8",
        "a hit leads to its section, not to `{address}`"
    );

    // A field explains itself.
    window.go("/training/new").await?;
    window.click("run-lr-explain-button").await?;
    let shown = "return document.getElementById('run-lr-explain')?.textContent ?? ''";
    let text = window.script(shown).await?;
    ensure!(
        text.as_str().is_some_and(|text| text.contains("واگرا")),
        "the rate is explained: {text:?}"
    );

    // A trap in the module: what was typed is shown, and the way back works.
    window.type_into("run-name", "نامی که نوشته شد").await?;
    window
        .script("setTimeout(() => { throw new WebAssembly.RuntimeError('unreachable') })")
        .await?;
    window.find("rescue", SOON).await?;
    let barriers = window.barriers().await?;
    ensure!(barriers.is_empty(), "the rescue: {barriers:#?}");
    let page = window.text("rescue").await?;
    ensure!(
        page.contains("نامی که نوشته شد"),
        "what was typed is kept in sight: {page}"
    );
    window.click("rescue-home").await?;
    window.find("home-new-run", SOON).await?;
    ensure!(!window.has("rescue").await, "home is as before");
    Ok(())
}
