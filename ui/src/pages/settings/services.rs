//! Servers for chat that the user names.

use super::task::use_task;
use crate::api;
use crate::components::{
    Badge, Button, Card, ConfirmDialog, Dialog, EmptyState, ErrorNote, IconButton, IconName, Ltr,
    Place, TextField, Tone, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{common, preferences as words, settings as settings_words};
use crate::state::settings::use_settings;
use amoozgar_types::ApiError;
use amoozgar_types::id::ServiceId;
use amoozgar_types::ipc::{
    ServiceKey, ServiceKeySet, ServiceKeys, ServiceReport, ServiceTest, ServiceTrial, SettingsSet,
};
use amoozgar_types::settings::{ChatService, MOST_SERVICES, Settings};
use yew::prelude::*;

/// The list, with what adds, changes and removes.
#[component]
pub fn ServicesSection() -> Html {
    let settings = use_settings();
    let keys = use_query::<ServiceKeys>(());
    let edited = use_state_eq(|| None::<ChatService>);
    let removed = use_state_eq(|| None::<ServiceId>);
    let task = use_task();
    let services = settings
        .current()
        .map(|current| current.services.clone())
        .unwrap_or_default();
    let with_key = keys.data();
    let has_key = |id: &ServiceId| with_key.as_ref().is_some_and(|keys| keys.contains(id));
    let add = {
        let edited = edited.clone();
        move |_| {
            edited.set(Some(ChatService {
                service_id: ServiceId::new(fresh_id()),
                name: String::new(),
                base_url: String::new(),
                model: String::new(),
            }));
        }
    };
    let close = {
        let edited = edited.clone();
        Callback::from(move |()| edited.set(None))
    };
    let on_saved = {
        let (settings, keys, close) = (settings.clone(), keys.clone(), close.clone());
        Callback::from(move |()| {
            settings.on_retry().emit(());
            keys.reload();
            close.emit(());
        })
    };
    let remove = {
        let (settings, removed, task) = (settings.clone(), removed.clone(), task.clone());
        move |()| {
            let (Some(id), Some(current)) = ((*removed).clone(), settings.current()) else {
                return;
            };
            let mut next = (*current).clone();
            next.services.retain(|service| service.service_id != id);
            let (settings, removed) = (settings.clone(), removed.clone());
            task.run(async move {
                let saved = api::call::<SettingsSet>(next).await;
                removed.set(None);
                saved?;
                settings.on_retry().emit(());
                Ok(Some(words::SERVICE_REMOVED.to_owned()))
            });
        }
    };
    let add_button = html! {
        <Button
            label={words::ADD_SERVICE}
            icon={IconName::Plus}
            disabled={services.len() >= MOST_SERVICES}
            onclick={add}
            testid="service-add"
        />
    };
    html! {
        <Card title={words::SERVICES} actions={if services.is_empty() { html! {} } else { add_button.clone() }}>
            <p class="muted">{ words::SERVICES_TEXT }</p>
            if services.is_empty() {
                <EmptyState
                    icon={IconName::Globe}
                    title={words::NO_SERVICES}
                    text={words::NO_SERVICES_TEXT}
                    action={add_button}
                />
            } else {
                <ul class="services">
                    { for services.iter().map(|service| html! {
                        <li key={service.service_id.to_string()} class="service" data-testid="service">
                            <div class="service__text">
                                <span class="service__name" dir="auto">{ &service.name }</span>
                                <Ltr text={service.base_url.clone()} />
                            </div>
                            if has_key(&service.service_id) {
                                <Badge label={words::HAS_KEY} icon={IconName::Key} tone={Tone::Label} />
                            }
                            <IconButton
                                icon={IconName::Edit}
                                label={words::EDIT_SERVICE}
                                onclick={let (edited, service) = (edited.clone(), service.clone());
                                    move |_| edited.set(Some(service.clone()))}
                                testid="service-edit"
                            />
                            <IconButton
                                icon={IconName::Trash}
                                label={common::DELETE}
                                onclick={let (removed, id) = (removed.clone(), service.service_id.clone());
                                    move |_| removed.set(Some(id.clone()))}
                                testid="service-remove"
                            />
                        </li>
                    }) }
                </ul>
            }
            if let Some(service) = &*edited {
                <ServiceDialog
                    has_key={has_key(&service.service_id)}
                    service={service.clone()}
                    on_close={close}
                    {on_saved}
                />
            }
            if removed.is_some() {
                <ConfirmDialog
                    title={words::REMOVE_SERVICE}
                    text={words::REMOVE_SERVICE_TEXT}
                    confirm={common::DELETE}
                    busy={task.is_busy()}
                    on_confirm={remove}
                    on_cancel={let removed = removed.clone(); move |()| removed.set(None)}
                />
            }
        </Card>
    }
}

/// An id of this computer's: the time and a part of chance.
fn fresh_id() -> String {
    format!(
        "{:x}-{:x}",
        js_sys::Date::now() as u64,
        (js_sys::Math::random() * f64::from(u32::MAX)) as u32
    )
}

#[derive(Properties, PartialEq)]
struct ServiceDialogProps {
    service: ChatService,
    has_key: bool,
    on_close: Callback<()>,
    on_saved: Callback<()>,
}

/// What is wrong with a service as it was typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Faults {
    name: bool,
    address: bool,
    key: bool,
}

fn faults(service: &ChatService, key: &str) -> Faults {
    let address = service.base_url.trim();
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    Faults {
        name: !(1..=60).contains(&service.name.trim().chars().count()),
        address: host.is_none_or(|host| host.is_empty() || host.starts_with('/'))
            || address.contains(char::is_whitespace),
        key: !key.chars().all(|letter| letter.is_ascii_graphic()),
    }
}

/// Whether what is sent to an address can be read on the way: it is not encrypted and leads elsewhere.
fn is_exposed(address: &str) -> bool {
    let Some(rest) = address.trim().strip_prefix("http://") else {
        return false;
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    !host.is_empty()
        && host != "localhost"
        && !host.starts_with("127.")
        && !rest.starts_with("[::1]")
}

#[component]
fn ServiceDialog(props: &ServiceDialogProps) -> Html {
    let settings = use_settings();
    let service = use_state_eq(|| props.service.clone());
    let key = use_state_eq(String::new);
    let tried = use_state_eq(|| false);
    let report = use_state_eq(|| None::<Result<ServiceReport, ApiError>>);
    let (testing, saving) = (use_task(), use_task());
    let faults = faults(&service, &key);
    let fine = faults == Faults::default();
    let set = |put: fn(&mut ChatService, String)| {
        let (service, report) = (service.clone(), report.clone());
        Callback::from(move |text: String| {
            let mut next = (*service).clone();
            put(&mut next, text);
            report.set(None);
            service.set(next);
        })
    };
    let test = {
        let (service, key, tried) = (service.clone(), key.clone(), tried.clone());
        let (report, testing) = (report.clone(), testing.clone());
        move |_| {
            tried.set(true);
            if faults.address || faults.key {
                return;
            }
            let trial = ServiceTrial {
                base_url: service.base_url.trim().to_owned(),
                key: Some((*key).clone()).filter(|key| !key.is_empty()),
                service_id: Some(service.service_id.clone()),
            };
            let report = report.clone();
            report.set(None);
            testing.run(async move {
                report.set(Some(api::call::<ServiceTest>(trial).await));
                Ok(None)
            });
        }
    };
    let save = {
        let (service, key, tried, saving) =
            (service.clone(), key.clone(), tried.clone(), saving.clone());
        let on_saved = props.on_saved.clone();
        move |_| {
            tried.set(true);
            let Some(current) = settings.current().filter(|_| fine) else {
                return;
            };
            let (service, key) = ((*service).clone(), (*key).clone());
            let (settings, on_saved) = ((*current).clone(), on_saved.clone());
            saving.run(async move {
                keep(settings, service, key).await?;
                on_saved.emit(());
                Ok(Some(words::SERVICE_SAVED.to_owned()))
            });
        }
    };
    let is_new = props.service.name.is_empty();
    html! {
        <Dialog
            title={if is_new { words::NEW_SERVICE } else { words::CHANGE_SERVICE }}
            place={Place::Wide}
            busy={saving.is_busy()}
            on_close={props.on_close.clone()}
            testid="service-dialog"
            actions={html! {
                <>
                    <Button
                        label={words::TEST}
                        icon={IconName::Globe}
                        loading={testing.is_busy()}
                        onclick={test}
                        testid="service-test"
                    />
                    <Button
                        label={common::CANCEL}
                        variant={Variant::Ghost}
                        disabled={saving.is_busy()}
                        onclick={props.on_close.reform(|_| ())}
                        testid="service-cancel"
                    />
                    <Button
                        label={settings_words::SAVE}
                        variant={Variant::Primary}
                        loading={saving.is_busy()}
                        onclick={save}
                        testid="service-save"
                    />
                </>
            }}
        >
            <div class="settings__form">
                <TextField
                    id="service-name"
                    label={words::SERVICE_NAME}
                    value={service.name.clone()}
                    oninput={set(|service, text| service.name = text)}
                    placeholder={words::SERVICE_NAME_PLACEHOLDER}
                    error={(*tried && faults.name).then_some(words::NAME_NEEDED)}
                    autofocus=true
                    testid="service-name"
                />
                <TextField
                    id="service-address"
                    label={words::SERVICE_ADDRESS}
                    dir="ltr"
                    value={service.base_url.clone()}
                    oninput={set(|service, text| service.base_url = text)}
                    placeholder="http://127.0.0.1:8080/v1"
                    help={words::SERVICE_ADDRESS_HELP}
                    error={(*tried && faults.address).then_some(words::ADDRESS_NEEDED)}
                    testid="service-address"
                />
                if is_exposed(&service.base_url) {
                    <p class="muted" role="note">{ words::NOT_SECURE }</p>
                }
                <TextField
                    id="service-model"
                    label={words::SERVICE_MODEL}
                    dir="ltr"
                    value={service.model.clone()}
                    oninput={set(|service, text| service.model = text)}
                    help={words::SERVICE_MODEL_HELP}
                    testid="service-model"
                />
                <TextField
                    id="service-key"
                    label={words::SERVICE_KEY}
                    dir="ltr"
                    kind="password"
                    value={(*key).clone()}
                    oninput={let (key, report) = (key.clone(), report.clone()); move |text: String| {
                        report.set(None);
                        key.set(text);
                    }}
                    help={if props.has_key { words::SERVICE_KEY_KEPT } else { words::SERVICE_KEY_HELP }}
                    error={faults.key.then_some(words::KEY_UNUSABLE)}
                    testid="service-key"
                />
                { match (*report).clone() {
                    Some(Ok(report)) => html! { <Report {report} /> },
                    Some(Err(error)) => html! { <ErrorNote {error} /> },
                    None => html! {},
                } }
            </div>
        </Dialog>
    }
}

/// Saves the row, and the key where one was typed.
async fn keep(mut settings: Settings, service: ChatService, key: String) -> Result<(), ApiError> {
    let service = ChatService {
        name: service.name.trim().to_owned(),
        base_url: service.base_url.trim().to_owned(),
        model: service.model.trim().to_owned(),
        ..service
    };
    let service_id = service.service_id.clone();
    let known = settings
        .services
        .iter_mut()
        .find(|known| known.service_id == service_id);
    match known {
        Some(known) => *known = service,
        None => settings.services.push(service),
    }
    // The row first: a key that was given for another server goes with the old address.
    api::call::<SettingsSet>(settings).await?;
    if !key.is_empty() {
        api::call::<ServiceKeySet>(ServiceKey { service_id, key }).await?;
    }
    Ok(())
}

#[derive(Properties, PartialEq)]
struct ReportProps {
    report: ServiceReport,
}

/// How many models of a list are named.
const SHOWN: usize = 12;

#[component]
fn Report(props: &ReportProps) -> Html {
    html! {
        <div class="service__report" role="status" data-testid="service-report">
            <p>{ words::report(&props.report) }</p>
            <ul>
                { for props.report.models.iter().take(SHOWN).map(|model| html! {
                    <li key={model.clone()}><Ltr text={model.clone()} /></li>
                }) }
            </ul>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{faults, is_exposed};
    use amoozgar_types::id::ServiceId;
    use amoozgar_types::settings::ChatService;

    fn service(name: &str, base_url: &str) -> ChatService {
        ChatService {
            service_id: ServiceId::new("s"),
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            model: String::new(),
        }
    }

    #[test]
    fn a_service_needs_a_name_an_address_and_a_key_that_fits_a_header() {
        let fine = faults(&service("خانگی", "https://a.example/v1"), "sk-1");
        assert!(!fine.name && !fine.address && !fine.key, "all is well");
        assert!(faults(&service(" ", "http://a"), "").name, "no name");
        for address in ["", "a.example", "http://", "ftp://a", "http://a b"] {
            assert!(faults(&service("x", address), "").address, "`{address}`");
        }
        assert!(
            faults(&service("x", "http://a"), "کلید").key,
            "a Persian key"
        );
    }

    #[test]
    fn only_an_unencrypted_address_elsewhere_is_warned_of() {
        assert!(is_exposed("http://192.168.1.4:8080/v1"), "on the network");
        for address in [
            "https://a.example",
            "http://127.0.0.1:1/v1",
            "http://localhost:1",
            "http://",
        ] {
            assert!(!is_exposed(address), "`{address}`");
        }
    }
}
