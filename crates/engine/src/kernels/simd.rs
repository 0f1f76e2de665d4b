//! The choice of instructions at run time, and elementary functions that vectorise.
//!
//! A kernel's inner loop is written once, in plain Rust that LLVM turns into vector instructions, and
//! compiled once for each instruction set by the macro `per_isa!`. Loops that sum keep [`LANES`] partial
//! sums whatever the width of the registers, so that AVX2, AVX-512 and NEON give the same bits.

use std::sync::atomic::{AtomicU8, Ordering};

/// Partial sums that a loop keeps.
pub const LANES: usize = 32;

/// Instructions that the inner loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every processor of the target has: SSE2 on x86-64, NEON on `AArch64`.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 F, VL, BW and DQ.
    Avx512,
}

/// The one in use, as its number plus one; 0 until the first question.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

impl Isa {
    /// Every instruction set that this processor has, the best last.
    pub fn available() -> Vec<Self> {
        [Self::Baseline, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|one| one.is_there())
            .collect()
    }

    #[cfg(target_arch = "x86_64")]
    fn is_there(self) -> bool {
        match self {
            Self::Baseline => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.is_there()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_there(self) -> bool {
        self == Self::Baseline
    }

    /// The one in use: the best that this processor has, unless [`Isa::select`] said otherwise.
    pub fn current() -> Self {
        match CHOSEN.load(Ordering::Relaxed) {
            1 => Self::Baseline,
            2 => Self::Avx2,
            3 => Self::Avx512,
            _ => {
                let best = Self::available().pop().unwrap_or(Self::Baseline);
                CHOSEN.store(best as u8 + 1, Ordering::Relaxed);
                best
            }
        }
    }

    /// Uses this one from now on, in the whole process: for tests that compare them and for
    /// measurements. Answers whether this processor has it; if not, nothing changes.
    pub fn select(self) -> bool {
        let there = Self::available().contains(&self);
        if there {
            CHOSEN.store(self as u8 + 1, Ordering::Relaxed);
        }
        there
    }
}

/// How an instruction set multiplies and adds.
pub trait Arithmetic {
    /// `a * b + c`.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// With one rounding.
pub struct Fused;

/// With two roundings, where a fused operation would be a call into the library.
pub struct Separate;

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Arithmetic for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// What [`Isa::Baseline`] has on this target.
#[cfg(target_arch = "aarch64")]
pub type Baseline = Fused;
/// What [`Isa::Baseline`] has on this target.
#[cfg(not(target_arch = "aarch64"))]
pub type Baseline = Separate;

/// Compiles a function for each instruction set, and calls the one in use. The function's one type
/// parameter is the set's [`Arithmetic`]:
///
/// ```text
/// per_isa! {
///     fn scale<A>(x: &mut [f32], by: f32) {
///         x.iter_mut().for_each(|x| *x *= by);
///     }
/// }
/// ```
macro_rules! per_isa {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$a:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            fn generic<$a: $crate::kernels::simd::Arithmetic>($($arg: $ty),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
            fn avx512($($arg: $ty),*) $(-> $out)? {
                generic::<$crate::kernels::simd::Fused>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $ty),*) $(-> $out)? {
                generic::<$crate::kernels::simd::Fused>($($arg),*)
            }

            match $crate::kernels::simd::Isa::current() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `current` answers with nothing that this processor was not found to have.
                $crate::kernels::simd::Isa::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::kernels::simd::Isa::Avx2 => unsafe { avx2($($arg),*) },
                _ => generic::<$crate::kernels::simd::Baseline>($($arg),*),
            }
        }
    };
}

/// The sum of partial sums, halves first.
#[inline(always)]
pub fn sum_lanes(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `e^x`, within two units of the last place; 0 below -87 (where a result would be below the normal
/// numbers), infinite above the greatest, NaN of NaN.
///
/// `x = n ln 2 + r` with `ln 2` in two parts (Cody and Waite, 1980); `e^r` is a polynomial fitted to the least
/// relative error, 3e-9, on `|r| <= ln 2 / 2`.
#[inline(always)]
pub fn exp<A: Arithmetic>(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Comparisons in this form keep a NaN.
    let bounded = if x > 89.0 { 89.0 } else { x };
    let bounded = if bounded < -87.0 { -87.0 } else { bounded };
    let shifted = A::mul_add(bounded, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = A::mul_add(n, -LN_2_HIGH, bounded);
    let r = A::mul_add(n, -LN_2_LOW, r);
    let p = 0.001_381_431_8;
    let p = A::mul_add(p, r, 0.008_368_852);
    let p = A::mul_add(p, r, 0.041_668_4);
    let p = A::mul_add(p, r, 0.166_665_2);
    let p = A::mul_add(p, r, 0.499_999_94);
    let p = A::mul_add(p * r, r, r) + 1.0;
    // 2^(n - 1), and the last factor 2 apart, since n reaches 128 where 2^n is no f32.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(126) << 23);
    let result = p * 2.0 * power;
    if x < -87.0 { 0.0 } else { result }
}

/// Hyperbolic tangent, within 2e-7 of its value: an odd polynomial fitted below 0.625, `1 - 2 / (e^2|x| + 1)`
/// above.
#[inline(always)]
pub fn tanh<A: Arithmetic>(x: f32) -> f32 {
    let square = x * x;
    let p = -0.005_704_978_5;
    let p = A::mul_add(p, square, 0.020_639_08);
    let p = A::mul_add(p, square, -0.053_739_71);
    let p = A::mul_add(p, square, 0.133_314_42);
    let p = A::mul_add(p, square, -0.333_332_8);
    let small = A::mul_add(p * square, x, x);
    let large = (1.0 - 2.0 / (exp::<A>(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { small } else { large }
}

/// Values of the standard normal distribution at a point.
#[derive(Debug, Clone, Copy)]
pub struct Normal {
    /// Of the distribution function, `(1 + erf(x / sqrt(2))) / 2`.
    pub distribution: f32,
    /// Of its derivative, `e^(-x^2 / 2) / sqrt(2 pi)`.
    pub density: f32,
}

/// The standard normal distribution, within 3e-7. With `a = |x| / sqrt(2)` the tail is
/// `erfc(a) / 2 = e^(-a^2) t p(t) / 2`, `t = 1 / (1 + 0.3 a)`, in the manner of Abramowitz and Stegun (1964),
/// formula 7.1.26; `p` is fitted to the least relative error, 2e-8, on `a <= 10`.
#[inline(always)]
pub fn normal<A: Arithmetic>(x: f32) -> Normal {
    const DENSITY_AT_ZERO: f32 = 0.398_942_3;
    let bell = exp::<A>(-0.5 * x * x);
    let t = 1.0 / A::mul_add(x.abs(), 0.3 * std::f32::consts::FRAC_1_SQRT_2, 1.0);
    let p = -0.129_522_8;
    let p = A::mul_add(p, t, 0.485_562_7);
    let p = A::mul_add(p, t, -0.512_277_07);
    let p = A::mul_add(p, t, 0.547_718_94);
    let p = A::mul_add(p, t, -0.094_65);
    let p = A::mul_add(p, t, 0.214_925_77);
    let p = A::mul_add(p, t, 0.148_339_24);
    let p = A::mul_add(p, t, 0.170_715_21);
    let p = A::mul_add(p, t, 0.169_188_01);
    let tail = 0.5 * bell * t * p;
    Normal {
        distribution: if x < 0.0 { tail } else { 1.0 - tail },
        density: DENSITY_AT_ZERO * bell,
    }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<A: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "limits are reached exactly")]
mod tests {
    use super::{Arithmetic, Fused, Separate, exp, normal, tanh};

    /// The greatest error over a grid of both signs, relative to the reference's size or to `unit` where
    /// that is more.
    fn worst(
        ours: impl Fn(f32) -> f32,
        reference: impl Fn(f64) -> f64,
        most: f32,
        unit: f64,
    ) -> (f64, f32) {
        let mut worst = (0.0, 0.0);
        for index in -200_000..=200_000 {
            let x = index as f32 / 200_000.0 * most;
            let expected = reference(f64::from(x));
            let error = (f64::from(ours(x)) - expected).abs() / expected.abs().max(unit);
            if error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    /// `(1 + erf(x / sqrt(2))) / 2`, with `erf(a) = 2 / sqrt(pi) e^(-a^2) sum 2^n a^(2n+1) / (2n+1)!!`, a
    /// series whose terms are all of one sign.
    fn distribution(x: f64) -> f64 {
        let a = x * std::f64::consts::FRAC_1_SQRT_2;
        let (mut term, mut sum) = (a, a);
        for n in 1..300 {
            term *= 2.0 * a * a / f64::from(2 * n + 1);
            sum += term;
        }
        0.5 + (-a * a).exp() * sum / std::f64::consts::PI.sqrt()
    }

    fn density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    fn check<A: Arithmetic>() {
        let ours = |x| normal::<A>(x);
        let cases = [
            ("exp", worst(exp::<A>, f64::exp, 86.9, 1e-37), 2.4e-7),
            ("exp near 0", worst(exp::<A>, f64::exp, 1.0, 1e-37), 2.4e-7),
            ("tanh", worst(tanh::<A>, f64::tanh, 12.0, 1e-37), 2e-7),
            ("tanh near 0", worst(tanh::<A>, f64::tanh, 0.7, 1e-37), 2e-7),
            (
                "distribution",
                worst(|x| ours(x).distribution, distribution, 9.0, 1.0),
                3e-7,
            ),
            (
                "density",
                worst(|x| ours(x).density, density, 9.0, 1.0),
                1.2e-7,
            ),
        ];
        for (name, (error, x), most) in cases {
            assert!(
                error <= most,
                "{name} is off by {error} of its value at {x}"
            );
        }
    }

    #[test]
    fn elementary_functions_are_exact_to_two_units_with_and_without_fused_operations() {
        check::<Fused>();
        check::<Separate>();
    }

    #[test]
    fn exp_overflows_underflows_and_keeps_nan_as_the_library_does() {
        assert_eq!(exp::<Fused>(f32::NEG_INFINITY), 0.0, "of minus infinity");
        assert_eq!(exp::<Fused>(-100.0), 0.0, "below the normal numbers");
        assert_eq!(exp::<Fused>(f32::INFINITY), f32::INFINITY, "of infinity");
        assert_eq!(exp::<Fused>(89.0), f32::INFINITY, "above the greatest");
        assert!(exp::<Fused>(88.7).is_finite(), "just below the greatest");
        for x in [
            exp::<Fused>(f32::NAN),
            tanh::<Fused>(f32::NAN),
            normal::<Fused>(f32::NAN).distribution,
        ] {
            assert!(x.is_nan(), "a NaN must not be hidden: {x}");
        }
    }

    #[test]
    fn infinities_saturate_tanh_and_the_normal_distribution() {
        for x in [f32::INFINITY, 30.0] {
            assert_eq!(
                (tanh::<Fused>(x), tanh::<Fused>(-x)),
                (1.0, -1.0),
                "tanh of {x}"
            );
            let values = [x, -x].map(|x| normal::<Fused>(x).distribution);
            assert_eq!(
                values,
                [1.0, 0.0],
                "the distribution at {x} and at its negative"
            );
        }
    }
}
