//! Where the texts of a conversation stand in what a template writes: each goes in between two characters
//! that no text has, by which it is found again.
//!
//! The marks stand next to the text's first and last characters that are no white space, so that a template
//! which trims a text trims it as it does without them.

use amoozgar_types::chat::Message;
use std::ops::Range;

/// The first of the private characters (planes 15 and 16) that mark a text's beginning and its end; the
/// message's place in the conversation is added.
const BEGINS: u32 = 0xF_0000;
const ENDS: u32 = 0x10_0000;
/// Messages that can be marked.
const MOST: u32 = 0xFFFE;

/// A text without its marks, and the places of the messages in it.
pub(super) struct Placed {
    pub(super) text: String,
    /// By the messages' places in the conversation.
    contents: Vec<Option<Content>>,
}

/// Where a message's text stands, in bytes.
pub(super) struct Content {
    /// Absent where the template left out the text's beginning.
    pub(super) start: Option<usize>,
    pub(super) end: usize,
}

/// The conversation with its marks; `None` where it holds such characters or is too long.
pub(super) fn mark(messages: &[Message]) -> Option<Vec<Message>> {
    let marks = |index: usize| {
        let index = u32::try_from(index).ok().filter(|&index| index < MOST)?;
        Some([
            char::from_u32(BEGINS + index)?,
            char::from_u32(ENDS + index)?,
        ])
    };
    let marked = messages.iter().enumerate().map(|(index, message)| {
        let text = message.content.as_str();
        if text.chars().any(|character| u32::from(character) >= BEGINS) {
            return None;
        }
        let core = text.trim();
        if core.is_empty() {
            return Some(message.clone());
        }
        let [begin, end] = marks(index)?;
        let (before, after) = text.split_once(core)?;
        let content = format!("{before}{begin}{core}{end}{after}");
        Some(Message::new(message.role, content))
    });
    marked.collect()
}

/// Takes the marks of `n_messages` out of what the template wrote.
pub(super) fn take_out(marked: &str, n_messages: usize) -> Placed {
    let mut text = String::with_capacity(marked.len());
    let mut begins: Vec<Vec<usize>> = vec![Vec::new(); n_messages];
    let mut ends = begins.clone();
    for character in marked.chars() {
        let code = u32::from(character);
        let (places, index) = match code {
            ENDS.. => (&mut ends, code - ENDS),
            BEGINS.. => (&mut begins, code - BEGINS),
            _ => {
                text.push(character);
                continue;
            }
        };
        match places.get_mut(index as usize) {
            Some(places) => places.push(text.len()),
            // No mark of this conversation: the template's own.
            None => text.push(character),
        }
    }
    let marks = begins.iter().zip(&ends);
    let contents = marks.map(
        |(begins, ends)| match (begins.as_slice(), ends.as_slice()) {
            (&[begin], &[end]) if begin < end => Some(Content {
                start: Some(begin),
                end,
            }),
            // A template that divides a text may leave out its beginning.
            (&[], &[end]) => Some(Content { start: None, end }),
            // A text that was written twice stands nowhere in particular.
            _ => None,
        },
    );
    Placed {
        contents: contents.collect(),
        text,
    }
}

impl Placed {
    /// Where the text of a message stands.
    pub(super) fn content(&self, index: usize) -> Option<&Content> {
        self.contents.get(index)?.as_ref()
    }

    /// Whether it is not known where the text of a message begins.
    pub(super) fn is_lost(&self, index: usize) -> bool {
        self.content(index)
            .is_none_or(|content| content.start.is_none())
    }

    /// Where the next message's text begins from `from` on; the end where none does.
    pub(super) fn next_content(&self, from: usize) -> usize {
        let starts = self.contents.iter().flatten();
        let starts = starts.filter_map(|content| content.start);
        let next = starts.filter(|&start| start >= from).min();
        next.unwrap_or(self.text.len())
    }

    /// Whether the place touches a message's text.
    pub(super) fn touches_content(&self, place: &Range<usize>) -> bool {
        let mut contents = self.contents.iter().flatten();
        contents.any(|content| {
            let start = content.start.unwrap_or(content.end);
            place.start < content.end && start < place.end
        })
    }
}
