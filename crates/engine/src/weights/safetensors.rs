//! Safetensors files: read one weight at a time, so that a model's memory is its weights' and no more;
//! written from f32 values.

use super::{Layout, Parameter, Weight};
use crate::EngineError;
use crate::files;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The length of a header that no real file reaches.
const LONGEST_HEADER: u64 = 100 << 20;
/// Values that are turned into bytes at once.
const VALUES_AT_ONCE: usize = 64 * 1024;

/// The weights of a model's folder: `model.safetensors`, or the parts that
/// `model.safetensors.index.json` lists.
pub(crate) struct WeightFiles {
    files: Vec<WeightFile>,
}

/// One open file.
pub(crate) struct WeightFile {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// Where the values begin.
    start: u64,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    pub(crate) fn open(model_dir: &Path) -> Result<Self, EngineError> {
        let index_path = model_dir.join("model.safetensors.index.json");
        if !index_path.is_file() {
            let file = WeightFile::open(&model_dir.join("model.safetensors"))?;
            return Ok(Self { files: vec![file] });
        }
        let index: Index = serde_json::from_slice(&files::read(&index_path)?)
            .map_err(|source| unreadable(&index_path, &source))?;
        let mut names: Vec<String> = index.weight_map.into_values().collect();
        names.sort();
        names.dedup();
        let files = names
            .iter()
            .map(|name| {
                // A part lies beside its index: a name that leads elsewhere is no part.
                let plain = Path::new(name)
                    .file_name()
                    .is_some_and(|file| file == name.as_str());
                if plain {
                    WeightFile::open(&model_dir.join(name))
                } else {
                    Err(unreadable(
                        &index_path,
                        &format!("`{name}` is no file's name"),
                    ))
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { files })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.contains(name))
    }

    /// Shape and f32 values of a weight.
    pub(crate) fn read(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>), EngineError> {
        let missing = || EngineError::MissingWeight {
            name: name.to_owned(),
        };
        self.files
            .iter_mut()
            .find(|file| file.contains(name))
            .ok_or_else(missing)?
            .read(name)
    }
}

impl WeightFile {
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let fail = |source| EngineError::io(path, source);
        let mut file = File::open(path).map_err(fail)?;
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(fail)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(unreadable(path, &"the header is too long"));
        }
        let mut header = length.to_le_bytes().to_vec();
        header.resize(8 + length as usize, 0);
        file.read_exact(&mut header[8..]).map_err(fail)?;
        let metadata: Metadata =
            serde_json::from_slice(&header[8..]).map_err(|source| unreadable(path, &source))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            metadata,
            start: 8 + length,
        })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.metadata.tensors().into_keys().collect();
        names.sort();
        names
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.metadata.info(name).is_some()
    }

    pub(crate) fn read(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>), EngineError> {
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| EngineError::MissingWeight {
                name: name.to_owned(),
            })?;
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end.saturating_sub(start)];
        let read = self
            .file
            .seek(SeekFrom::Start(self.start + start as u64))
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|source| EngineError::io(&self.path, source))?;
        let values = to_f32(&bytes, info.dtype)
            .ok_or_else(|| unreadable(&self.path, &format!("`{name}` is {:?}", info.dtype)))?;
        let shape = info.shape.clone();
        if values.len() != shape.iter().product::<usize>() {
            return Err(unreadable(&self.path, &format!("`{name}` is cut off")));
        }
        Ok((shape, values))
    }
}

/// Every value of a file, by name.
pub(crate) fn read_all(path: &Path) -> Result<BTreeMap<String, Vec<f32>>, EngineError> {
    let mut file = WeightFile::open(path)?;
    file.names()
        .into_iter()
        .map(|name| {
            let (_, values) = file.read(&name)?;
            Ok((name, values))
        })
        .collect()
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> EngineError {
    EngineError::InvalidModel {
        path: path.to_path_buf(),
        detail: why.to_string(),
    }
}

/// Little-endian values of a floating type.
fn to_f32(bytes: &[u8], dtype: Dtype) -> Option<Vec<f32>> {
    let pairs = || bytes.as_chunks::<2>().0.iter();
    Some(match dtype {
        Dtype::F32 => f32_of(bytes),
        Dtype::BF16 => pairs()
            .map(|&pair| bf16::from_le_bytes(pair).to_f32())
            .collect(),
        Dtype::F16 => pairs()
            .map(|&pair| f16::from_le_bytes(pair).to_f32())
            .collect(),
        _ => return None,
    })
}

/// Little-endian f32 values.
pub(crate) fn f32_of(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&four| f32::from_le_bytes(four))
        .collect()
}

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

/// Writes f32 weights, one at a time, with the mark that transformers asks for, and syncs the file.
pub(crate) fn write(path: &Path, mut entries: Vec<Entry<'_>>) -> Result<Written, EngineError> {
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

/// The hash of a file, read once.
pub(crate) fn hash_of(path: &Path) -> Result<String, EngineError> {
    let fail = |source| EngineError::io(path, source);
    let mut hash = blake3::Hasher::new();
    hash.update_reader(File::open(path).map_err(fail)?)
        .map_err(fail)?;
    Ok(hash.finalize().to_hex().to_string())
}

/// Hashes what it writes.
struct Hashing {
    file: BufWriter<File>,
    hash: blake3::Hasher,
    n_bytes: u64,
}

impl Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hash.update(bytes);
        self.n_bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}
