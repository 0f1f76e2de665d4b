//! What an open conversation shows, as the shell tells of it.

use amoozgar_types::chat::{ChatDetail, ChatMessage, ChatRecord, MessageStatus};
use amoozgar_types::id::MessageId;
use amoozgar_types::ipc::ChatUpdate;
use amoozgar_types::sampling::TemplateKind;
use std::rc::Rc;
use yew::Reducible;

/// What an answer of which no text has come waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// Another text is being written.
    Waiting,
    /// This share of its model is in memory.
    Loading(f64),
    /// Its model reads.
    Reading,
}

/// An open conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thread {
    /// Its row, once it is known.
    pub chat: Option<Rc<ChatRecord>>,
    /// What is shown, in the order of reading.
    pub messages: Vec<Rc<ChatMessage>>,
    /// What the answer under way waits for.
    pub phase: Option<(MessageId, Phase)>,
    /// Whether answers are under way, as far as the shell has told.
    pub is_under_way: bool,
}

/// What happened.
pub enum Happened {
    /// It was read.
    Read(ChatDetail),
    /// Its row is another.
    Changed(ChatRecord),
    /// The shell told of the answers under way.
    Told(ChatUpdate),
}

impl Thread {
    /// Whether a message is shown as being written though nobody writes it: it has to be read anew.
    pub fn is_stale(&self) -> bool {
        !self.is_under_way && self.has_unfinished()
    }

    /// Whether an answer is being written.
    pub fn has_unfinished(&self) -> bool {
        let is_unfinished = |message: &Rc<ChatMessage>| message.status == MessageStatus::Writing;
        self.messages.iter().any(is_unfinished)
    }

    /// Whether the last answer's model has no template of its own.
    pub fn is_plain(&self) -> bool {
        let last = self.messages.iter().rev().find_map(|one| one.template);
        last == Some(TemplateKind::Plain)
    }

    fn replace(&mut self, answer: ChatMessage) {
        let known = self
            .messages
            .iter_mut()
            .find(|message| message.message_id == answer.message_id);
        match known {
            Some(message) => *message = Rc::new(answer),
            None => self.messages.push(Rc::new(answer)),
        }
    }

    fn tell(&mut self, update: ChatUpdate) {
        match update {
            ChatUpdate::Answers { answers } => {
                self.is_under_way = true;
                for answer in answers {
                    self.replace(answer);
                }
            }
            ChatUpdate::Waiting { message_id } => self.phase = Some((message_id, Phase::Waiting)),
            ChatUpdate::Loading { message_id, share } => {
                self.phase = Some((message_id, Phase::Loading(share)));
            }
            ChatUpdate::Reading {
                message_id,
                template,
            } => {
                self.change(&message_id, |message| message.template = Some(template));
                self.phase = Some((message_id, Phase::Reading));
            }
            ChatUpdate::Text { message_id, text } => {
                self.phase = None;
                self.change(&message_id, |message| message.content.push_str(&text));
            }
            ChatUpdate::Ended { answer } => {
                self.phase = None;
                self.replace(*answer);
            }
            ChatUpdate::Done => {
                self.phase = None;
                self.is_under_way = false;
            }
        }
    }

    fn change(&mut self, message_id: &MessageId, change: impl FnOnce(&mut ChatMessage)) {
        let known = self
            .messages
            .iter_mut()
            .find(|message| message.message_id == *message_id);
        if let Some(message) = known {
            change(Rc::make_mut(message));
        }
    }
}

impl Reducible for Thread {
    type Action = Happened;

    fn reduce(self: Rc<Self>, happened: Happened) -> Rc<Self> {
        let mut next = (*self).clone();
        match happened {
            Happened::Read(ChatDetail { chat, messages }) => {
                next.chat = Some(Rc::new(chat));
                next.messages = messages.into_iter().map(Rc::new).collect();
                next.is_under_way = next.has_unfinished();
            }
            Happened::Changed(chat) => next.chat = Some(Rc::new(chat)),
            Happened::Told(update) => next.tell(update),
        }
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests {
    use super::{Happened, Phase, Thread};
    use amoozgar_types::chat::{
        ChatDetail, ChatMessage, ChatRecord, ChatSettings, MessageStatus, Role, Side,
    };
    use amoozgar_types::id::{ChatId, MessageId};
    use amoozgar_types::ipc::ChatUpdate;
    use amoozgar_types::sampling::TemplateKind;
    use std::rc::Rc;
    use yew::Reducible;

    fn answer(content: &str, status: MessageStatus) -> ChatMessage {
        ChatMessage {
            message_id: MessageId::new("a"),
            parent_id: None,
            role: Role::Assistant,
            content: content.into(),
            side: Side::First,
            status,
            error: None,
            model_name: None,
            template: None,
            n_left_out: 0,
            n_tokens: None,
            tokens_per_s: None,
            created_ms: 0,
        }
    }

    fn read(status: MessageStatus) -> Rc<Thread> {
        let chat = ChatRecord {
            chat_id: ChatId::new("c"),
            title: String::new(),
            model: None,
            compared: None,
            settings: ChatSettings::default(),
            created_ms: 0,
            updated_ms: 0,
        };
        let detail = ChatDetail {
            chat,
            messages: vec![answer("", status)],
        };
        Rc::new(Thread::default()).reduce(Happened::Read(detail))
    }

    #[test]
    fn an_answer_grows_piece_by_piece_and_its_end_has_the_last_word() {
        let id = MessageId::new("a");
        let told = |update| Happened::Told(update);
        let thread = read(MessageStatus::Writing)
            .reduce(told(ChatUpdate::Answers {
                answers: vec![answer("سل", MessageStatus::Writing)],
            }))
            .reduce(told(ChatUpdate::Reading {
                message_id: id.clone(),
                template: TemplateKind::Plain,
            }));
        assert_eq!(thread.phase, Some((id.clone(), Phase::Reading)));
        assert!(thread.is_plain() && thread.is_under_way);
        let thread = thread.reduce(told(ChatUpdate::Text {
            message_id: id,
            text: "ام".into(),
        }));
        assert_eq!(thread.messages[0].content, "سلام");
        assert_eq!(thread.phase, None, "text has come");
        let thread = thread.reduce(told(ChatUpdate::Ended {
            answer: Box::new(answer("سلام!", MessageStatus::Whole)),
        }));
        let thread = thread.reduce(told(ChatUpdate::Done));
        assert_eq!(thread.messages[0].content, "سلام!");
        assert!(!thread.is_under_way && !thread.is_stale());
    }

    #[test]
    fn what_nobody_writes_any_more_is_read_anew() {
        let thread = read(MessageStatus::Writing).reduce(Happened::Told(ChatUpdate::Done));
        assert!(thread.is_stale(), "its end was missed");
        assert!(!read(MessageStatus::Whole).is_stale());
    }
}
