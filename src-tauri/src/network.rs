//! A user's settings as a way to the Hub, with the secrets that belong to it.

pub mod connection;

use crate::error;
use crate::secrets::Secrets;
use amoozgar_hub::{
    Access, Endpoint, HostOverride, Hub, MIRROR, Network, OFFICIAL, Proxy, ProxyServer,
    Surroundings, TokenScope,
};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::network::{EndpointChoice, NetworkSettings, ProxyChoice};
use amoozgar_types::repo::RepoKind;
use amoozgar_types::secret::SecretName;

/// A way to the Hub for a user. Blocks: it reads certificates, and asks the keyring.
pub fn hub(
    settings: &NetworkSettings,
    secrets: &Secrets,
    owner: &UserId,
    surroundings: Surroundings,
) -> Result<Hub, ApiError> {
    let mut network = with_proxy(settings, secrets, owner)?;
    network.token = secrets.get(owner, SecretName::HubToken)?;
    Hub::new(&network, surroundings).map_err(|failure| error::of_hub(&failure))
}

/// How a user's requests go out, the proxy's password included and no token. Blocks: it asks the keyring.
pub fn with_proxy(
    settings: &NetworkSettings,
    secrets: &Secrets,
    owner: &UserId,
) -> Result<Network, ApiError> {
    let mut network = without_secrets(settings)?;
    if let Proxy::Http(server) | Proxy::Socks5(server) = &mut network.proxy
        && server.user.is_some()
    {
        server.password = secrets.get(owner, SecretName::ProxyPassword)?;
    }
    Ok(network)
}

/// Whether settings can be used at all; the field that cannot is named. Blocks.
pub fn check(settings: &NetworkSettings) -> Result<(), ApiError> {
    let network = without_secrets(settings)?;
    Hub::new(&network, Surroundings::system(0))
        .map(drop)
        .map_err(|failure| error::of_hub(&failure))
}

/// A repository's page for the browser.
pub fn page_of(settings: &NetworkSettings, kind: RepoKind, repo: &str) -> String {
    let base = match settings.endpoint {
        EndpointChoice::Official => OFFICIAL,
        EndpointChoice::Mirror => MIRROR,
        EndpointChoice::Custom => settings.custom_endpoint.trim().trim_end_matches('/'),
    };
    match kind {
        RepoKind::Model => format!("{base}/{repo}"),
        RepoKind::Dataset => format!("{base}/datasets/{repo}"),
    }
}

fn without_secrets(settings: &NetworkSettings) -> Result<Network, ApiError> {
    let overrides = settings.overrides.iter().map(|one| HostOverride {
        host: one.host.trim().to_owned(),
        base: one.base.trim().to_owned(),
    });
    Ok(Network {
        endpoint: match settings.endpoint {
            EndpointChoice::Official => Endpoint::Official,
            EndpointChoice::Mirror => Endpoint::Mirror,
            EndpointChoice::Custom => Endpoint::at(settings.custom_endpoint.trim()),
        },
        overrides: overrides.collect(),
        proxy: match settings.proxy {
            ProxyChoice::System => Proxy::System,
            ProxyChoice::None => Proxy::None,
            ProxyChoice::Http => Proxy::Http(server(settings)?),
            ProxyChoice::Socks5 => Proxy::Socks5(server(settings)?),
        },
        ca_file: settings
            .ca_file
            .as_deref()
            .map(str::trim)
            .filter(|path| !path.is_empty())
            .map(Into::into),
        access: if settings.offline {
            Access::Offline
        } else {
            Access::Online
        },
        token_scope: if settings.token_to_endpoint {
            TokenScope::Endpoint
        } else {
            TokenScope::OfficialOnly
        },
        ..Network::default()
    })
}

fn server(settings: &NetworkSettings) -> Result<ProxyServer, ApiError> {
    let host = settings.proxy_host.trim();
    if host.is_empty() {
        return Err(ApiError::invalid_field("proxy_host"));
    }
    if settings.proxy_port == 0 {
        return Err(ApiError::invalid_field("proxy_port"));
    }
    // An IPv6 address stands in brackets before a port.
    let address = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{}", settings.proxy_port)
    } else {
        format!("{host}:{}", settings.proxy_port)
    };
    let user = settings.proxy_user.trim();
    Ok(ProxyServer {
        address,
        user: (!user.is_empty()).then(|| user.to_owned()),
        password: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{check, page_of};
    use amoozgar_types::network::{EndpointChoice, HostStandIn, NetworkSettings, ProxyChoice};
    use amoozgar_types::repo::RepoKind;

    fn refused(change: impl FnOnce(&mut NetworkSettings)) -> String {
        let mut settings = NetworkSettings::default();
        change(&mut settings);
        let error = check(&settings).unwrap_err();
        error.params.field.or(error.params.path).unwrap_or_default()
    }

    #[test]
    fn settings_that_cannot_be_used_name_their_field() {
        check(&NetworkSettings::default()).unwrap();
        let custom = |address: &str| {
            let address = address.to_owned();
            refused(move |settings| {
                settings.endpoint = EndpointChoice::Custom;
                settings.custom_endpoint = address;
            })
        };
        assert_eq!(custom(""), "endpoint");
        assert_eq!(custom("hub.example"), "endpoint");
        assert_eq!(
            refused(|settings| settings.proxy = ProxyChoice::Socks5),
            "proxy_host"
        );
        assert_eq!(
            refused(|settings| settings.overrides.push(HostStandIn {
                host: "a".into(),
                base: "b".into(),
            })),
            "override"
        );
        assert_eq!(
            refused(|settings| settings.ca_file = Some("/nowhere/ca.pem".into())),
            "/nowhere/ca.pem"
        );
    }

    #[test]
    fn pages_are_those_of_the_endpoint() {
        let mut settings = NetworkSettings::default();
        assert_eq!(
            page_of(&settings, RepoKind::Dataset, "a/b"),
            "https://huggingface.co/datasets/a/b"
        );
        settings.endpoint = EndpointChoice::Custom;
        settings.custom_endpoint = " https://hub.example/ ".into();
        assert_eq!(
            page_of(&settings, RepoKind::Model, "a/b"),
            "https://hub.example/a/b"
        );
    }
}
