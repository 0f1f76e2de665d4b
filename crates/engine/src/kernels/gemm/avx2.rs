//! Large products in AVX2, for processors that have no wider instructions.
//!
//! The blocking is that of Goto and van de Geijn (2008), as for [`bf16`](crate::kernels::bf16): the right
//! factor is packed once into panels of [`PANEL`] columns, the left one into groups of [`ROWS`], and the
//! innermost loop keeps [`ROWS`] x [`PANEL`] sums in registers. A left factor of many rows is packed by
//! the tasks, each its own rows block by block; one of few rows once for all of them. Each sum runs over k
//! in the same order whatever the threads, so that bits do not depend on them.

mod pack;

use super::View;
use crate::kernels::cut;
use crate::kernels::simd::Isa;
use pack::Blocks;
use rayon::prelude::*;
use std::arch::x86_64::{
    __m256, _MM_HINT_T0, _mm_prefetch, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
};
use std::cell::RefCell;
use std::ops::Range;
use std::slice::ChunksExact;

/// Values in a register.
const LANES: usize = 8;

/// Columns of a panel: two registers.
const PANEL: usize = 2 * LANES;

/// Rows whose sums are in registers at a time: 6 x 2 sums, two columns and a broadcast of the 16.
const ROWS: usize = 6;

/// Values of k in a block, at most: a panel of a block is 24 KiB, most of a first-level cache.
const MAX_DEPTH: usize = 384;

/// Values of a factor that are packed at a time: 2 MiB, a share of a third-level cache.
const PACKED_VALUES: usize = 1 << 19;

/// Rows of a task, at most.
const HEIGHT: usize = 16 * ROWS;

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
    /// The packed factors, kept so that a training step allocates nothing after the first.
    static PACKED: RefCell<(Vec<f32>, Vec<f32>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// `out = beta * out + a b` over the current rayon pool, where [`suits`] says so.
///
/// # Safety
/// As [`gemm_into`](super::gemm_into).
pub(super) unsafe fn multiply(out: *mut f32, stride: usize, a: View<'_>, b: View<'_>, beta: f32) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    let (mut left, mut right) = PACKED.take();
    let is_low = m < ENOUGH_TASKS * HEIGHT;
    let n_groups = m.div_ceil(ROWS);
    let columns_at_once = (PACKED_VALUES / k.min(2 * MAX_DEPTH) / PANEL).max(1) * PANEL;
    for columns in cut(0..n, columns_at_once) {
        let n_panels = columns.len().div_ceil(PANEL);
        let width = n_panels * PANEL;
        let widest = if is_low { m.max(width) } else { width };
        let depth_at_once = (PACKED_VALUES / widest).max(MAX_DEPTH);
        for depth in cut(0..k, evenly(k, depth_at_once)) {
            let blocks = Blocks::of(&depth);
            let deep = blocks.deep;
            blocks.pack_right(&mut right, &b, &columns, &depth);
            if is_low {
                blocks.pack_left(&mut left, &a, &depth);
            }
            let out = Out {
                start: out,
                stride,
                beta: if depth.start == 0 { beta } else { 1.0 },
            };
            tiles(m, &columns)
                .par_iter()
                .for_each_init(Vec::new, |own, (rows, tile)| {
                    for (index, block) in cut(depth.clone(), deep).enumerate() {
                        let groups = if is_low {
                            &left[(index * n_groups + rows.start / ROWS) * ROWS * deep..]
                        } else {
                            blocks.pack_rows(own, &a, rows, &block);
                            own.as_slice()
                        };
                        let panel = index * n_panels + (tile.start - columns.start) / PANEL;
                        let panels = &right[panel * PANEL * deep..];
                        let strips = Strips {
                            groups: groups.chunks_exact(ROWS * deep),
                            panels: panels.chunks_exact(PANEL * deep),
                            depth: block.len(),
                        };
                        let out = if index == 0 { out } else { out.added_to() };
                        // SAFETY: tiles are disjoint, and each writes its own rows and columns.
                        unsafe { multiply_tile(out, strips, rows, tile) };
                    }
                });
        }
    }
    PACKED.set((left, right));
}

/// The length of equal parts of `whole`, none longer than `longest`.
fn evenly(whole: usize, longest: usize) -> usize {
    whole.div_ceil(whole.div_ceil(longest))
}

/// Rows and columns of each task: large for reuse, but small enough to keep many threads busy. Rows begin
/// at a group.
fn tiles(m: usize, columns: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let (mut height, mut width) = (HEIGHT, columns.len().next_multiple_of(PANEL));
    while m.div_ceil(height) * columns.len().div_ceil(width) < ENOUGH_TASKS {
        if width > 8 * PANEL {
            width = (width / PANEL).div_ceil(2) * PANEL;
        } else if height > 4 * ROWS {
            height /= 2;
        } else {
            break;
        }
    }
    cut(0..m, height)
        .flat_map(|rows| cut(columns.clone(), width).map(move |columns| (rows.clone(), columns)))
        .collect()
}

/// Packed factors of a tile over a block of k, of which each strip holds `depth` values and may have room
/// for more.
struct Strips<'a> {
    groups: ChunksExact<'a, f32>,
    panels: ChunksExact<'a, f32>,
    depth: usize,
}

/// Multiplies the groups of a tile's rows with the panels of its columns.
///
/// # Safety
/// Nobody else touches the tile's elements of `out`, and the processor has AVX2 with FMA.
unsafe fn multiply_tile(out: Out, strips: Strips<'_>, rows: &Range<usize>, tile: &Range<usize>) {
    for (column, panel) in tile.clone().step_by(PANEL).zip(strips.panels) {
        let panel = &panel[..strips.depth * PANEL];
        let width = PANEL.min(tile.end - column);
        for (row, group) in rows.clone().step_by(ROWS).zip(strips.groups.clone()) {
            let group = &group[..strips.depth * ROWS];
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
    // What the sums are added to comes from afar meanwhile.
    for row in 0..R {
        let to = to.wrapping_add(row * out.stride);
        _mm_prefetch::<_MM_HINT_T0>(to.cast());
        _mm_prefetch::<_MM_HINT_T0>(to.wrapping_add(PANEL - 1).cast());
    }
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
