//! `AdamW` whose moments are kept in 8 bits each (Dettmers et al., 2022): a quarter of their memory.
//!
//! Blocks of [`BLOCK`] values share a scale, the greatest of their sizes, and each value is the nearest of a
//! fixed set of fractions of it, dense near 1 and reaching down by decades ("dynamic tree quantization").
//! The first moment has a sign and 128 sizes, the second 256 sizes. 1 is among the sizes of both, so that a
//! block that was widened to f32 narrows to the very same bits: checkpoints hold f32.

use super::adamw::Step;
use rayon::prelude::*;
use std::sync::LazyLock;

/// Values that share a scale.
pub const BLOCK: usize = 256;

/// Blocks that one task handles.
const BLOCKS_AT_ONCE: usize = super::CHUNK / BLOCK;

/// A moment in 8 bits a value.
#[derive(Debug, Clone, PartialEq)]
struct Narrow {
    codes: Vec<u8>,
    /// One for each block.
    scales: Vec<f32>,
}

/// Both moments of one weight in 8 bits a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments8 {
    first: Narrow,
    second: Narrow,
}

impl Moments8 {
    /// Zeros for `n` values.
    pub fn new(n: usize) -> Self {
        let zeros = Narrow {
            codes: vec![0; n],
            scales: vec![0.0; n.div_ceil(BLOCK)],
        };
        Self {
            first: zeros.clone(),
            second: zeros,
        }
    }

    /// The nearest to these moments.
    ///
    /// # Panics
    /// Where their lengths differ.
    pub fn from_f32(first: &[f32], second: &[f32]) -> Self {
        assert_eq!(first.len(), second.len(), "adamw8: the moments' lengths");
        let mut moments = Self::new(first.len());
        moments.first.fill(first, Tables::narrow_first);
        moments.second.fill(second, Tables::narrow_second);
        moments
    }

    /// The first moment in f32.
    pub fn first(&self) -> Vec<f32> {
        self.first.widen(&TABLES.first.values, 0x7f)
    }

    /// The second moment in f32.
    pub fn second(&self) -> Vec<f32> {
        self.second.widen(&TABLES.second.values, 0xff)
    }

    /// Values of each moment.
    pub fn len(&self) -> usize {
        self.first.codes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.codes.is_empty()
    }

    /// Bytes in memory.
    pub fn n_bytes(&self) -> usize {
        n_bytes(self.len())
    }
}

/// Bytes of the moments of `n` values.
pub fn n_bytes(n: usize) -> usize {
    2 * (n + n.div_ceil(BLOCK) * size_of::<f32>())
}

/// As [`super::adamw::step`]. The update is made with the moments before they are rounded.
///
/// # Panics
/// Where the lengths differ.
pub fn step(weight: &mut [f32], gradient: &[f32], moments: &mut Moments8, step: &Step) {
    let Moments8 { first, second } = moments;
    assert!(
        [gradient.len(), first.codes.len()]
            .iter()
            .all(|&n| n == weight.len()),
        "adamw8: the lengths of a weight, its gradient and moments"
    );
    let tables = &*TABLES;
    weight
        .par_chunks_mut(BLOCKS_AT_ONCE * BLOCK)
        .zip(gradient.par_chunks(BLOCKS_AT_ONCE * BLOCK))
        .zip(first.pieces())
        .zip(second.pieces())
        .for_each(|(((weight, gradient), first), second)| {
            let blocks = weight.chunks_mut(BLOCK).zip(gradient.chunks(BLOCK));
            let firsts = first.0.chunks_mut(BLOCK).zip(first.1);
            let seconds = second.0.chunks_mut(BLOCK).zip(second.1);
            for ((values, first), second) in blocks.zip(firsts).zip(seconds) {
                step_block(values.0, values.1, first, second, step, tables);
            }
        });
}

impl Narrow {
    fn pieces(&mut self) -> impl IndexedParallelIterator<Item = (&mut [u8], &mut [f32])> {
        self.codes
            .par_chunks_mut(BLOCKS_AT_ONCE * BLOCK)
            .zip(self.scales.par_chunks_mut(BLOCKS_AT_ONCE))
    }

    fn fill(&mut self, values: &[f32], narrow: fn(&Tables, &mut [u8], &[f32]) -> f32) {
        let blocks = self.codes.chunks_mut(BLOCK).zip(values.chunks(BLOCK));
        for ((codes, values), scale) in blocks.zip(&mut self.scales) {
            *scale = narrow(&TABLES, codes, values);
        }
    }

    /// `mask` has the bits of the size; the one beside them is the sign.
    fn widen(&self, sizes: &[f32], mask: u8) -> Vec<f32> {
        let blocks = self.codes.chunks(BLOCK).zip(&self.scales);
        let values = blocks.flat_map(|(codes, &scale)| {
            codes.iter().map(move |&code| {
                let size = sizes[usize::from(code & mask)] * scale;
                if code & !mask == 0 { size } else { -size }
            })
        });
        values.collect()
    }
}

per_isa! {
    fn step_block<A>(
        weight: &mut [f32],
        gradient: &[f32],
        first: (&mut [u8], &mut f32),
        second: (&mut [u8], &mut f32),
        step: &Step,
        tables: &Tables,
    ) {
        let n = weight.len();
        let (mut m, mut v) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
        for (m, &code) in m.iter_mut().zip(first.0.iter()) {
            let size = tables.first.values[usize::from(code & 0x7f)] * *first.1;
            // The sign stands in the same bit of its byte as of an f32's highest.
            *m = f32::from_bits(size.to_bits() | u32::from(code & 0x80) << 24);
        }
        for (v, &code) in v.iter_mut().zip(second.0.iter()) {
            *v = tables.second.values[usize::from(code)] * *second.1;
        }
        let values = weight.iter_mut().zip(gradient).zip(m.iter_mut().zip(&mut v));
        for ((weight, &gradient), (m, v)) in values {
            let gradient = gradient * step.clip;
            *m = step.beta1 * *m + (1.0 - step.beta1) * gradient;
            *v = step.beta2 * *v + (1.0 - step.beta2) * gradient * gradient;
            *weight = step.keep * *weight
                - step.step_size * *m / (v.sqrt() * step.root_correction + step.eps);
        }
        *first.1 = tables.narrow_first(first.0, &m[..n]);
        *second.1 = tables.narrow_second(second.0, &v[..n]);
    }
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    // 126 sizes in six decades.
    first: Table::new(1, 0),
    // 254 sizes in seven decades.
    second: Table::new(0, 1),
});

struct Tables {
    first: Table,
    second: Table,
}

/// The sizes that a code can mean, and how to find the nearest. The arrays' lengths hold every index by their
/// types, so that look-ups need no check and become gathers.
struct Table {
    /// Ascending, from 0 to 1.
    values: [f32; 256],
    /// Half way from each value to the next; nothing lies beyond the last.
    middles: [f32; 256],
    /// The code of the smallest size in each bucket of sizes.
    buckets: Box<[u32; N_BUCKETS]>,
}

/// Sizes are sorted into buckets by their exponent and the highest 7 bits of their mantissa: narrow enough
/// that no bucket holds two middles.
const BUCKET_SHIFT: u32 = 16;
/// The first bucket holds all that is less than 2^-23, which no code but 0 is near to.
const FIRST_BUCKET: u32 = (127 - 23) << 7;
/// A power of two beyond the bucket of 1.
const N_BUCKETS: usize = 4096;

impl Table {
    /// Decades `first_decade..7`, the last from 0.1 to 1; decade `i` has `2^(i + more)` sizes, in the
    /// middles of equal parts.
    fn new(first_decade: u32, more: u32) -> Self {
        let mut sizes = vec![0.0];
        for decade in first_decade..7 {
            let n = 1_u32 << (decade + more);
            let unit = 10.0_f64.powi(decade as i32 - 6);
            sizes.extend((0..n).map(|part| {
                let fraction = 0.1 + 0.9 * (f64::from(part) + 0.5) / f64::from(n);
                (fraction * unit) as f32
            }));
        }
        sizes.push(1.0);
        let (mut values, mut middles) = ([1.0; 256], [f32::INFINITY; 256]);
        for (value, size) in values.iter_mut().zip(&sizes) {
            *value = *size;
        }
        for (middle, pair) in middles.iter_mut().zip(sizes.windows(2)) {
            *middle = f64::midpoint(f64::from(pair[0]), f64::from(pair[1])) as f32;
        }
        let mut buckets = Box::new([0; N_BUCKETS]);
        for (bucket, code) in (FIRST_BUCKET..).zip(buckets.iter_mut()) {
            let smallest = f32::from_bits(bucket << BUCKET_SHIFT).min(1.0);
            *code = middles.partition_point(|&middle| middle <= smallest) as u32;
        }
        Self {
            values,
            middles,
            buckets,
        }
    }

    /// The code of the value nearest to `size`, which is in [0, 1].
    #[inline(always)]
    fn nearest(&self, size: f32) -> u8 {
        let bucket = (size.to_bits() >> BUCKET_SHIFT).saturating_sub(FIRST_BUCKET);
        let code = self.buckets[bucket as usize % N_BUCKETS] as u8;
        code + u8::from(self.middles[usize::from(code)] <= size)
    }
}

impl Tables {
    #[inline(always)]
    fn narrow_first(&self, codes: &mut [u8], values: &[f32]) -> f32 {
        let scale = greatest(values);
        let inverse = inverse(scale);
        for (code, &value) in codes.iter_mut().zip(values) {
            let sign = (value.to_bits() >> 24) as u8 & 0x80;
            *code = self.first.nearest((value.abs() * inverse).min(1.0)) | sign;
        }
        scale
    }

    /// A second moment that is not 0 never becomes 0: with a first moment beside it, the next step would
    /// have no bound.
    #[inline(always)]
    fn narrow_second(&self, codes: &mut [u8], values: &[f32]) -> f32 {
        let scale = greatest(values);
        let inverse = inverse(scale);
        for (code, &value) in codes.iter_mut().zip(values) {
            let nearest = self.second.nearest((value * inverse).min(1.0));
            *code = nearest.max(u8::from(value > 0.0));
        }
        scale
    }
}

/// 0 where all are below the normal numbers, whose inverses are infinite.
#[inline(always)]
fn greatest(values: &[f32]) -> f32 {
    // The bits of sizes are in the order of the sizes, and the greatest of integers vectorises.
    let sizes = values.iter().map(|value| value.abs().to_bits());
    let greatest = f32::from_bits(sizes.fold(0, u32::max));
    if greatest < f32::MIN_POSITIVE {
        0.0
    } else {
        greatest
    }
}

#[inline(always)]
fn inverse(scale: f32) -> f32 {
    if scale > 0.0 { 1.0 / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Moments8, TABLES, Table};

    fn check(table: &Table, n: usize) {
        let n_below = table.values.iter().filter(|&&size| size < 1.0).count();
        assert_eq!(n_below + 1, n, "as many sizes as codes");
        for index in 0..=1_000_000 {
            let size = index as f32 / 1_000_000.0;
            let size = size * size * size;
            let code = usize::from(table.nearest(size));
            let off = (table.values[code] - size).abs();
            let beside = [code.saturating_sub(1), (code + 1).min(n - 1)];
            for other in beside {
                let other = (table.values[other] - size).abs();
                assert!(
                    off <= other * 1.000_01,
                    "{size} is nearer to another than to code {code}"
                );
            }
        }
    }

    #[test]
    fn every_size_gets_the_nearest_code() {
        check(&TABLES.first, 128);
        check(&TABLES.second, 256);
    }

    #[test]
    fn moments_that_were_widened_narrow_to_the_same_bits_and_lie_near_what_they_were() {
        let stream = crate::random::Keyed::new(5, "moments");
        let first: Vec<f32> = (0..1000)
            .map(|index| (stream.normal(index) * 10.0_f64.powi((index % 7) as i32 - 9)) as f32)
            .collect();
        let second: Vec<f32> = first.iter().map(|m| m * m * 0.3).collect();
        let narrow = Moments8::from_f32(&first, &second);
        let (wide_first, wide_second) = (narrow.first(), narrow.second());
        assert_eq!(
            Moments8::from_f32(&wide_first, &wide_second),
            narrow,
            "the same codes and scales"
        );
        for (block, wide) in first.chunks(256).zip(wide_first.chunks(256)) {
            let scale = block.iter().fold(0.0_f32, |most, m| most.max(m.abs()));
            for (m, wide) in block.iter().zip(wide) {
                let off = (m - wide).abs();
                // Half the widest step of a decade: 0.9 / 64 of 1, or a tenth of the size below.
                assert!(
                    off <= 0.0071 * scale,
                    "{m} became {wide} in a block of {scale}"
                );
            }
        }
        for (v, wide) in second.iter().zip(&wide_second) {
            assert!((*v > 0.0) == (*wide > 0.0), "{v} became {wide}");
        }
    }
}
