//! How a caller steers a run from another thread.

use amoozgar_types::event::WorkerCommand;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Steers a running [`crate::train()`]. Clones steer the same run.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Wishes {
    stop: bool,
    pause: bool,
    checkpoint: bool,
}

impl Control {
    /// A control of which nothing is asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks something of the run; returns at once. The run reacts between two steps; a stop also
    /// while it is being prepared. A pause asked for during preparation begins before the first step.
    pub fn send(&self, command: WorkerCommand) {
        let mut wishes = self.wishes();
        match command {
            WorkerCommand::Pause => wishes.pause = true,
            WorkerCommand::Resume => wishes.pause = false,
            WorkerCommand::Stop => wishes.stop = true,
            WorkerCommand::Checkpoint => wishes.checkpoint = true,
        }
        self.0.changed.notify_all();
    }

    /// Whether a stop was asked for.
    pub fn stop_wanted(&self) -> bool {
        self.wishes().stop
    }

    pub(crate) fn pause_wanted(&self) -> bool {
        self.wishes().pause
    }

    /// Whether a checkpoint was asked for since the last call.
    pub(crate) fn take_checkpoint_wish(&self) -> bool {
        std::mem::take(&mut self.wishes().checkpoint)
    }

    /// Sleeps while a pause is wanted and no stop.
    pub(crate) fn wait_while_paused(&self) {
        let wishes = self.wishes();
        let resumed = self
            .0
            .changed
            .wait_while(wishes, |wishes| wishes.pause && !wishes.stop);
        drop(resumed.unwrap_or_else(PoisonError::into_inner));
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
