//! Conversations as they are stored: listed, found, made, renamed, removed. Blocks.

use super::{history, models};
use crate::clock::{new_id, now_ms};
use crate::db::Db;
use crate::error;
use crate::paths::Paths;
use amoozgar_store::StoredChat;
use amoozgar_text::search::{find, squeeze};
use amoozgar_types::ApiError;
use amoozgar_types::chat::{
    ChatDetail, ChatModel, ChatPage, ChatQuery, ChatRecord, ChatSettings, FoundChat, ModelChoice,
};
use amoozgar_types::id::{ChatId, UserId};
use amoozgar_types::ipc::{ChatConfigure, ChatRename, NewChat};
use amoozgar_types::limits::chat as limits;

/// Characters of an excerpt before and behind what was found.
const AROUND_CHARS: usize = 40;
/// Characters of a title that is made of a first message.
const MADE_TITLE_CHARS: usize = 60;

/// A page of the user's conversations.
pub fn page(db: &Db, user_id: &UserId, query: &ChatQuery) -> Result<ChatPage, ApiError> {
    let folded = squeeze(&query.search);
    let page = db.now(|store| store.chat_page(user_id, &folded, query.limit, query.offset))?;
    let chats = page.chats.into_iter().map(|(chat, content)| FoundChat {
        chat,
        excerpt: content.map(|content| excerpt(&query.search, &content)),
    });
    Ok(ChatPage {
        chats: chats.collect(),
        n_matching: page.n_matching,
        n_all: page.n_all,
    })
}

/// Begins a conversation.
pub fn create(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    request: NewChat,
) -> Result<ChatRecord, ApiError> {
    check(&request.settings)?;
    let [model, compared] = both(db, paths, user_id, request.model, request.compared)?;
    let now = now_ms();
    let chat = ChatRecord {
        chat_id: ChatId::new(new_id()),
        title: String::new(),
        model,
        compared,
        settings: request.settings,
        created_ms: now,
        updated_ms: now,
    };
    db.now(|store| store.insert_chat(user_id, &chat, ""))?;
    Ok(chat)
}

/// One conversation with what is shown of it, as it is stored.
pub fn detail(db: &Db, user_id: &UserId, chat_id: &ChatId) -> Result<ChatDetail, ApiError> {
    let StoredChat { record, latest } = stored(db, user_id, chat_id)?;
    let messages = match latest {
        Some(latest) => {
            let all = db.now(|store| store.chat_messages(user_id, chat_id))?;
            history::shown(&all, &latest)
        }
        None => Vec::new(),
    };
    Ok(ChatDetail {
        chat: record,
        messages,
    })
}

/// The row of a conversation.
pub fn stored(db: &Db, user_id: &UserId, chat_id: &ChatId) -> Result<StoredChat, ApiError> {
    db.now(|store| store.chat(user_id, chat_id))?
        .ok_or_else(error::not_found)
}

/// Calls a conversation something else.
pub fn rename(db: &Db, user_id: &UserId, request: &ChatRename) -> Result<ChatRecord, ApiError> {
    let title = request.title.trim();
    if !limits::TITLE_CHARS.contains(&title.chars().count()) {
        return Err(ApiError::invalid_field("title"));
    }
    db.now(|store| store.rename_chat(user_id, &request.chat_id, title, &squeeze(title)))?;
    Ok(stored(db, user_id, &request.chat_id)?.record)
}

/// Changes models and settings for the answers that follow.
pub fn configure(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    request: ChatConfigure,
) -> Result<ChatRecord, ApiError> {
    check(&request.settings)?;
    let [model, compared] = both(db, paths, user_id, request.model, request.compared)?;
    let models = [model.as_ref(), compared.as_ref()];
    db.now(|store| store.configure_chat(user_id, &request.chat_id, models, &request.settings))?;
    Ok(stored(db, user_id, &request.chat_id)?.record)
}

/// What a conversation is called by its first message: its first line with words, cut between two.
pub fn made_title(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    if line.chars().count() <= MADE_TITLE_CHARS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(MADE_TITLE_CHARS).collect();
    let words = cut.rsplit_once(char::is_whitespace).map(|(words, _)| words);
    let kept = words.filter(|words| !words.is_empty()).unwrap_or(&cut);
    format!("{}…", kept.trim_end())
}

fn both(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: ModelChoice,
    compared: Option<ModelChoice>,
) -> Result<[Option<ChatModel>; 2], ApiError> {
    let named = |choice| models::named(db, paths, user_id, choice);
    Ok([Some(named(model)?), compared.map(named).transpose()?])
}

fn check(settings: &ChatSettings) -> Result<(), ApiError> {
    if let Some(field) = settings.sampling.wrong_field() {
        return Err(ApiError::invalid_field(field));
    }
    if !limits::SYSTEM_CHARS.contains(&settings.system.chars().count()) {
        return Err(ApiError::invalid_field("system"));
    }
    Ok(())
}

/// What stands around the place where something was found, on one line.
fn excerpt(search: &str, content: &str) -> String {
    let place = find(search, content).unwrap_or(0..0);
    let before: Vec<char> = content
        .get(..place.start)
        .unwrap_or_default()
        .chars()
        .collect();
    let is_cut = before.len() > AROUND_CHARS;
    let kept = before.get(before.len().saturating_sub(AROUND_CHARS)..);
    let rest = content.get(place.start..).unwrap_or_default();
    let n_found = content.get(place).unwrap_or_default().chars().count();
    let after: String = rest.chars().take(n_found + AROUND_CHARS).collect();
    let ends = after.len() < rest.len();
    let text: String = kept.unwrap_or_default().iter().collect::<String>() + &after;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let dots = |cut: bool| if cut { "…" } else { "" };
    format!("{}{line}{}", dots(is_cut), dots(ends))
}

#[cfg(test)]
mod tests {
    use super::{excerpt, made_title};

    #[test]
    fn a_title_is_the_first_line_cut_between_words() {
        assert_eq!(made_title("\n  سلام، چطوری؟ \nدوم"), "سلام، چطوری؟");
        let long = made_title(&"کلمه ".repeat(40));
        assert!(
            long.ends_with("کلمه…") && long.chars().count() <= 61,
            "{long}"
        );
        assert_eq!(
            made_title(&"آ".repeat(80)).chars().count(),
            61,
            "one long word"
        );
        assert_eq!(made_title("  "), "");
    }

    #[test]
    fn an_excerpt_shows_the_place_with_what_is_around_it() {
        let text = format!(
            "{} کتابِ مي\u{200C}خواندم {}",
            "الف ".repeat(30),
            "ب ".repeat(60)
        );
        let found = excerpt("می خواندم", &text);
        assert!(found.contains("مي\u{200C}خواندم"), "{found}");
        assert!(found.starts_with('…') && found.ends_with('…'), "{found}");
        assert_eq!(excerpt("سلام", "سلام\nدنیا"), "سلام دنیا");
    }
}
