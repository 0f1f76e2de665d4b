//! What a run would learn of some conversations: the text that the model's template writes of them, its
//! answers, and what the context cuts off.

use crate::EngineError;
use crate::load::Place;
use crate::tokenizer::chat::Example;
use amoozgar_data::{Conversations, columns, shape_of};
use amoozgar_types::chat::{ConversationsPreview, PreviewPart, PreviewPiece, PreviewRow};
use amoozgar_types::dataset::{Mapping, Shape, count_fault};
use amoozgar_types::spec::Supervise;
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
    /// Which answers are learnt.
    pub supervise: Supervise,
    /// The model that is to learn them.
    pub model_dir: &'a Path,
    /// Tokens in a sequence.
    pub context: usize,
    /// Conversations that are shown.
    pub n_rows: usize,
}

/// The first conversations of a file as a model learns them; none where it is not known what the rows are.
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
    if !guess.shape.is_conversation() {
        preview.used = Some(guess);
        return Ok(preview);
    }
    let place = Place::find(request.model_dir)?;
    let chat = place.chat(&place.tokenizer()?)?;
    for row in Conversations::open(request.data, &guess)?.take(N_READ) {
        if preview.rows.len() >= request.n_rows {
            break;
        }
        let faulty = match row? {
            Ok(row) => match chat.example(&row.messages) {
                Ok(example) => {
                    preview.rows.push(shown(&example, row.line, request));
                    continue;
                }
                Err(EngineError::ChatTemplate { detail }) => amoozgar_data::Faulty {
                    fault: amoozgar_types::dataset::RowFault::Refused,
                    value: Some(detail),
                    line: row.line,
                },
                Err(error) => return Err(error),
            },
            Err(faulty) => faulty,
        };
        let value = faulty.value.as_deref();
        count_fault(&mut preview.faults, faulty.fault, value, faulty.line);
    }
    preview.used = Some(guess);
    Ok(preview)
}

/// A conversation's text in pieces.
fn shown(example: &Example, line: u64, request: &PreviewRequest<'_>) -> PreviewRow {
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
    let mut done = 0;
    for answer in example.trained(request.supervise) {
        let (from, to) = (answer.bytes.start.min(end), answer.bytes.end.min(end));
        push(done, from, PreviewPart::Read);
        push(from, to, PreviewPart::Learnt);
        done = to;
    }
    push(done, end, PreviewPart::Read);
    push(end, example.text.len(), PreviewPart::Cut);
    PreviewRow {
        line,
        n_tokens: example.tokens.len() as u64,
        pieces,
    }
}
