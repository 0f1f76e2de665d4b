//! How the Hub is reached: endpoint, stand-ins for hosts, proxy, certificates, the offline switch;
//! and a test of the way.

use super::connection::ConnectionCard;
use super::form::{Fields, Form, Invalid, use_form};
use super::secret::{SecretCard, SecretWords};
use crate::api;
use crate::components::{
    Button, IconButton, IconName, NumberField, SegmentedChoice, SegmentedOption, Switch, TextField,
    Variant,
};
use crate::i18n::{errors, network as words};
use crate::state::toasts::{ShowToast, Toasts, use_toasts};
use amoozgar_text::number;
use amoozgar_types::network::{EndpointChoice, HostStandIn, NetworkSettings, ProxyChoice};
use amoozgar_types::secret::SecretName;
use amoozgar_types::settings::Settings;
use yew::prelude::*;

const ENDPOINTS: [(EndpointChoice, &str, &str); 3] = [
    (
        EndpointChoice::Official,
        words::ENDPOINT_OFFICIAL,
        "endpoint-official",
    ),
    (
        EndpointChoice::Mirror,
        words::ENDPOINT_MIRROR,
        "endpoint-mirror",
    ),
    (
        EndpointChoice::Custom,
        words::ENDPOINT_CUSTOM,
        "endpoint-custom",
    ),
];

const PROXIES: [(ProxyChoice, &str, &str); 4] = [
    (ProxyChoice::System, words::PROXY_SYSTEM, "proxy-system"),
    (ProxyChoice::None, words::PROXY_NONE, "proxy-none"),
    (ProxyChoice::Http, "HTTP", "proxy-http"),
    (ProxyChoice::Socks5, "SOCKS", "proxy-socks5"),
];

const PASSWORD: SecretWords = SecretWords {
    title: words::PROXY_PASSWORD,
    text: words::PROXY_PASSWORD_HELP,
    field: words::PROXY_PASSWORD,
    placeholder: None,
    save: words::PASSWORD_SAVE,
    replace: words::PASSWORD_SAVE,
    delete: words::PASSWORD_DELETE,
    none: None,
    kept: |_| words::PASSWORD_KEPT.to_owned(),
    ask: None,
    saved: words::PASSWORD_SAVED,
    deleted: words::PASSWORD_DELETED,
    testid: "network-proxy-password",
};

#[derive(Clone, PartialEq)]
struct NetworkFields {
    /// Everything but the numbers and what may be absent.
    network: NetworkSettings,
    port: String,
    ca_file: String,
}

impl Fields for NetworkFields {
    fn read(settings: &Settings) -> Self {
        let network = settings.network.clone();
        Self {
            port: number::to_persian_digits(&network.proxy_port.to_string()),
            ca_file: network.ca_file.clone().unwrap_or_default(),
            network,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.network = self.checked()?;
        Ok(())
    }
}

impl NetworkFields {
    /// The settings, where everything that is in use can be used.
    fn checked(&self) -> Result<NetworkSettings, Invalid> {
        let ca_file = self.ca_file.trim();
        let mut network = NetworkSettings {
            custom_endpoint: self.network.custom_endpoint.trim().to_owned(),
            proxy_host: self.network.proxy_host.trim().to_owned(),
            proxy_user: self.network.proxy_user.trim().to_owned(),
            ca_file: (!ca_file.is_empty()).then(|| ca_file.to_owned()),
            ..self.network.clone()
        };
        for entry in &mut network.overrides {
            entry.host = entry.host.trim().to_owned();
            entry.base = entry.base.trim().trim_end_matches('/').to_owned();
        }
        let custom = network.endpoint == EndpointChoice::Custom;
        let addresses_are_right = !custom || is_address(&network.custom_endpoint);
        let overrides_are_right = network
            .overrides
            .iter()
            .all(|entry| is_host(&entry.host) && is_address(&entry.base));
        if needs_proxy(network.proxy) {
            if !is_host(&network.proxy_host) {
                return Err(Invalid);
            }
            network.proxy_port = port(&self.port)?;
        }
        if addresses_are_right && overrides_are_right {
            Ok(network)
        } else {
            Err(Invalid)
        }
    }
}

fn needs_proxy(proxy: ProxyChoice) -> bool {
    matches!(proxy, ProxyChoice::Http | ProxyChoice::Socks5)
}

/// `https://host[:port][/path]`, without a name or a password.
fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        !host.is_empty() && !rest.contains(['@', ' ', '\\'])
    })
}

/// A host's name or address alone.
fn is_host(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !text.contains(['/', ' ', '@', '\\']) && !text.starts_with(':')
}

fn port(text: &str) -> Result<u16, Invalid> {
    let value = number::parse_number(text).ok_or(Invalid)?;
    let is_port = value.fract() == 0.0 && (1.0..=65_535.0).contains(&value);
    if is_port {
        Ok(value as u16)
    } else {
        Err(Invalid)
    }
}

/// The form, the password of the proxy, and the test.
#[component]
pub fn NetworkSection() -> Html {
    let form = use_form::<NetworkFields>();
    let toasts = use_toasts();
    let network = form.value.network.clone();
    let fields = html! {
        <>
            <Switch
                label={words::OFFLINE}
                help={words::OFFLINE_HELP}
                checked={network.offline}
                onchange={form.set(|fields, on| fields.network.offline = on)}
                testid="network-offline"
            />
            { endpoint(&form) }
            { proxy(&form) }
            { ca_file(&form, &toasts) }
            { overrides(&form) }
        </>
    };
    // What is typed is tested as it stands, as far as it can be used.
    let typed = form.value.checked().ok();
    let unsaved = form.is_changed() && typed.is_some();
    let tried = typed.unwrap_or_else(|| form.saved.network.clone());
    html! {
        <>
            { form.card(words::NETWORK, fields) }
            if needs_proxy(network.proxy) {
                <SecretCard secret={SecretName::ProxyPassword} words={PASSWORD} />
            }
            <ConnectionCard network={tried} {unsaved} />
        </>
    }
}

fn endpoint(form: &Form<NetworkFields>) -> Html {
    let network = &form.value.network;
    let selected = ENDPOINTS
        .iter()
        .position(|(choice, ..)| *choice == network.endpoint)
        .unwrap_or_default();
    let onselect = form.set(|fields, index: usize| {
        if let Some((choice, ..)) = ENDPOINTS.get(index) {
            fields.network.endpoint = *choice;
        }
    });
    let options: Vec<_> = ENDPOINTS
        .iter()
        .map(|(_, label, id)| option(label, id))
        .collect();
    let custom = network.endpoint == EndpointChoice::Custom;
    let wrong = custom && !is_address(network.custom_endpoint.trim());
    html! {
        <div class="setting-group">
            <div class="setting">
                { texts(words::ENDPOINT, words::ENDPOINT_HELP) }
                <SegmentedChoice label={words::ENDPOINT} {options} {selected} {onselect} />
            </div>
            if custom {
                <TextField
                    id="network-endpoint"
                    label={words::CUSTOM_ENDPOINT}
                    dir="ltr"
                    placeholder="https://hub.example.org"
                    value={network.custom_endpoint.clone()}
                    oninput={form.set(|fields, text| fields.network.custom_endpoint = text)}
                    error={wrong.then_some(words::ADDRESS_INVALID)}
                    testid="network-endpoint"
                />
            }
            if network.endpoint != EndpointChoice::Official {
                <Switch
                    label={words::TOKEN_TO_ENDPOINT}
                    help={words::TOKEN_TO_ENDPOINT_HELP}
                    checked={network.token_to_endpoint}
                    onchange={form.set(|fields, on| fields.network.token_to_endpoint = on)}
                    testid="network-token-to-endpoint"
                />
            }
        </div>
    }
}

fn proxy(form: &Form<NetworkFields>) -> Html {
    let network = &form.value.network;
    let selected = PROXIES
        .iter()
        .position(|(choice, ..)| *choice == network.proxy)
        .unwrap_or_default();
    let onselect = form.set(|fields, index: usize| {
        if let Some((choice, ..)) = PROXIES.get(index) {
            fields.network.proxy = *choice;
        }
    });
    let options: Vec<_> = PROXIES
        .iter()
        .map(|(_, label, id)| option(label, id))
        .collect();
    html! {
        <div class="setting-group">
            <div class="setting">
                { texts(words::PROXY, words::PROXY_HELP) }
                <SegmentedChoice label={words::PROXY} {options} {selected} {onselect} />
            </div>
            if needs_proxy(network.proxy) {
                <div class="setting-row">
                    <TextField
                        id="network-proxy-host"
                        label={words::PROXY_HOST}
                        dir="ltr"
                        placeholder="127.0.0.1"
                        value={network.proxy_host.clone()}
                        oninput={form.set(|fields, text| fields.network.proxy_host = text)}
                        error={(!is_host(&network.proxy_host)).then_some(words::HOST_INVALID)}
                        testid="network-proxy-host"
                    />
                    <NumberField
                        id="network-proxy-port"
                        label={words::PROXY_PORT}
                        value={form.value.port.clone()}
                        oninput={form.set(|fields, text| fields.port = text)}
                        error={port(&form.value.port).is_err().then_some(words::PORT_INVALID)}
                        testid="network-proxy-port"
                    />
                </div>
                <TextField
                    id="network-proxy-user"
                    label={words::PROXY_USER}
                    dir="ltr"
                    value={network.proxy_user.clone()}
                    oninput={form.set(|fields, text| fields.network.proxy_user = text)}
                    testid="network-proxy-user"
                />
                if network.proxy == ProxyChoice::Socks5 {
                    <p class="setting__help">{ words::SOCKS_NOTE }</p>
                }
            }
        </div>
    }
}

fn ca_file(form: &Form<NetworkFields>, toasts: &Toasts) -> Html {
    let oninput = form.set(|fields, path| fields.ca_file = path);
    let (onchange, toasts) = (oninput.clone(), toasts.clone());
    let pick = move |_| {
        let (onchange, toasts) = (onchange.clone(), toasts.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let filters = vec![api::FileFilter {
                name: words::CA_FILTER.to_owned(),
                extensions: ["pem", "crt", "cer"].map(str::to_owned).to_vec(),
            }];
            match api::pick_file(words::CA_FILE, filters).await {
                Ok(Some(path)) => onchange.emit(path),
                Ok(None) => {}
                Err(error) => toasts.error(errors::describe(&error).message),
            }
        });
    };
    html! {
        <div class="with-button">
            <TextField
                id="network-ca"
                label={words::CA_FILE}
                help={words::CA_FILE_HELP}
                dir="ltr"
                value={form.value.ca_file.clone()}
                {oninput}
                testid="network-ca"
            />
            <Button label={words::PICK_CA} icon={IconName::Folder} onclick={pick} testid="network-ca-pick" />
        </div>
    }
}

fn overrides(form: &Form<NetworkFields>) -> Html {
    let entries = &form.value.network.overrides;
    html! {
        <fieldset class="setting-group overrides">
            <legend>{ words::OVERRIDES }</legend>
            <p class="setting__help">{ words::OVERRIDES_HELP }</p>
            { for entries.iter().enumerate().map(|(index, entry)| html! {
                <div key={index} class="setting-row overrides__row">
                    <TextField
                        id={format!("override-host-{index}")}
                        label={words::OVERRIDE_HOST}
                        dir="ltr"
                        placeholder="cas-bridge.xethub.hf.co"
                        value={entry.host.clone()}
                        oninput={edit(form, index, |entry, text| entry.host = text)}
                        error={(!is_host(&entry.host)).then_some(words::HOST_INVALID)}
                        testid={format!("override-host-{index}")}
                    />
                    <TextField
                        id={format!("override-base-{index}")}
                        label={words::OVERRIDE_BASE}
                        dir="ltr"
                        placeholder="https://relay.example.org"
                        value={entry.base.clone()}
                        oninput={edit(form, index, |entry, text| entry.base = text)}
                        error={(!is_address(entry.base.trim())).then_some(words::ADDRESS_INVALID)}
                        testid={format!("override-base-{index}")}
                    />
                    <IconButton
                        icon={IconName::Trash}
                        label={words::OVERRIDE_REMOVE}
                        onclick={remove(form, index)}
                        testid={format!("override-remove-{index}")}
                    />
                </div>
            }) }
            <div>
                <Button
                    label={words::OVERRIDE_ADD}
                    icon={IconName::Plus}
                    variant={Variant::Ghost}
                    onclick={form.set(|fields, _: MouseEvent| fields.network.overrides.push(HostStandIn {
                        host: String::new(),
                        base: String::new(),
                    }))}
                    testid="override-add"
                />
            </div>
        </fieldset>
    }
}

fn edit(
    form: &Form<NetworkFields>,
    index: usize,
    put: fn(&mut HostStandIn, String),
) -> Callback<String> {
    form.change(move |fields, text| {
        if let Some(entry) = fields.network.overrides.get_mut(index) {
            put(entry, text);
        }
    })
}

fn remove(form: &Form<NetworkFields>, index: usize) -> Callback<MouseEvent> {
    form.change(move |fields, _| {
        if index < fields.network.overrides.len() {
            fields.network.overrides.remove(index);
        }
    })
}

fn option(label: &'static str, testid: &'static str) -> SegmentedOption {
    SegmentedOption {
        label: label.into(),
        icon: None,
        testid: Some(testid.into()),
    }
}

fn texts(label: &'static str, help: &'static str) -> Html {
    html! {
        <div class="setting__text">
            <span class="setting__label">{ label }</span>
            <span class="setting__help">{ help }</span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::{Fields, Invalid};
    use super::{NetworkFields, is_address, is_host, port};
    use amoozgar_types::network::{EndpointChoice, HostStandIn, ProxyChoice};
    use amoozgar_types::settings::Settings;

    #[test]
    fn an_address_names_a_host_and_no_secret() {
        for (text, is) in [
            ("https://hub.example.org", true),
            ("http://127.0.0.1:8080/hub", true),
            ("hub.example.org", false),
            ("https://", false),
            ("https://user:secret@host", false),
            ("ftp://host", false),
        ] {
            assert_eq!(is_address(text), is, "`{text}`");
        }
        assert!(is_host("cas-bridge.xethub.hf.co") && !is_host("https://a") && !is_host(""));
        assert_eq!(port("۱۰۸۰"), Ok(1080), "in any digits");
        for text in ["0", "65536", "x", "1.5"] {
            assert_eq!(port(text), Err(Invalid), "`{text}`");
        }
    }

    #[test]
    fn what_is_not_in_use_need_not_be_right_and_what_is_must() {
        let mut fields = NetworkFields::read(&Settings::default());
        fields.network.custom_endpoint = "nonsense".into();
        fields.port = "x".into();
        assert!(fields.checked().is_ok(), "neither is in use");
        fields.network.proxy = ProxyChoice::Socks5;
        assert_eq!(fields.checked(), Err(Invalid), "a proxy needs a host");
        fields.network.proxy_host = " 127.0.0.1 ".into();
        fields.port = "۹۰۵۰".into();
        let network = fields.checked().unwrap_or_default();
        assert_eq!(
            (network.proxy_host.as_str(), network.proxy_port),
            ("127.0.0.1", 9050)
        );
        fields.network.endpoint = EndpointChoice::Custom;
        assert_eq!(fields.checked(), Err(Invalid), "now the address counts");
    }

    #[test]
    fn a_stand_in_without_an_address_is_refused() {
        let mut fields = NetworkFields::read(&Settings::default());
        fields.network.overrides.push(HostStandIn {
            host: "cdn.example.org".into(),
            base: String::new(),
        });
        assert_eq!(fields.checked(), Err(Invalid));
        if let Some(entry) = fields.network.overrides.first_mut() {
            entry.base = "https://relay.example.org/ ".into();
        }
        let base = fields
            .checked()
            .ok()
            .and_then(|network| network.overrides.into_iter().next())
            .map(|entry| entry.base);
        assert_eq!(base.as_deref(), Some("https://relay.example.org"));
    }
}
