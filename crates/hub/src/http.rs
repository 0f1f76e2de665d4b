//! One request at a time: the offline switch, the token's rule, hosts that asked to wait, and what
//! an answer's status means. Redirects are followed by hand, since the token must not follow.

use crate::clock::{Jitter, Surroundings};
use crate::endpoint::{Access, Addresses, Network, Proxy, ProxyServer, host_of, same_origin};
use crate::environment::clean_token;
use crate::error::Unreachable;
use crate::repo::{FilePath, Repo};
use crate::{HubError, Sensitive, waits};
use bytes::Bytes;
use flate2::write::GzDecoder;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Client, Method, Response, StatusCode, Url};
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const USER_AGENT: &str = concat!("amoozgar/", env!("CARGO_PKG_VERSION"));
/// More redirects than any real chain has.
const MAX_HOPS: usize = 6;

/// Sends requests as a [`Network`] says.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    pub(crate) addresses: Addresses,
    token: Option<Sensitive>,
    access: Access,
    pub(crate) idle: Duration,
    through_proxy: bool,
    pub(crate) surroundings: Surroundings,
    pub(crate) jitter: Jitter,
    /// Until when each host asked to be left alone.
    closed: Mutex<HashMap<String, Duration>>,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The bytes wanted; all where absent.
    pub(crate) range: Option<Range<u64>>,
    /// The version that the range is meant of.
    pub(crate) if_range: Option<String>,
    /// Whether another host once led to the address: then the token does not go there, whosever it is.
    pub(crate) from_elsewhere: bool,
}

impl Ask {
    /// Asks for all of what is at an address of our own choosing.
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            range: None,
            if_range: None,
            from_elsewhere: false,
        }
    }
}

/// What a request is about, for the words of its failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) repo: Option<&'a Repo>,
    pub(crate) revision: &'a str,
    pub(crate) path: Option<&'a FilePath>,
}

impl About<'_> {
    pub(crate) const NOTHING: Self = Self {
        repo: None,
        revision: "",
        path: None,
    };
}

/// An answer, and what was learnt on the way to it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// The address that answered, as it was known before any override.
    pub(crate) url: Url,
    /// Headers of the answer that the resolve host gave.
    pub(crate) resolve_headers: HeaderMap,
    /// Whether the answer came from another host than was asked.
    pub(crate) elsewhere: bool,
}

impl Http {
    pub(crate) fn new(network: &Network, surroundings: Surroundings) -> Result<Self, HubError> {
        // An application that has chosen a provider of its own keeps it.
        let chosen = rustls::crypto::ring::default_provider().install_default();
        tracing::trace!(already = chosen.is_err(), "cryptography is set up");
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Lanes over one connection would share one window.
            .http1_only()
            .connect_timeout(network.connect_timeout)
            .tcp_nodelay(true);
        builder = match &network.proxy {
            Proxy::System => builder,
            Proxy::None => builder.no_proxy(),
            Proxy::Http(server) => builder.proxy(proxy("http", server)?),
            // The `h`: names are looked up at the other end.
            Proxy::Socks5(server) => builder.proxy(proxy("socks5h", server)?),
        };
        if let Some(path) = &network.ca_file {
            let pem = std::fs::read(path).map_err(|source| HubError::io(path, source))?;
            let unusable = |detail: String| HubError::InvalidSetting {
                setting: "ca_file",
                detail,
            };
            let authorities = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unusable(error.to_string()))?;
            if authorities.is_empty() {
                return Err(unusable(format!(
                    "there is no certificate in `{}`",
                    path.display()
                )));
            }
            builder = builder.tls_certs_merge(authorities);
        }
        Ok(Self {
            client: builder.build().map_err(|source| HubError::Tls { source })?,
            addresses: Addresses::of(network)?,
            token: network
                .token
                .as_ref()
                .and_then(|token| clean_token(token.expose()))
                .map(Sensitive::new),
            access: network.access,
            idle: network.idle_timeout,
            through_proxy: matches!(network.proxy, Proxy::Http(_) | Proxy::Socks5(_)),
            jitter: Jitter::new(surroundings.seed),
            surroundings,
            closed: Mutex::default(),
        })
    }

    /// Sends a request and follows where it leads.
    pub(crate) async fn follow(&self, ask: Ask) -> Result<Answer, HubError> {
        let asked = ask.url.clone();
        let mut ask = ask;
        let mut resolve_headers = None;
        let mut here = !ask.from_elsewhere;
        for _ in 0..MAX_HOPS {
            // Once elsewhere, always elsewhere: another host must not lead the token anywhere.
            here &= same_origin(&asked, &ask.url);
            let response = self.send(&ask, here).await?;
            if here {
                resolve_headers = Some(response.headers().clone());
            }
            let Some(next) = self.redirect(&response, &ask.url)? else {
                return Ok(Answer {
                    response,
                    elsewhere: !here,
                    url: ask.url,
                    resolve_headers: resolve_headers.unwrap_or_default(),
                });
            };
            ask.url = next;
        }
        Err(HubError::bad_answer(
            &host_of(&asked),
            "it leads from address to address",
        ))
    }

    /// Sends one request; a redirect is an answer. The token goes along where it may and
    /// `same_host` says that no redirect led here from elsewhere.
    pub(crate) async fn send(&self, ask: &Ask, same_host: bool) -> Result<Response, HubError> {
        if self.access == Access::Offline {
            return Err(HubError::Offline);
        }
        let url = self.addresses.rewritten(&ask.url);
        let host = host_of(&url);
        self.wait_for(&host).await;
        let mut request = self
            .client
            .request(ask.method.clone(), url.clone())
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(token) = self
            .token
            .as_ref()
            .filter(|_| same_host && self.addresses.may_see_token(&url))
        {
            let sendable = token.expose().chars().all(|c| c.is_ascii_graphic());
            if !sendable {
                return Err(HubError::UnusableToken);
            }
            request = request.bearer_auth(token.expose());
        }
        if let Some(range) = &ask.range {
            request = request.header(
                header::RANGE,
                format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
            );
            if let Some(version) = &ask.if_range {
                request = request.header(header::IF_RANGE, version);
            }
        }
        let sent = tokio::time::timeout(self.idle, request.send()).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(source)) => {
                // The address may carry a signature, which is as good as a token for an hour.
                let source = source.without_url();
                let how = stage(&source, self.through_proxy, url.scheme() == "https");
                let source = Some(source);
                return Err(HubError::Unreachable { host, how, source });
            }
            Err(_) => {
                return Err(HubError::Stalled {
                    host,
                    idle: self.idle,
                });
            }
        };
        if let Some(wait) = waits::exhausted(response.headers()) {
            self.close(&host, wait);
        }
        Ok(response)
    }

    /// What a status of failure means; `None` where it is none.
    pub(crate) fn failure(&self, answer: &Answer, about: About<'_>) -> Option<HubError> {
        let status = answer.response.status();
        let headers = answer.response.headers();
        let host = host_of(&self.addresses.rewritten(&answer.url));
        if status.is_success() {
            return None;
        }
        let wait = waits::asked(headers);
        let failure = match status {
            StatusCode::TOO_MANY_REQUESTS => HubError::RateLimited {
                host: host.clone(),
                wait,
            },
            StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => HubError::RateLimited {
                host: host.clone(),
                wait,
            },
            // Where there is no tunnel the proxy's refusal comes as an answer.
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => HubError::Unreachable {
                host: host.clone(),
                how: Unreachable::Proxy,
                source: None,
            },
            StatusCode::REQUEST_TIMEOUT => HubError::Server {
                host: host.clone(),
                status: status.as_u16(),
            },
            status if status.is_server_error() => HubError::Server {
                host: host.clone(),
                status: status.as_u16(),
            },
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::GONE
                if answer.elsewhere =>
            {
                HubError::Expired { host: host.clone() }
            }
            status => self.refusal(status, headers, host.clone(), about),
        };
        if let HubError::RateLimited {
            wait: Some(wait), ..
        } = &failure
        {
            self.close(&host, *wait);
        }
        Some(failure)
    }

    fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        host: String,
        about: About<'_>,
    ) -> HubError {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let repo = || about.repo.map(ToString::to_string).unwrap_or_default();
        let refused = HubError::Refused {
            host: host.clone(),
            status: status.as_u16(),
        };
        match (text("x-error-code"), status) {
            ("GatedRepo", _) => HubError::Gated {
                repo: repo(),
                page: self.page(about.repo),
            },
            ("RevisionNotFound", _) => HubError::RevisionNotFound {
                repo: repo(),
                revision: about.revision.to_owned(),
            },
            ("EntryNotFound", _) => HubError::FileNotFound {
                repo: repo(),
                path: about.path.map(ToString::to_string).unwrap_or_default(),
            },
            ("RepoNotFound", _) => HubError::RepoNotFound { repo: repo() },
            (_, StatusCode::UNAUTHORIZED)
                if text("x-error-message").contains("Invalid credentials") =>
            {
                HubError::BadToken { host }
            }
            (_, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) if about.repo.is_some() => {
                match about.path {
                    Some(path) if status == StatusCode::NOT_FOUND => HubError::FileNotFound {
                        repo: repo(),
                        path: path.to_string(),
                    },
                    _ => HubError::RepoNotFound { repo: repo() },
                }
            }
            _ => refused,
        }
    }

    /// The repository's page, where its terms can be accepted: always the official one.
    fn page(&self, repo: Option<&Repo>) -> String {
        match repo {
            Some(repo) if repo.kind() == crate::repo::RepoKind::Dataset => {
                format!("{}/datasets/{repo}", crate::endpoint::OFFICIAL)
            }
            Some(repo) => format!("{}/{repo}", crate::endpoint::OFFICIAL),
            None => self.addresses.endpoint.to_string(),
        }
    }

    /// The body of an answer, piece by piece.
    pub(crate) fn body(&self, answer: Answer) -> Body {
        let gzip = answer
            .response
            .headers()
            .get(header::CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        Body {
            host: host_of(&self.addresses.rewritten(&answer.url)),
            response: answer.response,
            idle: self.idle,
            decoder: gzip.then(|| GzDecoder::new(Vec::new())),
        }
    }

    /// The whole body of an answer that is not longer than `limit_bytes`.
    pub(crate) async fn whole_body(
        &self,
        answer: Answer,
        limit_bytes: usize,
    ) -> Result<Vec<u8>, HubError> {
        let mut body = self.body(answer);
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await? {
            if bytes.len() + piece.len() > limit_bytes {
                return Err(HubError::bad_answer(&body.host, "it is far too long"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// The address that an answer leads to, if it leads on.
    pub(crate) fn redirect(
        &self,
        response: &Response,
        from: &Url,
    ) -> Result<Option<Url>, HubError> {
        if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let bad = |detail: &str| HubError::bad_answer(&host_of(from), detail);
        let location = text_of(response.headers(), &header::LOCATION)
            .ok_or_else(|| bad("it leads nowhere"))?;
        let next = from
            .join(&location)
            .map_err(|_| bad("it leads to something that is no address"))?;
        let next = self.addresses.redirected(from, next);
        // Someone on the way could have sent it, unless both ends are secure.
        match (self.addresses.rewritten(from).scheme(), next.scheme()) {
            ("https", "https") | ("http", "http" | "https") => Ok(Some(next)),
            _ => Err(bad("it leads from a secure address to one that is not")),
        }
    }

    async fn wait_for(&self, host: &str) {
        let until = self
            .closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host)
            .copied();
        let now = self.surroundings.clock.now();
        if let Some(wait) = until
            .and_then(|until| until.checked_sub(now))
            .filter(|wait| !wait.is_zero())
        {
            self.surroundings.clock.sleep(wait).await;
        }
    }

    fn close(&self, host: &str, wait: Duration) {
        let until =
            self.surroundings.clock.now() + wait.min(crate::clock::Backoff::TRANSFER.longest_asked);
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = closed.entry(host.to_owned()).or_default();
        *entry = until.max(*entry);
    }
}

/// A body that times out on silence and undoes a compression that nobody asked for.
pub(crate) struct Body {
    pub(crate) host: String,
    response: Response,
    idle: Duration,
    decoder: Option<GzDecoder<Vec<u8>>>,
}

impl Body {
    /// Whether what comes is compressed on the way, so that offsets in it are not offsets in the file.
    pub(crate) fn is_compressed(&self) -> bool {
        self.decoder.is_some()
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, HubError> {
        loop {
            let chunk = tokio::time::timeout(self.idle, self.response.chunk())
                .await
                .map_err(|_| HubError::Stalled {
                    host: self.host.clone(),
                    idle: self.idle,
                })?
                .map_err(|source| HubError::Cut {
                    host: self.host.clone(),
                    source: Some(source.without_url()),
                })?;
            let Some(decoder) = &mut self.decoder else {
                return Ok(chunk);
            };
            let damaged = |_| HubError::Cut {
                host: self.host.clone(),
                source: None,
            };
            let done = chunk.is_none();
            match chunk {
                Some(bytes) => decoder.write_all(&bytes).map_err(damaged)?,
                None => decoder.try_finish().map_err(damaged)?,
            }
            let decoded = std::mem::take(decoder.get_mut());
            if !decoded.is_empty() {
                return Ok(Some(decoded.into()));
            }
            if done {
                return Ok(None);
            }
        }
    }
}

/// A header of the Hub as text.
pub(crate) fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn proxy(scheme: &str, server: &ProxyServer) -> Result<reqwest::Proxy, HubError> {
    let unusable = |detail: &str| HubError::InvalidSetting {
        setting: "proxy",
        detail: detail.to_owned(),
    };
    let mut url = Url::parse(&format!("{scheme}://{}", server.address))
        .map_err(|error| unusable(&error.to_string()))?;
    if url.host_str().is_none_or(str::is_empty) || !url.username().is_empty() {
        return Err(unusable("it must be `host:port`"));
    }
    if let Some(user) = &server.user {
        let password = server.password.as_ref().map(Sensitive::expose);
        if url.set_username(user).is_err() || url.set_password(password).is_err() {
            return Err(unusable("it takes no name and password"));
        }
    }
    reqwest::Proxy::all(url).map_err(|error| unusable(&error.without_url().to_string()))
}

/// The stage at which a request failed. The libraries below tell some of them in text alone.
fn stage(error: &reqwest::Error, through_proxy: bool, is_secure: bool) -> Unreachable {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut stage = if error.is_timeout() {
        Unreachable::TimedOut
    } else if error.is_connect() {
        Unreachable::Connect
    } else {
        Unreachable::Broken
    };
    while let Some(inner) = cause {
        let text = inner.to_string();
        let io = inner.downcast_ref::<io::Error>();
        if inner.is::<rustls::Error>() {
            return Unreachable::Tls;
        }
        if through_proxy
            && ["tunnel", "SOCKS", "socks"]
                .iter()
                .any(|word| text.contains(word))
        {
            return Unreachable::Proxy;
        }
        if text.contains("dns error") {
            stage = Unreachable::Dns;
        }
        stage = match io.map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut) => Unreachable::TimedOut,
            // A handshake that is cut short, which is also how some filters work.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
                if is_secure && error.is_connect() =>
            {
                Unreachable::Tls
            }
            _ => stage,
        };
        // What an input-output error wraps is not its source but stands in its place.
        cause = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    stage
}
