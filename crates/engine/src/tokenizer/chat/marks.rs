//! Where the texts of a conversation stand in what a template writes: each goes in between two characters
//! that no text has, by which it is found again.
//!
//! The marks stand next to the text's first and last characters that are no white space, so that a template
//! which trims a text trims it as it does without them.

use crate::tokenizer::chat_template::GENERATED;
use amoozgar_types::chat::Message;
use std::ops::Range;

/// The first of the private characters (planes 15 and 16) that mark a text's beginning and its end; the
/// message's place in the conversation is added.
const BEGINS: u32 = 0xF_0000;
const ENDS: u32 = 0x10_0000;
/// Messages that can be marked.
const MOST: u32 = 0x7FFE;
/// What is added for a message's thoughts.
const THOUGHTS: u32 = 0x8000;

/// A text without its marks, and the places of the messages in it.
pub(super) struct Placed {
    pub(super) text: String,
    /// By the messages' places in the conversation.
    contents: Vec<Option<Content>>,
    /// Of the thoughts before answers, likewise.
    thoughts: Vec<Option<Content>>,
    /// What the template says that a model writes, in bytes.
    pub(super) generated: Vec<Range<usize>>,
}

/// How a template is given the thoughts before an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thoughts {
    /// Under a key of their own, which it writes.
    Apart,
    /// At the beginning of the answer's text, between `<think>` and `</think>`: it knows no such key.
    InText,
}

/// Where a message's text stands, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    /// Absent where the template left out the text's beginning.
    pub(super) start: Option<usize>,
    pub(super) end: usize,
}

/// The messages as the template is given them.
pub(super) fn plain(messages: &[Message], thoughts: Thoughts) -> Vec<Message> {
    let given = messages.iter().map(|message| {
        let mut given = message.clone();
        if let (Thoughts::InText, Some(reasoning)) = (thoughts, &message.reasoning) {
            given.content = with_thoughts(&in_tags(reasoning), &message.content);
            given.reasoning = None;
        }
        given
    });
    given.collect()
}

fn in_tags(reasoning: &str) -> String {
    format!("<think>\n{}\n</think>", reasoning.trim())
}

fn with_thoughts(thoughts: &str, content: &str) -> String {
    if content.is_empty() {
        thoughts.to_owned()
    } else {
        format!("{thoughts}\n\n{content}")
    }
}

/// The same with their marks; `None` where a text holds such characters or they are too many.
pub(super) fn mark(messages: &[Message], thoughts: Thoughts) -> Option<Vec<Message>> {
    let marked = messages.iter().enumerate().map(|(index, message)| {
        let index = u32::try_from(index).ok().filter(|&index| index < MOST)?;
        let mut marked = message.clone();
        marked.content = between_marks(&message.content, index)?;
        if let Some(reasoning) = &message.reasoning {
            let place = index + THOUGHTS;
            match thoughts {
                Thoughts::Apart => marked.reasoning = Some(between_marks(reasoning, place)?),
                Thoughts::InText => {
                    let inner = between_marks(&in_tags(reasoning), place)?;
                    marked.content = with_thoughts(&inner, &marked.content);
                    marked.reasoning = None;
                }
            }
        }
        Some(marked)
    });
    marked.collect()
}

/// A text with marks around what is no white space at its ends.
fn between_marks(text: &str, index: u32) -> Option<String> {
    if text.chars().any(|character| u32::from(character) >= BEGINS) {
        return None;
    }
    let core = text.trim();
    if core.is_empty() {
        return Some(text.to_owned());
    }
    let begin = char::from_u32(BEGINS + index)?;
    let end = char::from_u32(ENDS + index)?;
    let (before, after) = text.split_once(core)?;
    Some(format!("{before}{begin}{core}{end}{after}"))
}

/// Takes the marks of `n_messages` out of what the template wrote.
pub(super) fn take_out(marked: &str, n_messages: usize) -> Placed {
    let mut text = String::with_capacity(marked.len());
    let mut found = [Found::of(n_messages), Found::of(n_messages)];
    let (mut generated, mut begun) = (Vec::new(), None);
    for character in marked.chars() {
        let code = u32::from(character);
        if character == GENERATED[0] {
            begun = Some(text.len());
            continue;
        }
        if character == GENERATED[1] {
            generated.extend(begun.take().map(|begin| begin..text.len()));
            continue;
        }
        let (is_end, index) = match code {
            ENDS.. => (true, code - ENDS),
            BEGINS.. => (false, code - BEGINS),
            _ => {
                text.push(character);
                continue;
            }
        };
        let [contents, thoughts] = &mut found;
        let (kind, index) = match index.checked_sub(THOUGHTS) {
            Some(index) => (thoughts, index),
            None => (contents, index),
        };
        let places = if is_end {
            &mut kind.ends
        } else {
            &mut kind.begins
        };
        match places.get_mut(index as usize) {
            Some(places) => places.push(text.len()),
            // No mark of this conversation: the template's own.
            None => text.push(character),
        }
    }
    let [contents, thoughts] = found.map(Found::places);
    Placed {
        text,
        contents,
        thoughts,
        generated,
    }
}

/// Where the marks of each message were found.
struct Found {
    begins: Vec<Vec<usize>>,
    ends: Vec<Vec<usize>>,
}

impl Found {
    fn of(n_messages: usize) -> Self {
        Self {
            begins: vec![Vec::new(); n_messages],
            ends: vec![Vec::new(); n_messages],
        }
    }

    fn places(self) -> Vec<Option<Content>> {
        let marks = self.begins.iter().zip(&self.ends);
        let places = marks.map(
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
        places.collect()
    }
}

impl Placed {
    /// Where the text of a message stands.
    pub(super) fn content(&self, index: usize) -> Option<Content> {
        self.contents.get(index).copied().flatten()
    }

    /// Where the thoughts of a message stand as a whole.
    pub(super) fn thoughts(&self, index: usize) -> Option<Range<usize>> {
        let place = self.thoughts.get(index).copied().flatten()?;
        Some(place.start?..place.end)
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
        let mut contents = self.contents.iter().chain(&self.thoughts).flatten();
        contents.any(|content| {
            let start = content.start.unwrap_or(content.end);
            place.start < content.end && start < place.end
        })
    }
}
