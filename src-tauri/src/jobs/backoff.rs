//! How long something that failed is left alone before it is tried again, and whether its failure was said.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(60);

/// Failures in a row of one thing.
#[derive(Debug, Default)]
pub struct Backoff {
    n_failed: u32,
}

impl Backoff {
    /// It failed once more. Answers how long to wait.
    pub fn failed(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.n_failed).unwrap_or(u32::MAX));
        self.n_failed = self.n_failed.saturating_add(1);
        doubled.min(MOST)
    }

    /// How often it failed since it last worked.
    pub fn n_failed(&self) -> u32 {
        self.n_failed
    }

    /// It worked.
    pub fn worked(&mut self) {
        self.n_failed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, MOST};
    use std::time::Duration;

    #[test]
    fn each_failure_waits_twice_as_long_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..80).map(|_| backoff.failed()).collect();
        let first: Vec<u128> = waits.iter().take(4).map(Duration::as_millis).collect();
        assert_eq!(first, [500, 1000, 2000, 4000], "doubled");
        assert!(
            waits.iter().skip(7).all(|wait| *wait == MOST),
            "and never more than a minute"
        );
        backoff.worked();
        assert_eq!(backoff.failed().as_millis(), 500, "anew once it worked");
    }
}
