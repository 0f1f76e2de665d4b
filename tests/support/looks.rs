//! How a page looks: in which theme, whether it is at rest, what a careful reader or axe would object
//! to, and pictures of it.

use super::window::{SOON, Window};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

impl Window {
    /// Shows the page in a theme, as the interface does when the setting is changed.
    pub async fn prefer(&self, theme: &str) -> Result<()> {
        let script = "document.documentElement.dataset.theme = arguments[0]";
        self.run(script, vec![json!(theme)]).await?;
        Ok(())
    }

    /// Keeps a choice of appearance as the interface does: `theme`, `contrast` or `text-scale`.
    pub async fn appear(&self, key: &str, value: &str) -> Result<()> {
        let script = "localStorage.setItem(arguments[0], arguments[1]);
            dispatchEvent(new Event('appearance'))";
        self.run(script, vec![json!(key), json!(value)]).await?;
        Ok(())
    }

    /// Waits until nothing is loading and what was drawn has been shown. The component page has a
    /// skeleton for good.
    pub async fn settled(&self) -> Result<()> {
        const LOADING: &str = "[data-testid=skeleton]:not([data-testid=components] *)";
        let deadline = Instant::now() + SOON;
        while self.count(LOADING).await? > 0 {
            if Instant::now() >= deadline {
                bail!("the page is still loading after {SOON:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
        // What is folded away (a closed `details`) stands still until it is opened.
        let script = "const done = arguments[0];
            const ended = document.getAnimations()
                .filter((one) => one.effect?.getComputedTiming().endTime < 2000)
                .filter((one) => one.effect.target?.checkVisibility() ?? true)
                .map((one) => one.finished.catch(() => {}));
            Promise.all([document.fonts.ready, ...ended])
                .then(() => requestAnimationFrame(() => requestAnimationFrame(done)))";
        self.ask(script, vec![]).await?;
        Ok(())
    }

    /// What a careful reader would object to on the page.
    pub async fn faults(&self) -> Result<Vec<String>> {
        let found = self.run(include_str!("faults.js"), vec![]).await?;
        Ok(serde_json::from_value(found)?)
    }

    /// What axe finds on the page that keeps people out: its serious and critical violations. It looks
    /// once what moves has ended, since half faded in every text is faint.
    pub async fn barriers(&self) -> Result<Vec<String>> {
        self.violations(json!({ "resultTypes": ["violations"] }))
            .await
    }

    /// Those barriers that a page's colours make, which are all that another theme can bring.
    pub async fn faint_texts(&self) -> Result<Vec<String>> {
        self.violations(json!({ "resultTypes": ["violations"], "runOnly": ["color-contrast"] }))
            .await
    }

    async fn violations(&self, options: Value) -> Result<Vec<String>> {
        self.settled().await?;
        let there = self.run("return typeof axe === 'object'", vec![]).await?;
        if there != json!(true) {
            let axe =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
            let script = std::fs::read_to_string(&axe).with_context(|| {
                format!("no `{}`: `cargo xtask assets` fetches it", axe.display())
            })?;
            self.run(&script, vec![]).await?;
        }
        let script = "const [options, done] = arguments;
            const grave = ({ impact }) => impact === 'serious' || impact === 'critical';
            const say = ({ id, nodes }) => nodes.map((node) =>
                `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`);
            axe.run(document, options)
                .then(({ violations }) => done(violations.filter(grave).flatMap(say)))
                .catch((error) => done([`axe failed: ${error}`]))";
        let found = self.ask(script, vec![options]).await?;
        Ok(serde_json::from_value(found)?)
    }

    /// Photographs the page in both themes where pictures are asked for (`AMOOZGAR_SCREENSHOTS`).
    pub async fn remember(&self, page: &str) -> Result<()> {
        let Some(folder) = std::env::var_os("AMOOZGAR_SCREENSHOTS") else {
            return Ok(());
        };
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder)?;
        for theme in ["dark", "light"] {
            self.prefer(theme).await?;
            self.settled().await?;
            let file = folder.join(format!("{page}-{theme}-1200.png"));
            self.photograph(&file).await?;
        }
        Ok(())
    }
}
