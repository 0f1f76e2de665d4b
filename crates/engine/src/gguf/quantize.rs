//! Turning values into blocks of few bits.
//!
//! The blocks of 256 values are fitted here as ggml fits them without an importance matrix
//! (`quantize_row_q4_K_ref`, `quantize_row_q5_K_ref` and `quantize_row_q6_K_ref` of its `ggml-quants.c`): a
//! search over scales, each followed by weighted least squares. candle's own fit of `Q4_K` and `Q5_K` is that
//! of ggml's first version, whose error is larger. The blocks of 32 values are candle's.

use super::kind::Kind;
use crate::EngineError;
use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};
use half::f16;
use rayon::prelude::*;

/// Values of a large block.
const LARGE: usize = 256;
/// Values that share a scale and an offset in `Q4_K` and `Q5_K`.
const GROUP: usize = 32;
/// Values that share a scale in `Q6_K`.
const SMALL_GROUP: usize = 16;
/// The largest whole number of six bits, which scales and offsets of groups are kept in.
const SIX_BITS: f32 = 63.0;
/// Below this a group of values counts as zeros.
const NEARLY_ZERO: f32 = 1e-15;

/// Appends the blocks of `values`, which fill whole ones of `kind`.
pub(super) fn to_blocks(
    values: &[f32],
    kind: Kind,
    bytes: &mut Vec<u8>,
) -> Result<(), EngineError> {
    let one = match kind {
        Kind::Q4K => q4_k,
        Kind::Q5K => q5_k,
        Kind::Q6K => q6_k,
        _ => {
            let plain = Tensor::from_slice(values, values.len(), &Device::Cpu)?;
            let theirs = kind.ggml().ok_or_else(|| EngineError::Weights {
                detail: format!("{} is read and not written", kind.name()),
            })?;
            let packed = QTensor::quantize(&plain, theirs)?;
            bytes.extend_from_slice(&packed.data()?);
            return Ok(());
        }
    };
    let (_, block_bytes) = kind.block();
    let start = bytes.len();
    let blocks = values.as_chunks::<LARGE>().0;
    bytes.resize(start + blocks.len() * block_bytes, 0);
    bytes[start..]
        .par_chunks_mut(block_bytes)
        .zip(blocks.par_iter())
        .for_each(|(out, block)| one(block, out));
    Ok(())
}

/// The nearest whole number, of two the even one.
fn nearest(value: f32) -> f32 {
    value.round_ties_even()
}

/// Values of a group as `scale * level - offset`, neither below 0.
#[derive(Debug, Clone, Copy, Default)]
struct Affine {
    scale: f32,
    offset: f32,
}

/// The scales that a search tries: `(most level + first + step * n) / range` for n from 0 to `n_steps`.
struct Search {
    most_level: f32,
    first: f32,
    step: f32,
    n_steps: u8,
}

/// ggml's `make_qkx2_quants`: of all scales tried, the one whose least-squares fit has the least error. Large
/// values weigh more.
fn affine(values: &[f32; GROUP], search: &Search) -> Affine {
    let mean_square = values.iter().map(|x| x * x).sum::<f32>() / GROUP as f32;
    let typical = mean_square.sqrt();
    let weights = values.map(|x| typical + x.abs());
    let least = values.iter().fold(0.0_f32, |least, &x| least.min(x));
    let most = values.iter().fold(f32::MIN, |most, &x| most.max(x));
    let range = most - least;
    if range <= 0.0 {
        return Affine {
            scale: 0.0,
            offset: -least,
        };
    }
    let levels =
        |inverse: f32| values.map(|x| nearest(inverse * (x - least)).clamp(0.0, search.most_level));
    let error = |levels: &[f32; GROUP], scale: f32, least: f32| {
        let pairs = values.iter().zip(levels).zip(&weights);
        pairs
            .map(|((x, level), w)| w * (scale * level + least - x).powi(2))
            .sum::<f32>()
    };
    let inverse = search.most_level / range;
    let mut best = (1.0 / inverse, least);
    let mut best_error = error(&levels(inverse), best.0, best.1);
    for n in 0..=search.n_steps {
        let inverse = (search.first + search.step * f32::from(n) + search.most_level) / range;
        let levels = levels(inverse);
        let Some((scale, least)) = least_squares(values, &weights, &levels) else {
            continue;
        };
        let now = error(&levels, scale, least);
        if now < best_error {
            (best, best_error) = ((scale, least), now);
        }
    }
    Affine {
        scale: best.0,
        offset: -best.1,
    }
}

/// The scale and the least value that fit these levels best, the least value not above 0; `None` where all
/// levels are alike.
fn least_squares(
    values: &[f32; GROUP],
    weights: &[f32; GROUP],
    levels: &[f32; GROUP],
) -> Option<(f32, f32)> {
    let [mut w, mut x, mut l, mut ll, mut lx] = [0.0_f32; 5];
    for ((&value, &weight), &level) in values.iter().zip(weights).zip(levels) {
        w += weight;
        x += weight * value;
        l += weight * level;
        ll += weight * level * level;
        lx += weight * level * value;
    }
    let determinant = w * ll - l * l;
    if determinant <= 0.0 {
        return None;
    }
    let least = (ll * x - l * lx) / determinant;
    if least > 0.0 {
        return Some((lx / ll, 0.0));
    }
    Some(((w * lx - x * l) / determinant, least))
}

/// The head of a block of `Q4_K` or `Q5_K` (16 bytes: two scales of f16, 8 scales and 8 offsets of 6 bits),
/// and the levels of its values.
fn with_groups(values: &[f32; LARGE], search: &Search, head: &mut [u8]) -> [u8; LARGE] {
    let groups = values.as_chunks::<GROUP>().0;
    let mut fits = [Affine::default(); LARGE / GROUP];
    for (fit, group) in fits.iter_mut().zip(groups) {
        *fit = affine(group, search);
    }
    let largest = |of: fn(&Affine) -> f32| fits.iter().map(of).fold(0.0_f32, f32::max);
    let (scale, offset) = (largest(|fit| fit.scale), largest(|fit| fit.offset));
    let inverse = |most: f32| if most > 0.0 { SIX_BITS / most } else { 0.0 };
    let in_six_bits = |value: f32| nearest(value).clamp(0.0, SIX_BITS) as u8;
    let scales = fits.map(|fit| in_six_bits(inverse(scale) * fit.scale));
    let offsets = fits.map(|fit| in_six_bits(inverse(offset) * fit.offset));
    let (d, d_offset) = (
        f16::from_f32(scale / SIX_BITS),
        f16::from_f32(offset / SIX_BITS),
    );
    head[..2].copy_from_slice(&d.to_le_bytes());
    head[2..4].copy_from_slice(&d_offset.to_le_bytes());
    put_six_bits(scales, offsets, &mut head[4..16]);
    let mut levels = [0; LARGE];
    let each = levels.as_chunks_mut::<GROUP>().0.iter_mut().zip(groups);
    for ((levels, group), (&scale, &offset)) in each.zip(scales.iter().zip(&offsets)) {
        let scale = d.to_f32() * f32::from(scale);
        if scale == 0.0 {
            continue;
        }
        let offset = d_offset.to_f32() * f32::from(offset);
        for (level, x) in levels.iter_mut().zip(group) {
            *level = nearest((x + offset) / scale).clamp(0.0, search.most_level) as u8;
        }
    }
    levels
}

/// Eight scales and eight offsets in 12 bytes: of the first four each a byte's lower 6 bits, of the others 4
/// bits behind them and 2 on top of the first ones.
fn put_six_bits(scales: [u8; 8], offsets: [u8; 8], out: &mut [u8]) {
    for n in 0..4 {
        out[n] = scales[n] | (scales[n + 4] >> 4) << 6;
        out[n + 4] = offsets[n] | (offsets[n + 4] >> 4) << 6;
        out[n + 8] = (scales[n + 4] & 15) | (offsets[n + 4] & 15) << 4;
    }
}

/// 144 bytes: head, 128 bytes of two levels each.
fn q4_k(values: &[f32; LARGE], out: &mut [u8]) {
    let search = Search {
        most_level: 15.0,
        first: -1.0,
        step: 0.1,
        n_steps: 20,
    };
    let (head, low) = out.split_at_mut(16);
    let levels = with_groups(values, &search, head);
    put_nibbles(&levels, low);
}

/// 176 bytes: head, 32 bytes of the levels' fifth bits, 128 bytes of the other four.
fn q5_k(values: &[f32; LARGE], out: &mut [u8]) {
    let search = Search {
        most_level: 31.0,
        first: -0.5,
        step: 0.1,
        n_steps: 15,
    };
    let (head, rest) = out.split_at_mut(16);
    let levels = with_groups(values, &search, head);
    let (high, low) = rest.split_at_mut(GROUP);
    put_nibbles(&levels, low);
    for (group, levels) in levels.as_chunks::<GROUP>().0.iter().enumerate() {
        for (bits, level) in high.iter_mut().zip(levels) {
            *bits |= (level >> 4) << group;
        }
    }
}

/// The lower four bits of levels, those of two groups beside each other in one byte.
fn put_nibbles(levels: &[u8; LARGE], out: &mut [u8]) {
    let pairs = levels.as_chunks::<{ 2 * GROUP }>().0;
    for (out, pair) in out.as_chunks_mut::<GROUP>().0.iter_mut().zip(pairs) {
        let (one, other) = pair.split_at(GROUP);
        for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
            *out = (one & 15) | (other & 15) << 4;
        }
    }
}

/// ggml's `make_qx_quants` with the weights `x * x`: the scale of levels from -32 to 31 with the least error.
fn symmetric(values: &[f32; SMALL_GROUP]) -> f32 {
    let largest = values.iter().copied().fold(
        0.0_f32,
        |most, x| {
            if x.abs() > most.abs() { x } else { most }
        },
    );
    if largest.abs() < NEARLY_ZERO {
        return 0.0;
    }
    let sums = |inverse: f32| {
        let [mut lx, mut ll] = [0.0_f32; 2];
        for &x in values {
            let level = nearest(inverse * x).clamp(-32.0, 31.0);
            lx += x * x * x * level;
            ll += x * x * level * level;
        }
        (lx, ll)
    };
    let (lx, ll) = sums(-32.0 / largest);
    let mut scale = if ll > 0.0 { lx / ll } else { 0.0 };
    let mut best = scale * lx;
    for n in (-9_i8..=9).filter(|&n| n != 0) {
        let (lx, ll) = sums(-(32.0 + 0.1 * f32::from(n)) / largest);
        if ll > 0.0 && lx * lx > best * ll {
            scale = lx / ll;
            best = scale * lx;
        }
    }
    scale
}

/// 210 bytes: 128 of the levels' lower four bits, 64 of the upper two, 16 scales of 8 bits, the scales' f16.
fn q6_k(values: &[f32; LARGE], out: &mut [u8]) {
    let groups = values.as_chunks::<SMALL_GROUP>().0;
    let mut fits = [0.0_f32; LARGE / SMALL_GROUP];
    for (fit, group) in fits.iter_mut().zip(groups) {
        *fit = symmetric(group);
    }
    let largest =
        fits.iter().copied().fold(
            0.0_f32,
            |most, fit| {
                if fit.abs() > most.abs() { fit } else { most }
            },
        );
    if largest.abs() < NEARLY_ZERO {
        out.fill(0);
        return;
    }
    let inverse = -128.0 / largest;
    let d = f16::from_f32(1.0 / inverse);
    let scales = fits.map(|fit| nearest(inverse * fit).clamp(-128.0, 127.0) as i8);
    // A level of 32 stands for 0.
    let mut levels = [32_u8; LARGE];
    let each = levels.as_chunks_mut::<SMALL_GROUP>().0.iter_mut();
    for ((levels, group), &scale) in each.zip(groups).zip(&scales) {
        let scale = d.to_f32() * f32::from(scale);
        if scale == 0.0 {
            continue;
        }
        for (level, x) in levels.iter_mut().zip(group) {
            *level = (nearest(x / scale).clamp(-32.0, 31.0) + 32.0) as u8;
        }
    }
    let (low, rest) = out.split_at_mut(128);
    let (high, rest) = rest.split_at_mut(64);
    let (scales_out, d_out) = rest.split_at_mut(LARGE / SMALL_GROUP);
    let halves = levels.as_chunks::<128>().0.iter();
    let places = low
        .as_chunks_mut::<64>()
        .0
        .iter_mut()
        .zip(high.as_chunks_mut::<32>().0);
    for (half, (low, high)) in halves.zip(places) {
        for n in 0..32 {
            let four = [half[n], half[n + 32], half[n + 64], half[n + 96]];
            low[n] = (four[0] & 15) | (four[2] & 15) << 4;
            low[n + 32] = (four[1] & 15) | (four[3] & 15) << 4;
            let upper = four.iter().rev();
            high[n] = upper.fold(0, |bits, level| bits << 2 | level >> 4);
        }
    }
    for (out, scale) in scales_out.iter_mut().zip(&scales) {
        *out = scale.to_le_bytes()[0];
    }
    d_out.copy_from_slice(&d.to_le_bytes());
}

#[cfg(test)]
#[path = "quantize_tests.rs"]
mod tests;
