//! A text file as UTF-8, whatever its encoding: UTF-8 as it is; UTF-16 ("Unicode" in Notepad and in
//! exports of spreadsheets) and Windows-1256 (of old Persian and Arabic programs) turned into it block
//! by block.
//!
//! UTF-16 is known by the first bytes. UTF-8 and Windows-1256 are alike as long as bytes are ASCII; at
//! the first other one a block is looked at ([`legacy`]). What is none of them keeps its strange bytes,
//! so that the line they stand on is refused.

use super::legacy::{self, Look};
use amoozgar_types::dataset::TextEncoding;
use std::io::{self, Cursor, Read};

/// Bytes by whose look UTF-16 without a byte order mark is recognised.
const HEAD_BYTES: usize = 512;
/// Bytes that are read and turned into UTF-8 at once, and by whose look an encoding is recognised.
const BLOCK_BYTES: usize = 1 << 16;
/// A byte that no UTF-8 has. It stands for what cannot be read, so that its line is refused.
const NO_TEXT: u8 = 0xFF;
/// The byte order mark as UTF-8 writes it.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The bytes of a file, as UTF-8.
pub(crate) struct Source {
    bytes: Box<dyn Read + Send>,
    form: Form,
    /// Bytes of the file that were read.
    n_read: u64,
    /// The byte of the file that was refused, where that is not the one that was given.
    refused_at: Option<u64>,
    /// UTF-8 that was not given yet, from `given` on.
    text: Vec<u8>,
    given: usize,
    is_at_end: bool,
}

/// How the file's bytes are read.
enum Form {
    /// All of them so far were ASCII.
    Ascii,
    /// As they are.
    Utf8,
    /// In pairs.
    Utf16(Utf16),
    /// By the code page. What was seen since it was judged last.
    Windows1256(Look),
}

impl Source {
    /// The bytes from the beginning of a file, by the encoding that they show.
    pub(crate) fn of(mut file: impl Read + Send + 'static) -> io::Result<Self> {
        let mut head = Vec::new();
        file.by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        let form = match ByteOrder::of(&head) {
            Some(order) => Form::Utf16(Utf16::new(order)),
            None if head.starts_with(MARK) => Form::Utf8,
            None => Form::Ascii,
        };
        Ok(Self {
            bytes: Box::new(Cursor::new(head).chain(file)),
            form,
            n_read: 0,
            refused_at: None,
            text: Vec::new(),
            given: 0,
            is_at_end: false,
        })
    }

    /// The encoding, as far as the bytes that were given show it.
    pub(crate) fn encoding(&self) -> TextEncoding {
        match &self.form {
            Form::Ascii | Form::Utf8 => TextEncoding::Utf8,
            Form::Utf16(utf16) => match utf16.order {
                ByteOrder::Little => TextEncoding::Utf16Le,
                ByteOrder::Big => TextEncoding::Utf16Be,
            },
            Form::Windows1256(_) => TextEncoding::Windows1256,
        }
    }

    /// Bytes read from the file, where they are others than those given.
    pub(crate) fn n_read(&self) -> Option<u64> {
        match self.form {
            Form::Ascii | Form::Utf8 => None,
            Form::Utf16(_) | Form::Windows1256(_) => Some(self.n_read),
        }
    }

    /// Where the file's first byte stands that could not be read, where that is another place than the
    /// one in what was given.
    pub(crate) fn refused_at(&self) -> Option<u64> {
        self.refused_at
    }

    /// Reads the next block of the file into `text`.
    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        let mut block = self.next_block()?;
        if matches!(self.form, Form::Ascii)
            && let Some(first) = block.iter().position(|byte| !byte.is_ascii())
        {
            // As much as is needed to judge, also where the first such byte ends a block.
            let more = self.next_block()?;
            block.extend(more);
            let sample = block.get(first..).unwrap_or_default();
            let before = first.checked_sub(1).and_then(|at| block.get(at)).copied();
            self.form = if legacy::is_windows_1256(before, sample) {
                Form::Windows1256(Look::default())
            } else {
                Form::Utf8
            };
        }
        let start = self.n_read - block.len() as u64;
        let is_at_end = self.is_at_end;
        match &mut self.form {
            Form::Ascii | Form::Utf8 => self.text = block,
            Form::Utf16(utf16) => {
                let refused = utf16.decode(block, is_at_end, &mut self.text);
                self.refused_at = self.refused_at.or(refused);
            }
            Form::Windows1256(look) => {
                look.add(&block);
                let refused = look.judged(is_at_end, &block);
                let readable = block.get(..refused.unwrap_or(block.len()));
                legacy::decode(readable.unwrap_or_default(), &mut self.text);
                if let Some(refused) = refused {
                    self.text.push(NO_TEXT);
                    self.refused_at = self.refused_at.or(Some(start + refused as u64));
                }
            }
        }
        Ok(())
    }

    fn next_block(&mut self) -> io::Result<Vec<u8>> {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let most = BLOCK_BYTES as u64;
        let n_read = self.bytes.by_ref().take(most).read_to_end(&mut block)?;
        self.n_read += n_read as u64;
        self.is_at_end = n_read < BLOCK_BYTES;
        Ok(block)
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.is_at_end {
            self.refill()?;
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.given += n;
        Ok(n)
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

/// What a block of UTF-16 leaves for the next one.
struct Utf16 {
    order: ByteOrder,
    /// Bytes that were turned into UTF-8.
    n_decoded: u64,
    /// The first byte of a unit, or the first unit of a pair and perhaps a byte, whose rest was not read.
    left: Vec<u8>,
}

impl Utf16 {
    fn new(order: ByteOrder) -> Self {
        Self {
            order,
            n_decoded: 0,
            left: Vec::new(),
        }
    }

    /// Appends a block as UTF-8; answers where in the file the first byte stands that is none.
    fn decode(&mut self, block: Vec<u8>, is_at_end: bool, text: &mut Vec<u8>) -> Option<u64> {
        let mut bytes = std::mem::take(&mut self.left);
        bytes.extend(block);
        if !is_at_end {
            let mut whole = bytes.len() / 2 * 2;
            let last = bytes.get(..whole).and_then(<[u8]>::last_chunk);
            let is_half = |unit| matches!(unit, 0xD800..=0xDBFF);
            if last.is_some_and(|last| is_half(self.order.unit(*last))) {
                whole -= 2;
            }
            self.left = bytes.split_off(whole);
        }
        let (start, mut at, mut refused) = (self.n_decoded, 0, None);
        for character in char::decode_utf16(self.order.units(&bytes)) {
            if let Ok(character) = character {
                at += 2 * character.len_utf16();
                let buffer = &mut [0; 4];
                text.extend_from_slice(character.encode_utf8(buffer).as_bytes());
            } else {
                refused.get_or_insert(start + at as u64);
                at += 2;
                text.push(NO_TEXT);
            }
        }
        if bytes.len() % 2 == 1 {
            refused.get_or_insert(start + at as u64);
            text.push(NO_TEXT);
        }
        self.n_decoded += bytes.len() as u64;
        refused
    }
}
