//! The innermost loops in AVX-512 with its BF16 extension.

use super::{Block, PAIRS, PANEL, by_rows};
use std::arch::x86_64::{
    __m256bh, __m256i, __m512, __m512bh, __m512i, __mmask16, _mm512_cvtepu16_epi32,
    _mm512_cvtne2ps_pbh, _mm512_cvtneps_pbh, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mask_storeu_epi32, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps,
    _mm512_or_si512, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_shuffle_i32x4,
    _mm512_slli_epi32, _mm512_storeu_si512, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Values in a register.
const LANES: usize = 16;

/// Registers of a panel.
const REGISTERS: usize = PANEL / LANES;

/// The first `n` lanes; all from 16 on.
fn first_lanes(n: usize) -> __mmask16 {
    if n >= LANES { !0 } else { (1 << n) - 1 }
}

fn bits(halves: __m512bh) -> __m512i {
    // SAFETY: both are 512 bits of plain data.
    unsafe { std::mem::transmute::<__m512bh, __m512i>(halves) }
}

fn halves(bits: __m512i) -> __m512bh {
    // SAFETY: both are 512 bits of plain data.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
}

fn half_bits(halves: __m256bh) -> __m256i {
    // SAFETY: both are 256 bits of plain data.
    unsafe { std::mem::transmute::<__m256bh, __m256i>(halves) }
}

/// See [`super::pairs_along`].
///
/// # Safety
/// `words` has room for every pair of `row`.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn pairs_along(row: &[f32], words: &mut [u32]) {
    let (from, to) = (row.as_ptr(), words.as_mut_ptr());
    let mut at = 0;
    while at + 2 * LANES <= row.len() {
        // SAFETY: 32 values from `at` on are within the row, and 16 words within `words`.
        unsafe {
            let (low, high) = (
                _mm512_loadu_ps(from.add(at)),
                _mm512_loadu_ps(from.add(at + LANES)),
            );
            let pairs = bits(_mm512_cvtne2ps_pbh(high, low));
            _mm512_storeu_si512(to.add(at / 2).cast(), pairs);
        }
        at += 2 * LANES;
    }
    if at < row.len() {
        let left = row.len() - at;
        // SAFETY: masks keep loads within the row and stores within the words of its pairs.
        unsafe {
            let low = _mm512_maskz_loadu_ps(first_lanes(left), from.add(at));
            let high = _mm512_maskz_loadu_ps(
                first_lanes(left.saturating_sub(LANES)),
                from.wrapping_add(at + LANES),
            );
            let pairs = bits(_mm512_cvtne2ps_pbh(high, low));
            _mm512_mask_storeu_epi32(to.add(at / 2).cast(), first_lanes(left.div_ceil(2)), pairs);
        }
    }
}

/// See [`super::pairs_across`].
///
/// # Safety
/// The rows are equally long, and `words` is no shorter.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn pairs_across(even: &[f32], odd: &[f32], words: &mut [u32]) {
    for at in (0..even.len()).step_by(LANES) {
        let lanes = first_lanes(even.len() - at);
        // SAFETY: masks keep loads and stores within the rows' length.
        unsafe {
            let low = _mm512_maskz_loadu_ps(lanes, even.as_ptr().add(at));
            let high = _mm512_maskz_loadu_ps(lanes, odd.as_ptr().add(at));
            let low = _mm512_cvtepu16_epi32(half_bits(_mm512_cvtneps_pbh(low)));
            let high = _mm512_cvtepu16_epi32(half_bits(_mm512_cvtneps_pbh(high)));
            let pairs = _mm512_or_si512(low, _mm512_slli_epi32::<16>(high));
            _mm512_mask_storeu_epi32(words.as_mut_ptr().add(at).cast(), lanes, pairs);
        }
    }
}

/// See [`super::transpose`].
///
/// # Safety
/// `words` holds 16 rows of [`PAIRS`], and `panel` that many rows of [`PANEL`], the last of 16 at least.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn transpose(words: &[u32], panel: &mut [u32]) {
    for pair in (0..PAIRS).step_by(LANES) {
        // SAFETY: 16 words from `pair` on are within each of the 16 rows.
        let rows: [__m512i; LANES] = std::array::from_fn(|row| unsafe {
            _mm512_loadu_si512(words.as_ptr().add(row * PAIRS + pair).cast())
        });
        for (column, values) in transposed(&rows).into_iter().enumerate() {
            // SAFETY: the panel has a row for each pair, and 16 words in each.
            unsafe {
                _mm512_storeu_si512(
                    panel.as_mut_ptr().add((pair + column) * PANEL).cast(),
                    values,
                );
            }
        }
    }
}

/// Transposes 16 x 16 words: pairs of rows, then fours, then the quarters of registers.
#[target_feature(enable = "avx512f")]
fn transposed(rows: &[__m512i; LANES]) -> [__m512i; LANES] {
    let twos: [__m512i; LANES] = std::array::from_fn(|index| {
        let (even, odd) = (rows[index & !1], rows[index | 1]);
        if index % 2 == 0 {
            _mm512_unpacklo_epi32(even, odd)
        } else {
            _mm512_unpackhi_epi32(even, odd)
        }
    });
    // Quarter q of `fours[4 * g + j]` is column `4 * q + j` of rows `4 * g ..`.
    let fours: [__m512i; LANES] = std::array::from_fn(|index| {
        let first = (index & !3) + (index & 3) / 2;
        let (upper, lower) = (twos[first], twos[first + 2]);
        if index % 2 == 0 {
            _mm512_unpacklo_epi64(upper, lower)
        } else {
            _mm512_unpackhi_epi64(upper, lower)
        }
    });
    let mut columns = [_mm512_set1_epi32(0); LANES];
    for j in 0..4 {
        let low_top = _mm512_shuffle_i32x4::<0x44>(fours[j], fours[4 + j]);
        let high_top = _mm512_shuffle_i32x4::<0xee>(fours[j], fours[4 + j]);
        let low_bottom = _mm512_shuffle_i32x4::<0x44>(fours[8 + j], fours[12 + j]);
        let high_bottom = _mm512_shuffle_i32x4::<0xee>(fours[8 + j], fours[12 + j]);
        columns[j] = _mm512_shuffle_i32x4::<0x88>(low_top, low_bottom);
        columns[4 + j] = _mm512_shuffle_i32x4::<0xdd>(low_top, low_bottom);
        columns[8 + j] = _mm512_shuffle_i32x4::<0x88>(high_top, high_bottom);
        columns[12 + j] = _mm512_shuffle_i32x4::<0xdd>(high_top, high_bottom);
    }
    columns
}

/// See [`super::multiply_block`].
///
/// # Safety
/// The block's strides stay within its left factor, and nobody else touches the block's elements from
/// `out` on.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn multiply_block(block: &Block<'_>, out: *mut f32) {
    // SAFETY: the caller's promises are passed on.
    unsafe {
        by_rows!(block, out);
    }
}

/// `R` rows of a block.
///
/// # Safety
/// As [`multiply_block`].
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn rows<const R: usize>(block: &Block<'_>, out: *mut f32) {
    let mut sums = [[_mm512_setzero_ps(); REGISTERS]; R];
    let mut left = block.left.as_ptr();
    let mut panel = block.panel.as_ptr();
    for _ in 0..block.panel.len() / PANEL {
        // SAFETY: the panel holds PANEL words for each pair, the left factor a word for each row.
        unsafe {
            let columns: [__m512bh; REGISTERS] = std::array::from_fn(|register| {
                halves(_mm512_loadu_si512(panel.add(register * LANES).cast()))
            });
            for (row, sums) in sums.iter_mut().enumerate() {
                let word = *left.add(row * block.row_stride);
                let word = halves(_mm512_set1_epi32(word as i32));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbf16_ps(*sum, word, column);
                }
            }
        }
        left = left.wrapping_add(block.pair_stride);
        panel = panel.wrapping_add(PANEL);
    }
    for (row, sums) in sums.iter().enumerate() {
        for (register, &sum) in sums.iter().enumerate() {
            let lanes = first_lanes(block.columns.saturating_sub(register * LANES));
            let to = out.wrapping_add(row * block.out_stride + register * LANES);
            // SAFETY: the mask keeps to the block's columns, which are the caller's.
            unsafe { store(to, lanes, sum, block.beta) }
        }
    }
}

/// `to = beta * to + sum`; with `beta` 0, `to` is not read.
///
/// # Safety
/// The masked lanes at `to` can be read and written.
#[target_feature(enable = "avx512f")]
unsafe fn store(to: *mut f32, lanes: __mmask16, sum: __m512, beta: f32) {
    // SAFETY: masked loads and stores touch the masked lanes only.
    unsafe {
        let value = if beta == 0.0 {
            sum
        } else {
            let before = _mm512_maskz_loadu_ps(lanes, to);
            _mm512_fmadd_ps(_mm512_set1_ps(beta), before, sum)
        };
        _mm512_mask_storeu_ps(to, lanes, value);
    }
}
