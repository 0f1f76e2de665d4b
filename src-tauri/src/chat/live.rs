//! A round of answers under way: how far they are, and who follows them. Whoever comes later is told first
//! what has come already, so that nobody misses a piece or hears one twice.

use amoozgar_types::chat::ChatMessage;
use amoozgar_types::id::MessageId;
use amoozgar_types::ipc::ChatUpdate;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Takes an update; answers whether anyone still listens.
pub type Follower = Box<dyn Fn(ChatUpdate) -> bool + Send>;

/// A round of answers under way.
pub(super) struct Live {
    stop: watch::Sender<bool>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    answers: Vec<ChatMessage>,
    /// The last thing that was said of an answer of which no text has come.
    phase: Option<ChatUpdate>,
    followers: Vec<Follower>,
    is_over: bool,
}

impl Live {
    /// A round that has not begun.
    pub(super) fn new() -> Self {
        Self {
            stop: watch::Sender::new(false),
            inner: Mutex::default(),
        }
    }

    /// Asks it to end.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Hears `true` once it is to end.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// It begins with these answers, which have no text yet.
    pub(super) fn begin(&self, answers: Vec<ChatMessage>) {
        let mut inner = self.lock();
        inner.answers.clone_from(&answers);
        inner.tell(&ChatUpdate::Answers { answers });
    }

    /// The answers as they are.
    pub(super) fn answers(&self) -> Vec<ChatMessage> {
        self.lock().answers.clone()
    }

    /// Tells a follower of it from now on, beginning with what has come.
    pub(super) fn follow(&self, follower: Follower) {
        let mut inner = self.lock();
        let first = ChatUpdate::Answers {
            answers: inner.answers.clone(),
        };
        let last = inner.is_over.then_some(ChatUpdate::Done);
        let said = [Some(first), inner.phase.clone(), last];
        if said.into_iter().flatten().all(&follower) && !inner.is_over {
            inner.followers.push(follower);
        }
    }

    /// Tells what an answer waits for.
    pub(super) fn phase(&self, phase: ChatUpdate) {
        let mut inner = self.lock();
        inner.tell(&phase);
        inner.phase = Some(phase);
    }

    /// Appends to an answer.
    pub(super) fn append(&self, message_id: &MessageId, text: &str) {
        let mut inner = self.lock();
        inner.phase = None;
        if let Some(answer) = inner.answer(message_id) {
            answer.content.push_str(text);
        }
        inner.tell(&ChatUpdate::Text {
            message_id: message_id.clone(),
            text: text.to_owned(),
        });
    }

    /// An answer is as it will be.
    pub(super) fn end(&self, ended: &ChatMessage) {
        let mut inner = self.lock();
        inner.phase = None;
        if let Some(answer) = inner.answer(&ended.message_id) {
            answer.clone_from(ended);
        }
        inner.tell(&ChatUpdate::Ended {
            answer: Box::new(ended.clone()),
        });
    }

    /// Nothing follows.
    pub(super) fn over(&self) {
        let mut inner = self.lock();
        inner.is_over = true;
        inner.tell(&ChatUpdate::Done);
        inner.followers.clear();
    }

    /// Tells nobody any more.
    pub(super) fn forget_followers(&self) {
        self.lock().followers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tell(&mut self, update: &ChatUpdate) {
        self.followers.retain(|follower| follower(update.clone()));
    }

    fn answer(&mut self, message_id: &MessageId) -> Option<&mut ChatMessage> {
        self.answers
            .iter_mut()
            .find(|answer| answer.message_id == *message_id)
    }
}
