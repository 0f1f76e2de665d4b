//! A server that speaks as that of `OpenAI` does and that the user names: which models it offers. It is asked
//! as the Hub is, so that the offline switch, the proxy and the certificates hold for it too, and its
//! key goes to it alone.

use crate::clock::Surroundings;
use crate::endpoint::{Endpoint, Network, Proxy, TokenScope, host_of, same_origin};
use crate::http::{About, Ask, Http};
use crate::{HubError, Sensitive};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use std::net::IpAddr;

/// A list of names is far shorter.
const LIST_LIMIT_BYTES: usize = 4 << 20;
/// More models than anyone reads.
const MOST_MODELS: usize = 1_000;

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// The models that the server at `base_url` offers, by name. `network` says how requests go out; its
/// endpoint, its overrides and its token do not count here, and a server of this machine is asked without
/// its proxy.
///
/// # Errors
/// [`HubError::InvalidSetting`] where the address is none, [`HubError::BadToken`] where the key is
/// refused, [`HubError::BadAnswer`] where what answers is no such server.
pub async fn service_models(
    network: &Network,
    surroundings: Surroundings,
    base_url: &str,
    key: Option<Sensitive>,
) -> Result<Vec<String>, HubError> {
    let network = Network {
        proxy: if is_here(base_url) {
            Proxy::None
        } else {
            network.proxy.clone()
        },
        endpoint: Endpoint::Custom(base_url.trim_end_matches('/').to_owned()),
        overrides: Vec::new(),
        token: key,
        token_scope: TokenScope::Endpoint,
        ..network.clone()
    };
    let http = Http::new(&network, surroundings)?;
    let url = http.addresses.at(["models"]);
    let host = host_of(&url);
    let answer = http.follow(Ask::get(url)).await?;
    if matches!(
        answer.response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    ) {
        return Err(HubError::BadToken { host });
    }
    if let Some(failure) = http.failure(&answer, About::NOTHING) {
        return Err(failure);
    }
    let bytes = http.whole_body(answer, LIST_LIMIT_BYTES).await?;
    let list: List = serde_json::from_slice(&bytes)
        .map_err(|_| HubError::bad_answer(&host, "it is no list of models"))?;
    let mut names: Vec<String> = list
        .data
        .into_iter()
        .take(MOST_MODELS)
        .map(|model| model.id)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whether two addresses are of one server: the same scheme, host and port. A key that was given for
/// one of them is not for another server.
pub fn is_same_server(one: &str, other: &str) -> bool {
    match (Url::parse(one.trim()), Url::parse(other.trim())) {
        (Ok(one), Ok(other)) => same_origin(&one, &other),
        _ => false,
    }
}

/// Whether an address is one of this machine's own, which no proxy can reach.
fn is_here(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || number.is_ok_and(|address| address.is_loopback())
}
