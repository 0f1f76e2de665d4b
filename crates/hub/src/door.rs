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
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::FuturesUnordered;
use hf_hub::{HFClient, HFError, HFResult};
use reqwest::Url;
use serde_json::{Map, Value, json};
use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than any request of `hf-hub`.
const REQUEST_LIMIT_BYTES: usize = 16 << 10;
/// Callers who are heard at once. `hf-hub` is one; the others are programs of this machine that have
/// no business here.
const MAX_CALLERS: usize = 256;
/// How long a caller may take to say what it wants: `hf-hub` says it at once.
const CALLER_PATIENCE: Duration = Duration::from_secs(2);
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);
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

    /// Answers one request after another until one cannot be answered. Callers are read side by side:
    /// another program of this machine can connect and say nothing, and stalls nobody by it.
    async fn serve(&self, http: &Http, about: About<'_>, control: &Control) -> HubError {
        let mut further: Option<Url> = None;
        let mut seen = HashSet::new();
        let mut callers = FuturesUnordered::new();
        let mut latest = VecDeque::new();
        loop {
            let asked = tokio::select! {
                biased;
                Some(asked) = callers.next() => asked,
                accepted = self.listener.accept() => {
                    match accepted {
                        Ok((stream, _)) => {
                            let (caller, leave) = abortable(self.asked(stream));
                            callers.push(caller);
                            latest.push_back(leave);
                            if latest.len() > MAX_CALLERS
                                && let Some(oldest) = latest.pop_front()
                            {
                                // Who said nothing while so many came has nothing to say.
                                AbortHandle::abort(&oldest);
                            }
                        }
                        // Too many files are open, for one: it passes, and not by asking again at once.
                        Err(error) => {
                            tracing::debug!(%error, "nobody can be let in");
                            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
                        }
                    }
                    continue;
                }
            };
            let Ok(Some((mut stream, path))) = asked else {
                continue;
            };
            let url = match further.take() {
                Some(url) if path == FURTHER => url,
                _ => on(&http.addresses.endpoint, &path),
            };
            match http.json::<Value>(&url, about, control).await {
                Ok((value, next)) => {
                    if next.as_ref().is_some_and(|next| !seen.insert(next.clone())) {
                        let host = host_of(&http.addresses.endpoint);
                        return HubError::bad_answer(&host, "the list of files has no end");
                    }
                    further = next;
                    let link = further.as_ref().map(|_| format!("{}{FURTHER}", self.base));
                    if let Err(error) =
                        answer(&mut stream, &essentials(&value).to_string(), link).await
                    {
                        tracing::debug!(%error, "an answer found nobody");
                    }
                }
                Err(failure) => return failure,
            }
        }
    }

    /// What a caller who knows the secret asks for; `None` for all others.
    async fn asked(&self, mut stream: TcpStream) -> Option<(TcpStream, String)> {
        let target = tokio::time::timeout(CALLER_PATIENCE, target(&mut stream)).await;
        let path = target.ok()??.strip_prefix(&self.secret)?.to_owned();
        Some((stream, path))
    }
}

/// Leaves of an answer what is read of it, and of that only what has the expected type: `hf-hub` refuses
/// the whole answer for one field that has another, be it one that nobody asks for.
fn essentials(answer: &Value) -> Value {
    match answer {
        Value::Array(entries) => entries.iter().map(entry).collect(),
        Value::Object(info) => card(info),
        other => other.clone(),
    }
}

type Fields = Map<String, Value>;

/// What a repository says of itself.
fn card(info: &Fields) -> Value {
    let mut kept = Fields::new();
    keep(
        info,
        &mut kept,
        &["id", "sha", "pipeline_tag"],
        Value::is_string,
    );
    keep(info, &mut kept, &["private"], Value::is_boolean);
    keep(info, &mut kept, &["downloads", "likes"], Value::is_u64);
    keep(info, &mut kept, &["gated"], |_| true);
    if let Some(tags) = info.get("tags").and_then(Value::as_array) {
        let words = tags.iter().filter(|tag| tag.is_string());
        kept.insert("tags".to_owned(), words.cloned().collect());
    }
    let weights = info
        .get("safetensors")
        .and_then(|counted| counted.get("total"));
    if let Some(total) = weights.filter(|total| total.is_u64()) {
        let counted = json!({ "parameters": {}, "total": total });
        kept.insert("safetensors".to_owned(), counted);
    }
    kept.into()
}

/// A line of a list of files. Of a large file the list calls the SHA-256 `oid`; `hf-hub` 1.0 looks for
/// it as `sha256`, the name it has elsewhere, and would leave large files without a hash.
fn entry(line: &Value) -> Value {
    let Some(line) = line.as_object() else {
        return line.clone();
    };
    let mut kept = Fields::new();
    keep(line, &mut kept, &["type", "path", "oid", "size"], |_| true);
    if let Some(lfs) = line.get("lfs").and_then(Value::as_object) {
        let mut large = Fields::new();
        keep(lfs, &mut large, &["size"], Value::is_u64);
        if let Some(oid) = lfs.get("oid").or_else(|| lfs.get("sha256")) {
            large.insert("sha256".to_owned(), oid.clone());
        }
        kept.insert("lfs".to_owned(), large.into());
    }
    kept.into()
}

fn keep(from: &Fields, to: &mut Fields, names: &[&str], is_right: fn(&Value) -> bool) {
    let right = |name: &&str| Some(((*name).to_owned(), from.get(*name)?.clone()));
    to.extend(
        names
            .iter()
            .filter_map(right)
            .filter(|(_, value)| is_right(value)),
    );
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
    use super::{CALLER_PATIENCE, Door, MAX_CALLERS, essentials, on, target};
    use crate::control::Control;
    use crate::http::{About, Http};
    use crate::{Access, HubError, Network, Surroundings};
    use reqwest::Url;
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    #[test]
    fn a_large_file_keeps_its_hash() {
        let page = essentials(&json!([
            {"type": "file", "path": "a", "oid": "1", "size": 1, "lastCommit": 7},
            {"type": "file", "path": "b", "oid": "2", "size": 9, "lfs": {"oid": "3", "size": 9}},
        ]));
        assert_eq!(page[1]["lfs"]["sha256"], "3", "under the name that is read");
        assert_eq!(
            page[0],
            json!({"type": "file", "path": "a", "oid": "1", "size": 1}),
            "nothing is made up, and nothing that is not read can spoil the rest"
        );
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
    async fn callers_who_say_nothing_stall_nobody() {
        let network = Network {
            access: Access::Offline,
            ..Network::default()
        };
        let http = Http::new(&network, Surroundings::system(1)).unwrap();
        let door = Door::open().await.unwrap();
        let address = door.listener.local_addr().unwrap();
        let mut silent = Vec::new();
        let asking = async {
            // More than are heard at once, one of which does not know the secret.
            for _ in 0..MAX_CALLERS + 40 {
                silent.push(TcpStream::connect(address).await.unwrap());
            }
            silent[0]
                .write_all(b"GET /x/y HTTP/1.1\r\n\r\n")
                .await
                .unwrap();
            let asked = format!("GET {}/api HTTP/1.1\r\n\r\n", door.secret);
            let mut caller = TcpStream::connect(address).await.unwrap();
            caller.write_all(asked.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        };
        let control = Control::new();
        let answered = tokio::time::timeout(CALLER_PATIENCE, async {
            tokio::select! {
                failure = door.serve(&http, About::NOTHING, &control) => failure,
                () = asking => unreachable!("it does not end"),
            }
        });
        let failure = answered.await.unwrap();
        assert!(
            matches!(failure, HubError::Offline),
            "the one who asks is heard: {failure}"
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
