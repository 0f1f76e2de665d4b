//! A slice that several tasks write at once, each its own elements: what `par_chunks_mut` cannot cut,
//! such as column strips of a row-major matrix.

use std::marker::PhantomData;

/// A borrowed `&mut [T]` that hands out pointers to its elements from any thread.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: handing out pointers is harmless; who dereferences them promises that no two tasks touch
// the same element (see `Shared::at` and `Shared::slice`).
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Borrows `slice` until the result is dropped.
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            borrow: PhantomData,
        }
    }

    /// Points at element `index`; the elements from there to the end are within the slice.
    pub(crate) fn at(self, index: usize) -> *mut T {
        assert!(index <= self.len, "{index} of {}", self.len);
        // SAFETY: `index` is within the borrowed slice or one past its end.
        unsafe { self.start.add(index) }
    }

    /// The elements `start..start + len`.
    ///
    /// # Safety
    /// No other task reads or writes these elements while the result lives.
    pub(crate) unsafe fn slice(self, start: usize, len: usize) -> &'a mut [T] {
        assert!(start + len <= self.len, "{start} + {len} of {}", self.len);
        // SAFETY: within the borrowed slice; the caller promises that nobody else touches it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }
}
