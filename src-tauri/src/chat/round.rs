//! A round of answers before a model is asked: the question and the empty answers as rows, and what each
//! model will read. Blocks.

use super::conversations::{made_title, stored};
use super::{history, models};
use crate::clock::{new_id, new_seed, now_ms};
use crate::db::Db;
use crate::error;
use crate::paths::Paths;
use amoozgar_store::{FoldedMessage, StoredChat};
use amoozgar_text::search::squeeze;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatMessage, ChatModel, ChatRecord, MessageStatus, Role, Side};
use amoozgar_types::id::{ChatId, MessageId, UserId};
use amoozgar_types::ipc::{ChatRegenerate, ChatSend};
use amoozgar_types::limits::chat as limits;
use amoozgar_types::process::{ModelFiles, Prompt, PromptInput};

/// Answers that are to be written, one after another.
pub(super) struct Round {
    pub(super) user_id: UserId,
    pub(super) chat_id: ChatId,
    /// What the conversation is called, for who asks what the models are in use for.
    pub(super) title: String,
    pub(super) answers: Vec<Planned>,
}

/// An answer that is to be written.
pub(super) struct Planned {
    pub(super) answer: ChatMessage,
    pub(super) files: ModelFiles,
    pub(super) prompt: Prompt,
}

/// Stores a person's message with the answers that are to come.
///
/// # Errors
/// Where the text cannot be sent, or a model is not there any more; then nothing is stored.
pub(super) fn ask(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    request: &ChatSend,
) -> Result<Round, ApiError> {
    let text = request.text.trim();
    if !limits::TEXT_CHARS.contains(&text.chars().count()) {
        return Err(ApiError::invalid_field("text"));
    }
    let StoredChat { record, latest } = stored(db, user_id, &request.chat_id)?;
    let mut messages = db.now(|store| store.chat_messages(user_id, &record.chat_id))?;
    let question = ChatMessage {
        content: text.to_owned(),
        status: MessageStatus::Whole,
        ..message(latest, Role::User, Side::First)
    };
    messages.push(question.clone());
    let sides = [
        (Side::First, record.model.as_ref()),
        (Side::Second, record.compared.as_ref()),
    ];
    let mut answers = Vec::new();
    for (side, model) in sides {
        match (side, model) {
            (_, Some(model)) => {
                let planned = (side, model, &question.message_id);
                answers.push(plan(db, paths, user_id, &record, &messages, planned)?);
            }
            (Side::First, None) => return Err(ApiError::invalid_field("model")),
            (Side::Second, None) => {}
        }
    }
    let mut rows = vec![question];
    rows.extend(answers.iter().map(|planned| planned.answer.clone()));
    let latest = answers
        .first()
        .map(|planned| planned.answer.message_id.clone());
    add(
        db,
        user_id,
        &record.chat_id,
        &rows,
        latest,
        &made_title(text),
    )?;
    Ok(Round {
        user_id: user_id.clone(),
        title: if record.title.is_empty() {
            made_title(text)
        } else {
            record.title
        },
        chat_id: record.chat_id,
        answers,
    })
}

/// Stores another answer beside the one that is there.
///
/// # Errors
/// Where it is no answer, or its model is not there any more.
pub(super) fn again(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    request: &ChatRegenerate,
) -> Result<Round, ApiError> {
    let StoredChat { record, latest } = stored(db, user_id, &request.chat_id)?;
    let messages = db.now(|store| store.chat_messages(user_id, &record.chat_id))?;
    let former = messages
        .iter()
        .find(|one| one.message_id == request.message_id && one.role == Role::Assistant)
        .ok_or_else(error::not_found)?;
    let question = former.parent_id.clone().ok_or_else(error::not_found)?;
    let model = match former.side {
        Side::First => record.model.as_ref(),
        Side::Second => record.compared.as_ref(),
    };
    let model = model.ok_or_else(|| ApiError::invalid_field("model"))?;
    let planned = plan(
        db,
        paths,
        user_id,
        &record,
        &messages,
        (former.side, model, &question),
    )?;
    // What is shown goes on from the first side's answer.
    let latest = match former.side {
        Side::First => Some(planned.answer.message_id.clone()),
        Side::Second => latest,
    };
    let rows = [planned.answer.clone()];
    add(db, user_id, &record.chat_id, &rows, latest, "")?;
    Ok(Round {
        user_id: user_id.clone(),
        title: record.title,
        chat_id: record.chat_id,
        answers: vec![planned],
    })
}

fn plan(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    chat: &ChatRecord,
    messages: &[ChatMessage],
    (side, model, question): (Side, &ChatModel, &MessageId),
) -> Result<Planned, ApiError> {
    let (files, name) = models::found(db, paths, user_id, &model.choice)?;
    let settings = &chat.settings;
    let read = history::prompt(messages, question, side, &settings.system);
    Ok(Planned {
        answer: ChatMessage {
            model_name: Some(name),
            ..message(Some(question.clone()), Role::Assistant, side)
        },
        files,
        prompt: Prompt {
            input: PromptInput::Messages(read),
            sampling: settings.sampling.clone(),
            seed: settings.seed.map_or_else(new_seed, u64::from),
        },
    })
}

/// An empty message, which is being written.
fn message(parent_id: Option<MessageId>, role: Role, side: Side) -> ChatMessage {
    ChatMessage {
        message_id: MessageId::new(new_id()),
        parent_id,
        role,
        content: String::new(),
        side,
        status: MessageStatus::Writing,
        error: None,
        model_name: None,
        template: None,
        n_left_out: 0,
        n_tokens: None,
        tokens_per_s: None,
        created_ms: now_ms(),
    }
}

fn add(
    db: &Db,
    user_id: &UserId,
    chat_id: &ChatId,
    messages: &[ChatMessage],
    latest: Option<MessageId>,
    title: &str,
) -> Result<(), ApiError> {
    let latest = latest.ok_or_else(error::not_found)?;
    let folded: Vec<String> = messages
        .iter()
        .map(|message| squeeze(&message.content))
        .collect();
    let rows: Vec<FoldedMessage<'_>> = messages
        .iter()
        .zip(&folded)
        .map(|(message, folded)| FoldedMessage { message, folded })
        .collect();
    let title = [title, &squeeze(title)];
    db.now(|store| store.add_chat_messages(user_id, chat_id, &rows, &latest, title))
}
