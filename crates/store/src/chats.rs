//! The table `chats`: conversations with a model, each its user's own.

use crate::column::{from_json, from_json_or_null, to_json};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::chat::{ChatModel, ChatRecord, ChatSettings};
use amoozgar_types::id::{ChatId, MessageId, UserId};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

/// The most conversations of one answer.
const MOST: u32 = 200;

/// A conversation with what the tree of its messages is entered by.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredChat {
    /// What lists show.
    pub record: ChatRecord,
    /// The message whose way to the root is shown.
    pub latest: Option<MessageId>,
}

/// A page of conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredChatPage {
    /// Each with the latest message that holds what was looked for, where the title does not.
    pub chats: Vec<(ChatRecord, Option<String>)>,
    /// How many fit the search.
    pub n_matching: u32,
    /// How many the user has.
    pub n_all: u32,
}

/// What fits a search: by title or by any message. The folded search is empty where all fit.
const MATCHING: &str = "
    FROM chats WHERE user_id = :user_id AND (:search = '' OR instr(folded_title, :search) > 0
        OR EXISTS (SELECT 1 FROM chat_messages AS m
                   WHERE m.chat_id = chats.chat_id AND instr(m.folded, :search) > 0))";

impl Store {
    /// Adds a conversation. `folded_title` is what its title is searched by.
    pub fn insert_chat(
        &self,
        user_id: &UserId,
        chat: &ChatRecord,
        folded_title: &str,
    ) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "INSERT INTO chats (chat_id, user_id, title, folded_title, model, compared, settings,
                     created_ms, updated_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    chat.chat_id.as_str(),
                    user_id.as_str(),
                    chat.title,
                    folded_title,
                    model_json(chat.model.as_ref())?,
                    model_json(chat.compared.as_ref())?,
                    to_json("settings", &chat.settings)?,
                    chat.created_ms,
                    chat.updated_ms,
                ],
            )
            .doing("save the conversation")
            .map(drop)
    }

    /// One of the user's conversations.
    pub fn chat(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
    ) -> Result<Option<StoredChat>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM chats WHERE chat_id = ?1 AND user_id = ?2",
                [chat_id.as_str(), user_id.as_str()],
                |row| {
                    let latest: Option<String> = row.get("latest_id")?;
                    Ok(StoredChat {
                        record: read_record(row)?,
                        latest: latest.map(MessageId::new),
                    })
                },
            )
            .optional()
            .doing("read the conversation")
    }

    /// A page of a user's conversations, the one with the latest message first. `folded_search` is folded
    /// as the columns are.
    pub fn chat_page(
        &self,
        user_id: &UserId,
        folded_search: &str,
        limit: u32,
        offset: u32,
    ) -> Result<StoredChatPage, StoreError> {
        let connection = self.connection();
        let search = named_params! { ":user_id": user_id.as_str(), ":search": folded_search };
        let n_matching = connection
            .prepare_cached(&format!("SELECT count(*) {MATCHING}"))
            .and_then(|mut statement| statement.query_row(search, |row| row.get(0)))
            .doing("count the conversations")?;
        let n_all = connection
            .query_row(
                "SELECT count(*) FROM chats WHERE user_id = ?1",
                [user_id.as_str()],
                |row| row.get(0),
            )
            .doing("count the conversations")?;
        let page = format!(
            "SELECT *, CASE WHEN :search <> '' AND instr(folded_title, :search) = 0 THEN
                 (SELECT m.content FROM chat_messages AS m
                  WHERE m.chat_id = chats.chat_id AND instr(m.folded, :search) > 0
                  ORDER BY m.place DESC LIMIT 1) END AS found
             {MATCHING} ORDER BY updated_ms DESC, chat_id DESC LIMIT :limit OFFSET :offset"
        );
        let chats = connection
            .prepare_cached(&page)
            .and_then(|mut statement| {
                statement
                    .query_map(
                        named_params! {
                            ":user_id": user_id.as_str(),
                            ":search": folded_search,
                            ":limit": limit.clamp(1, MOST),
                            ":offset": offset,
                        },
                        |row| Ok((read_record(row)?, row.get("found")?)),
                    )?
                    .collect()
            })
            .doing("list the conversations")?;
        Ok(StoredChatPage {
            chats,
            n_matching,
            n_all,
        })
    }

    /// Calls a conversation something else.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn rename_chat(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
        title: &str,
        folded_title: &str,
    ) -> Result<(), StoreError> {
        let changed = self
            .connection()
            .execute(
                "UPDATE chats SET title = ?3, folded_title = ?4 WHERE chat_id = ?1 AND user_id = ?2",
                params![chat_id.as_str(), user_id.as_str(), title, folded_title],
            )
            .doing("rename the conversation")?;
        found(changed, chat_id)
    }

    /// Changes with whom a conversation goes on, and how.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn configure_chat(
        &self,
        user_id: &UserId,
        chat_id: &ChatId,
        models: [Option<&ChatModel>; 2],
        settings: &ChatSettings,
    ) -> Result<(), StoreError> {
        let [model, compared] = models;
        let changed = self
            .connection()
            .execute(
                "UPDATE chats SET model = ?3, compared = ?4, settings = ?5
                 WHERE chat_id = ?1 AND user_id = ?2",
                params![
                    chat_id.as_str(),
                    user_id.as_str(),
                    model_json(model)?,
                    model_json(compared)?,
                    to_json("settings", settings)?,
                ],
            )
            .doing("save the conversation's settings")?;
        found(changed, chat_id)
    }

    /// Removes a conversation with its messages.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn delete_chat(&self, user_id: &UserId, chat_id: &ChatId) -> Result<(), StoreError> {
        let removed = self
            .connection()
            .execute(
                "DELETE FROM chats WHERE chat_id = ?1 AND user_id = ?2",
                [chat_id.as_str(), user_id.as_str()],
            )
            .doing("remove the conversation")?;
        found(removed, chat_id)
    }
}

/// Refuses a conversation that is not there, or someone else's.
pub(crate) fn must_be_of(
    connection: &Connection,
    user_id: &UserId,
    chat_id: &ChatId,
) -> Result<(), StoreError> {
    let n: u32 = connection
        .query_row(
            "SELECT count(*) FROM chats WHERE chat_id = ?1 AND user_id = ?2",
            [chat_id.as_str(), user_id.as_str()],
            |row| row.get(0),
        )
        .doing("look up the conversation")?;
    found(n as usize, chat_id)
}

fn found(n_rows: usize, chat_id: &ChatId) -> Result<(), StoreError> {
    if n_rows == 0 {
        return Err(StoreError::not_found("conversation", chat_id));
    }
    Ok(())
}

fn model_json(model: Option<&ChatModel>) -> Result<Option<String>, StoreError> {
    model.map(|model| to_json("model", model)).transpose()
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<ChatRecord> {
    Ok(ChatRecord {
        chat_id: ChatId::new(row.get::<_, String>("chat_id")?),
        title: row.get("title")?,
        model: from_json_or_null(row, "model")?,
        compared: from_json_or_null(row, "compared")?,
        settings: from_json(row, "settings")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}
