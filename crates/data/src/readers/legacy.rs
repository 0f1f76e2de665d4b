//! Windows-1256, the code page of Persian and Arabic before Unicode. Every byte of it means something, so
//! nothing but the look of the text tells it from other encodings: a text in another one, or a broken
//! UTF-8, would come out as letters that mean nothing. Thus it is believed only where what comes out
//! looks like Persian or Arabic, and looks so until the end.

/// Bytes beyond ASCII after which a text is judged again.
const JUDGED_BYTES: usize = 256;
/// Of fewer of them nothing can be said.
const LEAST_BYTES: usize = 16;
/// Letters that a file has at least, to be believed.
const LEAST_LETTERS: usize = 3;

/// Whether a text is Windows-1256. `sample` begins with the first byte that is not ASCII and follows
/// `before`. What is UTF-8 as a whole is UTF-8.
pub(super) fn is_windows_1256(before: Option<u8>, sample: &[u8]) -> bool {
    let is_utf_8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // The sample's end may cut a character.
        Err(failure) => failure.error_len().is_none() && failure.valid_up_to() > 0,
    };
    let mut look = Look {
        before: before.unwrap_or(b' '),
        ..Look::default()
    };
    look.add(sample);
    !is_utf_8 && look.n_letters >= LEAST_LETTERS && look.is_of_the_region()
}

/// Appends bytes of Windows-1256 as UTF-8.
pub(super) fn decode(bytes: &[u8], text: &mut Vec<u8>) {
    let (decoded, _) = encoding_rs::WINDOWS_1256.decode_without_bom_handling(bytes);
    text.extend_from_slice(decoded.as_bytes());
}

/// What a stretch of Windows-1256 looks like.
#[derive(Debug)]
pub(super) struct Look {
    /// Bytes beyond ASCII.
    n_high: usize,
    /// Those that are letters of Persian or Arabic.
    n_letters: usize,
    /// Those that are among the most frequent of these letters.
    n_frequent: usize,
    /// Those letters that stand beside a Latin one.
    n_mixed: usize,
    /// Characters that such texts hardly have: accented Latin, fractions, signs, controls.
    n_foreign: usize,
    /// Bytes beyond ASCII that make up characters of UTF-8.
    n_utf_8: usize,
    /// The byte before what comes next.
    before: u8,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            n_high: 0,
            n_letters: 0,
            n_frequent: 0,
            n_mixed: 0,
            n_foreign: 0,
            n_utf_8: 0,
            before: b' ',
        }
    }
}

/// What a byte is in a text of the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Frequent,
    Letter,
    /// Punctuation, joiners, marks above and below letters.
    Mark,
    Foreign,
}

impl Kind {
    /// The kind of a byte beyond ASCII, by the code page
    /// (<https://encoding.spec.whatwg.org/index-windows-1256.txt>).
    fn of(byte: u8) -> Self {
        match byte {
            // alef, teh, dal, reh, lam, meem, noon, heh, waw, alef maksura, yeh
            0xC7 | 0xCA | 0xCF | 0xD1 | 0xE1 | 0xE3..=0xE6 | 0xEC | 0xED => Self::Frequent,
            // peh, tteh, tcheh, jeh, ddal, gaf, keheh, rreh, noon ghunna, heh doachashmee, heh goal and
            // hamza to sad, tah to ghain, feh to kaf, yeh barree
            0x81
            | 0x8A
            | 0x8D..=0x90
            | 0x98
            | 0x9A
            | 0x9F
            | 0xAA
            | 0xC0..=0xD6
            | 0xD8..=0xDB
            | 0xDD..=0xDF
            | 0xFF => Self::Letter,
            // dashes, quotation marks, ellipsis, bullet, joiners, spaces, comma, semicolon, question mark,
            // kashida, vowels, direction marks
            0x85
            | 0x8B
            | 0x91..=0x97
            | 0x9B
            | 0x9D
            | 0x9E
            | 0xA0
            | 0xA1
            | 0xAB
            | 0xAD
            | 0xB7
            | 0xBA
            | 0xBB
            | 0xBF
            | 0xDC
            | 0xF0..=0xF3
            | 0xF5
            | 0xF6
            | 0xF8
            | 0xFA
            | 0xFD
            | 0xFE => Self::Mark,
            _ => Self::Foreign,
        }
    }

    fn is_letter(self) -> bool {
        matches!(self, Self::Frequent | Self::Letter)
    }
}

impl Look {
    /// Looks at a further block.
    pub(super) fn add(&mut self, block: &[u8]) {
        let mut after = block.iter().skip(1);
        for &byte in block {
            let next = after.next().copied().unwrap_or(b' ');
            if byte.is_ascii() {
                self.n_foreign += usize::from(is_strange_control(byte));
            } else {
                let kind = Kind::of(byte);
                let is_mixed = self.before.is_ascii_alphabetic() || next.is_ascii_alphabetic();
                self.n_high += 1;
                self.n_letters += usize::from(kind.is_letter());
                self.n_frequent += usize::from(kind == Kind::Frequent);
                self.n_mixed += usize::from(kind.is_letter() && is_mixed);
                self.n_foreign += usize::from(kind == Kind::Foreign);
            }
            self.before = byte;
        }
        let in_utf_8 = block.utf8_chunks().map(|chunk| {
            let bytes = chunk.valid().bytes();
            bytes.filter(|byte| !byte.is_ascii()).count()
        });
        self.n_utf_8 += in_utf_8.sum::<usize>();
    }

    /// Judges what was seen, where that is enough. Answers where in `block`, which was seen last, the
    /// first byte stands that should not be there; the counting begins anew.
    pub(super) fn judged(&mut self, is_at_end: bool, block: &[u8]) -> Option<usize> {
        let is_enough = self.n_high >= JUDGED_BYTES || (is_at_end && self.n_high >= LEAST_BYTES);
        if !is_enough {
            return None;
        }
        let before = self.before;
        let seen = std::mem::take(self);
        self.before = before;
        if seen.is_of_the_region() {
            return None;
        }
        let is_foreign = |byte: &u8| !byte.is_ascii() && Kind::of(*byte) == Kind::Foreign;
        let found = block.iter().position(is_foreign);
        let found = found.or_else(|| block.iter().position(|byte| !byte.is_ascii()));
        Some(found.unwrap_or_default())
    }

    /// Whether this is a text in Persian or Arabic. Of real ones nine tenths of what is beyond ASCII are
    /// letters, six tenths of these are frequent ones, and next to nothing is foreign or happens to be
    /// UTF-8; a text in UTF-8 read by this code page is UTF-8 throughout, one in another code page of
    /// Latin, Greek, Cyrillic, Hebrew or Arabic letters is foreign for a tenth and more, and where it is
    /// Latin with few accents these stand among Latin letters.
    fn is_of_the_region(&self) -> bool {
        self.n_letters * 10 >= self.n_high * 6
            && self.n_frequent * 3 >= self.n_letters
            && self.n_mixed * 5 <= self.n_letters
            && self.n_foreign * 33 <= self.n_high
            && self.n_utf_8 * 2 < self.n_high.max(1)
    }
}

/// Whether a byte of ASCII is one that no text has. Zero is said to be no text elsewhere.
fn is_strange_control(byte: u8) -> bool {
    // 0x1A ends the files of some old editors.
    byte.is_ascii_control() && !matches!(byte, 0 | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1A)
}
