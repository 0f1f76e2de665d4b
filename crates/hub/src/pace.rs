//! A rate that everything together stays below.

use crate::clock::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Keeps whoever shares it below a rate, which may change while they work. Those who share one must
/// share a clock.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bytes_per_s: Option<u64>,
    /// When the next bytes may pass.
    next: Duration,
}

impl Pace {
    /// At most `bytes_per_s`; without a limit where absent or 0.
    pub fn new(bytes_per_s: Option<u64>) -> Self {
        let pace = Self::default();
        pace.set(bytes_per_s);
        pace
    }

    /// Changes the limit for what is not on its way yet.
    pub fn set(&self, bytes_per_s: Option<u64>) {
        let mut state = self.state();
        state.bytes_per_s = bytes_per_s.filter(|rate| *rate > 0);
        state.next = Duration::ZERO;
    }

    /// Returns when `n` bytes may pass.
    pub(crate) async fn take(&self, clock: &dyn Clock, n: usize) {
        let wait = self.turn(clock.now(), n);
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
    }

    fn turn(&self, now: Duration, n: usize) -> Duration {
        let mut state = self.state();
        let Some(rate) = state.bytes_per_s else {
            return Duration::ZERO;
        };
        let turn = now.max(state.next);
        state.next = turn + Duration::from_secs_f64(n as f64 / rate as f64);
        turn.saturating_sub(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::Duration;

    #[test]
    fn what_shares_a_pace_stays_below_its_rate_together() {
        let pace = Pace::new(Some(1000));
        let second = Duration::from_secs(1);
        assert_eq!(pace.turn(second, 500), Duration::ZERO, "the first passes");
        assert_eq!(
            pace.turn(second, 500),
            second / 2,
            "the second waits for it"
        );
        assert_eq!(pace.turn(second, 500), second, "the third for both");
        pace.set(None);
        assert_eq!(pace.turn(second, 500), Duration::ZERO, "the limit is off");
        pace.set(Some(0));
        assert_eq!(pace.turn(second, 500), Duration::ZERO, "0 is no limit");
    }
}
