//! The door through which the crate `hf-hub` asks: it speaks to this machine's loopback, and what it
//! asks for is sent by [`Http`] like everything else. So proxy, certificates, overrides, the offline
//! switch, the token's rule, waits that hosts ask for and back-off hold for its questions too.
//!
//! A door is open for one question. Its address has a random part, so that no other program of this
//! machine asks through it, and it carries no token: `hf-hub` is given none and looks for none.

use crate::HubError;
use crate::control::Control;
use crate::endpoint::host_of;
use crate::http::{About, Http};
use hf_hub::{HFClient, HFError, HFResult};
use reqwest::Url;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than any request of `hf-hub`.
const REQUEST_LIMIT_BYTES: usize = 16 << 10;
/// What the path of a further page is to `hf-hub`.
const FURTHER: &str = "/further";

struct Door {
    listener: TcpListener,
    /// The path's first part, `/<random>`.
    secret: String,
    /// Its address, without a slash at the end.
    base: String,
}

impl Http {
    /// What `ask` is told through `hf-hub`'s client. A failure on the way is ours, not its own.
    pub(crate) async fn through_hf_hub<T, F>(
        &self,
        about: About<'_>,
        control: &Control,
        ask: impl FnOnce(HFClient) -> F,
    ) -> Result<T, HubError>
    where
        F: Future<Output = HFResult<T>>,
    {
        let host = host_of(&self.addresses.endpoint);
        let door = Door::open()
            .await
            .map_err(|source| HubError::io(std::path::Path::new("127.0.0.1"), source))?;
        let client = door
            .client()
            .map_err(|failure| HubError::bad_answer(&host, words(failure)))?;
        tokio::select! {
            biased;
            failure = door.serve(self, about, control) => Err(failure),
            told = ask(client) => told.map_err(|failure| HubError::bad_answer(&host, words(failure))),
        }
    }
}

impl Door {
    async fn open() -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let mut secret = "/".to_owned();
        for byte in random {
            // Writing to a string cannot fail.
            let _ = write!(secret, "{byte:02x}");
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}{secret}", listener.local_addr()?);
        Ok(Self {
            listener,
            secret,
            base,
        })
    }

    fn client(&self) -> HFResult<HFClient> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            .build()?;
        HFClient::builder()
            .client(client)
            .endpoint(self.base.as_str())
            // Where it has none it would look in the environment and in files.
            .token("")
            .cache_enabled(false)
            .retry_max_attempts(0)
            .build()
    }

    /// Answers one request after another until one cannot be answered.
    async fn serve(&self, http: &Http, about: About<'_>, control: &Control) -> HubError {
        let mut further: Option<Url> = None;
        let mut seen = HashSet::new();
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                continue;
            };
            let asked = tokio::time::timeout(http.idle, target(&mut stream)).await;
            let Some(path) = asked
                .ok()
                .flatten()
                .and_then(|target| Some(target.strip_prefix(&self.secret)?.to_owned()))
            else {
                continue;
            };
            let url = match further.take() {
                Some(url) if path == FURTHER => url,
                _ => on(&http.addresses.endpoint, &path),
            };
            match http.json::<Value>(&url, about, control).await {
                Ok((mut value, next)) => {
                    if next.as_ref().is_some_and(|next| !seen.insert(next.clone())) {
                        let host = host_of(&http.addresses.endpoint);
                        return HubError::bad_answer(&host, "the list of files has no end");
                    }
                    name_hashes(&mut value);
                    further = next;
                    let link = further.as_ref().map(|_| format!("{}{FURTHER}", self.base));
                    if let Err(error) = answer(&mut stream, &value.to_string(), link).await {
                        tracing::debug!(%error, "an answer found nobody");
                    }
                }
                Err(failure) => return failure,
            }
        }
    }
}

/// The list of files calls the SHA-256 of a large file `oid`; `hf-hub` 1.0 looks for it as `sha256`,
/// the name it has elsewhere, and would leave large files without a hash.
fn name_hashes(value: &mut Value) {
    for entry in value.as_array_mut().into_iter().flatten() {
        let Some(lfs) = entry.get_mut("lfs").and_then(Value::as_object_mut) else {
            continue;
        };
        if let Some(oid) = lfs.get("oid").cloned() {
            lfs.entry("sha256").or_insert(oid);
        }
    }
}

/// The path and query that are asked for; `None` where it is no request.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > REQUEST_LIMIT_BYTES || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    (words.next()? == "GET").then(|| words.next().map(str::to_owned))?
}

async fn answer(stream: &mut TcpStream, body: &str, next: Option<String>) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if let Some(next) = next {
        // Writing to a string cannot fail.
        let _ = write!(head, "Link: <{next}>; rel=\"next\"\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// The endpoint's address followed by a path and a query.
fn on(endpoint: &Url, target: &str) -> Url {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut url = endpoint.clone();
    url.set_path(&format!("{}{path}", endpoint.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// What `hf-hub` says of an answer, without the door's address.
fn words(failure: HFError) -> String {
    match failure {
        HFError::Request { source, .. } => source.without_url().to_string(),
        HFError::Json(source) => source.to_string(),
        HFError::Http { context } => format!("a status of {}", context.status),
        _ => "an answer that is none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Door, name_hashes, on, target};
    use reqwest::Url;
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    #[test]
    fn a_large_file_keeps_its_hash() {
        let mut page = json!([
            {"type": "file", "path": "a", "oid": "1", "size": 1},
            {"type": "file", "path": "b", "oid": "2", "size": 9, "lfs": {"oid": "3", "size": 9}},
        ]);
        name_hashes(&mut page);
        assert_eq!(page[1]["lfs"]["sha256"], "3", "under the name that is read");
        assert!(page[0].get("lfs").is_none(), "and nothing is made up");
    }

    #[test]
    fn a_path_is_put_behind_the_endpoints_own() {
        let endpoint = Url::parse("https://example.org/hub").unwrap();
        assert_eq!(
            on(&endpoint, "/api/models/a/b/revision/refs%2Fpr%2F1?x=y").as_str(),
            "https://example.org/hub/api/models/a/b/revision/refs%2Fpr%2F1?x=y",
            "as it was written"
        );
    }

    #[tokio::test]
    async fn only_whole_requests_are_read() {
        let door = Door::open().await.unwrap();
        for (sent, path) in [
            (
                "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
                Some("/a?b=c".to_owned()),
            ),
            ("POST /a HTTP/1.1\r\n\r\n", None),
            ("GET /a HTTP/1.1\r\n", None),
        ] {
            let mut caller = TcpStream::connect(door.listener.local_addr().unwrap())
                .await
                .unwrap();
            caller.write_all(sent.as_bytes()).await.unwrap();
            caller.shutdown().await.unwrap();
            let (mut stream, _) = door.listener.accept().await.unwrap();
            assert_eq!(target(&mut stream).await, path, "`{sent}`");
        }
    }
}
