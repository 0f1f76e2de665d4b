//! How far an export is, and its stop.

use crate::EngineError;
use crate::control::Control;
use std::cell::Cell;

/// Bytes that were written or read back, of how many. Both count, so a file of one byte has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So far.
    pub done_bytes: u64,
    /// In all.
    pub total_bytes: u64,
}

/// Who follows an export, and may stop it.
pub struct Watch<'a> {
    /// A stop that is asked of it ends the export between two pieces of a file, and nothing stays.
    pub control: &'a Control,
    /// Hears of every piece.
    pub told: &'a (dyn Fn(Progress) + Sync),
}

/// Counts the pieces of one export, or of one check.
pub(crate) struct Count<'a> {
    watch: &'a Watch<'a>,
    done_bytes: Cell<u64>,
    total_bytes: u64,
}

impl<'a> Count<'a> {
    /// Of values that are so many bytes in their file, written and read back.
    pub(super) fn new(watch: &'a Watch<'a>, n_bytes: u64) -> Self {
        Self {
            watch,
            done_bytes: Cell::new(0),
            total_bytes: 2 * n_bytes,
        }
    }

    /// Of bytes that are read once.
    pub(crate) fn once(watch: &'a Watch<'a>, n_bytes: u64) -> Self {
        Self {
            watch,
            done_bytes: Cell::new(0),
            total_bytes: n_bytes,
        }
    }

    /// So many more.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] where a stop was asked for.
    pub(crate) fn add(&self, n_bytes: u64) -> Result<(), EngineError> {
        self.done_bytes.set(self.done_bytes.get() + n_bytes);
        if self.watch.control.stop_wanted() {
            return Err(EngineError::Stopped);
        }
        (self.watch.told)(Progress {
            done_bytes: self.done_bytes.get(),
            total_bytes: self.total_bytes,
        });
        Ok(())
    }
}
