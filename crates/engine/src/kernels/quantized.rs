//! Frozen weights in ggml's block formats `Q8_0` and `Q4_0`: 32 values that share an f16 scale
//! (layouts of `block_q8_0` and `block_q4_0` in ggml-common.h). Quantized once, read as f32.

use half::f16;
use rayon::prelude::*;

/// Values in a block.
pub const BLOCK: usize = 32;

/// 32 values of 8 bits: `value[i] = scale * quants[i]`. 34 bytes, 8.5 bits a value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct BlockQ8 {
    /// What one unit of a quant is worth.
    pub scale: f16,
    /// Quants in -127..=127.
    pub quants: [i8; BLOCK],
}

/// 32 values of 4 bits: `value[i] = scale * (nibble[i] - 8)`. 18 bytes, 4.5 bits a value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct BlockQ4 {
    /// What one unit of a quant is worth.
    pub scale: f16,
    /// Values 0..16 in the low nibbles, 16..32 in the high ones.
    pub nibbles: [u8; BLOCK / 2],
}

/// Reads the 32 values of a block.
pub trait Block: Copy + Send + Sync {
    /// Bytes of a block in a file.
    const BYTES: usize;
    /// The nearest block to 32 values.
    fn quantize(values: &[f32; BLOCK]) -> Self;
    /// Writes the 32 values.
    fn dequantize(&self, values: &mut [f32; BLOCK]);
    /// Reads a block as ggml files store it (little endian).
    fn from_bytes(bytes: &[u8]) -> Self;
    /// Appends the block as ggml files store it.
    fn write_bytes(&self, bytes: &mut Vec<u8>);
}

impl Block for BlockQ8 {
    const BYTES: usize = 34;

    fn quantize(values: &[f32; BLOCK]) -> Self {
        let largest = values
            .iter()
            .fold(0.0_f32, |max, value| max.max(value.abs()));
        let scale = largest / 127.0;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        Self {
            scale: f16::from_f32(scale),
            quants: values.map(|value| (value * inverse).round() as i8),
        }
    }

    fn dequantize(&self, values: &mut [f32; BLOCK]) {
        let scale = self.scale.to_f32();
        for (value, &quant) in values.iter_mut().zip(&self.quants) {
            *value = scale * f32::from(quant);
        }
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            scale: f16::from_le_bytes([bytes[0], bytes[1]]),
            quants: std::array::from_fn(|index| bytes[2 + index] as i8),
        }
    }

    fn write_bytes(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.quants.map(|quant| quant as u8));
    }
}

impl Block for BlockQ4 {
    const BYTES: usize = 18;

    fn quantize(values: &[f32; BLOCK]) -> Self {
        // The value of largest magnitude becomes exactly -8, so that all 16 steps are used.
        let extreme =
            values.iter().fold(
                0.0_f32,
                |max, &value| if value.abs() > max.abs() { value } else { max },
            );
        let scale = extreme / -8.0;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        let quant = |value: f32| ((value * inverse + 8.5) as u8).min(15);
        Self {
            scale: f16::from_f32(scale),
            nibbles: std::array::from_fn(|index| {
                quant(values[index]) | (quant(values[index + BLOCK / 2]) << 4)
            }),
        }
    }

    fn dequantize(&self, values: &mut [f32; BLOCK]) {
        let scale = self.scale.to_f32();
        let (low, high) = values.split_at_mut(BLOCK / 2);
        for ((low, high), &nibbles) in low.iter_mut().zip(high).zip(&self.nibbles) {
            *low = scale * (f32::from(nibbles & 15) - 8.0);
            *high = scale * (f32::from(nibbles >> 4) - 8.0);
        }
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            scale: f16::from_le_bytes([bytes[0], bytes[1]]),
            nibbles: std::array::from_fn(|index| bytes[2 + index]),
        }
    }

    fn write_bytes(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.nibbles);
    }
}

/// Quantizes a row-major matrix. Its rows must be whole blocks.
///
/// # Panics
/// If `values` is not a whole number of blocks.
pub fn quantize<B: Block>(values: &[f32]) -> Vec<B> {
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    assert!(
        rest.is_empty(),
        "{} values are no whole blocks",
        values.len()
    );
    blocks.par_iter().map(B::quantize).collect()
}

/// Writes the values of `blocks`.
///
/// # Panics
/// If `values` is not 32 times as long as `blocks`.
pub fn dequantize<B: Block>(blocks: &[B], values: &mut [f32]) {
    let (chunks, rest) = values.as_chunks_mut::<BLOCK>();
    assert!(
        rest.is_empty() && chunks.len() == blocks.len(),
        "{} blocks fill {} values",
        blocks.len(),
        blocks.len() * BLOCK
    );
    for (block, chunk) in blocks.iter().zip(chunks) {
        block.dequantize(chunk);
    }
}

/// Reads the blocks of a ggml tensor; bytes beyond the last whole block are left out.
pub fn from_bytes<B: Block>(bytes: &[u8]) -> Vec<B> {
    bytes.chunks_exact(B::BYTES).map(B::from_bytes).collect()
}

/// The bytes of `blocks` as ggml files store them.
pub fn to_bytes<B: Block>(blocks: &[B]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(blocks.len() * B::BYTES);
    for block in blocks {
        block.write_bytes(&mut bytes);
    }
    bytes
}
