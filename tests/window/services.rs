//! A server for chat that the user names, in the real window: its key in a real keyring, the trial
//! against a real server, and what is left of the key when the service goes.

use crate::support::desktop::Desktop;
use crate::support::history::History;
use crate::support::window::{SOON, Window, journey};
use crate::support::{files_without, wait_for};
use anyhow::{Result, ensure};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const KEY: &str = "sk-thekeythatnobodyelsemayeverseeinanyfile";
const WRONG: &str = "sk-another";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_tried_with_its_key_kept_over_a_restart_and_forgotten() -> Result<()> {
    journey("window-services", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let _keyring = desktop.start_keyring()?;
    let server = ModelServer::start()?;
    window.gather_traffic("service_").await?;
    window.make_profile("سارا").await?;
    let before = desktop.n_secrets()?;
    window.go("/settings/services").await?;
    window.click("service-add").await?;
    window.type_into("service-name", "سرور خانگی").await?;
    window.type_into("service-address", &server.address).await?;

    window.type_into("service-key", WRONG).await?;
    window.click("service-test").await?;
    window.find("error-message", SOON).await?;
    window.remember("service-refused").await?;
    let said = window.text("error-message").await?;
    ensure!(
        said.contains("کلید را نپذیرفت"),
        "it is said in place: {said}"
    );
    ensure!(
        !window.has("service-report").await,
        "a refused key brings no report"
    );
    window.type_into("service-key", KEY).await?;
    window.click("service-test").await?;
    window.find("service-report", SOON).await?;
    window.remember("service-works").await?;
    let report = window.text("service-report").await?;
    ensure!(
        report.contains("۲ مدل") && report.contains("gemma-fa"),
        "the models are counted and named, not `{report}`"
    );
    ensure!(
        server.keys() == [WRONG, KEY],
        "each trial sends what was typed: {:?}",
        server.keys()
    );
    window.click("service-save").await?;
    window.find("service", SOON).await?;
    ensure!(
        desktop.n_secrets()? == before + 1,
        "the key is in the keyring"
    );
    let traffic = window.gathered_traffic().await?;
    window.end_session().await;
    desktop.end_application()?;

    let again = Window::open(desktop).await?;
    if again.find("nav-models", SOON / 3).await.is_err() {
        again.click_text("button", "سارا").await?;
        again.find("nav-models", SOON).await?;
    }
    again.gather_traffic("service_key_set").await?;
    again.go("/settings/services").await?;
    again.click("service-edit").await?;
    let shown = again.prop("service-key", "value").await?;
    ensure!(
        shown.as_deref() == Some(""),
        "a kept key is never shown, not even as {shown:?}"
    );
    again.click("service-test").await?;
    again.find("service-report", SOON).await?;
    ensure!(
        server.keys().last().is_some_and(|key| key == KEY),
        "the kept key is sent: {:?}",
        server.keys()
    );
    again.click("service-cancel").await?;

    let traffic = [traffic, again.gathered_traffic().await?].concat();
    ensure!(
        traffic.iter().any(|line| line.contains("service_keys")),
        "the traffic was seen: {traffic:?}"
    );
    for line in &traffic {
        ensure!(!line.contains(KEY), "the key was in `{line}`");
    }
    let looked_at = files_without(&desktop.data_dir(), KEY)?;
    ensure!(
        looked_at.iter().any(|path| path.ends_with("amoozgar.db")),
        "the database was looked at: {looked_at:?}"
    );
    for log in ["app.out", "app.err"] {
        ensure!(!desktop.log(log).contains(KEY), "the key was in {log}");
    }

    again.click("service-remove").await?;
    again.click("dialog-confirm").await?;
    again.find("empty-state", SOON).await?;
    let history = History::of(&desktop.data_dir())?;
    ensure!(
        history.setting("$.services")? == "[]",
        "the service left the settings"
    );
    wait_for("the end of the key", SOON, || {
        Ok((desktop.n_secrets()? == before).then_some(()))
    })?;
    again.close_session().await;
    Ok(())
}

/// A server that speaks as much of the `OpenAI` interface as a trial asks for.
struct ModelServer {
    address: String,
    keys: Arc<Mutex<Vec<String>>>,
}

impl ModelServer {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}/v1", listener.local_addr()?);
        let keys = Arc::new(Mutex::new(Vec::new()));
        let seen = keys.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away mid-way is none of this server's business.
                let _ = answer(stream, &seen);
            }
        });
        Ok(Self { address, keys })
    }

    /// The keys that requests brought, in order.
    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, keys: &Mutex<Vec<String>>) -> Result<()> {
    let mut path = String::new();
    let mut key = String::new();
    for line in BufReader::new(&stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("GET ") {
            rest.split(' ')
                .next()
                .unwrap_or_default()
                .clone_into(&mut path);
        } else if line.to_lowercase().starts_with("authorization: bearer ") {
            line["authorization: bearer ".len()..].clone_into(&mut key);
        }
    }
    keys.lock().unwrap().push(key.clone());
    let (status, body) = match (path.as_str(), key.as_str()) {
        ("/v1/models", KEY) => (
            "200 OK",
            r#"{"object":"list","data":[{"id":"gemma-fa"},{"id":"qwen-fa"}]}"#,
        ),
        ("/v1/models", _) => (
            "401 Unauthorized",
            r#"{"error":{"message":"Incorrect API key"}}"#,
        ),
        _ => ("404 Not Found", "{}"),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
