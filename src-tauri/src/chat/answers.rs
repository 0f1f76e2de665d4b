//! Having questions answered. A round of answers is a task of its own: it goes on when the page is left, and
//! ends with the person's sign-out.

use super::conversations;
use super::history;
use super::live::{Follower, Live};
use super::round::{self, Round};
use super::writing;
use crate::db::{Db, blocking};
use crate::error;
use crate::hold::Hold;
use crate::paths::Paths;
use crate::process::Inference;
use amoozgar_store::Store;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatDetail, ChatMessage};
use amoozgar_types::id::{ChatId, UserId};
use amoozgar_types::ipc::{ChatRegenerate, ChatSend, ChatUpdate};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Rounds = Arc<Mutex<HashMap<ChatId, Arc<Live>>>>;

/// The conversations in which an answer is under way.
#[derive(Clone)]
pub struct Chats {
    db: Db,
    paths: Paths,
    inference: Arc<Inference>,
    hold: Hold,
    rounds: Rounds,
}

/// A conversation's place among those under way, which is free again when this is dropped.
struct Place {
    rounds: Rounds,
    chat_id: ChatId,
    live: Arc<Live>,
}

impl Chats {
    /// None are under way. What the program wrote when it last ended is written no more.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn new(
        db: Db,
        paths: Paths,
        inference: Arc<Inference>,
        hold: Hold,
    ) -> Result<Self, ApiError> {
        db.now(Store::stop_unfinished_messages)?;
        Ok(Self {
            db,
            paths,
            inference,
            hold,
            rounds: Rounds::default(),
        })
    }

    /// Adds a person's message and has it answered.
    ///
    /// # Errors
    /// Where the message cannot be sent; then it is not stored.
    pub async fn send(&self, user_id: UserId, request: ChatSend) -> Result<ChatDetail, ApiError> {
        let chat_id = request.chat_id.clone();
        self.begin(user_id, chat_id, move |db, paths, user_id| {
            round::ask(db, paths, user_id, &request)
        })
        .await
    }

    /// Has a question answered anew.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn regenerate(
        &self,
        user_id: UserId,
        request: ChatRegenerate,
    ) -> Result<ChatDetail, ApiError> {
        let chat_id = request.chat_id.clone();
        self.begin(user_id, chat_id, move |db, paths, user_id| {
            round::again(db, paths, user_id, &request)
        })
        .await
    }

    /// One conversation as it is now.
    ///
    /// # Errors
    /// Where it is not the user's.
    pub async fn detail(&self, user_id: UserId, chat_id: ChatId) -> Result<ChatDetail, ApiError> {
        let db = self.db.clone();
        // Before what is stored, which it has written when it is gone.
        let live = self.live(&chat_id);
        let stored = blocking(move || conversations::detail(&db, &user_id, &chat_id)).await?;
        Ok(as_now(stored, live.as_deref()))
    }

    /// Tells of the answers under way until they have ended.
    ///
    /// # Errors
    /// Where the conversation is not the user's.
    pub async fn follow(
        &self,
        user_id: UserId,
        chat_id: ChatId,
        follower: Follower,
    ) -> Result<(), ApiError> {
        self.must_be_of(user_id, chat_id.clone()).await?;
        match self.live(&chat_id) {
            Some(live) => live.follow(follower),
            None => {
                follower(ChatUpdate::Done);
            }
        }
        Ok(())
    }

    /// Ends the answers under way; what has come is kept.
    ///
    /// # Errors
    /// Where the conversation is not the user's.
    pub async fn stop(&self, user_id: UserId, chat_id: ChatId) -> Result<(), ApiError> {
        self.must_be_of(user_id, chat_id.clone()).await?;
        if let Some(live) = self.live(&chat_id) {
            live.stop();
        }
        Ok(())
    }

    /// Removes a conversation; its answers under way end.
    ///
    /// # Errors
    /// Where it is not the user's.
    pub async fn delete(&self, user_id: UserId, chat_id: ChatId) -> Result<(), ApiError> {
        self.stop(user_id.clone(), chat_id.clone()).await?;
        self.db
            .call(move |store| store.delete_chat(&user_id, &chat_id))
            .await
    }

    /// Ends the answers under way of whoever signs out, and tells nobody any more.
    pub fn leave(&self) {
        for live in self.lock().values() {
            live.stop();
            live.forget_followers();
        }
    }

    /// Stores what `plan` makes, and has it written by a task of its own.
    async fn begin(
        &self,
        user_id: UserId,
        chat_id: ChatId,
        plan: impl FnOnce(&Db, &Paths, &UserId) -> Result<Round, ApiError> + Send + 'static,
    ) -> Result<ChatDetail, ApiError> {
        let place = self.take_place(&chat_id)?;
        let (db, paths) = (self.db.clone(), self.paths.clone());
        let (round, stored) = blocking(move || {
            let round = plan(&db, &paths, &user_id)?;
            let stored = conversations::detail(&db, &user_id, &chat_id)?;
            Ok((round, stored))
        })
        .await?;
        let answers = round.answers.iter();
        let answers: Vec<ChatMessage> = answers.map(|planned| planned.answer.clone()).collect();
        place.live.begin(answers);
        let detail = as_now(stored, Some(&place.live));
        let (db, inference) = (self.db.clone(), Arc::clone(&self.inference));
        let hold = self.hold.clone();
        tokio::spawn(async move {
            writing::write(&db, &inference, &hold, &place.live, round).await;
        });
        Ok(detail)
    }

    fn take_place(&self, chat_id: &ChatId) -> Result<Place, ApiError> {
        let mut rounds = self.lock();
        if rounds.contains_key(chat_id) {
            return Err(error::invalid_state("an answer is under way"));
        }
        let live = Arc::new(Live::new());
        rounds.insert(chat_id.clone(), Arc::clone(&live));
        Ok(Place {
            rounds: Arc::clone(&self.rounds),
            chat_id: chat_id.clone(),
            live,
        })
    }

    fn live(&self, chat_id: &ChatId) -> Option<Arc<Live>> {
        self.lock().get(chat_id).cloned()
    }

    async fn must_be_of(&self, user_id: UserId, chat_id: ChatId) -> Result<(), ApiError> {
        let db = self.db.clone();
        blocking(move || conversations::stored(&db, &user_id, &chat_id).map(drop)).await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChatId, Arc<Live>>> {
        lock(&self.rounds)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.rounds).remove(&self.chat_id);
        self.live.over();
    }
}

/// What is stored, with the answers under way as far as they are.
fn as_now(mut stored: ChatDetail, live: Option<&Live>) -> ChatDetail {
    let under_way = live.map(Live::answers).unwrap_or_default();
    for message in &mut stored.messages {
        let live = under_way
            .iter()
            .find(|one| one.message_id == message.message_id);
        *message = match live {
            Some(live) => live.clone(),
            None => history::ended(message.clone()),
        };
    }
    stored
}

fn lock(rounds: &Rounds) -> MutexGuard<'_, HashMap<ChatId, Arc<Live>>> {
    rounds.lock().unwrap_or_else(PoisonError::into_inner)
}
