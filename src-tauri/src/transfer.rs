//! Copying that takes its time (import, export, a move): which one is under way, and how far it is.

use amoozgar_hub::{Control, Copied, Stop, Watch};
use amoozgar_types::ipc::TransferProgress;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two tellings.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Before that a guess at what remains is worth nothing.
const GUESS_AFTER: Duration = Duration::from_secs(1);

/// The one copying under way.
#[derive(Default)]
pub struct Transfers {
    current: Mutex<Control>,
}

impl Transfers {
    /// Makes room for a new one: the one under way is stopped.
    pub fn begin(&self) -> Control {
        let control = Control::new();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.stop(Stop::Cancel);
        *current = control.clone();
        control
    }

    /// Stops the one under way, if there is one.
    pub fn stop(&self) {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop(Stop::Cancel);
    }
}

/// Gives `tell` how far the copying is, with what remains, until `control` stops it.
pub fn watch(control: Control, tell: impl Fn(TransferProgress) + Send + Sync + 'static) -> Watch {
    let began = Instant::now();
    let last = Mutex::new(None::<Instant>);
    Watch {
        control,
        told: Arc::new(move |copied: &Copied| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            let is_last = copied.done_bytes == copied.total_bytes;
            if !is_last && last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
                return;
            }
            *last = Some(Instant::now());
            tell(TransferProgress {
                done_bytes: copied.done_bytes,
                total_bytes: copied.total_bytes,
                file: Some(copied.file.clone()).filter(|file| !file.is_empty()),
                remaining_s: remaining_s(began.elapsed(), copied),
            });
        }),
        ..Watch::default()
    }
}

/// What remains, at the speed so far.
fn remaining_s(elapsed: Duration, copied: &Copied) -> Option<f64> {
    if elapsed < GUESS_AFTER || copied.done_bytes == 0 {
        return None;
    }
    let remaining = copied.total_bytes.saturating_sub(copied.done_bytes);
    Some(elapsed.as_secs_f64() * remaining as f64 / copied.done_bytes as f64)
}
