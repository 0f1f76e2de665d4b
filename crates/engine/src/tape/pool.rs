//! Buffers that come back: after the first step of a run every value of a later step finds its memory
//! here, so that the process neither grows nor pays for fresh pages.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A buffer may serve a value that needs at least this share of it.
const SMALLEST_SHARE: f64 = 0.8;

/// Lends [`Buffer`]s and takes them back.
#[derive(Debug, Default)]
pub struct Pool {
    free: Mutex<BTreeMap<usize, Vec<Vec<f32>>>>,
    /// Rows of the values that its buffers are made for.
    n_rows: AtomicUsize,
    /// Rows of the batch under way: at most `n_rows`, and at least [`SMALLEST_SHARE`] of it.
    n_rows_now: AtomicUsize,
}

/// f32 values on loan. What it holds at first is left over from another value.
#[derive(Debug, Default)]
pub struct Buffer {
    values: Vec<f32>,
    len: usize,
}

impl Pool {
    /// Values of `n_rows` rows are asked for next. Where the buffers at hand are too short for them, or so
    /// long that they would not serve, they are freed: batches of all sizes take no more memory than
    /// the largest.
    pub fn expect_rows(&self, n_rows: usize) {
        let before = self.n_rows.load(Ordering::Relaxed);
        if n_rows > before || (n_rows as f64) < SMALLEST_SHARE * before as f64 {
            self.clear();
            self.n_rows.store(n_rows, Ordering::Relaxed);
        }
        self.n_rows_now.store(n_rows, Ordering::Relaxed);
    }

    /// A buffer of `len` values, whose contents are whatever the last borrower left.
    pub fn take(&self, len: usize) -> Buffer {
        let mut free = self.free();
        let longest = (len as f64 / SMALLEST_SHARE) as usize;
        let found = free
            .range_mut(len..=longest)
            .find_map(|(_, buffers)| buffers.pop());
        drop(free);
        let values = found.unwrap_or_else(|| vec![0.0; self.length_to_make(len)]);
        Buffer { values, len }
    }

    /// The length of a buffer that is made for a value of `len`. What has values for each row is made for
    /// the most rows: a buffer of a small batch would be of no use to a larger one and wait beside
    /// another of the same width.
    fn length_to_make(&self, len: usize) -> usize {
        let now = self.n_rows_now.load(Ordering::Relaxed);
        match len.checked_rem(now) {
            Some(0) => len / now * self.n_rows.load(Ordering::Relaxed),
            _ => len,
        }
    }

    /// Takes a buffer back.
    pub fn give(&self, buffer: Buffer) {
        let values = buffer.values;
        if !values.is_empty() {
            self.free().entry(values.len()).or_default().push(values);
        }
    }

    /// Frees buffers of `n_values` in all, where so many wait, of each size about its share: the memory
    /// goes to something else.
    pub(crate) fn make_room(&self, n_values: usize) {
        let mut free = self.free();
        let mut left = n_values;
        while left > 0 {
            let most = free
                .iter_mut()
                .max_by_key(|(len, buffers)| *len * buffers.len());
            let Some((&len, buffers)) = most.filter(|(_, buffers)| !buffers.is_empty()) else {
                return;
            };
            buffers.pop();
            left = left.saturating_sub(len);
        }
    }

    /// Frees what is not on loan.
    pub fn clear(&self) {
        self.free().clear();
    }

    /// Bytes that are here and not on loan.
    pub fn free_bytes(&self) -> usize {
        self.free()
            .iter()
            .map(|(len, buffers)| len * buffers.len() * size_of::<f32>())
            .sum()
    }

    fn free(&self) -> MutexGuard<'_, BTreeMap<usize, Vec<Vec<f32>>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.values.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.values.get_mut(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;

    #[test]
    fn a_buffer_that_came_back_serves_the_next_value_of_about_its_size() {
        let pool = Pool::default();
        let mut buffer = pool.take(100);
        buffer[99] = 7.0;
        pool.give(buffer);
        assert_eq!(pool.free_bytes(), 400, "it waits for the next borrower");
        let again = pool.take(90);
        assert_eq!(again.len(), 90, "as long as was asked for");
        assert_eq!(pool.free_bytes(), 0, "the same memory");
        pool.give(again);
        let small = pool.take(50);
        assert_eq!(pool.free_bytes(), 400, "half of a buffer is not given away");
        drop(small);
    }

    #[test]
    fn batches_of_other_sizes_do_not_pile_up_buffers() {
        let pool = Pool::default();
        for n_rows in [100, 90, 40, 100, 41, 101, 99] {
            pool.expect_rows(n_rows);
            let (wide, narrow) = (pool.take(n_rows * 8), pool.take(n_rows * 2));
            pool.give(wide);
            pool.give(narrow);
            assert!(
                pool.free_bytes() <= 4 * 10 * 101,
                "{n_rows} rows: {} bytes are held",
                pool.free_bytes()
            );
        }
        assert_eq!(pool.free_bytes(), 4 * 10 * 101, "99 rows fit where 101 did");
    }

    #[test]
    fn room_made_under_small_batches_takes_nothing_from_large_ones() {
        let pool = Pool::default();
        for n_rows in [100, 82, 100, 85, 100, 90, 81, 100] {
            pool.expect_rows(n_rows);
            let values: Vec<_> = (0..3).map(|_| pool.take(n_rows * 8)).collect();
            assert!(
                values.iter().all(|buffer| buffer.len() == n_rows * 8),
                "as long as was asked for"
            );
            for buffer in values {
                pool.give(buffer);
            }
            assert!(
                pool.free_bytes() <= 4 * 3 * 800,
                "{n_rows} rows: {} bytes are held for three values",
                pool.free_bytes()
            );
            pool.make_room(n_rows * 8);
        }
    }
}
