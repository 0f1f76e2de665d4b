//! The table `chat_messages`: what was said in conversations, as trees.

use crate::chats::must_be_of;
use crate::column::{from_json_or_null, named, to_json};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::chat::{ChatMessage, MessageStatus, Role, Side};
use amoozgar_types::id::{ChatId, MessageId, UserId};
use amoozgar_types::sampling::TemplateKind;
use rusqlite::{Connection, Row, params};

/// A message with what it is searched by.
#[derive(Debug, Clone, Copy)]
pub struct FoldedMessage<'a> {
    /// The message.
    pub message: &'a ChatMessage,
    /// Its text, folded.
    pub folded: &'a str,
}

impl Store {
    /// Adds messages, each after the one that it follows; the way to `latest` is what is shown from now on.
    /// A conversation without a title gets `title`, given with what it is searched by.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the conversation is not the user's.
    pub fn add_chat_messages(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
        messages: &[FoldedMessage<'_>],
        latest: &MessageId,
        title: [&str; 2],
    ) -> Result<(), StoreError> {
        self.write("save the messages", |transaction| {
            must_be_of(transaction, user_id, chat_id)?;
            for added in messages {
                insert(transaction, chat_id, added)?;
            }
            let now = messages.iter().map(|added| added.message.created_ms).max();
            let [title, folded_title] = title;
            transaction
                .execute(
                    "UPDATE chats SET latest_id = ?2, updated_ms = coalesce(?3, updated_ms),
                         title = iif(title = '', ?4, title),
                         folded_title = iif(title = '', ?5, folded_title)
                     WHERE chat_id = ?1",
                    params![chat_id.as_str(), latest.as_str(), now, title, folded_title],
                )
                .doing("save the messages")?;
            Ok(())
        })
    }

    /// Writes down how far an answer is. One that is gone with its conversation stays gone.
    pub fn save_chat_message(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
        saved: &FoldedMessage<'_>,
    ) -> Result<(), StoreError> {
        let FoldedMessage { message, folded } = saved;
        self.connection()
            .prepare_cached(
                "UPDATE chat_messages SET content = ?4, folded = ?5, status = ?6, error = ?7,
                     template = ?8, n_tokens = ?9, tokens_per_s = ?10, n_left_out = ?11
                 WHERE chat_id = ?1 AND message_id = ?2
                     AND EXISTS (SELECT 1 FROM chats WHERE chat_id = ?1 AND user_id = ?3)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    chat_id.as_str(),
                    message.message_id.as_str(),
                    user_id.as_str(),
                    message.content,
                    folded,
                    message.status.as_str(),
                    error_json(message).map_err(to_sql)?,
                    message.template.map(TemplateKind::as_str),
                    message.n_tokens,
                    message.tokens_per_s,
                    message.n_left_out,
                ])
            })
            .doing("save the answer")
            .map(drop)
    }

    /// Every message of a conversation, the earlier first.
    pub fn chat_messages(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
    ) -> Result<Vec<ChatMessage>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT chat_messages.* FROM chat_messages JOIN chats USING (chat_id)
                 WHERE chat_id = ?1 AND user_id = ?2 ORDER BY place",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([chat_id.as_str(), user_id.as_str()], read_message)?
                    .collect()
            })
            .doing("read the conversation")
    }

    /// What was being written when the program ended is written no more.
    pub fn stop_unfinished_messages(&self) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "UPDATE chat_messages SET status = 'stopped' WHERE status = 'writing'",
                [],
            )
            .doing("end the answers of the last time")
            .map(drop)
    }
}

fn insert(
    connection: &Connection,
    chat_id: &ChatId,
    added: &FoldedMessage<'_>,
) -> Result<(), StoreError> {
    let FoldedMessage { message, folded } = added;
    connection
        .prepare_cached(
            "INSERT INTO chat_messages (chat_id, message_id, parent_id, place, role, side, status,
                 content, folded, error, model_name, template, n_tokens, tokens_per_s, created_ms,
                 n_left_out)
             VALUES (?1, ?2, ?3,
                 (SELECT coalesce(max(place) + 1, 0) FROM chat_messages WHERE chat_id = ?1),
                 ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                chat_id.as_str(),
                message.message_id.as_str(),
                message.parent_id.as_ref().map(MessageId::as_str),
                message.role.as_str(),
                message.side.as_str(),
                message.status.as_str(),
                message.content,
                folded,
                error_json(message).map_err(to_sql)?,
                message.model_name,
                message.template.map(TemplateKind::as_str),
                message.n_tokens,
                message.tokens_per_s,
                message.created_ms,
                message.n_left_out,
            ])
        })
        .doing("save the message")
        .map(drop)
}

fn error_json(message: &ChatMessage) -> Result<Option<String>, StoreError> {
    let error = message.error.as_ref();
    error.map(|error| to_json("error", error)).transpose()
}

fn to_sql(failure: StoreError) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(failure))
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<ChatMessage> {
    let parent: Option<String> = row.get("parent_id")?;
    let template: Option<String> = row.get("template")?;
    Ok(ChatMessage {
        message_id: MessageId::new(row.get::<_, String>("message_id")?),
        parent_id: parent.map(MessageId::new),
        role: named(row, "role", Role::parse)?,
        content: row.get("content")?,
        side: named(row, "side", Side::parse)?,
        status: named(row, "status", MessageStatus::parse)?,
        error: from_json_or_null(row, "error")?,
        model_name: row.get("model_name")?,
        template: template.as_deref().and_then(TemplateKind::parse),
        n_left_out: row.get("n_left_out")?,
        n_tokens: row.get("n_tokens")?,
        tokens_per_s: row.get("tokens_per_s")?,
        created_ms: row.get("created_ms")?,
    })
}
