//! What a run would learn of some conversations or pairs of them: the text that the model's template writes, its
//! answers, and what the context cuts off.

use crate::EngineError;
use crate::load::Place;
use crate::tokenizer::chat::{Answer, Chat, Example};
use amoozgar_data::{Conversations, Faulty, Pair, Pairs, columns, shape_of};
use amoozgar_types::chat::{
    ConversationsPreview, Dialogue, PairSide, PreviewPart, PreviewPiece, PreviewRow,
    PreviewThoughts,
};
use amoozgar_types::dataset::{Guess, Mapping, RowFault, Shape, count_fault};
use amoozgar_types::spec::Lessons;
use std::path::Path;

/// Rows that are read in search of conversations.
const N_READ: usize = 500;

/// What is looked at, and how.
#[derive(Debug, Clone, Copy)]
pub struct PreviewRequest<'a> {
    /// The dataset's file.
    pub data: &'a Path,
    /// What its rows are; what they look like where absent.
    pub shape: Option<Shape>,
    /// The columns of their parts; those that are looked for by name where absent.
    pub mapping: &'a Mapping,
    /// What of them is learnt.
    pub lessons: Lessons,
    /// The model that is to learn them.
    pub model_dir: &'a Path,
    /// Tokens in a sequence.
    pub context: usize,
    /// Conversations or pairs that are shown.
    pub n_rows: usize,
}

/// The first conversations (or pairs, both sides of each) of a file as a model learns them; none where it is not known what the rows are.
///
/// # Errors
/// Where the file or the model cannot be read, or a column is not there.
pub fn preview_conversations(
    request: &PreviewRequest<'_>,
) -> Result<ConversationsPreview, EngineError> {
    let columns = columns(request.data)?;
    let is_known =
        request.shape.is_some() || !request.mapping.is_empty() || columns.guess.is_some();
    let mut preview = ConversationsPreview {
        columns,
        used: None,
        rows: Vec::new(),
        faults: Vec::new(),
    };
    if !is_known {
        return Ok(preview);
    }
    let guess = shape_of(request.data, request.shape, request.mapping)?;
    if !guess.shape.has_messages() {
        preview.used = Some(guess);
        return Ok(preview);
    }
    let place = Place::find(request.model_dir)?;
    let chat = place.chat(&place.tokenizer()?)?;
    let found = if guess.shape == Shape::Preference {
        pairs(request, &guess, &chat, &mut preview)
    } else {
        conversations(request, &guess, &chat, &mut preview)
    };
    found?;
    preview.used = Some(guess);
    Ok(preview)
}

fn conversations(
    request: &PreviewRequest<'_>,
    guess: &Guess,
    chat: &Chat,
    preview: &mut ConversationsPreview,
) -> Result<(), EngineError> {
    for row in Conversations::open(request.data, guess)?.take(N_READ) {
        if preview.rows.len() >= request.n_rows {
            break;
        }
        let written = match row? {
            Ok(row) => match written(chat, row.dialogue(), row.line)? {
                Ok(example) => {
                    let answers = example.trained(request.lessons.supervise);
                    preview
                        .rows
                        .push(shown(&example, answers, row.line, None, request));
                    continue;
                }
                Err(faulty) => faulty,
            },
            Err(faulty) => faulty,
        };
        count(preview, &written);
    }
    Ok(())
}

fn pairs(
    request: &PreviewRequest<'_>,
    guess: &Guess,
    chat: &Chat,
    preview: &mut ConversationsPreview,
) -> Result<(), EngineError> {
    for row in Pairs::open(request.data, guess)?.take(N_READ) {
        if preview.rows.len() >= 2 * request.n_rows {
            break;
        }
        let found = match row? {
            Ok(pair) => sides(chat, &pair, request)?,
            Err(faulty) => Err(faulty),
        };
        match found {
            Ok(rows) => preview.rows.extend(rows),
            Err(faulty) => count(preview, &faulty),
        }
    }
    Ok(())
}

/// Both sides of a pair.
fn sides(
    chat: &Chat,
    pair: &Pair,
    request: &PreviewRequest<'_>,
) -> Result<Result<Vec<PreviewRow>, Faulty>, EngineError> {
    let mut rows = Vec::with_capacity(2);
    let sides = [PairSide::Chosen, PairSide::Rejected];
    for (side, messages) in sides.into_iter().zip(pair.conversations()) {
        let dialogue = Dialogue {
            messages: &messages,
            tools: pair.tools.as_deref(),
        };
        match written(chat, dialogue, pair.line)? {
            Ok(example) => {
                let answers = example.answers_after(&pair.prompt);
                rows.push(shown(&example, answers, pair.line, Some(side), request));
            }
            Err(faulty) => return Ok(Err(faulty)),
        }
    }
    Ok(Ok(rows))
}

fn written(
    chat: &Chat,
    dialogue: Dialogue<'_>,
    line: u64,
) -> Result<Result<Example, Faulty>, EngineError> {
    match chat.example(dialogue) {
        Ok(example) => Ok(Ok(example)),
        Err(EngineError::ChatTemplate { detail }) => Ok(Err(Faulty {
            fault: RowFault::Refused,
            value: Some(detail),
            line,
        })),
        Err(error) => Err(error),
    }
}

fn count(preview: &mut ConversationsPreview, faulty: &Faulty) {
    let value = faulty.value.as_deref();
    count_fault(&mut preview.faults, faulty.fault, value, faulty.line);
}

/// A conversation's text in pieces.
fn shown(
    example: &Example,
    answers: &[Answer],
    line: u64,
    side: Option<PairSide>,
    request: &PreviewRequest<'_>,
) -> PreviewRow {
    // The last token that goes in predicts one more.
    let end = example.starts.get(request.context + 1).copied();
    let end = end.unwrap_or(example.text.len());
    let mut pieces = Vec::new();
    let mut push = |from: usize, to: usize, part: PreviewPart| {
        if let Some(text) = example.text.get(from..to)
            && !text.is_empty()
        {
            let text = text.to_owned();
            pieces.push(PreviewPiece { text, part });
        }
    };
    let (mut done, mut thoughts) = (0, PreviewThoughts::Absent);
    for answer in answers {
        let (bytes, _) = answer.learnt(request.lessons.thinking);
        let (from, to) = (bytes.start.min(end), bytes.end.min(end));
        push(done, from, PreviewPart::Read);
        push(from, to, PreviewPart::Learnt);
        done = to;
        thoughts = thoughts.max(match (answer.is_unthought, answer.thoughts_end) {
            (true, _) => PreviewThoughts::LeftOut,
            (false, Some(_)) => PreviewThoughts::Written,
            (false, None) => PreviewThoughts::Absent,
        });
    }
    push(done, end, PreviewPart::Read);
    push(end, example.text.len(), PreviewPart::Cut);
    PreviewRow {
        line,
        side,
        n_tokens: example.tokens.len() as u64,
        pieces,
        thoughts,
    }
}
