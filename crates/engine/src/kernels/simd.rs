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
        let mut found = vec![Self::Baseline];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            found.push(Self::Avx2);
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
            {
                found.push(Self::Avx512);
            }
        }
        found
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
/// ```ignore
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

/// `e^x`.
#[inline(always)]
pub fn exp<A: Arithmetic>(x: f32) -> f32 {
    x.exp()
}

/// Hyperbolic tangent.
#[inline(always)]
pub fn tanh<A: Arithmetic>(x: f32) -> f32 {
    x.tanh()
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<A: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

/// The error function.
#[inline(always)]
pub fn erf<A: Arithmetic>(x: f32) -> f32 {
    // Abramowitz and Stegun (1964), formula 7.1.26.
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let series =
        ((((1.061_405_4 * t - 1.453_152) * t) + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6;
    let erf = 1.0 - series * t * exp::<A>(-x * x);
    if x < 0.0 { -erf } else { erf }
}
