//! Plain text: paragraphs, parted by blank lines.

use super::lines::Lines;
use crate::DataError;

/// The next paragraph with its line breaks, or `None` at the file's end.
pub(crate) fn next_paragraph(lines: &mut Lines) -> Result<Option<String>, DataError> {
    let mut paragraph = String::new();
    while let Some(line) = lines.next_line()? {
        match (line.trim().is_empty(), paragraph.is_empty()) {
            (true, true) => {}
            (true, false) => return Ok(Some(paragraph)),
            (false, empty) => {
                if !empty {
                    paragraph.push('\n');
                }
                paragraph.push_str(&line);
            }
        }
    }
    Ok(Some(paragraph).filter(|paragraph| !paragraph.is_empty()))
}
