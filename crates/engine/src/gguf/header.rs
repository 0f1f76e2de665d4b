//! A GGUF file's header, read within limits: nothing that it claims is believed before it was held against
//! them and against the bytes that are there.

use super::kind::Kind;
use super::metadata::{List, Metadata, Value};
use super::{ALIGNMENT, MAGIC, invalid};
use crate::EngineError;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bytes of a header that no real file reaches: a vocabulary of 256,000 with scores has 10 MiB.
const LONGEST_HEADER: u64 = 64 << 20;
/// Settings.
const MOST_SETTINGS: u64 = 1 << 16;
/// Tensors.
const MOST_TENSORS: u64 = 1 << 16;
/// Values of a list: the largest vocabulary that is believed.
const LONGEST_LIST: u64 = 1 << 22;
/// Bytes of a name.
const LONGEST_NAME: u64 = 1 << 10;
/// Bytes of a text: a chat template is some kilobytes.
const LONGEST_TEXT: u64 = 4 << 20;
/// Dimensions of a tensor.
const MOST_DIMENSIONS: u32 = 4;
/// The largest alignment that is believed.
const LARGEST_ALIGNMENT: u64 = 1 << 20;

/// What stands before a file's tensors.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: Metadata,
    pub(super) tensors: Vec<Place>,
    /// Where the tensors' bytes begin in the file.
    pub(super) start: u64,
}

/// A tensor's place.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: String,
    /// The slowest dimension first, as in memory.
    pub(super) shape: Vec<usize>,
    pub(super) kind: Kind,
    /// From [`Header::start`] on.
    pub(super) offset: u64,
    pub(super) n_bytes: u64,
}

/// Reads the header of the file at `path`.
///
/// # Errors
/// Where it claims more than the file holds or than any real file has; the error names what.
pub(super) fn read(path: &Path) -> Result<Header, EngineError> {
    let fail = |source| EngineError::io(path, source);
    let file = File::open(path).map_err(fail)?;
    let n_bytes = file.metadata().map_err(fail)?.len();
    let mut reader = Bounded {
        file: BufReader::with_capacity(1 << 16, file),
        position: 0,
        end: n_bytes.min(LONGEST_HEADER),
    };
    let mut header = reader.header().map_err(|failure| match failure {
        Failure::Io(source) => fail(source),
        Failure::Claim(detail) => invalid(path, detail),
    })?;
    let alignment = alignment(&header.metadata).map_err(|detail| invalid(path, detail))?;
    header.start = reader.position.next_multiple_of(alignment);
    check_places(&header, alignment, n_bytes).map_err(|detail| invalid(path, detail))?;
    Ok(header)
}

/// What ends the reading.
enum Failure {
    Io(std::io::Error),
    /// What the file claims and why it cannot be.
    Claim(String),
}

impl From<String> for Failure {
    fn from(detail: String) -> Self {
        Self::Claim(detail)
    }
}

/// Reads no further than `end`.
struct Bounded {
    file: BufReader<File>,
    position: u64,
    end: u64,
}

impl Bounded {
    fn header(&mut self) -> Result<Header, Failure> {
        if self.bytes::<4>()? != MAGIC {
            return Err("it is no GGUF file".to_owned().into());
        }
        let version = self.u32()?;
        match version {
            2 | 3 => {}
            1 => return Err("version 1 of GGUF is not read".to_owned().into()),
            _ if matches!(version.swap_bytes(), 1..=3) => {
                let detail = "its bytes are in big-endian order, which is not read";
                return Err(detail.to_owned().into());
            }
            _ => return Err(format!("version {version} of GGUF is not known").into()),
        }
        let (n_tensors, n_settings) = (self.u64()?, self.u64()?);
        self.must_fit("tensors", n_tensors, MOST_TENSORS, 24)?;
        self.must_fit("settings", n_settings, MOST_SETTINGS, 13)?;
        let mut metadata = Metadata::default();
        for _ in 0..n_settings {
            let name = self.text(LONGEST_NAME)?;
            let kind = self.u32()?;
            let value = self.value(&name, kind)?;
            if !metadata.insert(&name, value) {
                return Err(format!("the setting `{name}` is there twice").into());
            }
        }
        let mut names = BTreeSet::new();
        let mut tensors = Vec::new();
        for _ in 0..n_tensors {
            let place = self.place()?;
            if !names.insert(place.name.clone()) {
                return Err(format!("the tensor `{}` is there twice", place.name).into());
            }
            tensors.push(place);
        }
        Ok(Header {
            metadata,
            tensors,
            start: 0,
        })
    }

    fn place(&mut self) -> Result<Place, Failure> {
        let name = self.text(LONGEST_NAME)?;
        let n_dimensions = self.u32()?;
        if !(1..=MOST_DIMENSIONS).contains(&n_dimensions) {
            let detail = format!("`{name}` has {n_dimensions} dimensions");
            return Err(detail.into());
        }
        let mut shape = Vec::new();
        for _ in 0..n_dimensions {
            shape.push(self.u64()?);
        }
        let kind = Kind::of_id(self.u32()?).map_err(|detail| format!("`{name}` {detail}"))?;
        let offset = self.u64()?;
        let (width, block_bytes) = kind.block();
        let row = shape.first().copied().unwrap_or(0);
        if !row.is_multiple_of(width as u64) {
            let detail = format!("`{name}` has rows of {row} values, no whole blocks of {width}");
            return Err(detail.into());
        }
        let n_values = shape.iter().try_fold(1u64, |n, &size| n.checked_mul(size));
        let n_bytes = n_values.and_then(|n| (n / width as u64).checked_mul(block_bytes as u64));
        let sizes: Option<Vec<usize>> = shape
            .iter()
            .rev()
            .map(|&size| usize::try_from(size).ok().filter(|&size| size > 0))
            .collect();
        match (n_bytes, sizes) {
            (Some(n_bytes), Some(shape)) => Ok(Place {
                name,
                shape,
                kind,
                offset,
                n_bytes,
            }),
            _ => Err(format!("`{name}` has the shape {shape:?}, whose product is no size").into()),
        }
    }

    fn value(&mut self, name: &str, kind: u32) -> Result<Value, Failure> {
        Ok(match kind {
            0..=5 | 10 | 11 => match self.integer(kind)? {
                Whole::Unsigned(number) => Value::Unsigned(number),
                Whole::Negative(number) => Value::Negative(number),
            },
            6 => Value::Float(widened(f32::from_le_bytes(self.bytes()?))),
            7 => Value::Bool(self.flag(name)?),
            8 => Value::Text(self.text(LONGEST_TEXT)?),
            9 => Value::List(self.list(name)?),
            12 => Value::Float(f64::from_le_bytes(self.bytes()?)),
            _ => return Err(format!("the setting `{name}` is of the unknown kind {kind}").into()),
        })
    }

    fn list(&mut self, name: &str) -> Result<List, Failure> {
        let (kind, n) = (self.u32()?, self.u64()?);
        let width = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => return Err(format!("the setting `{name}` is a list of lists").into()),
            _ => return Err(format!("the setting `{name}` is of the unknown kind {kind}").into()),
        };
        self.must_fit(&format!("values in `{name}`"), n, LONGEST_LIST, width)?;
        let items = 0..n;
        Ok(match kind {
            0 | 1 => {
                for _ in items {
                    self.bytes::<1>()?;
                }
                List::Bytes(n as usize)
            }
            6 => {
                let floats = items.map(|_| Ok(f32::from_le_bytes(self.bytes()?)));
                List::Floats(floats.collect::<Result<_, Failure>>()?)
            }
            12 => {
                let floats = items.map(|_| Ok(f64::from_le_bytes(self.bytes()?) as f32));
                List::Floats(floats.collect::<Result<_, Failure>>()?)
            }
            7 => List::Bools(items.map(|_| self.flag(name)).collect::<Result<_, _>>()?),
            8 => {
                let texts = items.map(|_| self.text(LONGEST_TEXT));
                List::Texts(texts.collect::<Result<_, _>>()?)
            }
            _ => {
                let whole = |reader: &mut Self| match reader.integer(kind)? {
                    Whole::Negative(number) => Ok(number),
                    Whole::Unsigned(number) => i64::try_from(number)
                        .map_err(|_| Failure::Claim(format!("`{name}` holds {number}"))),
                };
                List::Integers(items.map(|_| whole(self)).collect::<Result<_, _>>()?)
            }
        })
    }

    /// A whole number of one of the kinds that have a width and a sign.
    fn integer(&mut self, kind: u32) -> Result<Whole, Failure> {
        let signed = |number: i64| match u64::try_from(number) {
            Ok(number) => Whole::Unsigned(number),
            Err(_) => Whole::Negative(number),
        };
        Ok(match kind {
            0 => Whole::Unsigned(u8::from_le_bytes(self.bytes()?).into()),
            1 => signed(i8::from_le_bytes(self.bytes()?).into()),
            2 => Whole::Unsigned(u16::from_le_bytes(self.bytes()?).into()),
            3 => signed(i16::from_le_bytes(self.bytes()?).into()),
            4 => Whole::Unsigned(u32::from_le_bytes(self.bytes()?).into()),
            5 => signed(i32::from_le_bytes(self.bytes()?).into()),
            10 => Whole::Unsigned(self.u64()?),
            _ => signed(i64::from_le_bytes(self.bytes()?)),
        })
    }

    fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.bytes::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("the setting `{name}` is {other}, not yes or no").into()),
        }
    }

    fn text(&mut self, longest: u64) -> Result<String, Failure> {
        let n = self.u64()?;
        self.must_fit("bytes of a text", n, longest, 1)?;
        let mut bytes = vec![0; n as usize];
        self.file.read_exact(&mut bytes).map_err(Failure::Io)?;
        self.position += n;
        // Vocabularies hold tokens that are parts of characters.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned()))
    }

    fn u32(&mut self) -> Result<u32, Failure> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, Failure> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        self.must_fit("bytes", N as u64, N as u64, 1)?;
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(Failure::Io)?;
        self.position += N as u64;
        Ok(bytes)
    }

    /// Refuses `n` of something, each of `width` bytes at least, where they are more than `most` or than
    /// the rest of the file.
    fn must_fit(&self, what: &str, n: u64, most: u64, width: u64) -> Result<(), Failure> {
        if n > most {
            return Err(format!("the header claims {n} {what}, more than {most}").into());
        }
        let left = self.end - self.position;
        if n.saturating_mul(width) > left {
            let at = self.position;
            return Err(format!(
                "the header claims {n} {what} at byte {at}, {left} bytes are left"
            )
            .into());
        }
        Ok(())
    }
}

/// The number that `number` was written for: of 1e-6 what f64 has next to it, not the digits of f32's.
fn widened(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// A whole number.
enum Whole {
    Unsigned(u64),
    Negative(i64),
}

/// Where tensors may begin: multiples of this.
fn alignment(metadata: &Metadata) -> Result<u64, String> {
    const NAME: &str = "general.alignment";
    match metadata.get(NAME) {
        None => Ok(ALIGNMENT),
        Some(&Value::Unsigned(n)) if n.is_power_of_two() && n <= LARGEST_ALIGNMENT => Ok(n),
        Some(value) => Err(format!(
            "`{NAME}` is {}, no power of two up to {LARGEST_ALIGNMENT}",
            value.shown()
        )),
    }
}

/// Holds the tensors' places against the file's length and against each other.
fn check_places(header: &Header, alignment: u64, n_bytes: u64) -> Result<(), String> {
    let n_bytes = n_bytes.saturating_sub(header.start);
    let mut places: Vec<&Place> = header.tensors.iter().collect();
    places.sort_by_key(|place| place.offset);
    let mut before: Option<(&Place, u64)> = None;
    for place in places {
        let name = &place.name;
        let offset = place.offset;
        if !offset.is_multiple_of(alignment) {
            return Err(format!(
                "`{name}` begins at {offset}, no multiple of {alignment}"
            ));
        }
        let end = offset.checked_add(place.n_bytes);
        let Some(end) = end.filter(|&end| end <= n_bytes) else {
            return Err(format!(
                "`{name}` has {} bytes from {offset} on, the file has {n_bytes} of tensors",
                place.n_bytes
            ));
        };
        if let Some((other, other_end)) = before
            && other_end > offset
        {
            return Err(format!("`{}` and `{name}` overlap", other.name));
        }
        before = Some((place, end));
    }
    Ok(())
}
