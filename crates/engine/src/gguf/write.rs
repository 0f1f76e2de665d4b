//! Writing a GGUF file: settings, the tensors' places, then their values, one tensor at a time.

use super::kind::Kind;
use super::metadata::{List, Metadata, Value};
use super::quantize::to_blocks;
use super::{ALIGNMENT, MAGIC};
use crate::EngineError;
use crate::files::DurableFile;
use blake3::{Hash, Hasher};
use half::{bf16, f16};
use std::borrow::Cow;
use std::path::Path;

/// The version that is written.
const VERSION: u32 = 3;
/// Values that are turned into bytes at once.
const VALUES_AT_ONCE: usize = 1 << 20;

/// A tensor to be written; its values are asked for when they are.
pub(crate) struct Tensor<'a> {
    pub(crate) name: String,
    /// The slowest dimension first, as in memory.
    pub(crate) shape: Vec<usize>,
    pub(crate) kind: Kind,
    pub(crate) values: Box<dyn Fn() -> Result<Cow<'a, [f32]>, EngineError> + 'a>,
}

impl Tensor<'_> {
    /// Bytes of its values in a file.
    pub(crate) fn n_bytes(&self) -> usize {
        let (width, block_bytes) = self.kind.block();
        self.shape.iter().product::<usize>() / width * block_bytes
    }
}

/// Writes `path`, which comes into its place whole or not at all. Rows must be whole blocks of their
/// tensor's kind. `told` hears of every further so many bytes of values. Answers with a hash of each tensor's
/// bytes.
///
/// # Errors
/// Where the file cannot be written, and what `told` answers.
pub(crate) fn write(
    path: &Path,
    metadata: &Metadata,
    tensors: &[Tensor<'_>],
    told: &mut dyn FnMut(u64) -> Result<(), EngineError>,
) -> Result<Vec<Hash>, EngineError> {
    let mut hashes = Vec::with_capacity(tensors.len());
    let mut file = DurableFile::create(path)?;
    let header = header(metadata, tensors);
    let mut position = header.len() as u64;
    file.write(&header)?;
    let mut bytes = Vec::new();
    for tensor in tensors {
        pad(&mut file, &mut position)?;
        let values = (tensor.values)()?;
        let mut hasher = Hasher::new();
        for part in values.chunks(VALUES_AT_ONCE) {
            bytes.clear();
            to_bytes(part, tensor.kind, &mut bytes)?;
            hasher.update(&bytes);
            file.write(&bytes)?;
            position += bytes.len() as u64;
            told(bytes.len() as u64)?;
        }
        hashes.push(hasher.finalize());
    }
    pad(&mut file, &mut position)?;
    file.finish()?;
    Ok(hashes)
}

/// Fills up to the next place where a tensor may begin.
fn pad(file: &mut DurableFile, position: &mut u64) -> Result<(), EngineError> {
    let next = position.next_multiple_of(ALIGNMENT);
    file.write(&vec![0; (next - *position) as usize])?;
    *position = next;
    Ok(())
}

fn header(metadata: &Metadata, tensors: &[Tensor<'_>]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(VERSION.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((metadata.iter().len() as u64).to_le_bytes());
    for (name, value) in metadata.iter() {
        put_text(&mut out, name);
        put_value(&mut out, value);
    }
    let mut offset = 0u64;
    for tensor in tensors {
        put_text(&mut out, &tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        for &size in tensor.shape.iter().rev() {
            out.extend((size as u64).to_le_bytes());
        }
        out.extend(tensor.kind.id().to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset = (offset + tensor.n_bytes() as u64).next_multiple_of(ALIGNMENT);
    }
    out
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// Whole numbers are u32 where they fit, and numbers f32, which is what llama.cpp asks for.
fn put_value(out: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u32, bytes: &[u8]| {
        out.extend(kind.to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Value::Unsigned(number) => match u32::try_from(*number) {
            Ok(number) => put(4, &number.to_le_bytes()),
            Err(_) => put(10, &number.to_le_bytes()),
        },
        Value::Negative(number) => put(11, &number.to_le_bytes()),
        Value::Float(number) => put(6, &(*number as f32).to_le_bytes()),
        Value::Bool(flag) => put(7, &[u8::from(*flag)]),
        Value::Text(text) => {
            put(8, &[]);
            put_text(out, text);
        }
        Value::List(list) => {
            put(9, &[]);
            put_list(out, list);
        }
    }
}

/// Whole numbers of a list are i32 where they fit, as token types are.
fn put_list(out: &mut Vec<u8>, list: &List) {
    let mut begin = |kind: u32, n: usize| {
        out.extend(kind.to_le_bytes());
        out.extend((n as u64).to_le_bytes());
    };
    match list {
        List::Integers(numbers) => {
            let narrow: Result<Vec<i32>, _> = numbers.iter().map(|&n| i32::try_from(n)).collect();
            if let Ok(numbers) = narrow {
                begin(5, numbers.len());
                out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            } else {
                begin(11, numbers.len());
                out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            }
        }
        List::Floats(numbers) => {
            begin(6, numbers.len());
            out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        List::Bools(flags) => {
            begin(7, flags.len());
            out.extend(flags.iter().map(|flag| u8::from(*flag)));
        }
        List::Texts(texts) => {
            begin(8, texts.len());
            for text in texts {
                put_text(out, text);
            }
        }
        List::Bytes(n) => {
            begin(0, *n);
            out.resize(out.len() + n, 0);
        }
    }
}

/// Appends the bytes of values that are whole blocks.
fn to_bytes(values: &[f32], kind: Kind, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
    match kind {
        Kind::F32 => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        Kind::F16 => {
            let narrow = values.iter().map(|&value| f16::from_f32(value));
            bytes.extend(narrow.flat_map(f16::to_le_bytes));
        }
        Kind::Bf16 => {
            let narrow = values.iter().map(|&value| bf16::from_f32(value));
            bytes.extend(narrow.flat_map(bf16::to_le_bytes));
        }
        _ => to_blocks(values, kind, bytes)?,
    }
    Ok(())
}
