//! Who watches which run live.

use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{JobUpdate, SubscriptionId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes an update; answers whether anyone still listens.
pub type Sink = Box<dyn Fn(JobUpdate) -> bool + Send>;

/// The live subscriptions of every window.
#[derive(Default)]
pub struct Subscriptions {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last_id: u32,
    sinks: HashMap<SubscriptionId, (JobId, Sink)>,
}

impl Subscriptions {
    /// Sends the updates of `job_id` to `sink` from now on.
    pub fn subscribe(&self, job_id: JobId, sink: Sink) -> SubscriptionId {
        let mut inner = self.lock();
        inner.last_id = inner.last_id.wrapping_add(1);
        let id = SubscriptionId(inner.last_id);
        inner.sinks.insert(id, (job_id, sink));
        id
    }

    /// Ends a subscription; an unknown one is fine.
    pub fn unsubscribe(&self, id: SubscriptionId) {
        self.lock().sinks.remove(&id);
    }

    /// Ends them all: the page that listened is gone, or its user has signed out.
    pub fn clear(&self) {
        self.lock().sinks.clear();
    }

    /// Hands an update to whoever watches its job, and forgets those who are gone.
    pub fn publish(&self, update: &JobUpdate) {
        self.lock()
            .sinks
            .retain(|_, (job_id, sink)| *job_id != update.job.job_id || sink(update.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
