//! The test of the way to the Hub: each host that a download needs, and what is wrong with the one
//! that fails.

use crate::api;
use crate::components::{Button, Card, ErrorNote, IconName, Ltr};
use crate::i18n::{common, network as words};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    ConnectionReport, ConnectionTest, ConnectionTry, HostCheck, HostOutcome, HostRole,
};
use amoozgar_types::network::NetworkSettings;
use yew::prelude::*;

/// Props of [`ConnectionCard`].
#[derive(Properties, PartialEq)]
pub struct ConnectionCardProps {
    /// What is tried.
    pub network: NetworkSettings,
    /// Whether it is not saved yet.
    pub unsaved: bool,
}

/// A button, then a line for each host.
#[component]
pub fn ConnectionCard(props: &ConnectionCardProps) -> Html {
    let busy = use_state(|| false);
    let report = use_state(|| None::<ConnectionReport>);
    let failure = use_state(|| None::<ApiError>);
    // A report is of the settings that it tried.
    {
        let (report, failure) = (report.clone(), failure.clone());
        use_effect_with(props.network.clone(), move |_| {
            report.set(None);
            failure.set(None);
        });
    }
    let onclick = {
        let (busy, report, failure) = (busy.clone(), report.clone(), failure.clone());
        let network = props.network.clone();
        move |_| {
            busy.set(true);
            failure.set(None);
            let (busy, report, failure) = (busy.clone(), report.clone(), failure.clone());
            let request = ConnectionTry {
                network: Some(network.clone()),
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<ConnectionTest>(request).await {
                    Ok(found) => report.set(Some(found)),
                    Err(error) => {
                        report.set(None);
                        failure.set(Some(error));
                    }
                }
                busy.set(false);
            });
        }
    };
    html! {
        <Card title={words::TEST} testid="connection">
            <p class="muted">{ words::TEST_HELP }</p>
            <div class="connection__do">
                <Button
                    label={words::TEST_DO}
                    icon={IconName::Globe}
                    loading={*busy}
                    {onclick}
                    testid="connection-test"
                />
                // Beside the button: what comes and goes must not move it.
                if props.unsaved { <span class="muted">{ words::TEST_UNSAVED }</span> }
            </div>
            if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
            if let Some(report) = &*report { { verdict(report) } }
        </Card>
    }
}

fn verdict(report: &ConnectionReport) -> Html {
    let works = report
        .hosts
        .iter()
        .all(|host| matches!(host.outcome, HostOutcome::Works { .. }));
    html! {
        <div class="connection" role="status">
            <ol class="connection__hosts">{ for report.hosts.iter().map(line) }</ol>
            if works {
                <p class="fit fit--good" data-testid="connection-works">
                    { IconName::Check.svg() }{ words::TEST_WORKS }
                </p>
            } else {
                <p class="fit fit--bad" data-testid="connection-fails">
                    { IconName::Alert.svg() }{ words::TEST_FAILS }
                </p>
                <p class="muted">{ words::TEST_ADVICE }</p>
            }
        </div>
    }
}

fn line(check: &HostCheck) -> Html {
    let (class, icon, name) = match check.outcome {
        HostOutcome::Works { .. } => ("is-good", IconName::Check, "works"),
        HostOutcome::Unreachable { .. } => ("is-bad", IconName::Close, "unreachable"),
        HostOutcome::Fails { .. } => ("is-bad", IconName::Close, "fails"),
        HostOutcome::NotTried => ("is-left", IconName::More, "not-tried"),
    };
    let role = match check.role {
        HostRole::Api => "api",
        HostRole::Resolve => "resolve",
        HostRole::Content => "content",
    };
    html! {
        <li
            class={classes!("connection__host", class)}
            data-testid={format!("connection-{role}")}
            data-outcome={name}
        >
            <span class="connection__mark">{ icon.svg() }</span>
            <div>
                <p class="connection__role">
                    <span>{ words::role(check.role) }</span>
                    if let Some(host) = &check.host { <Ltr text={host.clone()} /> }
                </p>
                <p class="connection__outcome">{ words::outcome(&check.outcome) }</p>
                if let HostOutcome::Fails { detail } = &check.outcome {
                    <details class="error-words__details">
                        <summary>{ common::DETAILS }</summary>
                        <pre dir="ltr">{ detail }</pre>
                    </details>
                }
            </div>
        </li>
    }
}
