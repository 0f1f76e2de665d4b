//! How the Hub is reached.

use serde::{Deserialize, Serialize};

/// How the Hub is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// Where the Hub is.
    pub endpoint: EndpointChoice,
    /// The address of [`EndpointChoice::Custom`], `https://host[:port][/path]`.
    pub custom_endpoint: String,
    /// Hosts whose requests go elsewhere.
    pub overrides: Vec<HostStandIn>,
    /// The way out.
    pub proxy: ProxyChoice,
    /// The proxy's host, where it is one of our own.
    pub proxy_host: String,
    /// Its port.
    pub proxy_port: u16,
    /// The user it asks for; empty for none. The password is a secret of its own.
    pub proxy_user: String,
    /// A file in PEM with further authorities to trust.
    pub ca_file: Option<String>,
    /// Nothing goes out at all.
    pub offline: bool,
    /// The access token also goes to an endpoint that is not the official one.
    pub token_to_endpoint: bool,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            endpoint: EndpointChoice::Official,
            custom_endpoint: String::new(),
            overrides: Vec::new(),
            proxy: ProxyChoice::System,
            proxy_host: String::new(),
            proxy_port: 1080,
            proxy_user: String::new(),
            ca_file: None,
            offline: false,
            token_to_endpoint: false,
        }
    }
}

/// Where the Hub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointChoice {
    /// `huggingface.co`.
    Official,
    /// `hf-mirror.com`.
    Mirror,
    /// An address of the user's.
    Custom,
}

/// Requests to `host` go to `base` instead, with the same path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostStandIn {
    /// The host's name, as in `cas-bridge.xethub.hf.co`.
    pub host: String,
    /// Scheme, host and port that stand in for it.
    pub base: String,
}

/// The way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyChoice {
    /// What the system says.
    System,
    /// None, whatever the system says.
    None,
    /// A proxy that speaks HTTP.
    Http,
    /// A proxy that speaks SOCKS5, and looks up names as well.
    Socks5,
}
