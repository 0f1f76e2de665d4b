//! An open GGUF model of one file or several: its settings, and its tensors' values on demand.

use super::header::{self, Place};
use super::invalid;
use super::metadata::{Metadata, Value};
use super::packed::{Packed, to_f32};
use super::set::parts_of;
use crate::EngineError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Values that are turned into f32 at once.
const VALUES_AT_ONCE: usize = 1 << 20;

/// An open model.
#[derive(Debug)]
pub(crate) struct Gguf {
    path: PathBuf,
    metadata: Metadata,
    files: Vec<Part>,
    /// Of each tensor its file and its place there.
    tensors: BTreeMap<String, (usize, Place)>,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: File,
    start: u64,
}

impl Gguf {
    /// Opens the model that the file `path` is or is a part of and reads its headers.
    ///
    /// # Errors
    /// Where a file is missing, damaged, or claims what it does not hold; the error names what.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let mut gguf = Self {
            path: path.to_path_buf(),
            metadata: Metadata::default(),
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        let paths = parts_of(path)?;
        let n_parts = paths.len();
        for (number, part) in paths.into_iter().enumerate() {
            let header = header::read(&part)?;
            check_part(&header.metadata, number, n_parts)
                .map_err(|detail| invalid(&part, detail))?;
            for place in header.tensors {
                let name = place.name.clone();
                if gguf.tensors.insert(name.clone(), (number, place)).is_some() {
                    return Err(invalid(
                        &part,
                        format!("the tensor `{name}` is there twice"),
                    ));
                }
            }
            if number == 0 {
                gguf.metadata = header.metadata;
            }
            gguf.files.push(Part {
                file: File::open(&part).map_err(|source| EngineError::io(&part, source))?,
                path: part,
                start: header.start,
            });
        }
        gguf.check_count().map_err(|detail| gguf.invalid(detail))?;
        Ok(gguf)
    }

    /// The settings; of several files the first one's.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The tensors' names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The kind and the bytes of each tensor.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (String, u64)> {
        self.tensors.values().map(|(_, place)| {
            let name = format!("{:?}", place.kind).to_uppercase();
            let named = match name.strip_suffix('K') {
                Some(bits) if !bits.ends_with('_') => format!("{bits}_K"),
                _ => name,
            };
            (named, place.n_bytes)
        })
    }

    /// The file of a tensor.
    pub(crate) fn file_of(&self, name: &str) -> Option<&Path> {
        let (number, _) = self.tensors.get(name)?;
        Some(&self.files.get(*number)?.path)
    }

    /// Reads every value of a tensor, a part at a time, of whose bytes in the file `told` hears.
    ///
    /// # Errors
    /// As [`Gguf::read`], and what `told` says.
    pub(crate) fn read_through(
        &mut self,
        name: &str,
        told: &mut dyn FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let Some((_, place)) = self.tensors.get(name) else {
            return Err(EngineError::MissingWeight {
                name: name.to_owned(),
            });
        };
        let (width, block_bytes) = place.kind.block();
        let len: usize = place.shape.iter().product();
        for start in (0..len).step_by(VALUES_AT_ONCE) {
            let part = start..len.min(start + VALUES_AT_ONCE);
            let n_bytes = part.len() / width * block_bytes;
            self.part(name, part)?;
            told(n_bytes as u64)?;
        }
        Ok(())
    }

    /// Shape of a tensor as in memory, the slowest dimension first; `None` where there is none of this
    /// name.
    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors
            .get(name)
            .map(|(_, place)| place.shape.as_slice())
    }

    /// f32 values of a tensor, all of which are numbers.
    ///
    /// # Errors
    /// Where there is none of this name, it cannot be read, or a value is no number.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<f32>, EngineError> {
        let len: usize = self.shape(name).unwrap_or_default().iter().product();
        self.part(name, 0..len)
    }

    /// f32 values of a part of a tensor that begins and ends with whole blocks, all of which are numbers.
    ///
    /// # Errors
    /// As [`Gguf::read`].
    pub(crate) fn part(&mut self, name: &str, part: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let Some((number, place)) = self.tensors.get(name) else {
            return Err(EngineError::MissingWeight {
                name: name.to_owned(),
            });
        };
        let (width, block_bytes) = place.kind.block();
        let Part { path, file, start } = &mut self.files[*number];
        let mut values = Vec::with_capacity(part.len());
        let mut bytes = Vec::new();
        let mut at = part.start;
        while at < part.end {
            let n = VALUES_AT_ONCE.min(part.end - at);
            let from = *start + place.offset + (at / width * block_bytes) as u64;
            bytes.resize(n / width * block_bytes, 0);
            file.seek(SeekFrom::Start(from))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|source| EngineError::io(path, source))?;
            to_f32(&bytes, place.kind, &mut values)?;
            at += n;
        }
        // Without an early end the loop is one of vector instructions.
        let whole = values
            .iter()
            .fold(true, |all, value| all & value.is_finite());
        if !whole {
            let found = values.iter().find(|value| !value.is_finite());
            let found = found.unwrap_or(&f32::NAN);
            let detail = format!("`{name}` holds {found}, which is not a number");
            return Err(invalid(path, detail));
        }
        Ok(values)
    }

    /// A tensor's values as they lie in the file.
    ///
    /// # Errors
    /// As [`Gguf::read`]; every value is looked at.
    pub(crate) fn packed(&mut self, name: &str) -> Result<Packed, EngineError> {
        let n_values = self.read(name)?.len();
        let Some((number, place)) = self.tensors.get(name) else {
            return Err(EngineError::MissingWeight {
                name: name.to_owned(),
            });
        };
        let (width, block_bytes) = place.kind.block();
        let Part { path, file, start } = &mut self.files[*number];
        let mut bytes = vec![0; n_values / width * block_bytes];
        file.seek(SeekFrom::Start(*start + place.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| EngineError::io(path, source))?;
        Ok(Packed::new(place.kind, bytes))
    }

    /// Bytes of its files.
    pub(crate) fn n_bytes(&self) -> u64 {
        let sizes = self
            .files
            .iter()
            .filter_map(|part| part.file.metadata().ok());
        sizes.map(|about| about.len()).sum()
    }

    /// Whether two tensors have the same shape and the same values, of which only a part is in memory at a
    /// time.
    ///
    /// # Errors
    /// As [`Gguf::read`].
    pub(crate) fn are_equal(&mut self, one: &str, other: &str) -> Result<bool, EngineError> {
        let shape = self.shape(one).map(<[usize]>::to_vec);
        if shape.as_deref() != self.shape(other) {
            return Ok(false);
        }
        let len: usize = shape.unwrap_or_default().iter().product();
        for start in (0..len).step_by(VALUES_AT_ONCE) {
            let part = start..len.min(start + VALUES_AT_ONCE);
            if self.part(one, part.clone())? != self.part(other, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says what is wrong with the model.
    pub(crate) fn invalid(&self, detail: impl Into<String>) -> EngineError {
        invalid(&self.path, detail)
    }

    /// Holds the number of tensors against what the settings say of all parts together.
    fn check_count(&self) -> Result<(), String> {
        match self.metadata.get("split.tensors.count") {
            Some(Value::Unsigned(n)) if *n != self.tensors.len() as u64 => Err(format!(
                "its parts hold {} tensors, `split.tensors.count` is {n}",
                self.tensors.len()
            )),
            _ => Ok(()),
        }
    }
}

/// Holds a file's own word on which part it is against its name.
fn check_part(metadata: &Metadata, number: usize, n_parts: usize) -> Result<(), String> {
    let said = |name: &str| match metadata.get(name) {
        None => Ok(None),
        Some(Value::Unsigned(n)) => Ok(Some(*n)),
        Some(value) => Err(format!("`{name}` is {}", value.shown())),
    };
    let n_said = said("split.count")?.unwrap_or(1).max(1);
    if n_said != n_parts as u64 {
        return Err(format!(
            "it is one of {n_said} files by `split.count`, by its name one of {n_parts}: \
             parts are named as `model-00001-of-00003.gguf`"
        ));
    }
    match said("split.no")? {
        Some(no) if no != number as u64 => Err(format!(
            "it is file {} by `split.no`, by its name file {}",
            no.saturating_add(1),
            number + 1
        )),
        _ => Ok(()),
    }
}
