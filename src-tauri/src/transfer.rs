//! Copying that takes its time (import, export, a move): which are under way, how far each is, and
//! stopping one.

use amoozgar_hub::{Control, Copied, Stop, Watch};
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::TransferProgress;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two tellings.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Before that a guess at what remains is worth nothing.
const GUESS_AFTER: Duration = Duration::from_secs(1);

/// The copying under way. Each has a number, by which whoever began it stops it.
#[derive(Debug, Default, Clone)]
pub struct Transfers {
    live: Arc<Mutex<Live>>,
}

#[derive(Debug, Default)]
struct Live {
    n_begun: u32,
    controls: HashMap<u32, (UserId, Control)>,
}

impl Transfers {
    /// A further one, for a user; it is listed until the answer is dropped.
    pub fn begin(&self, user_id: &UserId) -> Transfer {
        let control = Control::new();
        let mut live = lock(&self.live);
        live.n_begun += 1;
        let number = live.n_begun;
        let listed = (user_id.clone(), control.clone());
        live.controls.insert(number, listed);
        Transfer {
            number,
            control,
            live: Arc::clone(&self.live),
        }
    }

    /// Stops one that the user began; one that has ended is fine.
    pub fn stop(&self, user_id: &UserId, number: u32) {
        if let Some((owner, control)) = lock(&self.live).controls.get(&number)
            && owner == user_id
        {
            control.stop(Stop::Cancel);
        }
    }

    /// Stops all of them, since the program ends.
    pub fn stop_all(&self) {
        for (_, control) in lock(&self.live).controls.values() {
            control.stop(Stop::Cancel);
        }
    }
}

/// A copying that is under way.
#[derive(Debug)]
#[must_use]
pub struct Transfer {
    number: u32,
    control: Control,
    live: Arc<Mutex<Live>>,
}

impl Transfer {
    /// Gives `tell` how far the copying is, with what remains: at once, so that it can be stopped, and then
    /// now and then.
    pub fn watch(&self, tell: impl Fn(TransferProgress) + Send + Sync + 'static) -> Watch {
        let nothing = Copied {
            done_bytes: 0,
            total_bytes: 0,
            file: String::new(),
        };
        tell(progress(self.number, &nothing, None));
        watch(self.number, self.control.clone(), tell)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        lock(&self.live).controls.remove(&self.number);
    }
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch(
    number: u32,
    control: Control,
    tell: impl Fn(TransferProgress) + Send + Sync + 'static,
) -> Watch {
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
            let remaining_s = remaining_s(began.elapsed(), copied);
            tell(progress(number, copied, remaining_s));
        }),
        ..Watch::default()
    }
}

fn progress(number: u32, copied: &Copied, remaining_s: Option<f64>) -> TransferProgress {
    TransferProgress {
        transfer: number,
        done_bytes: copied.done_bytes,
        total_bytes: copied.total_bytes,
        file: Some(copied.file.clone()).filter(|file| !file.is_empty()),
        remaining_s,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Transfers;
    use amoozgar_types::id::UserId;
    use amoozgar_types::ipc::TransferProgress;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_second_one_stops_no_first_one_and_each_is_stopped_by_who_began_it() {
        let transfers = Transfers::default();
        let (sara, dara) = (UserId::new("sara"), UserId::new("dara"));
        let told = Arc::new(Mutex::new(Vec::<TransferProgress>::new()));
        let (first, second) = (transfers.begin(&sara), transfers.begin(&dara));
        let watch = |transfer: &super::Transfer| {
            let told = Arc::clone(&told);
            transfer.watch(move |progress| told.lock().unwrap().push(progress))
        };
        let (one, other) = (watch(&first), watch(&second));
        let numbers: Vec<u32> = told
            .lock()
            .unwrap()
            .iter()
            .map(|told| told.transfer)
            .collect();
        assert_eq!(
            numbers.len(),
            2,
            "each says its number before a byte is copied"
        );
        assert!(one.control.wish().is_none(), "the first one goes on");
        transfers.stop(&dara, numbers[0]);
        assert!(one.control.wish().is_none(), "it is not dara's");
        transfers.stop(&sara, numbers[0]);
        assert!(one.control.wish().is_some() && other.control.wish().is_none());
        drop(first);
        transfers.stop(&sara, numbers[0]);
        transfers.stop_all();
        assert!(other.control.wish().is_some(), "the program ends");
    }
}
