//! A text file as UTF-8, whatever its encoding: UTF-8 as it is, UTF-16 ("Unicode" in Notepad and in
//! exports of spreadsheets) turned into it block by block.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};

/// Bytes by whose look UTF-16 without a byte order mark is recognised.
const HEAD_BYTES: usize = 512;
/// Bytes of UTF-16 that are turned into UTF-8 at once.
const BLOCK_BYTES: usize = 1 << 16;
/// A byte that no UTF-8 has. It stands for what is no UTF-16, so that its line is refused.
const NO_TEXT: u8 = 0xFF;

/// A file's beginning, which was looked at, and the rest.
type Bytes = Chain<Cursor<Vec<u8>>, File>;

/// The bytes of a file, as UTF-8.
pub(crate) enum Source {
    /// As they are.
    Utf8(Bytes),
    /// Out of UTF-16.
    Utf16(Utf16),
}

impl Source {
    /// The file's bytes from its beginning, by the encoding that its first bytes show.
    pub(crate) fn of(mut file: File) -> io::Result<Self> {
        let mut head = Vec::new();
        file.by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        let order = ByteOrder::of(&head);
        let bytes = Cursor::new(head).chain(file);
        Ok(match order {
            None => Self::Utf8(bytes),
            Some(order) => Self::Utf16(Utf16::new(bytes, order)),
        })
    }

    /// Bytes read from the file, where they are others than those given.
    pub(crate) fn n_read(&self) -> Option<u64> {
        match self {
            Self::Utf8(_) => None,
            Self::Utf16(utf16) => Some(utf16.n_read),
        }
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(bytes) => bytes.read(out),
            Self::Utf16(utf16) => utf16.read(out),
        }
    }
}

/// Which byte of a UTF-16 unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// That of a file of UTF-16 which begins with `head`; `None` of any other file.
    fn of(head: &[u8]) -> Option<Self> {
        match *head {
            [0xFF, 0xFE, ..] => Some(Self::Little),
            [0xFE, 0xFF, ..] => Some(Self::Big),
            // Without a mark: an ASCII character first, and nothing that texts do not have.
            [1..=255, 0, ..] if Self::Little.is_text(head) => Some(Self::Little),
            [0, 1..=255, ..] if Self::Big.is_text(head) => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> {
        bytes.as_chunks().0.iter().map(move |pair| self.unit(*pair))
    }

    fn is_text(self, head: &[u8]) -> bool {
        let mut characters = char::decode_utf16(self.units(head)).peekable();
        while let Some(character) = characters.next() {
            match character {
                Ok(character) if !character.is_control() || character.is_whitespace() => {}
                // A pair may be cut at the head's end.
                Err(_) if characters.peek().is_none() => {}
                _ => return false,
            }
        }
        true
    }
}

/// A file of UTF-16, read as UTF-8.
pub(crate) struct Utf16 {
    bytes: Bytes,
    order: ByteOrder,
    /// Bytes of the file that were read.
    n_read: u64,
    /// The first byte of a unit whose second was not read yet.
    half_unit: Option<u8>,
    /// The first unit of a pair whose second was not read yet.
    half_pair: Option<u16>,
    /// UTF-8 that was not given yet, from `given` on.
    text: Vec<u8>,
    given: usize,
    is_at_end: bool,
}

impl Utf16 {
    fn new(bytes: Bytes, order: ByteOrder) -> Self {
        Self {
            bytes,
            order,
            n_read: 0,
            half_unit: None,
            half_pair: None,
            text: Vec::new(),
            given: 0,
            is_at_end: false,
        }
    }

    /// Turns the next block of the file into `text`.
    fn refill(&mut self) -> io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK_BYTES + 1);
        block.extend(self.half_unit.take());
        let most = BLOCK_BYTES as u64;
        let n_read = self.bytes.by_ref().take(most).read_to_end(&mut block)?;
        self.n_read += n_read as u64;
        self.is_at_end = n_read == 0;
        if block.len() % 2 == 1 && !self.is_at_end {
            self.half_unit = block.pop();
        }
        let mut units: Vec<u16> = self.half_pair.take().into_iter().collect();
        units.extend(self.order.units(&block));
        if !self.is_at_end {
            self.half_pair = units.pop_if(|unit| matches!(unit, 0xD800..=0xDBFF));
        }
        self.text.clear();
        self.given = 0;
        for character in char::decode_utf16(units) {
            match character {
                Ok(character) => {
                    let bytes = &mut [0; 4];
                    self.text
                        .extend_from_slice(character.encode_utf8(bytes).as_bytes());
                }
                Err(_) => self.text.push(NO_TEXT),
            }
        }
        if block.len() % 2 == 1 {
            self.text.push(NO_TEXT);
        }
        Ok(())
    }
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.is_at_end {
            self.refill()?;
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let n = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += n;
        Ok(n)
    }
}
