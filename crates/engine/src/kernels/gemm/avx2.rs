//! Large products in AVX2, for processors that have no wider instructions.
//!
//! The blocking is that of Goto and van de Geijn (2008), as for [`bf16`](crate::kernels::bf16): the right
//! factor is packed once into panels of [`PANEL`] columns, a task packs its rows of the left factor block
//! by block, and the innermost loop keeps [`ROWS`] x [`PANEL`] sums in registers. Each sum runs over k in
//! the same order whatever the tiles, so that bits do not depend on the threads.

use super::View;
use crate::kernels::cut;
use crate::kernels::shared::Shared;
use crate::kernels::simd::Isa;
use rayon::prelude::*;
use std::arch::x86_64::{
    __m256, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_storeu_ps,
};
use std::cell::RefCell;
use std::ops::Range;

/// Values in a register.
const LANES: usize = 8;

/// Columns of a panel: two registers.
const PANEL: usize = 2 * LANES;

/// Rows whose sums are in registers at a time: 6 x 2 sums, two columns and a broadcast of the 16.
const ROWS: usize = 6;

/// Values of k in a block: a panel of a block is 16 KiB, half of a first-level cache.
const DEPTH: usize = 256;

/// Values of k that a task packs of a right factor stored as `(K, N)`; divides [`DEPTH`].
const PIECE: usize = 16;

/// Values of a panel in a block.
const PANEL_VALUES: usize = DEPTH * PANEL;

/// Values of the right factor that are packed at a time: 2 MiB, a share of a third-level cache.
const PACKED_VALUES: usize = 1 << 19;

/// Multiplications from which packing is worth its time.
const WORTH: usize = 1 << 24;

/// Tasks below which tiles are cut smaller.
const ENOUGH_TASKS: usize = 16;

/// Whether the product of `a` and `b` is one for this module.
pub(super) fn suits(a: &View<'_>, b: &View<'_>) -> bool {
    let is_dense = |view: &View<'_>| view.row_stride == 1 || view.column_stride == 1;
    Isa::current() == Isa::Avx2
        && a.rows >= 2 * ROWS
        && a.rows * a.columns * b.columns >= WORTH
        && is_dense(a)
        && is_dense(b)
}

/// Where the product goes: `(M, N)` with rows `stride` apart.
#[derive(Clone, Copy)]
struct Out {
    start: *mut f32,
    stride: usize,
    beta: f32,
}

impl Out {
    /// The same place, whose values are kept.
    fn added_to(self) -> Self {
        Self { beta: 1.0, ..self }
    }
}

// SAFETY: tasks write disjoint tiles, see `multiply`.
unsafe impl Send for Out {}
// SAFETY: as above.
unsafe impl Sync for Out {}

thread_local! {
    /// The packed right factor, kept so that a training step allocates nothing after the first.
    static PACKED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// `out = beta * out + a b` over the current rayon pool, where [`suits`] says so.
///
/// # Safety
/// As [`gemm_into`](super::gemm_into).
pub(super) unsafe fn multiply(out: *mut f32, stride: usize, a: View<'_>, b: View<'_>, beta: f32) {
    let (n, k) = (b.columns, a.columns);
    let mut packed = PACKED.take();
    let columns_at_once = (PACKED_VALUES / k.min(2 * DEPTH) / PANEL).max(1) * PANEL;
    for columns in cut(0..n, columns_at_once) {
        let width = columns.len().next_multiple_of(PANEL);
        let depth_at_once = (PACKED_VALUES / width / DEPTH).max(1) * DEPTH;
        for depth in cut(0..k, depth_at_once) {
            pack_right(&mut packed, &b, &columns, &depth);
            let out = Out {
                start: out,
                stride,
                beta: if depth.start == 0 { beta } else { 1.0 },
            };
            tiles(a.rows, &columns)
                .par_iter()
                .for_each_init(Vec::new, |left, (rows, tile)| {
                    for (index, block) in cut(depth.clone(), DEPTH).enumerate() {
                        pack_left(left, &a, rows, &block);
                        let panels = &packed[index * width * DEPTH..][..width * DEPTH];
                        let panels = &panels[(tile.start - columns.start) * DEPTH..];
                        let out = if index == 0 { out } else { out.added_to() };
                        // SAFETY: tiles are disjoint, and each writes its own rows and columns.
                        unsafe { multiply_tile(out, left, panels, rows, tile, block.len()) };
                    }
                });
        }
    }
    PACKED.set(packed);
}

/// Rows and columns of each task: large for reuse, but small enough to keep many threads busy.
fn tiles(m: usize, columns: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let (mut height, mut width) = (16 * ROWS, 48 * PANEL);
    while m.div_ceil(height) * columns.len().div_ceil(width) < ENOUGH_TASKS {
        if height > 4 * ROWS {
            height /= 2;
        } else if width > PANEL {
            width = (width / PANEL).div_ceil(2) * PANEL;
        } else {
            break;
        }
    }
    cut(0..m, height)
        .flat_map(|rows| cut(columns.clone(), width).map(move |columns| (rows.clone(), columns)))
        .collect()
}

/// Packs the panels of `columns` over `depth`: block by block of k, panel by panel. What is beyond the
/// columns of a last panel is any number, and no sum of it is kept.
fn pack_right(packed: &mut Vec<f32>, b: &View<'_>, columns: &Range<usize>, depth: &Range<usize>) {
    let n_panels = columns.len().div_ceil(PANEL);
    packed.resize(depth.len().div_ceil(DEPTH) * n_panels * PANEL_VALUES, 0.0);
    if b.column_stride == 1 {
        // Whole rows are read, since a panel's strips of them come from memory at a fraction of its speed.
        let packed = Shared::new(packed);
        let pieces: Vec<_> = cut(depth.clone(), PIECE).collect();
        pieces.into_par_iter().flatten_iter().for_each(|k| {
            let row = &b.data[k * b.row_stride + columns.start..][..columns.len()];
            let at = k - depth.start;
            let start = at / DEPTH * n_panels * PANEL_VALUES + at % DEPTH * PANEL;
            for (panel, values) in row.chunks(PANEL).enumerate() {
                // SAFETY: each k has its own places in every panel.
                let to = unsafe { packed.slice(start + panel * PANEL_VALUES, PANEL) };
                copy::<PANEL>(values, to);
            }
        });
        return;
    }
    packed
        .par_chunks_exact_mut(PANEL_VALUES)
        .enumerate()
        .for_each(|(index, panel)| {
            let first = depth.start + index / n_panels * DEPTH;
            let len = DEPTH.min(depth.end - first);
            let start = columns.start + index % n_panels * PANEL;
            for (at, column) in (start..(start + PANEL).min(columns.end)).enumerate() {
                let values = &b.data[column * b.column_stride + first..][..len];
                for (to, value) in panel[at..].iter_mut().step_by(PANEL).zip(values) {
                    *to = *value;
                }
            }
        });
}

/// Packs `rows` of the left factor over a block of k: by groups of [`ROWS`], and by k within them.
fn pack_left(left: &mut Vec<f32>, a: &View<'_>, rows: &Range<usize>, block: &Range<usize>) {
    let group_values = ROWS * block.len();
    left.resize(rows.len().div_ceil(ROWS) * group_values, 0.0);
    if a.column_stride == 1 {
        let groups = left.chunks_exact_mut(group_values);
        for (first, group) in rows.clone().step_by(ROWS).zip(groups) {
            // A last group repeats the last row, and no sum of it is kept.
            let from: [&[f32]; ROWS] = std::array::from_fn(|row| {
                let start = (first + row).min(rows.end - 1) * a.row_stride;
                &a.data[start + block.start..start + block.end]
            });
            for (k, to) in group.chunks_exact_mut(ROWS).enumerate() {
                for (to, row) in to.iter_mut().zip(from) {
                    *to = row[k];
                }
            }
        }
        return;
    }
    for (at, k) in block.clone().enumerate() {
        let row = &a.data[k * a.column_stride + rows.start..][..rows.len()];
        for (group, values) in row.chunks(ROWS).enumerate() {
            copy::<ROWS>(values, &mut left[group * group_values + at * ROWS..]);
        }
    }
}

/// Copies at most `N` values; where there are all, without asking how many.
fn copy<const N: usize>(from: &[f32], to: &mut [f32]) {
    match <&[f32; N]>::try_from(from) {
        Ok(from) => to[..N].copy_from_slice(from),
        Err(_) => to[..from.len()].copy_from_slice(from),
    }
}

/// Multiplies a packed block of rows with the panels of a tile.
///
/// # Safety
/// Nobody else touches the tile's elements of `out`, and the processor has AVX2 with FMA.
unsafe fn multiply_tile(
    out: Out,
    left: &[f32],
    panels: &[f32],
    rows: &Range<usize>,
    tile: &Range<usize>,
    depth: usize,
) {
    let starts = tile.clone().step_by(PANEL);
    for (column, panel) in starts.zip(panels.chunks_exact(PANEL_VALUES)) {
        let panel = &panel[..depth * PANEL];
        let width = PANEL.min(tile.end - column);
        let groups = left.chunks_exact(ROWS * depth);
        for (row, group) in rows.clone().step_by(ROWS).zip(groups) {
            let to = out.start.wrapping_add(row * out.stride + column);
            // SAFETY: the caller's promises, for the rows and columns of this tile.
            unsafe {
                match rows.end - row {
                    1 => sums::<1>(to, out, group, panel, width),
                    2 => sums::<2>(to, out, group, panel, width),
                    3 => sums::<3>(to, out, group, panel, width),
                    4 => sums::<4>(to, out, group, panel, width),
                    5 => sums::<5>(to, out, group, panel, width),
                    _ => sums::<ROWS>(to, out, group, panel, width),
                }
            }
        }
    }
}

/// `R` rows by `width` columns at `to`, over all k of `group` and `panel`.
///
/// # Safety
/// Those elements, with rows `out.stride` apart, are the caller's alone.
#[target_feature(enable = "avx2,fma")]
unsafe fn sums<const R: usize>(to: *mut f32, out: Out, group: &[f32], panel: &[f32], width: usize) {
    let mut sums = [[_mm256_setzero_ps(); 2]; R];
    // Four k at a time, so that little but sums is counted.
    let (groups, group_rest) = group.as_chunks::<{ 4 * ROWS }>();
    let (panels, panel_rest) = panel.as_chunks::<{ 4 * PANEL }>();
    for (rows, columns) in groups.iter().zip(panels) {
        for k in 0..4 {
            add(&mut sums, &rows[k * ROWS..], &columns[k * PANEL..]);
        }
    }
    let rest = group_rest.chunks_exact(ROWS);
    for (rows, columns) in rest.zip(panel_rest.chunks_exact(PANEL)) {
        add(&mut sums, rows, columns);
    }
    for (row, sums) in sums.iter().enumerate() {
        let to = to.wrapping_add(row * out.stride);
        // SAFETY: `width` elements at `to` are the caller's.
        unsafe { store(to, *sums, out.beta, width) };
    }
}

/// Adds the products of a k.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add<const R: usize>(sums: &mut [[__m256; 2]; R], rows: &[f32], columns: &[f32]) {
    let (rows, columns) = (&rows[..ROWS], &columns[..PANEL]);
    // SAFETY: a panel's 16 columns.
    let columns = unsafe {
        [
            _mm256_loadu_ps(columns.as_ptr()),
            _mm256_loadu_ps(columns.as_ptr().add(LANES)),
        ]
    };
    for (sums, row) in sums.iter_mut().zip(rows) {
        let row = _mm256_broadcast_ss(row);
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = _mm256_fmadd_ps(row, column, *sum);
        }
    }
}

/// `to = beta * to + sums` for `width` columns; with `beta` 0, `to` is not read.
///
/// # Safety
/// `width` elements at `to` are the caller's alone.
#[target_feature(enable = "avx2,fma")]
unsafe fn store(to: *mut f32, sums: [__m256; 2], beta: f32, width: usize) {
    if width == PANEL {
        for (half, sum) in sums.into_iter().enumerate() {
            let to = to.wrapping_add(half * LANES);
            // SAFETY: both registers' columns are there.
            unsafe {
                let sum = if beta == 0.0 {
                    sum
                } else {
                    _mm256_fmadd_ps(_mm256_set1_ps(beta), _mm256_loadu_ps(to), sum)
                };
                _mm256_storeu_ps(to, sum);
            }
        }
        return;
    }
    let mut values = [0.0_f32; PANEL];
    // SAFETY: there is room for both registers.
    unsafe {
        _mm256_storeu_ps(values.as_mut_ptr(), sums[0]);
        _mm256_storeu_ps(values.as_mut_ptr().add(LANES), sums[1]);
    }
    // SAFETY: `width` elements are there.
    let to = unsafe { std::slice::from_raw_parts_mut(to, width) };
    for (to, value) in to.iter_mut().zip(values) {
        *to = if beta == 0.0 {
            value
        } else {
            beta.mul_add(*to, value)
        };
    }
}
