//! The real window, driven through WebDriver.

use super::desktop::Desktop;
use anyhow::{Context, Result, anyhow, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a page may take to show something that needs no training.
pub const SOON: Duration = Duration::from_secs(30);
/// How long what goes over a network of this machine may take to show.
pub const NETWORK: Duration = Duration::from_secs(90);
/// How long a short training run may take on a busy machine.
pub const RUN: Duration = Duration::from_secs(420);

/// The window.
pub struct Window {
    client: Client,
}

/// A run that goes on until it is stopped.
pub const ENDLESS: Form<'static> = Form {
    name: "دراز",
    dataset: "stories",
    epochs: "1000",
    batch: "8",
    lr: "0.002",
    context: "64",
};

/// A run as the form asks for it.
pub struct Form<'a> {
    pub name: &'a str,
    pub dataset: &'a str,
    pub epochs: &'a str,
    pub batch: &'a str,
    pub lr: &'a str,
    pub context: &'a str,
}

impl Window {
    /// Starts the application on the desktop.
    pub async fn open(desktop: &Desktop) -> Result<Self> {
        desktop.wait_for_end_of_application()?;
        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": desktop.program(), "args": [] }),
        );
        let driver = format!("http://127.0.0.1:{}", desktop.port());
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connected = builder.capabilities(capabilities).connect(&driver);
        // The driver waits for ever for an application that ended before it was reached.
        match tokio::time::timeout(NETWORK, connected).await {
            Ok(Ok(client)) => Ok(Self { client }),
            Ok(Err(error)) => Err(anyhow!("no session with the window: {error}")),
            Err(_) => bail!("no window after {NETWORK:?}: {}", desktop.log("app.err")),
        }
    }

    /// Waits for an element that can be seen.
    pub async fn find(&self, test_id: &str, limit: Duration) -> Result<Element> {
        let selector = format!("[data-testid=\"{test_id}\"]");
        let deadline = Instant::now() + limit;
        loop {
            if let Ok(element) = self.client.find(Locator::Css(&selector)).await
                && element.is_displayed().await.unwrap_or(false)
            {
                return Ok(element);
            }
            if Instant::now() >= deadline {
                let page = self
                    .client
                    .execute("return document.body.innerText", vec![])
                    .await;
                bail!("no `{test_id}` within {limit:?}; the page says: {page:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// Whether an element is on the page.
    pub async fn has(&self, test_id: &str) -> bool {
        let selector = format!("[data-testid=\"{test_id}\"]");
        self.client.find(Locator::Css(&selector)).await.is_ok()
    }

    /// Clicks an element once it can be used, as a person would: who misses it, because the page moved
    /// meanwhile, clicks again.
    pub async fn click(&self, test_id: &str) -> Result<()> {
        // A page that is being drawn anew may take the element away between two requests.
        let deadline = Instant::now() + SOON;
        let mut tried = false;
        loop {
            let element = match self.find(test_id, SOON).await {
                // What a click ended cannot answer it.
                Err(_) if tried && self.is_gone().await => return Ok(()),
                found => found?,
            };
            tried = true;
            let outcome = match element.is_enabled().await {
                Ok(true) => self.hit(&element).await,
                Ok(false) => Err(anyhow!("it is disabled")),
                Err(error) => Err(error.into()),
            };
            let Err(error) = outcome else {
                return Ok(());
            };
            if Instant::now() >= deadline {
                return Err(error.context(format!("could not click `{test_id}`")));
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
            if self.is_gone().await {
                return Ok(());
            }
        }
    }

    /// Whether the application has ended, and the session with it.
    async fn is_gone(&self) -> bool {
        matches!(
            self.client.active_element().await,
            Err(CmdError::Standard(answer)) if answer.error == ErrorStatus::InvalidSessionId
        )
    }

    /// Replaces what a field holds, as with the keyboard.
    pub async fn type_into(&self, test_id: &str, text: &str) -> Result<()> {
        self.click(test_id).await?;
        let field = self.find(test_id, SOON).await?;
        let select_all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        field.send_keys(&select_all).await?;
        field.send_keys(text).await?;
        let value = field.prop("value").await?;
        if value.as_deref() != Some(text) {
            bail!("`{test_id}` holds {value:?} after `{text}` was typed");
        }
        Ok(())
    }

    pub async fn attribute(&self, test_id: &str, name: &str) -> Result<Option<String>> {
        let selector = format!("[data-testid=\"{test_id}\"]");
        match self.client.find(Locator::Css(&selector)).await {
            Ok(element) => Ok(element.attr(name).await.unwrap_or(None)),
            Err(_) => Ok(None),
        }
    }

    /// Waits until an attribute of an element has a value.
    pub async fn attribute_is(&self, test_id: &str, name: &str, wanted: &str) -> Result<()> {
        let deadline = Instant::now() + NETWORK;
        loop {
            let found = self.attribute(test_id, name).await?;
            if found.as_deref() == Some(wanted) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("`{name}` of `{test_id}` is {found:?}, not `{wanted}`, after {NETWORK:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// A property of an element as the page has it now, such as a field's value.
    pub async fn prop(&self, test_id: &str, name: &str) -> Result<Option<String>> {
        Ok(self.find(test_id, SOON).await?.prop(name).await?)
    }

    /// Waits until a property of an element has a value.
    pub async fn prop_is(&self, test_id: &str, name: &str, wanted: &str) -> Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            let found = self.prop(test_id, name).await?;
            if found.as_deref() == Some(wanted) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("`{name}` of `{test_id}` is {found:?}, not `{wanted}`, after {SOON:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// Chooses an option of a select by its value.
    pub async fn choose(&self, test_id: &str, value: &str) -> Result<()> {
        let select = self.find(test_id, SOON).await?;
        select.select_by_value(value).await?;
        Ok(())
    }

    /// Whether a control cannot be used now.
    pub async fn is_disabled(&self, test_id: &str) -> Result<bool> {
        Ok(!self.find(test_id, SOON).await?.is_enabled().await?)
    }

    /// Turns a switch, whose own element is hidden behind its picture.
    pub async fn turn(&self, test_id: &str) -> Result<()> {
        self.find_hidden(test_id).await?;
        // One that is disabled for a moment hears no click.
        let script = "const found = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);
            if (!found || found.disabled) return false;
            found.click();
            return true";
        let deadline = Instant::now() + SOON;
        while self.run(script, vec![json!(test_id)]).await? != json!(true) {
            if Instant::now() >= deadline {
                bail!("`{test_id}` is disabled after {SOON:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn find_hidden(&self, test_id: &str) -> Result<()> {
        let deadline = Instant::now() + SOON;
        while !self.has(test_id).await {
            if Instant::now() >= deadline {
                bail!("no `{test_id}` within {SOON:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Clicks `test_id` within the form that `beside` stands in, where a page has several.
    pub async fn click_in(&self, beside: &str, test_id: &str) -> Result<()> {
        let script = "document.querySelector(`[data-testid=\"${arguments[0]}\"]`).closest('form')
            .querySelector(`[data-testid=\"${arguments[1]}\"]`).click()";
        self.run(script, vec![json!(beside), json!(test_id)])
            .await?;
        Ok(())
    }

    /// Clicks the first element of a kind whose text contains `text`.
    pub async fn click_text(&self, css: &str, text: &str) -> Result<()> {
        let deadline = Instant::now() + SOON;
        loop {
            let mut refused = None;
            for element in self.client.find_all(Locator::Css(css)).await? {
                // The page may be drawn anew while one looks, or clicks.
                if element.text().await.is_ok_and(|shown| shown.contains(text)) {
                    match self.hit(&element).await {
                        Ok(()) => return Ok(()),
                        Err(error) => refused = Some(error),
                    }
                }
            }
            if Instant::now() >= deadline {
                bail!("no `{css}` that says `{text}` was clicked within {SOON:?}: {refused:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// Waits until an element of a kind has a text that contains `text`, whether or not it can be clicked.
    pub async fn see_text(&self, css: &str, text: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .some((element) => element.innerText.includes(arguments[1]))";
        let deadline = Instant::now() + SOON;
        while self.run(script, vec![json!(css), json!(text)]).await? != json!(true) {
            if Instant::now() >= deadline {
                bail!("no `{css}` says `{text}` within {SOON:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
        Ok(())
    }

    pub async fn text(&self, test_id: &str) -> Result<String> {
        Ok(self.find(test_id, SOON).await?.text().await?)
    }

    /// Waits until the job page shows one of these states; fails at once where the run failed.
    pub async fn status(&self, wanted: &[&str], limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        let mut last = None;
        loop {
            if let Some(status) = self.attribute("job-status", "data-status").await? {
                if wanted.contains(&status.as_str()) {
                    return Ok(status);
                }
                if status == "failed" {
                    let page = self
                        .client
                        .execute("return document.body.innerText", vec![])
                        .await;
                    bail!("the run failed instead of {wanted:?}; the page says: {page:?}");
                }
                last = Some(status);
            }
            if Instant::now() >= deadline {
                bail!("the job is {last:?}, not {wanted:?}, after {limit:?}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// How many points the loss chart has drawn.
    pub async fn points(&self) -> Result<u64> {
        let points = self.attribute("loss-chart", "data-points").await?;
        Ok(points.and_then(|points| points.parse().ok()).unwrap_or(0))
    }

    /// Waits until the chart has more than `count` points.
    pub async fn more_points_than(&self, count: u64, limit: Duration) -> Result<u64> {
        let deadline = Instant::now() + limit;
        loop {
            let points = self.points().await?;
            if points > count {
                return Ok(points);
            }
            if Instant::now() >= deadline {
                bail!("the chart has {points} points after {limit:?}, not more than {count}");
            }
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// The first start: makes a profile and comes home.
    pub async fn make_profile(&self, name: &str) -> Result<()> {
        self.type_into("login-name", name).await?;
        self.click("login-submit").await?;
        self.click("welcome-skip").await?;
        self.find("nav-datasets", SOON).await?;
        Ok(())
    }

    /// Makes a profile with a password; answers the recovery codes that are shown.
    pub async fn make_guarded_profile(&self, name: &str, password: &str) -> Result<Vec<String>> {
        self.type_into("login-name", name).await?;
        self.type_into("login-password", password).await?;
        self.type_into("login-password-again", password).await?;
        self.click("login-submit").await?;
        let codes = self.text("recovery-codes").await?;
        self.click("welcome-next").await?;
        self.click("welcome-skip").await?;
        self.find("nav-datasets", SOON).await?;
        Ok(codes.split_whitespace().map(str::to_owned).collect())
    }

    /// Calls a command of the shell as the page itself would: what it answers, or what it refuses
    /// with.
    pub async fn invoke(
        &self,
        command: &str,
        request: &Value,
    ) -> Result<std::result::Result<Value, Value>> {
        let script = "const [command, request, done] = arguments;
            const channel = new window.__TAURI__.core.Channel();
            window.__TAURI__.core.invoke(command, { request, channel })
                .then((answer) => done({ answer: answer ?? null }), (refusal) => done({ refusal }));";
        let arguments = vec![json!(command), request.clone()];
        let mut outcome = self.client.execute_async(script, arguments).await?;
        match outcome.get_mut("refusal") {
            Some(refusal) => Ok(Err(refusal.take())),
            None => Ok(Ok(outcome["answer"].take())),
        }
    }

    /// How many elements a CSS selector finds.
    pub async fn count(&self, css: &str) -> Result<usize> {
        // Elements that were found could be gone before each has a handle.
        let script = "return document.querySelectorAll(arguments[0]).length";
        Ok(serde_json::from_value(
            self.run(script, vec![json!(css)]).await?,
        )?)
    }

    /// Fills the form in and starts the run; ends on the job's page.
    pub async fn start_run(&self, form: &Form<'_>) -> Result<()> {
        self.click("nav-training").await?;
        self.click("new-run").await?;
        self.click(&format!("run-dataset-{}", form.dataset)).await?;
        self.click("run-preset-tiny").await?;
        self.type_into("run-name", form.name).await?;
        self.type_into("run-epochs", form.epochs).await?;
        self.type_into("run-batch", form.batch).await?;
        self.type_into("run-lr", form.lr).await?;
        self.type_into("run-context", form.context).await?;
        self.click("run-start").await?;
        self.find("job-status", SOON).await?;
        Ok(())
    }

    /// Opens a page by its address, without the hash.
    pub async fn go(&self, path: &str) -> Result<()> {
        self.run("window.location.hash = arguments[0]", vec![json!(path)])
            .await?;
        Ok(())
    }

    /// The address of the page, without the hash.
    pub async fn address(&self) -> Result<String> {
        let hash = self.run("return window.location.hash.slice(1)", vec![]);
        Ok(hash.await?.as_str().unwrap_or_default().to_owned())
    }

    /// Where the page's links lead, within the application. Of the Hub's repositories one stands for
    /// all.
    pub async fn links(&self) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll('a[href^=\"#/\"]')]
            .map((link) => link.getAttribute('href').slice(1))";
        let mut links: Vec<String> = serde_json::from_value(self.run(script, vec![]).await?)?;
        let mut repos = 0;
        links.retain(|link| {
            let is_repo = link.starts_with("/models/catalog/");
            repos += usize::from(is_repo);
            !is_repo || repos == 1
        });
        Ok(links)
    }

    /// Scrolls an element to the window's top.
    pub async fn reveal(&self, test_id: &str) -> Result<()> {
        let script = "document.querySelector(`[data-testid=\"${arguments[0]}\"]`)
            .scrollIntoView({ block: 'start', behavior: 'instant' })";
        self.run(script, vec![json!(test_id)]).await?;
        Ok(())
    }

    /// Presses keys together, as `Control` and `k`, whatever has the focus.
    pub async fn press(&self, keys: &str) -> Result<()> {
        let active = self.client.active_element().await?;
        active.send_keys(keys).await?;
        Ok(())
    }

    /// Runs a script on the page.
    pub async fn script(&self, script: &str) -> Result<Value> {
        self.run(script, vec![]).await
    }

    /// Answers the system's dialogs for saving and opening with `path` from now on, since no test can
    /// click in them; everything else goes to the shell as before.
    pub async fn choose_in_dialogs(&self, path: &Path) -> Result<()> {
        let script = "const tauri = window.__TAURI__;
            const invoke = window.askShell ?? tauri.core.invoke;
            window.askShell = invoke;
            const path = arguments[0];
            const core = { ...tauri.core, invoke: (command, ...rest) =>
                command.startsWith('plugin:dialog|') ? Promise.resolve(path) : invoke(command, ...rest) };
            Object.defineProperty(window, '__TAURI__', {
                configurable: true, value: { ...tauri, core } });";
        self.run(script, vec![json!(path.display().to_string())])
            .await?;
        Ok(())
    }

    /// What a script in the page answers through its last argument.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute_async(script, arguments).await?)
    }

    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    pub async fn photograph(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.client.screenshot().await?)?;
        Ok(())
    }

    /// Ends the session of an application that has ended, so that another may begin.
    pub async fn end_session(&self) {
        // The driver may have noticed already that nobody is there.
        let _ = self.client.clone().close().await;
    }

    pub async fn close_session(self) {
        // The desktop ends the application in any case.
        let _ = self.client.close().await;
    }
}

/// Runs a journey in a window; where it fails, keeps pictures and tells what the processes wrote.
pub async fn journey(
    name: &str,
    walk: impl AsyncFnOnce(&Desktop, &Window) -> Result<()>,
) -> Result<()> {
    travel(name, Desktop::start()?, walk).await
}

/// A journey for somebody whose desktop shows no motion. Pages that are looked at in many ways are
/// drawn once for each of them, not once for each frame between.
pub async fn still_journey(
    name: &str,
    walk: impl AsyncFnOnce(&Desktop, &Window) -> Result<()>,
) -> Result<()> {
    let still = async |desktop: &Desktop, window: &Window| {
        let script = "return matchMedia('(prefers-reduced-motion: reduce)').matches";
        ensure!(
            window.script(script).await? == json!(true),
            "the page does not know that motion is unwanted"
        );
        walk(desktop, window).await
    };
    travel(name, Desktop::start_still()?, still).await
}

/// A journey on a desktop whose clock is set as the walk wants it.
pub async fn clocked_journey(
    name: &str,
    walk: impl AsyncFnOnce(&Desktop, &Window) -> Result<()>,
) -> Result<()> {
    travel(name, Desktop::start_with_clock()?, walk).await
}

async fn travel(
    name: &str,
    desktop: Desktop,
    walk: impl AsyncFnOnce(&Desktop, &Window) -> Result<()>,
) -> Result<()> {
    let opened = Window::open(&desktop).await;
    let walked = match &opened {
        Ok(window) => walk(&desktop, window).await,
        Err(error) => Err(anyhow!("{error:#}")),
    };
    let Err(error) = walked else {
        if let Ok(window) = opened {
            window.close_session().await;
        }
        return Ok(());
    };
    let pictures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&pictures)?;
    let mut kept = Vec::new();
    let display = pictures.join(format!("{name}-display.png"));
    if desktop.photograph(&display).is_ok() {
        kept.push(display);
    }
    if let Ok(window) = &opened {
        let page = pictures.join(format!("{name}-page.png"));
        if window.photograph(&page).await.is_ok() {
            kept.push(page);
        }
    }
    let tail = |text: String| -> String {
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    };
    Err(error.context(format!(
        "pictures: {kept:?}\n--- application\n{}\n{}\n--- notifications\n{}",
        tail(desktop.log("app.out")),
        tail(desktop.log("app.err")),
        tail(desktop.notifications()),
    )))
}
