//! The values of one weight, in f32 or in whatever form a frozen matrix is stored.

use crate::gguf::{Kind, Packed};
use crate::kernels::matmul::Matrix;
use crate::kernels::quantized::{self, BlockQ4, BlockQ8};
use half::bf16;
use std::ops::Range;

/// The values of a weight.
#[derive(Debug, Clone)]
pub enum Weight {
    /// Full precision; the only kind that is trained.
    F32(Vec<f32>),
    /// Half the memory.
    Bf16(Vec<bf16>),
    /// 8 bits and a scale for every 32 values.
    Q8(Vec<BlockQ8>),
    /// 4 bits and a scale for every 32 values.
    Q4(Vec<BlockQ4>),
    /// Blocks of another kind, as a GGUF file keeps them.
    Packed(Packed),
}

/// How frozen matrices are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// As they are computed with.
    F32,
    /// bfloat16.
    Bf16,
    /// Blocks of 8 bits.
    Q8,
    /// Blocks of 4 bits.
    Q4,
    /// As the GGUF file keeps them that they come from; as they are computed with elsewhere.
    File,
}

impl Weight {
    /// The values as a matrix of products.
    pub fn matrix(&self) -> Matrix<'_> {
        match self {
            Self::F32(values) => Matrix::F32(values),
            Self::Bf16(values) => Matrix::Bf16(values),
            Self::Q8(blocks) => Matrix::Q8_0(blocks),
            Self::Q4(blocks) => Matrix::Q4_0(blocks),
            Self::Packed(packed) => Matrix::Packed(packed.view()),
        }
    }

    /// The values of the rows `rows` of width `width`; quantized rows must be whole blocks.
    pub(super) fn rows(&self, rows: &Range<usize>, width: usize) -> Matrix<'_> {
        let (start, end) = (rows.start * width, rows.end * width);
        let blocks = start / quantized::BLOCK..end.div_ceil(quantized::BLOCK);
        match self {
            Self::F32(values) => Matrix::F32(values.get(start..end).unwrap_or_default()),
            Self::Bf16(values) => Matrix::Bf16(values.get(start..end).unwrap_or_default()),
            Self::Q8(values) => Matrix::Q8_0(values.get(blocks).unwrap_or_default()),
            Self::Q4(values) => Matrix::Q4_0(values.get(blocks).unwrap_or_default()),
            Self::Packed(packed) => Matrix::Packed(packed.part(&(start..end))),
        }
    }

    /// The values of a GGUF file's tensor, which take no more room than there.
    pub(crate) fn as_in_file(packed: Packed) -> Self {
        let bytes = packed.bytes();
        match packed.kind() {
            Kind::F32 => {
                let fours = bytes.as_chunks::<4>().0.iter();
                Self::F32(fours.map(|&four| f32::from_le_bytes(four)).collect())
            }
            Kind::Bf16 => {
                let pairs = bytes.as_chunks::<2>().0.iter();
                Self::Bf16(pairs.map(|&pair| bf16::from_le_bytes(pair)).collect())
            }
            Kind::Q8_0 => Self::Q8(quantized::from_bytes(bytes)),
            Kind::Q4_0 => Self::Q4(quantized::from_bytes(bytes)),
            _ => Self::Packed(packed),
        }
    }

    /// The values in f32.
    pub fn to_f32(&self) -> Vec<f32> {
        if let Self::F32(values) = self {
            return values.clone();
        }
        let matrix = self.matrix();
        let mut values = vec![0.0; matrix.len()];
        matrix.widen(0, &mut values);
        values
    }

    /// f32 values kept as `storage`. Rows that are no whole number of blocks are kept in bfloat16
    /// where blocks are asked for.
    pub fn store(values: Vec<f32>, width: usize, storage: Storage) -> Self {
        let in_blocks = width.is_multiple_of(quantized::BLOCK);
        match storage {
            Storage::F32 | Storage::File => Self::F32(values),
            Storage::Q8 if in_blocks => Self::Q8(quantized::quantize(&values)),
            Storage::Q4 if in_blocks => Self::Q4(quantized::quantize(&values)),
            Storage::Bf16 | Storage::Q8 | Storage::Q4 => {
                Self::Bf16(values.into_iter().map(bf16::from_f32).collect())
            }
        }
    }

    /// Bytes in memory.
    pub fn n_bytes(&self) -> usize {
        match self {
            Self::F32(values) => size_of_val(values.as_slice()),
            Self::Bf16(values) => size_of_val(values.as_slice()),
            Self::Q8(blocks) => size_of_val(blocks.as_slice()),
            Self::Q4(blocks) => size_of_val(blocks.as_slice()),
            Self::Packed(packed) => packed.bytes().len(),
        }
    }
}
