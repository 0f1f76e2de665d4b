//! A child that waits for its next request, and is let go of once a while has passed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Holds one child, with what it holds, for a while.
pub struct Warm<T> {
    slot: Arc<Mutex<Slot<T>>>,
    stays: Duration,
}

struct Slot<T> {
    held: Option<T>,
    /// How often something was put here, by which a timer knows whether it is still meant.
    n_put: u64,
}

impl<T: Send + 'static> Warm<T> {
    /// An empty one that holds what is put there for so long.
    pub fn new(stays: Duration) -> Self {
        let slot = Slot {
            held: None,
            n_put: 0,
        };
        Self {
            slot: Arc::new(Mutex::new(slot)),
            stays,
        }
    }

    /// Holds `held` in place of what was there. Call it within a runtime.
    pub fn put(&self, held: T) {
        let n_put = {
            let mut slot = lock(&self.slot);
            slot.n_put += 1;
            slot.held = Some(held);
            slot.n_put
        };
        let (slot, stays) = (Arc::clone(&self.slot), self.stays);
        tokio::spawn(async move {
            tokio::time::sleep(stays).await;
            let mut slot = lock(&slot);
            if slot.n_put == n_put {
                slot.held = None;
            }
        });
    }

    /// What is held, which is held here no more.
    pub fn take(&self) -> Option<T> {
        lock(&self.slot).held.take()
    }

    /// Looks at what is held.
    pub fn look<U>(&self, at: impl FnOnce(&T) -> U) -> Option<U> {
        lock(&self.slot).held.as_ref().map(at)
    }
}

fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Warm;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn what_is_held_can_be_taken_and_goes_by_itself_after_a_while() {
        let warm = Warm::new(Duration::from_secs(600));
        warm.put(1);
        warm.put(2);
        assert_eq!(warm.look(|held| *held), Some(2), "the later one");
        assert_eq!(warm.take(), Some(2), "it can be taken");
        assert_eq!(warm.take(), None, "once");

        let warm = Warm::new(Duration::from_millis(10));
        let held = Arc::new(());
        warm.put(Arc::clone(&held));
        let gone = async {
            while Arc::strong_count(&held) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .unwrap();
        assert_eq!(warm.look(|_| ()), None, "let go of");
    }
}
