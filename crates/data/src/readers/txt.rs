//! Plain text: paragraphs, parted by blank lines.

use super::lines::Lines;
use crate::DataError;
use amoozgar_text::is_blank;

/// Some whole lines of a paragraph: all of them, unless they are longer than one line may be.
pub(crate) struct Part {
    /// The lines with the breaks between them.
    pub(crate) text: String,
    /// Whether the paragraph ends here.
    pub(crate) is_last: bool,
}

/// The paragraphs of a file.
#[derive(Default)]
pub(crate) struct Paragraphs {
    /// The line that was read to see that a paragraph goes on.
    next_line: Option<String>,
}

impl Paragraphs {
    /// The next part of a paragraph, or `None` at the file's end.
    pub(crate) fn next_part(&mut self, lines: &mut Lines) -> Result<Option<Part>, DataError> {
        let mut text = self.next_line.take().unwrap_or_default();
        while let Some(line) = lines.next_line()? {
            match (is_blank(&line), text.is_empty()) {
                (true, true) => {}
                (true, false) => {
                    return Ok(Some(Part {
                        text,
                        is_last: true,
                    }));
                }
                (false, true) => text = line,
                (false, false) => {
                    if text.len() + 1 + line.len() > lines.max_line_bytes() {
                        self.next_line = Some(line);
                        let is_last = false;
                        return Ok(Some(Part { text, is_last }));
                    }
                    text.push('\n');
                    text.push_str(&line);
                }
            }
        }
        Ok(Some(Part {
            text,
            is_last: true,
        })
        .filter(|part| !part.text.is_empty()))
    }
}
