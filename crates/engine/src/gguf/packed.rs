//! Values in the blocks that a file keeps them in.

use super::kind::Kind;
use crate::EngineError;
use candle_core::Device;
use candle_core::quantized::ggml_file::qtensor_from_ggml;
use half::{bf16, f16};
use std::ops::Range;

/// The levels of `IQ4_NL` (ggml's `kvalues_iq4nl`).
const IQ4_NL_LEVELS: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// A tensor's values as they lie in a file.
#[derive(Debug, Clone)]
pub struct Packed {
    kind: Kind,
    bytes: Vec<u8>,
}

/// Some of them: whole blocks.
#[derive(Debug, Clone, Copy)]
pub struct PackedView<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

impl Packed {
    /// Whole blocks of a kind.
    pub(crate) fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All values.
    pub(crate) fn view(&self) -> PackedView<'_> {
        PackedView {
            kind: self.kind,
            bytes: &self.bytes,
        }
    }

    /// The values of a range that begins and ends with whole blocks.
    pub(crate) fn part(&self, values: &Range<usize>) -> PackedView<'_> {
        let (width, block_bytes) = self.kind.block();
        let bytes = values.start / width * block_bytes..values.end / width * block_bytes;
        PackedView {
            kind: self.kind,
            bytes: self.bytes.get(bytes).unwrap_or_default(),
        }
    }
}

impl PackedView<'_> {
    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        let (width, block_bytes) = self.kind.block();
        self.bytes.len() / block_bytes * width
    }

    /// Writes the values from `start` on into `out`; both are whole blocks.
    ///
    /// # Panics
    /// If the range ends beyond the values, or cuts a block.
    pub(crate) fn widen(&self, start: usize, out: &mut [f32]) {
        let (width, block_bytes) = self.kind.block();
        assert!(
            start.is_multiple_of(width) && out.len().is_multiple_of(width),
            "{} values from {start} on cut a block of {width}",
            out.len()
        );
        let first = start / width * block_bytes;
        let bytes = &self.bytes[first..first + out.len() / width * block_bytes];
        let mut values = Vec::with_capacity(out.len());
        if let Err(error) = to_f32(bytes, self.kind, &mut values) {
            unreachable!("BUG: blocks that were read once: {error}");
        }
        out.copy_from_slice(&values);
    }
}

/// Appends the values of whole blocks.
pub(super) fn to_f32(bytes: &[u8], kind: Kind, values: &mut Vec<f32>) -> Result<(), EngineError> {
    let pairs = || bytes.as_chunks::<2>().0.iter();
    match kind {
        Kind::F32 => {
            let fours = bytes.as_chunks::<4>().0.iter();
            values.extend(fours.map(|&four| f32::from_le_bytes(four)));
        }
        Kind::F16 => values.extend(pairs().map(|&pair| f16::from_le_bytes(pair).to_f32())),
        Kind::Bf16 => values.extend(pairs().map(|&pair| bf16::from_le_bytes(pair).to_f32())),
        _ => {
            let Some(theirs) = kind.ggml() else {
                iq4_nl(bytes, values);
                return Ok(());
            };
            let (width, block_bytes) = kind.block();
            let n = bytes.len() / block_bytes * width;
            let packed = qtensor_from_ggml(theirs, bytes, vec![n], &Device::Cpu)?;
            let plain = packed.dequantize(&Device::Cpu)?;
            values.extend(plain.to_vec1::<f32>()?);
        }
    }
    Ok(())
}

/// Blocks of `IQ4_NL`: a scale, and 16 bytes of two levels' numbers, the first half's in the lower bits.
fn iq4_nl(bytes: &[u8], values: &mut Vec<f32>) {
    for block in bytes.as_chunks::<18>().0 {
        let (scale, numbers) = block.split_at(2);
        let scale = f16::from_le_bytes([scale[0], scale[1]]).to_f32();
        let level = |number: u8| scale * f32::from(IQ4_NL_LEVELS[usize::from(number & 15)]);
        values.extend(numbers.iter().map(|&pair| level(pair)));
        values.extend(numbers.iter().map(|&pair| level(pair >> 4)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Packed, to_f32};
    use crate::gguf::Kind;

    #[test]
    fn a_part_of_large_blocks_is_what_the_whole_has_there() {
        for kind in [
            Kind::Q4_1,
            Kind::Q5_0,
            Kind::Q5_1,
            Kind::Q2K,
            Kind::Q3K,
            Kind::Q4K,
            Kind::Q5K,
            Kind::Q6K,
            Kind::Iq4Nl,
        ] {
            let (width, block_bytes) = kind.block();
            // Small scales, whatever their place in the block.
            let bytes: Vec<u8> = (0..4 * block_bytes).map(|at| (at * 7 % 60) as u8).collect();
            let mut whole = Vec::new();
            to_f32(&bytes, kind, &mut whole).unwrap();
            assert!(whole.iter().any(|value| *value != 0.0), "{kind:?}");
            let packed = Packed::new(kind, bytes);
            assert_eq!(packed.view().len(), 4 * width);
            let part = packed.part(&(width..4 * width));
            let mut values = vec![0.0; 2 * width];
            part.widen(width, &mut values);
            assert_eq!(values, whole[2 * width..], "{kind:?}");
        }
    }
}
