#![allow(clippy::unwrap_used)]
use super::to_blocks;
use crate::gguf::Kind;
use crate::gguf::packed::to_f32;
use crate::random::Keyed;
use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};

/// Values as weights have them: a bell, and here and there one far out.
fn values(n: usize) -> Vec<f32> {
    let stream = Keyed::new(7, "values");
    let bell = |at: usize| {
        let drawn = (6 * at..6 * at + 6).map(|index| stream.uniform(index as u64) - 0.5);
        (0.1 * drawn.sum::<f64>()) as f32
    };
    let mut values: Vec<f32> = (0..n).map(bell).collect();
    values.iter_mut().step_by(97).for_each(|x| *x *= 6.0);
    values
}

fn relative_error(one: &[f32], other: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let off: f64 = one.iter().zip(other).map(|(a, b)| square(a - b)).sum();
    (off / other.iter().map(|&x| square(x)).sum::<f64>()).sqrt()
}

fn back(values: &[f32], kind: Kind) -> Vec<f32> {
    let (mut bytes, mut out) = (Vec::new(), Vec::new());
    to_blocks(values, kind, &mut bytes).unwrap();
    let (width, block_bytes) = kind.block();
    assert_eq!(bytes.len(), values.len() / width * block_bytes, "{kind:?}");
    to_f32(&bytes, kind, &mut out).unwrap();
    out
}

#[test]
fn every_kind_that_is_written_keeps_values_within_its_steps() {
    let values = values(4096);
    for (kind, most) in [
        (Kind::Q4_0, 0.15),
        (Kind::Q5_0, 0.08),
        (Kind::Q5_1, 0.06),
        (Kind::Q8_0, 0.01),
        (Kind::Q4K, 0.1),
        (Kind::Q5K, 0.05),
        (Kind::Q6K, 0.03),
    ] {
        let off = relative_error(&back(&values, kind), &values);
        assert!(off < most, "{kind:?}: off by {off}");
        assert!(
            off > most / 8.0,
            "{kind:?}: {off} says that nothing was lost"
        );
    }
}

#[test]
fn large_blocks_lose_less_than_the_library_s() {
    let values = values(8192);
    for kind in [Kind::Q4K, Kind::Q5K, Kind::Q6K] {
        let plain = Tensor::from_slice(&values, values.len(), &Device::Cpu).unwrap();
        let theirs = QTensor::quantize(&plain, kind.ggml().unwrap()).unwrap();
        let theirs = theirs
            .dequantize(&Device::Cpu)
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        let (ours, theirs) = (
            relative_error(&back(&values, kind), &values),
            relative_error(&theirs, &values),
        );
        assert!(
            ours < 1.02 * theirs,
            "{kind:?}: {ours}, the library {theirs}"
        );
    }
}

#[test]
fn zeros_and_equal_values_come_back() {
    for kind in [Kind::Q4K, Kind::Q5K, Kind::Q6K] {
        assert_eq!(back(&[0.0; 512], kind), [0.0; 512], "{kind:?}");
        for value in [0.25_f32, -0.25] {
            let off = relative_error(&back(&[value; 256], kind), &[value; 256]);
            assert!(off < 0.01, "{kind:?} of {value}: off by {off}");
        }
    }
}
