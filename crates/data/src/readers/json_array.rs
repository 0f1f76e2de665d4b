//! One JSON array of rows, or an object that holds one: its elements one after the other, none of them longer
//! than a limit, so that the file's size is no matter.

use super::lines::Lines;
use crate::DataError;

/// Where in the file the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the array.
    Start,
    /// In an object around it.
    Object,
    /// Between two elements.
    Between,
    /// After the array.
    End,
}

/// The elements of an array.
pub(crate) struct Elements {
    at: At,
    longest: usize,
    /// The line that is read, and how many bytes of it were.
    line: String,
    done: usize,
}

/// An element while it is read.
#[derive(Default)]
struct Element {
    text: String,
    line: u64,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Elements {
    /// Elements of `longest` bytes at most.
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            at: At::Start,
            longest,
            line: String::new(),
            done: 0,
        }
    }

    /// The next element's text and the line on which it begins.
    pub(crate) fn next_element(
        &mut self,
        lines: &mut Lines,
    ) -> Result<Option<(String, u64)>, DataError> {
        let mut element: Option<Element> = None;
        loop {
            let rest = self.line.get(self.done..).unwrap_or_default();
            let Some(character) = rest.chars().next() else {
                match lines.next_line()? {
                    Some(line) => {
                        self.line = line;
                        self.done = 0;
                        if let Some(element) = &mut element {
                            element.text.push('\n');
                        }
                        continue;
                    }
                    None if element.is_none() && self.at == At::End => return Ok(None),
                    None => return Err(Self::invalid(lines, "the array of rows has no end")),
                }
            };
            if let Some(open) = &mut element {
                if open.is_whole_before(character) {
                    let whole = element.take().unwrap_or_default();
                    return Ok(Some((whole.text, whole.line)));
                }
                open.add(character);
                self.done += character.len_utf8();
                if open.text.len() > self.longest {
                    return Err(DataError::LineTooLong {
                        path: lines.path().to_path_buf(),
                        line: open.line,
                        limit_bytes: self.longest as u64,
                    });
                }
                continue;
            }
            match (self.at, character) {
                (At::Start | At::Object, '[') => self.at = At::Between,
                (At::Start, '{') => self.at = At::Object,
                (_, ' ' | '\t') | (At::End | At::Object, _) | (At::Between, ',') => {}
                (At::Between, ']') => self.at = At::End,
                (At::Between, _) => {
                    element = Some(Element {
                        line: lines.line(),
                        ..Element::default()
                    });
                    continue;
                }
                (At::Start, _) => {
                    return Err(Self::invalid(
                        lines,
                        "it does not begin with an array of rows",
                    ));
                }
            }
            self.done += character.len_utf8();
        }
    }

    fn invalid(lines: &Lines, detail: &str) -> DataError {
        DataError::InvalidJson {
            path: lines.path().to_path_buf(),
            line: lines.line(),
            detail: detail.to_owned(),
        }
    }
}

impl Element {
    /// Whether the element ends before this character of the array.
    fn is_whole_before(&self, character: char) -> bool {
        !self.in_string && self.depth == 0 && matches!(character, ',' | ']')
    }

    fn add(&mut self, character: char) {
        self.text.push(character);
        if self.in_string {
            match character {
                _ if self.escaped => self.escaped = false,
                '\\' => self.escaped = true,
                '"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match character {
            '"' => self.in_string = true,
            '[' | '{' => self.depth += 1,
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}
