//! Time and what else a download takes from the machine, passed in so that tests need not wait, and
//! the pauses between attempts.

use crate::HubError;
use crate::error::Worth;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that can also wait.
pub trait Clock: Send + Sync {
    /// Time since some moment that does not change.
    fn now(&self) -> Duration;
    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// How many bytes are free on the disk of a path.
pub type FreeSpace = Arc<dyn Fn(&Path) -> std::io::Result<u64> + Send + Sync>;

/// What the system says of a disk.
pub(crate) fn system_free_space() -> FreeSpace {
    Arc::new(|path| fs4::available_space(path))
}

/// What a download takes from the machine beside network and files.
#[derive(Clone)]
pub struct Surroundings {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where the jitter begins; different on every machine, so that many do not return at once.
    pub seed: u64,
    /// The free space of a disk.
    pub free_space: FreeSpace,
}

impl Surroundings {
    /// The machine as it is.
    pub fn system(seed: u64) -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            seed,
            free_space: system_free_space(),
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// How long and how often to try again.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first pause; each further one is twice as long.
    pub first: Duration,
    /// The longest pause of our own choosing.
    pub longest: Duration,
    /// The longest pause that a host may ask for; beyond it the failure is told.
    pub longest_asked: Duration,
    /// Attempts in a row that bring nothing before the failure is told.
    pub attempts: u32,
}

impl Backoff {
    /// For a question whose asker waits.
    pub const QUESTION: Self = Self {
        first: Duration::from_millis(500),
        longest: Duration::from_secs(8),
        longest_asked: Duration::from_secs(120),
        attempts: 5,
    };
    /// For a transfer, which nobody has to watch.
    pub const TRANSFER: Self = Self {
        first: Duration::from_millis(500),
        longest: Duration::from_secs(60),
        longest_asked: Duration::from_secs(15 * 60),
        attempts: 12,
    };
    /// Attempts at what only a fresh look can help.
    const FEW: u32 = 3;
}

/// Random numbers for jitter (splitmix64, Steele and others 2014), shared by all attempts.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Between 0 and 1.
    fn fraction(&self) -> f64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Counts the attempts of one undertaking.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    in_vain: u32,
    few: u32,
}

impl Attempts {
    /// Something came: the next failure is a first one.
    pub(crate) fn progressed(&mut self) {
        *self = Self::default();
    }

    /// How many failed in a row.
    pub(crate) fn in_vain(&self) -> u32 {
        self.in_vain
    }

    /// The pause before the next attempt, or the failure where there shall be none.
    pub(crate) fn after(
        &mut self,
        failure: HubError,
        backoff: &Backoff,
        jitter: &Jitter,
    ) -> Result<Duration, HubError> {
        let limit = match failure.worth_retrying() {
            Worth::Never => return Err(failure),
            Worth::Few => {
                self.few += 1;
                if self.few >= Backoff::FEW {
                    return Err(failure);
                }
                backoff.attempts
            }
            Worth::Patience => backoff.attempts,
        };
        self.in_vain += 1;
        if self.in_vain >= limit {
            return Err(failure);
        }
        let doubled = backoff
            .first
            .saturating_mul(1 << (self.in_vain - 1).min(16));
        // Half of it is certain, the rest is drawn: no pause is so short that it is none.
        let own = doubled
            .min(backoff.longest)
            .mul_f64(0.5 + 0.5 * jitter.fraction());
        match failure {
            HubError::RateLimited {
                wait: Some(wait), ..
            } if wait > backoff.longest_asked => Err(failure),
            HubError::RateLimited {
                wait: Some(wait), ..
            } => Ok(wait.max(own)),
            _ => Ok(own),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Attempts, Backoff, Jitter};
    use crate::HubError;
    use std::time::Duration;

    fn cut() -> HubError {
        HubError::Cut {
            host: "a".into(),
            source: None,
        }
    }

    fn asked(seconds: u64) -> HubError {
        HubError::RateLimited {
            host: "a".into(),
            wait: Some(Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn pauses_double_with_jitter_up_to_the_longest_and_end_at_the_last_attempt() {
        let (backoff, jitter) = (Backoff::TRANSFER, Jitter::new(7));
        let mut attempts = Attempts::default();
        for number in 0..backoff.attempts - 1 {
            let pause = attempts.after(cut(), &backoff, &jitter).unwrap();
            let whole = backoff
                .first
                .saturating_mul(1 << number)
                .min(backoff.longest);
            assert!(
                pause >= whole / 2 && pause <= whole,
                "pause {number} is {pause:?}"
            );
        }
        assert!(
            attempts.after(cut(), &backoff, &jitter).is_err(),
            "then the failure is told"
        );
        attempts.progressed();
        assert!(
            attempts.after(cut(), &backoff, &jitter).is_ok(),
            "after progress all begins anew"
        );
    }

    #[test]
    fn a_host_that_asks_to_wait_is_heard_unless_it_asks_too_much() {
        let (backoff, jitter) = (Backoff::QUESTION, Jitter::new(7));
        let pause = Attempts::default()
            .after(asked(90), &backoff, &jitter)
            .unwrap();
        assert_eq!(pause, Duration::from_secs(90), "as long as it asks");
        assert!(
            Attempts::default()
                .after(asked(3600), &backoff, &jitter)
                .is_err(),
            "an hour is told instead of waited"
        );
    }

    #[test]
    fn the_same_seed_draws_the_same_pauses() {
        let draw = |seed| {
            let jitter = Jitter::new(seed);
            [jitter.fraction().to_bits(), jitter.fraction().to_bits()]
        };
        assert_eq!(draw(1405), draw(1405));
        assert_ne!(
            draw(1405),
            draw(1406),
            "machines do not return at the same moment"
        );
    }
}
