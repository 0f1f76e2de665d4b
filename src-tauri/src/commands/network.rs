//! The way to the Hub: the connection test, and the secrets that it may need.

use super::{Answer, Request};
use crate::clock::surroundings;
use crate::db::blocking;
use crate::state::App;
use crate::{downloads, error};
use amoozgar_hub::{Control, HostReport, ProbeTarget, Role, Unreachable, Verdict};
use amoozgar_types::ipc::{
    ConnectionReport, ConnectionTest, FailedStage, HostCheck, HostOutcome, HostRole, SecretDelete,
    SecretSet, SecretStatusGet,
};
use std::sync::Arc;
use tauri::State;

/// Tries the hosts that a download needs, with settings that need not be saved yet.
#[tauri::command]
pub async fn connection_test(
    state: State<'_, App>,
    request: Request<ConnectionTest>,
) -> Answer<ConnectionTest> {
    let owner = state.user_id()?;
    let settings = match request.network {
        Some(settings) => settings,
        None => state.settings().await.network,
    };
    let secrets = Arc::clone(&state.secrets);
    let hub = blocking(move || downloads::hub(&settings, &secrets, &owner, surroundings())).await?;
    let hosts = hub
        .probe(&ProbeTarget::default(), &Control::new())
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    Ok(ConnectionReport {
        hosts: hosts.into_iter().map(check_of).collect(),
    })
}

/// Keeps a secret.
#[tauri::command]
pub async fn secret_set(state: State<'_, App>, request: Request<SecretSet>) -> Answer<SecretSet> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.set(&owner, request.secret, &request.value)).await
}

/// What may be known of a secret.
#[tauri::command]
pub async fn secret_status(
    state: State<'_, App>,
    request: Request<SecretStatusGet>,
) -> Answer<SecretStatusGet> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.status(&owner, request)).await
}

/// Forgets a secret.
#[tauri::command]
pub async fn secret_delete(
    state: State<'_, App>,
    request: Request<SecretDelete>,
) -> Answer<SecretDelete> {
    let owner = state.user_id()?;
    let secrets = Arc::clone(&state.secrets);
    blocking(move || secrets.delete(&owner, request)).await
}

fn check_of(report: HostReport) -> HostCheck {
    HostCheck {
        role: match report.role {
            Role::Api => HostRole::Api,
            Role::Resolve => HostRole::Resolve,
            Role::Content => HostRole::Content,
        },
        host: report.host,
        outcome: match report.verdict {
            Verdict::Works { ms } => HostOutcome::Works { ms },
            Verdict::Unreachable { how } => HostOutcome::Unreachable {
                stage: stage_of(how),
            },
            Verdict::Fails { detail } => HostOutcome::Fails { detail },
            Verdict::NotTried => HostOutcome::NotTried,
        },
    }
}

fn stage_of(how: Unreachable) -> FailedStage {
    match how {
        Unreachable::Dns => FailedStage::Dns,
        Unreachable::Connect => FailedStage::Connect,
        Unreachable::Tls => FailedStage::Tls,
        Unreachable::Proxy => FailedStage::Proxy,
        Unreachable::TimedOut => FailedStage::TimedOut,
        Unreachable::Broken => FailedStage::Broken,
    }
}
