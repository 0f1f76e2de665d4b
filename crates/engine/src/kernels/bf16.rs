//! Matrix products of bfloat16 factors with f32 sums, for processors that have such an instruction.
//!
//! The blocking is that of Goto and van de Geijn (2008): the right factor is packed once into panels of
//! [`PANEL`] columns, a task packs its rows of the left factor block by block, and the innermost loop
//! keeps [`ROWS`] x [`PANEL`] sums in registers. A word holds the factors of two neighbouring k. Each
//! sum runs over k in the same order whatever the tiles, so that bits do not depend on the threads.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

use super::cut;
use super::matrix::Matrix;
use super::shared::Shared;
use super::simd::Isa;
#[cfg(target_arch = "x86_64")]
use avx512 as instructions;
#[cfg(target_arch = "aarch64")]
use neon as instructions;
use rayon::prelude::*;
use std::cell::RefCell;
use std::ops::Range;

/// Columns of a panel: three registers of 16.
const PANEL: usize = 48;

/// Rows whose sums are in registers at a time: 8 x 3 sums, three columns and a broadcast fill the 32.
const ROWS: usize = 8;

/// Pairs of k in a block: a panel of a block is 24 KiB and stays in a first-level cache of 32 KiB.
const PAIRS: usize = 128;

/// Values of k in a block.
const DEPTH: usize = 2 * PAIRS;

/// Pairs of k that a task packs of a factor stored as `(K, N)`; divides [`PAIRS`].
const PIECE_PAIRS: usize = 16;

/// Words of a panel in a block.
const PANEL_WORDS: usize = PAIRS * PANEL;

/// Words of the right factor that are packed at a time: 4 MiB, a share of a third-level cache.
const PACKED_WORDS: usize = 1 << 20;

/// Words between packed rows of the left factor: an odd number of cache lines, so that rows do not
/// compete for the same sets.
const LEFT_STRIDE: usize = PAIRS + 16;

/// Tasks below which tiles are cut smaller.
const ENOUGH_TASKS: usize = 16;

/// Which index of a factor is contiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contiguous {
    /// The one that is summed over: the factor is stored as `(M, K)` or `(N, K)`.
    Depth,
    /// The other: the factor is stored as `(K, M)` or `(K, N)`.
    Outer,
}

/// Whether this processor multiplies bfloat16.
pub(crate) fn available() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        Isa::current() == Isa::Avx512 && is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(target_arch = "aarch64")]
    {
        Isa::current() == Isa::Baseline && std::arch::is_aarch64_feature_detected!("bf16")
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = Isa::current();
        false
    }
}

/// A product `(M, N)` over K.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product<'a> {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) left: &'a [f32],
    pub(crate) left_layout: Contiguous,
    pub(crate) right: Matrix<'a>,
    pub(crate) right_layout: Contiguous,
}

impl Product<'_> {
    /// `out = beta * out + left * right`, `out` being `(M, N)` row-major. Only where [`available`].
    pub(crate) fn add_to(&self, out: &mut [f32], beta: f32) {
        assert!(available(), "this processor does not multiply bfloat16");
        assert!(
            out.len() == self.m * self.n
                && self.left.len() == self.m * self.k
                && self.right.len() == self.n * self.k,
            "({}, {}) over {}",
            self.m,
            self.n,
            self.k
        );
        let columns_at_once = (PACKED_WORDS / self.k.min(2 * DEPTH).div_ceil(2) / 96).max(1) * 96;
        let out = Shared::new(out);
        let mut packed = PACKED.take();
        for columns in cut(0..self.n, columns_at_once) {
            let width = columns.len().next_multiple_of(PANEL);
            let depth_at_once = (2 * PACKED_WORDS / width / DEPTH).max(1) * DEPTH;
            for depth in cut(0..self.k, depth_at_once) {
                let beta = if depth.start == 0 { beta } else { 1.0 };
                self.pack_right(&mut packed, &columns, &depth);
                self.multiply(out, &packed, &columns, &depth, beta);
            }
        }
        PACKED.set(packed);
    }

    /// Packs the panels of `columns` over `depth`: block by block of k, panel by panel.
    fn pack_right(&self, packed: &mut Vec<u32>, columns: &Range<usize>, depth: &Range<usize>) {
        let n_panels = columns.len().div_ceil(PANEL);
        let n_blocks = depth.len().div_ceil(DEPTH);
        packed.resize(n_blocks * n_panels * PANEL_WORDS, 0);
        match self.right_layout {
            Contiguous::Depth => packed
                .par_chunks_exact_mut(PANEL_WORDS)
                .enumerate()
                .for_each_init(Rows::default, |rows, (index, panel)| {
                    let start = depth.start + index / n_panels * DEPTH;
                    let depth = start..(start + DEPTH).min(depth.end);
                    let start = columns.start + index % n_panels * PANEL;
                    let columns = start..(start + PANEL).min(columns.end);
                    self.pack_along(panel, rows, columns, depth);
                }),
            Contiguous::Outer => {
                let packed = Shared::new(packed);
                let pieces: Vec<_> = cut(depth.clone(), 2 * PIECE_PAIRS).collect();
                pieces
                    .par_iter()
                    .for_each_init(Rows::default, |rows, piece| {
                        let pair = (piece.start - depth.start) / 2;
                        let start = pair / PAIRS * n_panels * PANEL_WORDS + pair % PAIRS * PANEL;
                        self.pack_across(packed, start, rows, columns, piece);
                    });
            }
        }
    }

    /// A panel of a right factor stored as `(N, K)`, sixteen columns at a time.
    fn pack_along(
        &self,
        panel: &mut [u32],
        rows: &mut Rows,
        columns: Range<usize>,
        depth: Range<usize>,
    ) {
        rows.even.resize(depth.len(), 0.0);
        rows.words.resize(16 * PAIRS, 0);
        for first in (0..PANEL).step_by(16) {
            for (column, words) in rows.words.chunks_exact_mut(PAIRS).enumerate() {
                let index = columns.start + first + column;
                if index < columns.end {
                    let start = index * self.k + depth.start;
                    pairs_along(self.right.values(start, &mut rows.even), words);
                } else {
                    words.fill(0);
                }
            }
            transpose(&rows.words, &mut panel[first..]);
        }
    }

    /// Some pairs of every panel of a right factor stored as `(K, N)`: whole rows are read, since a
    /// panel's strips of them come from memory at a fraction of its speed.
    fn pack_across(
        &self,
        packed: Shared<'_, u32>,
        start: usize,
        rows: &mut Rows,
        columns: &Range<usize>,
        depth: &Range<usize>,
    ) {
        rows.even.resize(columns.len(), 0.0);
        rows.odd.resize(columns.len(), 0.0);
        for (pair, k) in depth.clone().step_by(2).enumerate() {
            let at = k * self.n + columns.start;
            let even = self.right.values(at, &mut rows.even);
            let odd = if k + 1 < depth.end {
                self.right.values(at + self.n, &mut rows.odd)
            } else {
                rows.odd.fill(0.0);
                &rows.odd
            };
            let panels = even.chunks(PANEL).zip(odd.chunks(PANEL));
            for (panel, (even, odd)) in panels.enumerate() {
                let to = start + panel * PANEL_WORDS + pair * PANEL;
                // SAFETY: pieces of k are disjoint, and each writes its own pairs.
                pairs_across(even, odd, unsafe { packed.slice(to, PANEL) });
            }
        }
    }

    /// Multiplies with the packed panels, tile by tile.
    fn multiply(
        &self,
        out: Shared<'_, f32>,
        packed: &[u32],
        columns: &Range<usize>,
        depth: &Range<usize>,
        beta: f32,
    ) {
        let (tile_rows, tile_columns) = tile_shape(self.m, columns.len());
        let tiles: Vec<_> = cut(0..self.m, tile_rows)
            .flat_map(|rows| {
                cut(columns.clone(), tile_columns).map(move |columns| (rows.clone(), columns))
            })
            .collect();
        tiles
            .par_iter()
            .for_each_init(Vec::new, |left, (rows, tile)| {
                for (block, depth_block) in cut(depth.clone(), DEPTH).enumerate() {
                    let beta = if block == 0 { beta } else { 1.0 };
                    let pairs = depth_block.len().div_ceil(2);
                    let strides = self.pack_left(left, rows, &depth_block);
                    let n_panels = columns.len().div_ceil(PANEL);
                    for first in tile.clone().step_by(PANEL) {
                        let panel = block * n_panels + (first - columns.start) / PANEL;
                        let panel = &packed[panel * PANEL_WORDS..][..pairs * PANEL];
                        let width = PANEL.min(tile.end - first);
                        for (group, row) in rows.clone().step_by(ROWS).enumerate() {
                            let block = Block {
                                rows: ROWS.min(rows.end - row),
                                columns: width,
                                left: &left[group * strides.group..],
                                row_stride: strides.row,
                                pair_stride: strides.pair,
                                panel,
                                out_stride: self.n,
                                beta,
                            };
                            // SAFETY: tiles are disjoint, and each writes its own rows and columns.
                            unsafe { multiply_block(&block, out.at(row * self.n + first)) };
                        }
                    }
                }
            });
    }

    /// Packs `rows` of the left factor over a block of k.
    fn pack_left(&self, left: &mut Vec<u32>, rows: &Range<usize>, depth: &Range<usize>) -> Strides {
        match self.left_layout {
            Contiguous::Depth => {
                left.resize(rows.len() * LEFT_STRIDE, 0);
                for (to, row) in left.chunks_exact_mut(LEFT_STRIDE).zip(rows.clone()) {
                    let start = row * self.k;
                    pairs_along(&self.left[start + depth.start..start + depth.end], to);
                }
                Strides {
                    row: LEFT_STRIDE,
                    pair: 1,
                    group: ROWS * LEFT_STRIDE,
                }
            }
            Contiguous::Outer => {
                let pairs = depth.len().div_ceil(2);
                let none = vec![0.0; rows.len()];
                let mut words = vec![0; rows.len().next_multiple_of(ROWS)];
                left.resize(words.len() * pairs, 0);
                for (pair, k) in depth.clone().step_by(2).enumerate() {
                    let row = |k: usize| &self.left[k * self.m + rows.start..][..rows.len()];
                    let odd = if k + 1 < depth.end {
                        row(k + 1)
                    } else {
                        &none[..]
                    };
                    pairs_across(row(k), odd, &mut words);
                    for (group, words) in words.chunks_exact(ROWS).enumerate() {
                        left[(group * pairs + pair) * ROWS..][..ROWS].copy_from_slice(words);
                    }
                }
                Strides {
                    row: 1,
                    pair: ROWS,
                    group: ROWS * pairs,
                }
            }
        }
    }
}

/// A task's rows on their way into panels.
#[derive(Default)]
struct Rows {
    even: Vec<f32>,
    odd: Vec<f32>,
    words: Vec<u32>,
}

thread_local! {
    /// The packed right factor, kept so that a training step allocates nothing after the first.
    static PACKED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Words between rows, pairs of k and groups of rows of a packed left factor.
struct Strides {
    row: usize,
    pair: usize,
    group: usize,
}

/// At most [`ROWS`] rows by at most [`PANEL`] columns, over at most [`PAIRS`] pairs.
struct Block<'a> {
    rows: usize,
    columns: usize,
    left: &'a [u32],
    row_stride: usize,
    pair_stride: usize,
    panel: &'a [u32],
    out_stride: usize,
    beta: f32,
}

/// Calls `rows::<R>` for a block of `R` rows, since their number has to be known when it is compiled.
macro_rules! by_rows {
    ($block:expr, $out:expr) => {
        match $block.rows {
            1 => rows::<1>($block, $out),
            2 => rows::<2>($block, $out),
            3 => rows::<3>($block, $out),
            4 => rows::<4>($block, $out),
            5 => rows::<5>($block, $out),
            6 => rows::<6>($block, $out),
            7 => rows::<7>($block, $out),
            8 => rows::<8>($block, $out),
            _ => unreachable!("BUG: a block has at most 8 rows"),
        }
    };
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use by_rows;

/// Rows and columns of a task's tile: large for reuse, but small enough to keep many threads busy.
fn tile_shape(m: usize, n: usize) -> (usize, usize) {
    let (mut rows, mut columns) = (128, 10 * PANEL);
    while m.div_ceil(rows) * n.div_ceil(columns) < ENOUGH_TASKS {
        if rows > 32 {
            rows /= 2;
        } else if columns > PANEL {
            columns = (columns / PANEL).div_ceil(2) * PANEL;
        } else {
            break;
        }
    }
    (rows, columns)
}

/// Rounds a row to words of two neighbours; a last one without neighbour is paired with 0.
fn pairs_along(row: &[f32], words: &mut [u32]) {
    assert!(row.len().div_ceil(2) <= words.len(), "room for the pairs");
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: `add_to` has asked the processor, and the words have room.
    unsafe {
        instructions::pairs_along(row, words);
    }
}

/// Rounds two rows of equal length to words of an even and an odd value; words beyond become 0.
fn pairs_across(even: &[f32], odd: &[f32], words: &mut [u32]) {
    assert!(
        even.len() == odd.len() && even.len() <= words.len(),
        "room for the pairs"
    );
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: `add_to` has asked the processor, and the words have room.
    unsafe {
        instructions::pairs_across(even, odd, words);
    }
    words[even.len()..].fill(0);
}

/// Writes sixteen rows of [`PAIRS`] words as sixteen columns of a panel.
fn transpose(words: &[u32], panel: &mut [u32]) {
    assert!(
        words.len() == 16 * PAIRS && panel.len() >= PANEL_WORDS - PANEL + 16,
        "sixteen columns of a panel"
    );
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: `add_to` has asked the processor, and the lengths were checked.
    unsafe {
        instructions::transpose(words, panel);
    }
}

/// Adds a block's product to `beta` times what is at `out`.
///
/// # Safety
/// Nobody else touches the block's elements from `out` on.
unsafe fn multiply_block(block: &Block<'_>, out: *mut f32) {
    let pairs = block.panel.len() / PANEL;
    let last = (block.rows - 1) * block.row_stride + (pairs - 1) * block.pair_stride;
    assert!(last < block.left.len(), "the left factor's last word");
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: `add_to` has asked the processor, the left factor was checked, the panel's length gives
    // the pairs, and the caller vouches for `out`.
    unsafe {
        instructions::multiply_block(block, out);
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = (block.columns, block.out_stride, block.beta, out);
}
