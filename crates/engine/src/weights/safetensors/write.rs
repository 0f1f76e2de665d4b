//! Writing safetensors files from f32 values, one weight at a time.

use crate::EngineError;
use crate::weights::{Layout, Parameter, Weight};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Values that are turned into bytes at once.
const VALUES_AT_ONCE: usize = 64 * 1024;
/// Bytes after which what was written is brought to the disk.
const SYNC_EVERY: u64 = 64 << 20;

/// A weight to be written; its values are asked for when they are.
pub(crate) struct Entry<'a> {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Box<dyn Fn() -> Cow<'a, [f32]> + 'a>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(name: String, shape: Vec<usize>, values: &'a [f32]) -> Self {
        Self {
            name,
            shape,
            values: Box::new(move || Cow::Borrowed(values)),
        }
    }

    /// A weight as its file keeps it.
    pub(crate) fn of(parameter: &'a Parameter) -> Self {
        Self {
            name: parameter.name.clone(),
            shape: parameter.file_shape(),
            values: Box::new(|| match (&parameter.weight, parameter.layout) {
                (Weight::F32(values), Layout::Plain) => Cow::Borrowed(values.as_slice()),
                _ => Cow::Owned(parameter.file_values()),
            }),
        }
    }
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) blake3: String,
    pub(crate) n_bytes: u64,
}

/// Bytes of the values of `entries` in a file.
pub(crate) fn n_bytes(entries: &[Entry<'_>]) -> u64 {
    let n_values = |entry: &Entry<'_>| entry.shape.iter().product::<usize>();
    entries
        .iter()
        .map(|entry| (n_values(entry) * size_of::<f32>()) as u64)
        .sum()
}

/// Writes f32 weights, one at a time, with the mark that transformers asks for, and syncs the file.
pub(crate) fn write(path: &Path, entries: Vec<Entry<'_>>) -> Result<Written, EngineError> {
    write_watched(path, entries, &mut |_| Ok(()))
}

/// [`write()`], which tells how many bytes are on the disk each time that some more are, and ends where it is
/// answered with an error.
pub(crate) fn write_watched(
    path: &Path,
    mut entries: Vec<Entry<'_>>,
    watch: &mut dyn FnMut(u64) -> Result<(), EngineError>,
) -> Result<Written, EngineError> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
    let mut offset = 0;
    for entry in &entries {
        let end = offset + entry.shape.iter().product::<usize>() * size_of::<f32>();
        let info = json!({ "dtype": "F32", "shape": entry.shape, "data_offsets": [offset, end] });
        header.insert(entry.name.clone(), info);
        offset = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // Values begin at a multiple of 8, for readers that map the file.
    header.resize(header.len().next_multiple_of(8), b' ');

    let fail = |source| EngineError::io(path, source);
    let mut out = Hashing {
        file: BufWriter::with_capacity(1 << 20, File::create(path).map_err(fail)?),
        hash: blake3::Hasher::new(),
        n_bytes: 0,
        n_unsynced: 0,
    };
    out.write(&(header.len() as u64).to_le_bytes())
        .map_err(fail)?;
    out.write(&header).map_err(fail)?;
    let mut bytes = Vec::new();
    for entry in &entries {
        for values in (entry.values)().chunks(VALUES_AT_ONCE) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            out.write(&bytes).map_err(fail)?;
            if out.n_unsynced >= SYNC_EVERY {
                // Not all at the end, where a slow disk would be silent for minutes.
                out.sync().map_err(fail)?;
            }
            watch(out.n_bytes)?;
        }
    }
    let file = out
        .file
        .into_inner()
        .map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    Ok(Written {
        blake3: out.hash.finalize().to_hex().to_string(),
        n_bytes: out.n_bytes,
    })
}

/// Hashes what it writes.
struct Hashing {
    file: BufWriter<File>,
    hash: blake3::Hasher,
    n_bytes: u64,
    n_unsynced: u64,
}

impl Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hash.update(bytes);
        self.n_bytes += bytes.len() as u64;
        self.n_unsynced += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.n_unsynced = 0;
        self.file.flush()?;
        self.file.get_ref().sync_data()
    }
}
