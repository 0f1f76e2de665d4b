//! A round of answers while models write: pieces go to whoever follows, and about once a second to the
//! database.

use super::live::Live;
use super::round::{Planned, Round};
use crate::db::Db;
use crate::hold::{Claim, Hold, Use};
use crate::process::Inference;
use crate::process::infer::Told;
use amoozgar_store::FoldedMessage;
use amoozgar_text::search::squeeze;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatMessage, MessageStatus};
use amoozgar_types::id::{ChatId, MessageId, UserId};
use amoozgar_types::ipc::ChatUpdate;
use amoozgar_types::process::Continuation;
use amoozgar_types::sampling::{FinishReason, TemplateKind};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often followers are told of what a fast model writes.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// How often what has come is stored.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// What a model's process says, past the closure that it is said to.
enum Heard {
    Phase(ChatUpdate),
    Reading(TemplateKind),
    Text(String),
}

/// Has every answer of a round written. What cannot be is an answer that failed.
pub(super) async fn write(db: &Db, inference: &Inference, hold: &Hold, live: &Live, round: Round) {
    let place = (&round.user_id, &round.chat_id);
    let claims = claims(hold, &round);
    for planned in round.answers {
        let is_wanted = !*live.stopped().borrow();
        let ended = if is_wanted {
            one(db, inference, live, place, planned).await
        } else {
            ChatMessage {
                status: MessageStatus::Stopped,
                ..planned.answer
            }
        };
        let ended = saved(db, place, ended).await;
        live.end(&ended);
    }
    drop(claims);
}

/// Says that the models of a round are in use until it has ended, so that nobody takes them away.
fn claims(hold: &Hold, round: &Round) -> Vec<Claim> {
    let files = round.answers.iter().map(|planned| &planned.files);
    let folders = files.flat_map(|files| [Some(&files.model_dir), files.adapter_dir.as_ref()]);
    folders
        .flatten()
        .map(|dir| hold.note(Path::new(dir), Use::Answer(round.title.clone())))
        .collect()
}

async fn one(
    db: &Db,
    inference: &Inference,
    live: &Live,
    place: (&UserId, &ChatId),
    planned: Planned,
) -> ChatMessage {
    let Planned {
        mut answer,
        files,
        prompt,
    } = planned;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let id = answer.message_id.clone();
    let tell = move |told: Told<'_>| {
        // The other end is dropped only with this closure's own future.
        let _ = sender.send(heard_of(&id, told));
        ControlFlow::Continue(())
    };
    let mut writing = std::pin::pin!(inference.write(files, prompt, live.stopped(), tell));
    let mut pieces = Pieces::new();
    let made = loop {
        let due = pieces.due();
        tokio::select! {
            biased;
            Some(heard) = heard.recv() => pieces.take(heard, live, &mut answer),
            () = at(due), if due.is_some() => {
                pieces.flush(live, &mut answer);
                if pieces.is_to_be_saved() && let Err(failure) = save(db, place, &answer).await {
                    tracing::warn!(%failure, "an answer under way could not be stored");
                }
            }
            made = &mut writing => break made,
        }
    };
    while let Ok(heard) = heard.try_recv() {
        pieces.take(heard, live, &mut answer);
    }
    pieces.flush(live, &mut answer);
    ended(answer, made)
}

fn heard_of(message_id: &MessageId, told: Told<'_>) -> Heard {
    let message_id = message_id.clone();
    match told {
        Told::Waiting => Heard::Phase(ChatUpdate::Waiting { message_id }),
        Told::Loading(share) => Heard::Phase(ChatUpdate::Loading { message_id, share }),
        Told::Reading(template) => Heard::Reading(template),
        Told::Text(text) => Heard::Text(text.to_owned()),
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Pieces that are told of together, and what of them is not stored yet.
struct Pieces {
    held: String,
    told: Instant,
    is_unsaved: bool,
    saved: Instant,
}

impl Pieces {
    /// None have come; the first one is told of at once.
    fn new() -> Self {
        let now = Instant::now();
        Self {
            held: String::new(),
            told: now.checked_sub(TELL_EVERY).unwrap_or(now),
            is_unsaved: false,
            saved: now,
        }
    }

    fn take(&mut self, heard: Heard, live: &Live, answer: &mut ChatMessage) {
        match heard {
            Heard::Phase(phase) => live.phase(phase),
            Heard::Reading(template) => {
                answer.template = Some(template);
                live.phase(ChatUpdate::Reading {
                    message_id: answer.message_id.clone(),
                    template,
                });
            }
            Heard::Text(text) => self.held.push_str(&text),
        }
    }

    /// When something is to be told or stored.
    fn due(&self) -> Option<Instant> {
        let told = (!self.held.is_empty()).then_some(self.told + TELL_EVERY);
        let saved = self.is_unsaved.then_some(self.saved + SAVE_EVERY);
        told.into_iter().chain(saved).min()
    }

    fn flush(&mut self, live: &Live, answer: &mut ChatMessage) {
        if !self.held.is_empty() {
            let text = std::mem::take(&mut self.held);
            answer.content.push_str(&text);
            live.append(&answer.message_id, &text);
            self.told = Instant::now();
            self.is_unsaved = true;
        }
    }

    /// Whether it is time to store what is not stored; it counts as stored then.
    fn is_to_be_saved(&mut self) -> bool {
        let is_time = self.is_unsaved && self.saved.elapsed() >= SAVE_EVERY;
        if is_time {
            self.saved = Instant::now();
            self.is_unsaved = false;
        }
        is_time
    }
}

fn ended(mut answer: ChatMessage, made: Result<Continuation, ApiError>) -> ChatMessage {
    match made {
        Ok(made) => {
            answer.content = made.text;
            answer.status = match made.finish {
                FinishReason::Stop => MessageStatus::Whole,
                FinishReason::Length => MessageStatus::Cut,
                FinishReason::Cancelled => MessageStatus::Stopped,
            };
            answer.n_left_out = made.n_left_out;
            answer.n_tokens = Some(made.n_tokens);
            answer.tokens_per_s = Some(made.tokens_per_s).filter(|speed| *speed > 0.0);
        }
        Err(failure) => {
            answer.status = MessageStatus::Failed;
            answer.error = Some(failure);
        }
    }
    answer
}

/// Stores an answer as it ended; one that cannot be stored says so.
async fn saved(db: &Db, place: (&UserId, &ChatId), mut answer: ChatMessage) -> ChatMessage {
    if let Err(failure) = save(db, place, &answer).await {
        answer.status = MessageStatus::Failed;
        answer.error = Some(failure);
    }
    answer
}

async fn save(
    db: &Db,
    (user_id, chat_id): (&UserId, &ChatId),
    answer: &ChatMessage,
) -> Result<(), ApiError> {
    let (user_id, chat_id, answer) = (user_id.clone(), chat_id.clone(), answer.clone());
    db.call(move |store| {
        let row = FoldedMessage {
            folded: &squeeze(&answer.content),
            message: &answer,
        };
        store.save_chat_message(&user_id, &chat_id, &row)
    })
    .await
}
