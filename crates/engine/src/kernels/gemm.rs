//! General matrix products over strided views, on the `gemm` crate, and large ones on our own loops where
//! these are faster.

#[cfg(target_arch = "x86_64")]
mod avx2;

use super::shared::Shared;
use gemm::Parallelism;

/// A read-only matrix: element `(r, c)` is `data[r * row_stride + c * column_stride]`.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// `data` as `(rows, columns)`, row-major and without gaps.
    ///
    /// # Panics
    /// If `data` does not hold exactly that many elements.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "({rows}, {columns})");
        Self::strided(data, rows, columns, columns)
    }

    /// The `(rows, columns)` that start `row_stride` elements apart in `data`.
    ///
    /// # Panics
    /// If the last row ends beyond `data`.
    pub fn strided(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        let end = if rows == 0 || columns == 0 {
            0
        } else {
            (rows - 1) * row_stride + columns
        };
        assert!(end <= data.len(), "({rows}, {columns}) of {}", data.len());
        Self {
            data,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// The transposed matrix; nothing is copied.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }
}

/// Where a product runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// On the calling thread: for products inside a parallel task.
    ThisThread,
    /// Over the current rayon pool.
    Pool,
}

impl Spread {
    pub(crate) fn parallelism(self) -> Parallelism {
        match self {
            Self::ThisThread => Parallelism::None,
            Self::Pool => Parallelism::Rayon(0),
        }
    }
}

/// `out = beta * out + alpha * a b`: `a` is `(M, K)`, `b` `(K, N)`, `out` `(M, N)` row-major without
/// gaps. With `beta` 0, `out` is not read.
///
/// # Panics
/// If the shapes do not fit.
pub fn gemm(out: &mut [f32], a: View<'_>, b: View<'_>, alpha: f32, beta: f32, spread: Spread) {
    assert_eq!(out.len(), a.rows * b.columns, "{:?}", (a.rows, b.columns));
    let stride = b.columns;
    // SAFETY: `out` is borrowed mutably and holds (M, N) with rows `stride` apart.
    unsafe { gemm_into(Shared::new(out).at(0), stride, a, b, alpha, beta, spread) }
}

/// [`gemm`] into rows that start `stride` elements apart.
///
/// # Safety
/// `out` points at `(M, N)` elements with rows `stride` apart that nobody else touches meanwhile and
/// that do not overlap with `a` or `b`. With `beta` other than 0 they are initialised.
pub(crate) unsafe fn gemm_into(
    out: *mut f32,
    stride: usize,
    a: View<'_>,
    b: View<'_>,
    alpha: f32,
    beta: f32,
    spread: Spread,
) {
    assert_eq!(a.columns, b.rows, "{:?} by {:?}", a.shape(), b.shape());
    #[cfg(target_arch = "x86_64")]
    if spread == Spread::Pool && alpha.to_bits() == 1.0_f32.to_bits() && avx2::suits(&a, &b) {
        // SAFETY: the caller's promises are passed on.
        return unsafe { avx2::multiply(out, stride, a, b, beta) };
    }
    // SAFETY: the views' constructors checked their bounds, the caller vouches for `out`.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out,
            1,
            stride as isize,
            beta != 0.0,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            beta,
            alpha,
            false,
            false,
            false,
            spread.parallelism(),
        );
    }
}
