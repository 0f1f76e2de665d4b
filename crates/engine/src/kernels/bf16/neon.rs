//! The innermost loops in NEON with its BF16 extension, whose two instructions are written as assembly:
//! the standard library's functions for them are not stable yet.

use super::{Block, PAIRS, PANEL, by_rows};
use std::arch::aarch64::{
    float32x4_t, uint32x4_t, vdupq_n_f32, vfmaq_n_f32, vld1q_dup_u32, vld1q_f32, vld1q_u32,
    vreinterpretq_u16_u32, vreinterpretq_u32_u64, vreinterpretq_u64_u32, vst1q_f32, vst1q_u16,
    vst1q_u32, vtrn1q_u32, vtrn1q_u64, vtrn2q_u32, vtrn2q_u64, vzip1q_u16, vzip2q_u16,
};
use std::arch::asm;

/// Values in a register.
const LANES: usize = 4;

/// Registers of columns whose sums are kept at a time: with 8 rows 24 sums, three columns and a
/// broadcast, of 32.
const REGISTERS: usize = 3;

/// Columns whose sums are kept at a time; divides [`PANEL`].
const COLUMNS: usize = REGISTERS * LANES;

/// Eight values rounded to the nearest, as four words of neighbours.
#[target_feature(enable = "neon,bf16")]
fn narrowed(low: float32x4_t, high: float32x4_t) -> uint32x4_t {
    let words;
    // SAFETY: two instructions of the BF16 extension, on registers alone.
    unsafe {
        asm!(
            "bfcvtn {words:v}.4h, {low:v}.4s",
            "bfcvtn2 {words:v}.8h, {high:v}.4s",
            words = out(vreg) words,
            low = in(vreg) low,
            high = in(vreg) high,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    words
}

/// `sum` and, lane by lane, the two products of the values in a word of `left` and of `right`.
#[target_feature(enable = "neon,bf16")]
fn dot(sum: float32x4_t, left: uint32x4_t, right: uint32x4_t) -> float32x4_t {
    let mut sum = sum;
    // SAFETY: an instruction of the BF16 extension, on registers alone.
    unsafe {
        asm!(
            "bfdot {sum:v}.4s, {left:v}.8h, {right:v}.8h",
            sum = inout(vreg) sum,
            left = in(vreg) left,
            right = in(vreg) right,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

/// Eight values of a row, zeros beyond its end.
#[target_feature(enable = "neon")]
fn eight(row: &[f32]) -> (float32x4_t, float32x4_t) {
    let mut padded = [0.0; 2 * LANES];
    let values = if let Some(values) = row.first_chunk() {
        values
    } else {
        padded[..row.len()].copy_from_slice(row);
        &padded
    };
    // SAFETY: eight values are there.
    unsafe {
        (
            vld1q_f32(values.as_ptr()),
            vld1q_f32(values.as_ptr().add(LANES)),
        )
    }
}

/// See [`super::pairs_along`].
#[target_feature(enable = "neon,bf16")]
pub(super) fn pairs_along(row: &[f32], words: &mut [u32]) {
    let words = &mut words[..row.len().div_ceil(2)];
    for (values, words) in row.chunks(2 * LANES).zip(words.chunks_mut(LANES)) {
        let (low, high) = eight(values);
        let mut pairs = [0; LANES];
        // SAFETY: four words are there.
        unsafe { vst1q_u32(pairs.as_mut_ptr(), narrowed(low, high)) }
        words.copy_from_slice(&pairs[..words.len()]);
    }
}

/// See [`super::pairs_across`].
#[target_feature(enable = "neon,bf16")]
pub(super) fn pairs_across(even: &[f32], odd: &[f32], words: &mut [u32]) {
    let words = &mut words[..even.len()];
    let rows = even.chunks(2 * LANES).zip(odd.chunks(2 * LANES));
    for ((even, odd), words) in rows.zip(words.chunks_mut(2 * LANES)) {
        let [even, odd] = [even, odd].map(|row| {
            let (low, high) = eight(row);
            vreinterpretq_u16_u32(narrowed(low, high))
        });
        let mut pairs = [0_u32; 2 * LANES];
        // SAFETY: the eight words have room for two registers of 16-bit halves.
        unsafe {
            vst1q_u16(pairs.as_mut_ptr().cast(), vzip1q_u16(even, odd));
            vst1q_u16(pairs.as_mut_ptr().add(LANES).cast(), vzip2q_u16(even, odd));
        }
        words.copy_from_slice(&pairs[..words.len()]);
    }
}

/// See [`super::transpose`].
///
/// # Safety
/// `words` holds 16 rows of [`PAIRS`], and `panel` that many rows of [`PANEL`], the last of 16 at least.
#[target_feature(enable = "neon")]
pub(super) unsafe fn transpose(words: &[u32], panel: &mut [u32]) {
    for first in (0..16).step_by(LANES) {
        for pair in (0..PAIRS).step_by(LANES) {
            // SAFETY: four words from `pair` on are within each of the 16 rows.
            let [a, b, c, d] = std::array::from_fn(|row| unsafe {
                vld1q_u32(words.as_ptr().add((first + row) * PAIRS + pair))
            });
            let (upper, lower) = (
                [vtrn1q_u32(a, b), vtrn2q_u32(a, b)].map(|two| vreinterpretq_u64_u32(two)),
                [vtrn1q_u32(c, d), vtrn2q_u32(c, d)].map(|two| vreinterpretq_u64_u32(two)),
            );
            let columns = [
                vtrn1q_u64(upper[0], lower[0]),
                vtrn1q_u64(upper[1], lower[1]),
                vtrn2q_u64(upper[0], lower[0]),
                vtrn2q_u64(upper[1], lower[1]),
            ];
            for (column, values) in columns.into_iter().enumerate() {
                let at = (pair + column) * PANEL + first;
                // SAFETY: the panel has a row for each pair, and 16 words in each.
                unsafe { vst1q_u32(panel.as_mut_ptr().add(at), vreinterpretq_u32_u64(values)) }
            }
        }
    }
}

/// See [`super::multiply_block`].
///
/// # Safety
/// The left factor's last word is within its slice, and nobody else touches the block's elements from
/// `out` on.
#[target_feature(enable = "neon,bf16")]
pub(super) unsafe fn multiply_block(block: &Block<'_>, out: *mut f32) {
    // SAFETY: the caller's promises are passed on.
    unsafe {
        by_rows!(block, out);
    }
}

/// `R` rows of a block, some columns after the other.
///
/// # Safety
/// As [`multiply_block`].
#[target_feature(enable = "neon,bf16")]
unsafe fn rows<const R: usize>(block: &Block<'_>, out: *mut f32) {
    for first in (0..block.columns).step_by(COLUMNS) {
        let mut sums = [[vdupq_n_f32(0.0); REGISTERS]; R];
        let mut left = block.left.as_ptr();
        let mut panel = block.panel[first..].as_ptr();
        for _ in 0..block.panel.len() / PANEL {
            // SAFETY: the panel holds PANEL words for each pair, the left factor a word for each row.
            unsafe {
                let columns: [uint32x4_t; REGISTERS] =
                    std::array::from_fn(|register| vld1q_u32(panel.add(register * LANES)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let word = vld1q_dup_u32(left.add(row * block.row_stride));
                    for (sum, column) in sums.iter_mut().zip(columns) {
                        *sum = dot(*sum, word, column);
                    }
                }
            }
            left = left.wrapping_add(block.pair_stride);
            panel = panel.wrapping_add(PANEL);
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (register, sum) in sums.into_iter().enumerate() {
                let column = first + register * LANES;
                let n = block.columns.saturating_sub(column).min(LANES);
                let to = out.wrapping_add(row * block.out_stride + column);
                // SAFETY: `n` keeps to the block's columns, which are the caller's.
                unsafe { store(to, n, sum, block.beta) }
            }
        }
    }
}

/// `to = beta * to + sum` for the first `n` lanes; with `beta` 0, `to` is not read.
///
/// # Safety
/// `n` values at `to` can be read and written.
#[target_feature(enable = "neon")]
unsafe fn store(to: *mut f32, n: usize, sum: float32x4_t, beta: f32) {
    // SAFETY: no more than `n` values at `to` are touched, and `lanes` has four.
    unsafe {
        if n == LANES {
            let value = if beta == 0.0 {
                sum
            } else {
                vfmaq_n_f32(sum, vld1q_f32(to), beta)
            };
            vst1q_f32(to, value);
        } else {
            let mut lanes = [0.0; LANES];
            vst1q_f32(lanes.as_mut_ptr(), sum);
            for (lane, sum) in lanes[..n].iter().enumerate() {
                let to = to.add(lane);
                *to = if beta == 0.0 {
                    *sum
                } else {
                    beta.mul_add(*to, *sum)
                };
            }
        }
    }
}
