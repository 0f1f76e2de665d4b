//! Where the Hub is for this user and how to get there: endpoint, addresses put in place of others,
//! proxy, certificates, the offline switch, and who may see the token.

use crate::{HubError, Sensitive};
use reqwest::Url;
use std::path::PathBuf;
use std::time::Duration;

/// The official endpoint.
pub const OFFICIAL: &str = "https://huggingface.co";
/// A public mirror, for those who cannot reach the official endpoint.
pub const MIRROR: &str = "https://hf-mirror.com";

/// How requests go out.
#[derive(Debug, Clone)]
pub struct Network {
    /// Where the API and files are asked for.
    pub endpoint: Endpoint,
    /// Hosts whose requests go elsewhere.
    pub overrides: Vec<HostOverride>,
    /// The way out.
    pub proxy: Proxy,
    /// A file in PEM with further authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// Whether anything may go out at all.
    pub access: Access,
    /// The access token.
    pub token: Option<Sensitive>,
    /// Who may see it.
    pub token_scope: TokenScope,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence of a host. There is no limit on the whole time: a slow line is no failure.
    pub idle_timeout: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::Official,
            overrides: Vec::new(),
            proxy: Proxy::System,
            ca_file: None,
            access: Access::Online,
            token: None,
            token_scope: TokenScope::OfficialOnly,
            connect_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

/// Where the API and files are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// [`OFFICIAL`].
    Official,
    /// [`MIRROR`].
    Mirror,
    /// Another address, `https://host[:port][/path]`.
    Custom(String),
}

impl Endpoint {
    /// The endpoint at `address`, known by name where it is one of the two that have one.
    pub fn at(address: &str) -> Self {
        match address.trim().trim_end_matches('/') {
            OFFICIAL => Self::Official,
            MIRROR => Self::Mirror,
            other => Self::Custom(other.to_owned()),
        }
    }

    pub(crate) fn url(&self) -> Result<Url, HubError> {
        match self {
            Self::Official => parse("endpoint", OFFICIAL),
            Self::Mirror => parse("endpoint", MIRROR),
            Self::Custom(address) => parse("endpoint", address),
        }
    }
}

/// Requests to `host` go to `base` instead, with the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOverride {
    /// The host's name, as in `cas-bridge.xethub.hf.co`.
    pub host: String,
    /// Scheme, host and port that stand in for it, and the path below which it lies there.
    pub base: String,
}

/// The way out.
#[derive(Debug, Clone)]
pub enum Proxy {
    /// What the system or the environment says.
    System,
    /// None, whatever the system says.
    None,
    /// A proxy that speaks HTTP, for all requests.
    Http(ProxyServer),
    /// A proxy that speaks SOCKS5; it also looks up names, which hides them from the local network.
    Socks5(ProxyServer),
}

/// A proxy's address.
#[derive(Debug, Clone)]
pub struct ProxyServer {
    /// `host:port`.
    pub address: String,
    /// The user it asks for.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Sensitive>,
}

/// Whether anything may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Online,
    /// No: every request fails at once, and only what is in the cache is there.
    Offline,
}

/// Who may see the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScope {
    /// The official host alone.
    OfficialOnly,
    /// Also the endpoint that the user has set.
    Endpoint,
}

/// The addresses of a [`Network`], read and checked once.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) endpoint: Url,
    official: Url,
    overrides: Vec<(String, Url)>,
    token_origins: Vec<Url>,
}

impl Addresses {
    pub(crate) fn of(network: &Network) -> Result<Self, HubError> {
        let endpoint = network.endpoint.url()?;
        let mut overrides = Vec::new();
        for entry in &network.overrides {
            overrides.push((
                entry.host.to_ascii_lowercase(),
                parse("override", &entry.base)?,
            ));
        }
        let official = parse("endpoint", OFFICIAL)?;
        let mut token_origins = vec![official.clone()];
        if network.token_scope == TokenScope::Endpoint {
            token_origins.push(endpoint.clone());
        }
        Ok(Self {
            endpoint,
            official,
            overrides,
            token_origins,
        })
    }

    /// The endpoint's address followed by these parts of a path.
    pub(crate) fn at<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// Where a request to `url` really goes.
    pub(crate) fn rewritten(&self, url: &Url) -> Url {
        let stand_in = self.overrides.iter().find(|(host, _)| {
            url.host_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(host))
        });
        match stand_in {
            Some((_, base)) => below(base, url.path(), url.query()),
            None => url.clone(),
        }
    }

    /// A link of the API, which a mirror may have copied from the official host, on the endpoint and
    /// below its path.
    pub(crate) fn on_endpoint(&self, link: &Url) -> Url {
        let path = link.path();
        // A mirror may also name itself as others see it: by another host, and below another path.
        let own = match api_path(path) {
            _ if same_origin(link, &self.official) => path,
            _ if is_below(&self.endpoint, path) => {
                return moved(&self.endpoint, path, link.query());
            }
            Some(own) => own,
            None => path,
        };
        below(&self.endpoint, own, link.query())
    }

    /// Where a redirect to `next` leads, of an answer that came from `from`. An address of the Hub
    /// that a mirror passed on as it was (on the official host, or at the root of its own) stays with
    /// the mirror, unless it is the one that was asked for: then the mirror does not have it.
    pub(crate) fn redirected(&self, from: &Url, next: Url) -> Url {
        let is_mirror = !same_origin(&self.endpoint, &self.official);
        let of_mirror = same_origin(from, &self.endpoint) && is_below(&self.endpoint, from.path());
        let passed_on = same_origin(&next, &self.official)
            || (same_origin(&next, &self.endpoint) && !is_below(&self.endpoint, next.path()));
        if !(is_mirror && of_mirror && passed_on && is_of_hub(&next)) {
            return next;
        }
        let kept = below(&self.endpoint, next.path(), next.query());
        if kept == *from { next } else { kept }
    }

    /// Whether the token may go to where a request really goes.
    pub(crate) fn may_see_token(&self, url: &Url) -> bool {
        self.token_origins
            .iter()
            .any(|origin| same_origin(origin, url))
    }
}

pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// The host as people know it, with its port where that is not the usual one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The address of `path` behind the path of `base`.
fn below(base: &Url, path: &str, query: Option<&str>) -> Url {
    moved(base, &format!("{}{path}", own_path(base)), query)
}

/// `base` with this path and query in place of its own.
fn moved(base: &Url, path: &str, query: Option<&str>) -> Url {
    let mut moved = base.clone();
    moved.set_path(path);
    moved.set_query(query);
    moved
}

/// Whether a path lies below that of `base`.
fn is_below(base: &Url, path: &str) -> bool {
    path.strip_prefix(own_path(base))
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The path of an address without a slash at its end: nothing at a host's root.
fn own_path(base: &Url) -> &str {
    base.path().trim_end_matches('/')
}

/// The part of a path that the Hub's API knows.
fn api_path(path: &str) -> Option<&str> {
    let starts = ["/api/models", "/api/datasets"].map(|api| {
        let (at, _) = path
            .match_indices(api)
            .find(|(at, _)| matches!(path.as_bytes().get(at + api.len()), None | Some(b'/')))?;
        Some(at)
    });
    path.get(starts.into_iter().flatten().min()?..)
}

/// Whether the path of an address is one of the Hub's own: of its API, or a file of a repository.
fn is_of_hub(url: &Url) -> bool {
    let parts: Vec<&str> = url.path().split('/').skip(1).collect();
    match parts.as_slice() {
        ["api", "models" | "datasets" | "resolve-cache", ..] => true,
        ["datasets", rest @ ..] | rest => {
            matches!(rest, [_, "resolve", ..] | [_, _, "resolve", ..])
        }
    }
}

fn parse(setting: &'static str, address: &str) -> Result<Url, HubError> {
    let invalid = |detail: &str| HubError::InvalidSetting {
        setting,
        detail: detail.to_owned(),
    };
    let url = Url::parse(address).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(invalid(
            "it must be an address that begins with https:// or http://",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not carry a name or a password"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Addresses, Endpoint, HostOverride, Network, TokenScope};
    use reqwest::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_token_goes_to_the_official_host_alone_unless_the_user_says_otherwise() {
        let mut network = Network {
            endpoint: Endpoint::Mirror,
            ..Network::default()
        };
        let addresses = Addresses::of(&network).unwrap();
        assert!(addresses.may_see_token(&url("https://huggingface.co/api/models/a")));
        for other in [
            "https://hf-mirror.com/api/models/a",
            "http://huggingface.co/api/models/a",
            "https://huggingface.co:8443/a",
            "https://huggingface.co.example.org/a",
            "https://cas-bridge.xethub.hf.co/a",
        ] {
            assert!(
                !addresses.may_see_token(&url(other)),
                "`{other}` must not see the token"
            );
        }
        network.token_scope = TokenScope::Endpoint;
        let addresses = Addresses::of(&network).unwrap();
        assert!(
            addresses.may_see_token(&url("https://hf-mirror.com/a")),
            "the user said so"
        );
        assert!(
            !addresses.may_see_token(&url("https://cdn.hf-mirror.com/a")),
            "but only of the endpoint itself"
        );
    }

    #[test]
    fn a_host_that_is_put_in_place_of_another_gets_its_requests_and_not_its_token() {
        let network = Network {
            overrides: vec![HostOverride {
                host: "huggingface.co".into(),
                base: "https://relay.example.org:8443/hf/".into(),
            }],
            ..Network::default()
        };
        let addresses = Addresses::of(&network).unwrap();
        let moved = addresses.rewritten(&url("https://huggingface.co/api/x?y=1"));
        assert_eq!(
            moved.as_str(),
            "https://relay.example.org:8443/hf/api/x?y=1"
        );
        assert!(
            !addresses.may_see_token(&moved),
            "another host is another host"
        );
    }

    #[test]
    fn what_a_mirror_below_a_path_links_to_stays_below_it() {
        let addresses = |endpoint: &str| {
            let endpoint = Endpoint::at(endpoint);
            Addresses::of(&Network {
                endpoint,
                ..Network::default()
            })
            .unwrap()
        };
        let page = "api/models/a/b/tree/main?cursor=1";
        for (endpoint, link) in [
            ("https://m.example", "https://huggingface.co/"),
            ("https://m.example/hf", "https://huggingface.co/"),
            ("https://m.example/hf", "https://m.example/"),
            ("https://m.example/hf", "https://m.example/hf/"),
            ("https://m.example/hf", "https://public.example/hf/"),
            (
                "https://m.example/hf",
                "https://public.example/other/place/",
            ),
            (
                "https://m.example/x/api/huggingfaceml/hf",
                "https://huggingface.co/",
            ),
            (
                "https://m.example/x/api/huggingfaceml/hf",
                "https://m.example/x/api/huggingfaceml/hf/",
            ),
            ("https://m.example/api", "https://huggingface.co/"),
            ("https://huggingface.co", "https://huggingface.co/"),
        ] {
            let addresses = addresses(endpoint);
            let moved = addresses.on_endpoint(&url(&format!("{link}{page}")));
            assert_eq!(moved.as_str(), format!("{endpoint}/{page}"), "from {link}");
            assert_eq!(
                addresses.on_endpoint(&moved),
                moved,
                "and is left alone then"
            );
        }
    }

    #[test]
    fn a_redirect_that_a_mirror_passed_on_stays_with_the_mirror() {
        let addresses = Addresses::of(&Network {
            endpoint: Endpoint::at("https://m.example/hf"),
            ..Network::default()
        })
        .unwrap();
        let led = |from: &str, to: &str| addresses.redirected(&url(from), url(to)).to_string();
        let from = "https://m.example/hf/old/name/resolve/main/a.json";
        for path in [
            "/new/name/resolve/main/a.json",
            "/datasets/new/name/resolve/main/a.json",
            "/api/resolve-cache/models/new/name/c/a.json?etag=1",
        ] {
            for host in ["https://huggingface.co", "https://m.example"] {
                assert_eq!(
                    led(from, &format!("{host}{path}")),
                    format!("https://m.example/hf{path}"),
                    "of {host}"
                );
            }
        }
        for elsewhere in [
            "https://huggingface.co/old/name/resolve/main/a.json",
            "https://cdn.example/new/name/resolve/main/a.json",
            "https://m.example/blobs/1",
            "https://m.example/hf/blobs/1",
            "https://huggingface.co/login",
        ] {
            assert_eq!(led(from, elsewhere), elsewhere, "is left alone");
        }
    }

    #[test]
    fn names_in_an_address_cannot_change_its_path() {
        let addresses = Addresses::of(&Network::default()).unwrap();
        let at = addresses.at(["a", "b", "resolve", "refs/pr/1", "x y?.txt"]);
        assert_eq!(
            at.as_str(),
            "https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/x%20y%3F.txt"
        );
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for address in ["", "huggingface.co", "ftp://a", "https://user:secret@a"] {
            let network = Network {
                endpoint: Endpoint::at(address),
                ..Network::default()
            };
            let error = Addresses::of(&network).unwrap_err();
            assert!(
                !error.to_string().contains("secret"),
                "`{error}` keeps the password"
            );
        }
    }
}
