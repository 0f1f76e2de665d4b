//! Randomness as a function: a value is determined by (seed, purpose, index) and by nothing else,
//! so that a resumed run draws what the unbroken one would have drawn.

use std::f64::consts::TAU;

/// A stream of random values that can be read at any index.
#[derive(Debug, Clone, Copy)]
pub struct Keyed {
    key: u64,
}

impl Keyed {
    /// The stream of `seed` for one `purpose`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a over the purpose, mixed with the seed.
        let name = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self {
            key: mix(mix(seed) ^ name),
        }
    }

    /// The stream's sub-stream number `index`.
    #[must_use]
    pub fn child(self, index: u64) -> Self {
        Self {
            key: mix(self.key ^ mix(index.wrapping_add(0x5851_f42d_4c95_7f2d))),
        }
    }

    /// 64 uniform bits.
    pub fn bits(self, index: u64) -> u64 {
        mix(self
            .key
            .wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Uniform in [0, 1).
    pub fn uniform(self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..n`; 0 where `n` is 0.
    pub fn below(self, index: u64, n: u64) -> u64 {
        ((u128::from(self.bits(index)) * u128::from(n)) >> 64) as u64
    }

    /// Standard normal (Box and Muller, 1958).
    pub fn normal(self, index: u64) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform(2 * index)).ln()).sqrt();
        radius * (TAU * self.uniform(2 * index + 1)).cos()
    }

    /// A permutation of `0..n` (Fisher and Yates).
    pub fn permutation(self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64, last as u64 + 1) as usize);
        }
        order
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood, 2014).
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Keyed;

    #[test]
    fn a_permutation_holds_every_index_once_and_depends_on_seed_and_purpose() {
        let order = Keyed::new(1, "order").permutation(1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>(), "every index once");
        assert_eq!(
            order,
            Keyed::new(1, "order").permutation(1000),
            "same key, same order"
        );
        assert_ne!(
            order,
            Keyed::new(2, "order").permutation(1000),
            "the seed matters"
        );
        assert_ne!(
            order,
            Keyed::new(1, "other").permutation(1000),
            "the purpose matters"
        );
    }

    #[test]
    fn normal_values_have_mean_zero_and_variance_one() {
        let stream = Keyed::new(7, "normal");
        let values: Vec<f64> = (0..20_000).map(|index| stream.normal(index)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "mean {mean}, variance {variance}"
        );
    }
}
