//! The connection test: the hosts that a download needs, tried one after the other.

use crate::error;
use amoozgar_hub::{Control, HostReport, Hub, ProbeTarget, Role, Unreachable, Verdict};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{ConnectionReport, FailedStage, HostCheck, HostOutcome, HostRole};

/// Tries the hosts that a download needs.
pub async fn test(hub: &Hub) -> Result<ConnectionReport, ApiError> {
    let hosts = hub
        .probe(&ProbeTarget::default(), &Control::new())
        .await
        .map_err(|failure| error::of_hub(&failure))?;
    Ok(ConnectionReport {
        hosts: hosts.into_iter().map(check_of).collect(),
    })
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
