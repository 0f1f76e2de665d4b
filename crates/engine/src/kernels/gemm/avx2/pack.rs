//! Factors in the order in which the innermost loop reads them: strips of a few rows or columns, and
//! within a strip all of them for one k after the other.

use super::super::View;
use super::{LANES, MAX_DEPTH, PANEL, ROWS, evenly};
use crate::kernels::cut;
use crate::kernels::shared::Shared;
use rayon::prelude::*;
use std::arch::x86_64::{
    __m256, _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};
use std::ops::Range;

/// Values of k that a task packs of a factor that is stored k by k.
const PIECE: usize = 16;

/// How a range of k is cut: into blocks of `deep` values, of which the last may have fewer. Where factors
/// are packed, each strip of a block has room for all of them.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    count: usize,
    pub(super) deep: usize,
}

impl Blocks {
    /// Equal blocks of at most [`MAX_DEPTH`] for `depth`.
    pub(super) fn of(depth: &Range<usize>) -> Self {
        let deep = evenly(depth.len(), MAX_DEPTH);
        let count = depth.len().div_ceil(deep);
        Self { count, deep }
    }

    /// Packs `columns` of the right factor over `depth`, block by block and panel by panel, with the pool.
    /// What is beyond the columns of a last panel is any number, and no sum of it is kept.
    pub(super) fn pack_right(
        self,
        packed: &mut Vec<f32>,
        b: &View<'_>,
        columns: &Range<usize>,
        depth: &Range<usize>,
    ) {
        let n_panels = columns.len().div_ceil(PANEL);
        let columns_of = |panel: usize, block: &Range<usize>| {
            let start = columns.start + panel * PANEL;
            strip::<PANEL>(b.data, b.column_stride, start..columns.end, block)
        };
        if b.column_stride == 1 {
            let row = |k| &b.data[k * b.row_stride + columns.start..][..columns.len()];
            self.pack_by_k::<PANEL>(packed, n_panels, depth, row);
        } else {
            self.pack_by_strip(packed, n_panels, depth, columns_of);
        }
    }

    /// Packs the whole left factor over `depth`, block by block and group by group of [`ROWS`], with the
    /// pool. A last group may repeat rows, and no sum of these is kept.
    pub(super) fn pack_left(self, packed: &mut Vec<f32>, a: &View<'_>, depth: &Range<usize>) {
        let n_groups = a.rows.div_ceil(ROWS);
        let rows_of = |group: usize, block: &Range<usize>| {
            strip::<ROWS>(a.data, a.row_stride, group * ROWS..a.rows, block)
        };
        if a.row_stride == 1 {
            let column = |k| &a.data[k * a.column_stride..][..a.rows];
            self.pack_by_k::<ROWS>(packed, n_groups, depth, column);
        } else {
            self.pack_by_strip(packed, n_groups, depth, rows_of);
        }
    }

    /// Packs a few `rows` of the left factor over one `block`, on this thread.
    pub(super) fn pack_rows(
        self,
        packed: &mut Vec<f32>,
        a: &View<'_>,
        rows: &Range<usize>,
        block: &Range<usize>,
    ) {
        let group_values = ROWS * self.deep;
        packed.resize(rows.len().div_ceil(ROWS) * group_values, 0.0);
        if a.row_stride == 1 {
            for (at, k) in block.clone().enumerate() {
                let values = &a.data[k * a.column_stride + rows.start..][..rows.len()];
                for (group, values) in values.chunks(ROWS).enumerate() {
                    copy::<ROWS>(values, &mut packed[group * group_values + at * ROWS..]);
                }
            }
            return;
        }
        let groups = packed.chunks_exact_mut(group_values);
        for (first, group) in rows.clone().step_by(ROWS).zip(groups) {
            let rows = strip::<ROWS>(a.data, a.row_stride, first..rows.end, block);
            interleave(&rows, group);
        }
    }

    /// Packs a factor that is stored k by k, `values` of each. They are read whole, since strips of them
    /// come from memory at a fraction of its speed.
    fn pack_by_k<'a, const N: usize>(
        self,
        packed: &mut Vec<f32>,
        n_strips: usize,
        depth: &Range<usize>,
        values: impl Fn(usize) -> &'a [f32] + Sync,
    ) {
        let strip_values = N * self.deep;
        packed.resize(self.count * n_strips * strip_values, 0.0);
        let packed = Shared::new(packed);
        let pieces: Vec<_> = cut(depth.clone(), PIECE).collect();
        pieces.into_par_iter().flatten_iter().for_each(|k| {
            let at = k - depth.start;
            let start = at / self.deep * n_strips * strip_values + at % self.deep * N;
            for (strip, values) in values(k).chunks(N).enumerate() {
                // SAFETY: each k has its own places in every strip.
                let to = unsafe { packed.slice(start + strip * strip_values, N) };
                copy::<N>(values, to);
            }
        });
    }

    /// Packs a factor that is stored with all k of a row, or of a column, together.
    fn pack_by_strip<'a, const N: usize>(
        self,
        packed: &mut Vec<f32>,
        n_strips: usize,
        depth: &Range<usize>,
        strip: impl Fn(usize, &Range<usize>) -> [&'a [f32]; N] + Sync,
    ) {
        let strip_values = N * self.deep;
        packed.resize(self.count * n_strips * strip_values, 0.0);
        packed
            .par_chunks_exact_mut(strip_values)
            .enumerate()
            .for_each(|(index, to)| {
                let start = depth.start + index / n_strips * self.deep;
                let block = start..(start + self.deep).min(depth.end);
                interleave(&strip(index % n_strips, &block), to);
            });
    }
}

/// The first `N` of `lines` over a block of k, which start `stride` apart; the last of them again where
/// there are fewer.
fn strip<'a, const N: usize>(
    data: &'a [f32],
    stride: usize,
    lines: Range<usize>,
    block: &Range<usize>,
) -> [&'a [f32]; N] {
    std::array::from_fn(|line| {
        let start = (lines.start + line).min(lines.end - 1) * stride;
        &data[start + block.start..start + block.end]
    })
}

/// Copies at most `N` values; where there are all, without asking how many.
fn copy<const N: usize>(from: &[f32], to: &mut [f32]) {
    match <&[f32; N]>::try_from(from) {
        Ok(from) => to[..N].copy_from_slice(from),
        Err(_) => to[..from.len()].copy_from_slice(from),
    }
}

/// `to[k * N + line] = from[line][k]`, for lines of one length.
fn interleave<const N: usize>(from: &[&[f32]; N], to: &mut [f32]) {
    let len = from[0].len();
    let to = &mut to[..len * N];
    assert!(from.iter().all(|line| line.len() == len));
    // Whole registers are stored. Where they reach beyond their k, the next one's stores mend that, so the
    // last k is left to the loop below.
    let whole = (len - usize::from(!N.is_multiple_of(LANES))) / LANES * LANES;
    // SAFETY: lengths are as the function asks, and this module runs where there is AVX2.
    unsafe { interleave_whole(from, to, whole) };
    for (k, to) in to.chunks_exact_mut(N).enumerate().skip(whole) {
        for (to, line) in to.iter_mut().zip(from) {
            *to = line[k];
        }
    }
}

/// [`interleave`] for the first `whole` values of k, a multiple of [`LANES`].
///
/// # Safety
/// Lines hold `whole` values, and `to` a register's more than theirs where `N` is no multiple of
/// [`LANES`]. The processor has AVX2.
#[target_feature(enable = "avx2,fma")]
unsafe fn interleave_whole<const N: usize>(from: &[&[f32]; N], to: &mut [f32], whole: usize) {
    for k in (0..whole).step_by(LANES) {
        for first in (0..N).step_by(LANES) {
            let lines = std::array::from_fn(|line| {
                let line = from[(first + line).min(N - 1)];
                // SAFETY: k and the seven after it are below `whole`.
                unsafe { _mm256_loadu_ps(line.as_ptr().add(k)) }
            });
            for (at, values) in transposed(lines).into_iter().enumerate() {
                // SAFETY: as the caller says of `to`.
                unsafe { _mm256_storeu_ps(to.as_mut_ptr().add((k + at) * N + first), values) };
            }
        }
    }
}

/// The transpose of 8 rows of 8 values.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn transposed(rows: [__m256; LANES]) -> [__m256; LANES] {
    let [a, b, c, d, e, f, g, h] = rows;
    // Pairs of rows, then fours, each half of a register for itself; then halves change places.
    let pairs = |a, b| [_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)];
    let fours = |a, b| {
        [
            _mm256_shuffle_ps::<0b01_00_01_00>(a, b),
            _mm256_shuffle_ps::<0b11_10_11_10>(a, b),
        ]
    };
    let ([ab0, ab1], [cd0, cd1]) = (pairs(a, b), pairs(c, d));
    let ([ef0, ef1], [gh0, gh1]) = (pairs(e, f), pairs(g, h));
    let ([abcd0, abcd1], [abcd2, abcd3]) = (fours(ab0, cd0), fours(ab1, cd1));
    let ([efgh0, efgh1], [efgh2, efgh3]) = (fours(ef0, gh0), fours(ef1, gh1));
    let first = |a, b| _mm256_permute2f128_ps::<0x20>(a, b);
    let second = |a, b| _mm256_permute2f128_ps::<0x31>(a, b);
    [
        first(abcd0, efgh0),
        first(abcd1, efgh1),
        first(abcd2, efgh2),
        first(abcd3, efgh3),
        second(abcd0, efgh0),
        second(abcd1, efgh1),
        second(abcd2, efgh2),
        second(abcd3, efgh3),
    ]
}
