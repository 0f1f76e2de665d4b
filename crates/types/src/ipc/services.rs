//! The servers for chat that a user names: their keys, and trying them.

use crate::id::ServiceId;
use serde::{Deserialize, Serialize};

/// A service's key on its way into the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Which service.
    pub service_id: ServiceId,
    /// The key; removes it where empty.
    pub key: String,
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceKey")
            .field("service_id", &self.service_id)
            .finish_non_exhaustive()
    }
}

/// A service to be tried, as it stands in the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTrial {
    /// The base address.
    pub base_url: String,
    /// A key that is not kept yet.
    pub key: Option<String>,
    /// The service whose kept key is used where `key` is absent.
    pub service_id: Option<ServiceId>,
}

impl std::fmt::Debug for ServiceTrial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceTrial")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// The models that it offers, by name.
    pub models: Vec<String>,
    /// How long it took to answer.
    pub took_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::{ServiceKey, ServiceTrial};
    use crate::id::ServiceId;

    #[test]
    fn a_key_never_shows_in_what_is_printed() {
        let key = ServiceKey {
            service_id: ServiceId::new("s"),
            key: "sk-secret".into(),
        };
        let trial = ServiceTrial {
            base_url: "http://a".into(),
            key: Some("sk-secret".into()),
            service_id: None,
        };
        let printed = format!("{key:?} {trial:?}");
        assert!(!printed.contains("sk-secret"), "`{printed}`");
    }
}
