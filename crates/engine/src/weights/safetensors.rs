//! Safetensors files: read one weight at a time, so that a model's memory is its weights' and no more. What
//! a header claims is held against the file's length before anything of that size is made.

mod write;

use crate::EngineError;
use crate::files;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
pub(crate) use write::{Entry, n_bytes, write, write_watched};

/// Bytes of a header that no real file reaches; the format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;
/// Bytes of an index that no real model reaches.
const LONGEST_INDEX: u64 = 64 << 20;

/// The weights of a model's folder: `model.safetensors`, or where that is not there the parts that
/// `model.safetensors.index.json` lists. A folder with both is one whose parts were put into one file while
/// the index was left: the whole file is the newer, and transformers takes it too.
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
        let files = files_of(model_dir)?
            .iter()
            .map(|path| WeightFile::open(path))
            .collect::<Result<_, _>>()?;
        Ok(Self { files })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.files.iter().flat_map(WeightFile::names)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.contains(name))
    }

    /// Shape of a weight in its file.
    pub(crate) fn shape(&self, name: &str) -> Result<Vec<usize>, EngineError> {
        let mut infos = self
            .files
            .iter()
            .filter_map(|file| file.metadata.info(name));
        let info = infos.next().ok_or_else(|| missing(name))?;
        Ok(info.shape.clone())
    }

    /// Whether two weights have the same shape and the same values, of which only a part is in memory at a
    /// time.
    pub(crate) fn are_equal(&mut self, one: &str, other: &str) -> Result<bool, EngineError> {
        const N: usize = 1 << 18;
        let shape = self.shape(one)?;
        if shape != self.shape(other)? {
            return Ok(false);
        }
        let len: usize = shape.iter().product();
        for start in (0..len).step_by(N) {
            let part = start..len.min(start + N);
            if self.part(one, part.clone())? != self.part(other, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn part(&mut self, name: &str, part: Range<usize>) -> Result<Vec<f32>, EngineError> {
        self.files
            .iter_mut()
            .find(|file| file.contains(name))
            .ok_or_else(|| missing(name))?
            .part(name, part)
    }

    /// f32 values of a weight, all of which are numbers.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<f32>, EngineError> {
        self.files
            .iter_mut()
            .find(|file| file.contains(name))
            .ok_or_else(|| missing(name))?
            .read_numbers(name)
    }
}

/// The files of a model's folder, as [`WeightFiles`] chooses them. They need not be there.
///
/// # Errors
/// Where the index cannot be read, or names what is no file beside it.
pub(crate) fn files_of(model_dir: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let index_path = model_dir.join("model.safetensors.index.json");
    let whole = model_dir.join("model.safetensors");
    if whole.is_file() || !index_path.is_file() {
        return Ok(vec![whole]);
    }
    let index: Index = serde_json::from_slice(&files::read_at_most(&index_path, LONGEST_INDEX)?)
        .map_err(|source| unreadable(&index_path, &source))?;
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    let path_of = |name: &String| {
        // A part lies beside its index: a name that leads elsewhere is no part.
        let plain = Path::new(name)
            .file_name()
            .is_some_and(|file| file == name.as_str());
        if plain {
            return Ok(model_dir.join(name));
        }
        let why = format!("`{name}` is no file's name");
        Err(unreadable(&index_path, &why))
    };
    names.iter().map(path_of).collect()
}

impl WeightFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Where the header or a tensor claims more than the file holds.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let fail = |source| EngineError::io(path, source);
        let mut file = File::open(path).map_err(fail)?;
        let n_bytes = file.metadata().map_err(fail)?.len();
        let Some(behind_length) = n_bytes.checked_sub(8) else {
            return Err(unreadable(path, &format!("{n_bytes} bytes are no header")));
        };
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(fail)?;
        let length = u64::from_le_bytes(length);
        let most = LONGEST_HEADER.min(behind_length);
        if length > most {
            let detail = format!("the header claims {length} bytes, more than {most}");
            return Err(unreadable(path, &detail));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(fail)?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|source| unreadable(path, &source))?;
        for (name, info) in metadata.tensors() {
            check(info, behind_length - length)
                .map_err(|detail| unreadable(path, &format!("`{name}` {detail}")))?;
        }
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

    /// Shape of a weight; `None` where the file has none of this name.
    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(self.metadata.info(name)?.shape.as_slice())
    }

    /// The type and the bytes of each weight.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (String, u64)> {
        let tensors = self.metadata.tensors().into_values();
        tensors.map(|info| {
            let (start, end) = info.data_offsets;
            (format!("{:?}", info.dtype), (end - start) as u64)
        })
    }

    /// Reads every byte of a weight, a part at a time, each of whose bytes `told` hears; answers with the
    /// first value that is infinite or no number. Of whole numbers every value is a number.
    ///
    /// # Errors
    /// Where the file cannot be read, and what `told` says.
    pub(crate) fn first_not_finite(
        &mut self,
        name: &str,
        told: &mut dyn FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<Option<(usize, f32)>, EngineError> {
        const N_BYTES: usize = 4 << 20;
        let info = self.metadata.info(name).ok_or_else(|| missing(name))?;
        let (dtype, (start, end)) = (info.dtype, info.data_offsets);
        let mut bytes = vec![0; N_BYTES.min(end - start)];
        let fail = |source| EngineError::io(&self.path, source);
        let from = self.start + start as u64;
        self.file.seek(SeekFrom::Start(from)).map_err(fail)?;
        let (mut n_before, mut found) = (0, None);
        for at in (start..end).step_by(N_BYTES) {
            let part = bytes
                .get_mut(..N_BYTES.min(end - at))
                .expect("BUG: a part is no longer than the first");
            self.file.read_exact(part).map_err(fail)?;
            told(part.len() as u64)?;
            if found.is_none()
                && let Some(values) = to_f32(part, dtype)
            {
                let at = values.iter().position(|value| !value.is_finite());
                found = at.and_then(|at| Some((n_before + at, *values.get(at)?)));
                n_before += values.len();
            }
        }
        Ok(found)
    }

    /// f32 values of a weight.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<f32>, EngineError> {
        let info = self.metadata.info(name).ok_or_else(|| missing(name))?;
        self.part(name, 0..info.shape.iter().product())
    }

    /// f32 values of a part of a weight, which [`check`] held against the file.
    fn part(&mut self, name: &str, part: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let info = self.metadata.info(name).ok_or_else(|| missing(name))?;
        let bytes_of = |n_values: usize| n_values * info.dtype.bitsize() / 8;
        let start = info.data_offsets.0 + bytes_of(part.start);
        let mut bytes = vec![0; bytes_of(part.len())];
        let read = self
            .file
            .seek(SeekFrom::Start(self.start + start as u64))
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|source| EngineError::io(&self.path, source))?;
        to_f32(&bytes, info.dtype)
            .ok_or_else(|| unreadable(&self.path, &format!("`{name}` is {:?}", info.dtype)))
    }

    /// f32 values of a weight of a model.
    ///
    /// # Errors
    /// Where one is NaN or infinite: whatever such a model computes is no number either.
    pub(crate) fn read_numbers(&mut self, name: &str) -> Result<Vec<f32>, EngineError> {
        let values = self.read(name)?;
        // Without an early end the loop is one of vector instructions.
        if values
            .iter()
            .fold(true, |all, value| all & value.is_finite())
        {
            return Ok(values);
        }
        let found = values.iter().find(|value| !value.is_finite());
        let detail = format!(
            "`{name}` holds {}, which is not a number",
            found.unwrap_or(&f32::NAN)
        );
        Err(unreadable(&self.path, &detail))
    }
}

/// Holds a tensor's claims against each other and against the `n_bytes` of values that the file has; the
/// error says what is wrong.
fn check(info: &TensorInfo, n_bytes: u64) -> Result<(), String> {
    let (start, end) = info.data_offsets;
    let shape = &info.shape;
    let n_bits = shape
        .iter()
        .try_fold(info.dtype.bitsize(), |n, &size| n.checked_mul(size))
        .ok_or_else(|| format!("has the shape {shape:?}, whose product is no size"))?;
    if end.checked_sub(start).and_then(|n| n.checked_mul(8)) != Some(n_bits) {
        return Err(format!(
            "lies in {start}..{end}, its shape needs {n_bits} bits"
        ));
    }
    if end as u64 > n_bytes {
        return Err(format!("ends at byte {end}, the values at {n_bytes}"));
    }
    Ok(())
}

/// Every value of a file, by name, as it is: a run goes back from a checkpoint that is no number.
pub(crate) fn read_all(path: &Path) -> Result<BTreeMap<String, Vec<f32>>, EngineError> {
    let mut file = WeightFile::open(path)?;
    file.names()
        .into_iter()
        .map(|name| {
            let values = file.read(&name)?;
            Ok((name, values))
        })
        .collect()
}

fn missing(name: &str) -> EngineError {
    EngineError::MissingWeight {
        name: name.to_owned(),
    }
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

/// The hash of a file, read once.
pub(crate) fn hash_of(path: &Path) -> Result<String, EngineError> {
    let fail = |source| EngineError::io(path, source);
    let mut hash = blake3::Hasher::new();
    hash.update_reader(File::open(path).map_err(fail)?)
        .map_err(fail)?;
    Ok(hash.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Entry, WeightFile, read_all, write};
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A file whose header is `header` and says it is `claimed` bytes long, with `n_values` bytes behind.
    fn file(folder: &TempDir, claimed: u64, header: &str, n_values: usize) -> PathBuf {
        let path = folder.path().join("model.safetensors");
        let mut bytes = claimed.to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + n_values, 0);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn refusal(header: &str, n_values: usize) -> String {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, header.len() as u64, header, n_values);
        WeightFile::open(&path).err().unwrap().to_string()
    }

    #[test]
    fn a_header_longer_than_its_file_or_than_any_is_refused() {
        let folder = TempDir::new().unwrap();
        for (claimed, most) in [(1 << 48, 2), (99_999_999, 2), (u64::MAX, 2)] {
            let path = file(&folder, claimed, "{}", 0);
            let said = WeightFile::open(&path).err().unwrap().to_string();
            assert!(
                said.contains(&format!("claims {claimed} bytes, more than {most}")),
                "{said}"
            );
        }
        std::fs::write(folder.path().join("model.safetensors"), [1, 2, 3]).unwrap();
        let short = WeightFile::open(&folder.path().join("model.safetensors"));
        assert!(short.is_err(), "three bytes are no header");
    }

    #[test]
    fn a_tensor_larger_than_its_file_is_refused_before_it_is_read() {
        let claimed = 281_474_976_710_656u64;
        let said = refusal(
            &format!(
                r#"{{"a":{{"dtype":"F32","shape":[{}],"data_offsets":[0,{claimed}]}}}}"#,
                claimed / 4
            ),
            16,
        );
        assert!(
            said.contains("`a` ends at byte 281474976710656, the values at 16"),
            "name, claim and limit: {said}"
        );
        let one_value_short = r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
        assert!(
            refusal(one_value_short, 12).contains("ends at byte 16"),
            "cut off"
        );
    }

    #[test]
    fn shapes_that_contradict_their_place_are_refused() {
        for header in [
            r#"{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}"#,
            r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}"#,
            r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
            r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#,
        ] {
            assert!(!refusal(header, 16).is_empty(), "{header}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("model.safetensors");
        let values = [1.0, -2.5, 3.25, 0.0, 5.0, 6.0];
        let entries = vec![
            Entry::new("b".to_owned(), vec![2, 3], &values),
            Entry::new("a".to_owned(), vec![0], &[]),
        ];
        write(&path, entries).unwrap();
        let all = read_all(&path).unwrap();
        assert_eq!(all["b"], values, "the same values");
        assert!(all["a"].is_empty(), "an empty weight is one");
    }
}
