//! Ways to the Hub as a person sets them up in the real window: a proxy that wants a password, which the
//! real keyring keeps, and a connection test that says which host fails.

use crate::hub_server::{File, HubServer, Origin, noise};
use crate::support::desktop::Desktop;
use crate::support::window::{SOON, Window, journey};
use crate::support::{files_without, wait_for};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const USER: &str = "sara";
const PASSWORD: &str = "thepasswordthatnobodyelsemayeversee";
/// The repository that a connection is tried with.
const TRIED: &str = "PartAI/TookaBERT-Base";
/// A name that only the proxy can reach.
const HUB: &str = "http://hub.invalid";

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_gets_its_password_from_the_keyring_and_a_failing_host_is_named() -> Result<()> {
    journey("window-network", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let _keyring = desktop.start_keyring()?;
    let server = HubServer::start();
    server.publish(
        &format!("models/{TRIED}"),
        vec![
            File::git("config.json", "{}"),
            File::lfs("model.safetensors", noise(1, 9)),
        ],
    );
    let proxy = AuthenticatingProxy::start(server.host(Origin::Hub))?;
    window.gather_traffic("secret_set").await?;
    window.make_profile("سارا").await?;
    let before = desktop.n_secrets()?;

    window.go("/settings/network").await?;
    window.click("endpoint-custom").await?;
    window.type_into("network-endpoint", HUB).await?;
    window.click("proxy-http").await?;
    window.type_into("network-proxy-host", "127.0.0.1").await?;
    window
        .type_into("network-proxy-port", &proxy.port.to_string())
        .await?;
    window.type_into("network-proxy-user", USER).await?;
    window.click("settings-save").await?;
    // Without a password, with a wrong one, with the right one.
    window.click("connection-test").await?;
    window.find("connection-fails", SOON).await?;
    let said = window.text("connection-api").await?;
    ensure!(said.contains("پراکسی"), "the proxy is to blame: {said}");
    for (password, outcome) in [("another", "fails"), (PASSWORD, "works")] {
        window
            .type_into("network-proxy-password-field", password)
            .await?;
        window.click("network-proxy-password-save").await?;
        window
            .prop_is("network-proxy-password-field", "value", "")
            .await?;
        let n_asked = proxy.logins().len();
        window.click("connection-test").await?;
        wait_for("the test at the proxy", SOON, || {
            Ok((proxy.logins().len() > n_asked).then_some(()))
        })?;
        let login = STANDARD.encode(format!("{USER}:{password}"));
        ensure!(
            proxy.logins().last() == Some(&format!("Basic {login}")),
            "what was saved is sent: {:?}",
            proxy.logins()
        );
        window
            .find(&format!("connection-{outcome}"), SOON)
            .await
            .with_context(|| format!("with `{password}`"))?;
    }
    ensure!(desktop.n_secrets()? == before + 1, "the keyring has it");

    // And not for the test alone.
    let n_before = proxy.logins().len();
    window.go("/models/catalog").await?;
    window.click("catalog-tab-search").await?;
    window.type_into("search-text", "tooka").await?;
    window.click("search-submit").await?;
    window.find(&format!("found-{TRIED}"), SOON).await?;
    ensure!(proxy.logins().len() > n_before, "the search went through");

    let traffic = window.gathered_traffic().await?;
    ensure!(
        traffic.iter().any(|line| line.contains("secret_status")),
        "the traffic was seen: {} lines",
        traffic.len()
    );
    for line in &traffic {
        ensure!(!line.contains(PASSWORD), "the password was in `{line}`");
    }
    let looked_at = files_without(&desktop.data_dir(), PASSWORD)?;
    ensure!(
        looked_at.iter().any(|path| path.ends_with("amoozgar.db")),
        "the database was looked at: {looked_at:?}"
    );
    for log in ["app.out", "app.err"] {
        ensure!(!desktop.log(log).contains(PASSWORD), "it was in {log}");
    }

    // Nobody answers at all: the first host is named, the others are not blamed.
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    window.go("/settings/network").await?;
    window.click("proxy-none").await?;
    window
        .type_into("network-endpoint", &format!("http://{nobody}"))
        .await?;
    window.click("connection-test").await?;
    window.find("connection-fails", SOON).await?;
    window.reveal("connection-fails").await?;
    window.remember("connection-fails").await?;
    let said = window.text("connection-api").await?;
    ensure!(
        said.contains(&nobody.to_string()),
        "the host is named: {said}"
    );
    for (role, outcome) in [
        ("api", "unreachable"),
        ("resolve", "not-tried"),
        ("content", "not-tried"),
    ] {
        let host = format!("connection-{role}");
        window.attribute_is(&host, "data-outcome", outcome).await?;
    }
    Ok(())
}

/// A proxy for HTTP that lets nobody through without name and password (RFC 9110, 11.7), and takes
/// every host with a name to one address.
struct AuthenticatingProxy {
    port: u16,
    logins: Arc<Mutex<Vec<String>>>,
}

impl AuthenticatingProxy {
    fn start(named: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let logins = Arc::new(Mutex::new(Vec::new()));
        let (seen, named) = (Arc::clone(&logins), named.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, named) = (Arc::clone(&seen), named.clone());
                // A client that goes away mid-way is none of the proxy's business.
                std::thread::spawn(move || drop(pass_on(&stream, &named, &seen)));
            }
        });
        Ok(Self { port, logins })
    }

    /// The logins that requests brought, in order.
    fn logins(&self) -> Vec<String> {
        self.logins.lock().unwrap().clone()
    }
}

/// Takes one request to its host, and the answer back; says that the connection ends with it.
fn pass_on(mut stream: &TcpStream, named: &str, logins: &Mutex<Vec<String>>) -> Result<()> {
    let mut head = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let login = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then(|| value.to_owned())
    });
    logins
        .lock()
        .unwrap()
        .push(login.clone().unwrap_or_default());
    let known = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    if login != Some(format!("Basic {known}")) {
        stream.write_all(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\
              content-length: 0\r\nconnection: close\r\n\r\n",
        )?;
        return Ok(());
    }
    let (first, rest) = head.split_first().context("a request")?;
    let (method, target) = first.split_once(' ').context("a method")?;
    let target = target.strip_prefix("http://").context("a whole address")?;
    let (host, path) = target.split_once('/').context("a path")?;
    let address = if host.starts_with("127.") {
        host
    } else {
        named
    };
    let mut server = TcpStream::connect(address)?;
    write!(server, "{method} /{path}\r\n")?;
    for line in rest {
        if !line.to_lowercase().starts_with("proxy-") {
            write!(server, "{line}\r\n")?;
        }
    }
    write!(server, "\r\n")?;
    server.shutdown(Shutdown::Write)?;
    let mut answer = BufReader::new(server);
    let mut status = String::new();
    answer.read_line(&mut status)?;
    write!(stream, "{status}connection: close\r\n")?;
    std::io::copy(&mut answer.by_ref(), &mut stream)?;
    stream.shutdown(Shutdown::Write)?;
    Ok(())
}
