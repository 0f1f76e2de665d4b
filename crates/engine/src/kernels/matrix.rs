//! A weight in whatever form it is stored: f32, bf16, or ggml's blocks.

use super::quantized::{BLOCK, BlockQ4, BlockQ8, dequantize};
use crate::gguf::PackedView;

/// A weight of shape `(O, I)`, row-major.
#[derive(Debug, Clone, Copy)]
pub enum Matrix<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// bfloat16, widened exactly.
    Bf16(&'a [half::bf16]),
    /// ggml's `Q8_0`; I is a multiple of 32.
    Q8_0(&'a [BlockQ8]),
    /// ggml's `Q4_0`; I is a multiple of 32.
    Q4_0(&'a [BlockQ4]),
    /// Other blocks of ggml's; rows are whole blocks.
    Packed(PackedView<'a>),
}

impl Matrix<'_> {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Bf16(values) => values.len(),
            Self::Q8_0(blocks) => blocks.len() * BLOCK,
            Self::Q4_0(blocks) => blocks.len() * BLOCK,
            Self::Packed(packed) => packed.len(),
        }
    }

    /// Whether a row can be widened from any multiple of 32 values on.
    pub(super) fn can_be_cut(&self) -> bool {
        !matches!(self, Self::Packed(_))
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values from `start` on, as many as `scratch` holds: in place where they are f32, else widened
    /// into `scratch`. As [`Matrix::widen`] otherwise.
    pub(crate) fn values<'s>(&'s self, start: usize, scratch: &'s mut [f32]) -> &'s [f32] {
        if let Self::F32(values) = self {
            return &values[start..start + scratch.len()];
        }
        self.widen(start, scratch);
        scratch
    }

    /// Writes the values from `start` on into `out`; both are whole blocks of a quantized matrix.
    ///
    /// # Panics
    /// If the range ends beyond the matrix, or cuts a block.
    pub fn widen(&self, start: usize, out: &mut [f32]) {
        let (blocks, n_blocks) = (start / BLOCK, out.len() / BLOCK);
        if let Self::Q8_0(_) | Self::Q4_0(_) = self {
            assert!(start.is_multiple_of(BLOCK), "{start} is within a block");
        }
        match self {
            Self::F32(values) => out.copy_from_slice(&values[start..start + out.len()]),
            Self::Bf16(values) => {
                let values = &values[start..start + out.len()];
                for (out, value) in out.iter_mut().zip(values) {
                    *out = value.to_f32();
                }
            }
            Self::Q8_0(values) => dequantize(&values[blocks..blocks + n_blocks], out),
            Self::Q4_0(values) => dequantize(&values[blocks..blocks + n_blocks], out),
            Self::Packed(packed) => packed.widen(start, out),
        }
    }
}
