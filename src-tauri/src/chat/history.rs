//! A conversation's tree of messages: what is shown of it, and what a model reads. Does nothing but look.

use amoozgar_types::chat::{ChatMessage, Message, MessageStatus, Role, Side};
use amoozgar_types::id::MessageId;

/// The messages on the way from the root to `latest`.
fn way<'a>(messages: &'a [ChatMessage], latest: &MessageId) -> Vec<&'a ChatMessage> {
    let named = |id: &MessageId| messages.iter().find(|one| one.message_id == *id);
    let mut way = Vec::new();
    let mut next = named(latest);
    // A way is no longer than there are messages, whatever the rows say.
    while let Some(message) = next.filter(|_| way.len() < messages.len()) {
        way.push(message);
        next = message.parent_id.as_ref().and_then(named);
    }
    way.reverse();
    way
}

/// The latest answer of a side beside `message`.
fn beside<'a>(
    messages: &'a [ChatMessage],
    message: &ChatMessage,
    side: Side,
) -> Option<&'a ChatMessage> {
    messages.iter().rev().find(|one| {
        one.parent_id == message.parent_id && one.role == message.role && one.side == side
    })
}

/// What is shown, in the order of reading: the way to `latest`, and beside an answer the other side's.
pub(super) fn shown(messages: &[ChatMessage], latest: &MessageId) -> Vec<ChatMessage> {
    let mut shown = Vec::new();
    for message in way(messages, latest) {
        shown.push(message.clone());
        if message.role == Role::Assistant && message.side == Side::First {
            shown.extend(beside(messages, message, Side::Second).cloned());
        }
    }
    shown
}

/// What the model of a side reads before it answers `question`: what it is told first, and the way there, on
/// which its own answers stand. An answer of which nothing came says nothing, and messages of one person in
/// a row are one: many templates refuse them otherwise.
pub(super) fn prompt(
    messages: &[ChatMessage],
    question: &MessageId,
    side: Side,
    system: &str,
) -> Vec<Message> {
    let mut prompt: Vec<Message> = Vec::new();
    if !system.trim().is_empty() {
        prompt.push(Message::new(Role::System, system.trim()));
    }
    for message in way(messages, question) {
        let own = match message.role {
            Role::Assistant => beside(messages, message, side).unwrap_or(message),
            _ => message,
        };
        if own.content.trim().is_empty() {
            continue;
        }
        match prompt.last_mut().filter(|last| last.role == own.role) {
            Some(last) => {
                last.content.push_str("\n\n");
                last.content.push_str(&own.content);
            }
            None => prompt.push(Message::new(own.role, own.content.clone())),
        }
    }
    prompt
}

/// What is said to be written and is not, since nobody writes it.
pub(super) fn ended(mut message: ChatMessage) -> ChatMessage {
    if message.status == MessageStatus::Writing {
        message.status = MessageStatus::Stopped;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::{prompt, shown};
    use crate::chat::history::ended;
    use amoozgar_types::chat::{ChatMessage, MessageStatus, Role, Side};
    use amoozgar_types::id::MessageId;

    fn message(id: &str, parent: Option<&str>, role: Role, side: Side) -> ChatMessage {
        ChatMessage {
            message_id: MessageId::new(id),
            parent_id: parent.map(MessageId::new),
            role,
            content: id.to_owned(),
            side,
            status: MessageStatus::Whole,
            error: None,
            model_name: None,
            template: None,
            n_left_out: 0,
            n_tokens: None,
            tokens_per_s: None,
            created_ms: 0,
        }
    }

    /// A question answered by two, the first of which answered again, and a question after that.
    fn tree() -> Vec<ChatMessage> {
        vec![
            message("q1", None, Role::User, Side::First),
            message("a1", Some("q1"), Role::Assistant, Side::First),
            message("b1", Some("q1"), Role::Assistant, Side::Second),
            message("a1-again", Some("q1"), Role::Assistant, Side::First),
            message("q2", Some("a1-again"), Role::User, Side::First),
            message("a2", Some("q2"), Role::Assistant, Side::First),
        ]
    }

    fn texts(prompt: &[amoozgar_types::chat::Message]) -> Vec<&str> {
        prompt.iter().map(|one| one.content.as_str()).collect()
    }

    #[test]
    fn the_way_to_the_latest_is_shown_with_the_other_sides_answers() {
        let shown = shown(&tree(), &MessageId::new("a2"));
        let ids: Vec<_> = shown.iter().map(|one| one.message_id.as_str()).collect();
        assert_eq!(ids, ["q1", "a1-again", "b1", "q2", "a2"]);
    }

    #[test]
    fn each_model_reads_its_own_answers() {
        let question = MessageId::new("q2");
        let first = prompt(&tree(), &question, Side::First, " مؤدب باش ");
        assert_eq!(texts(&first), ["مؤدب باش", "q1", "a1-again", "q2"]);
        assert_eq!(first[0].role, Role::System);
        let second = prompt(&tree(), &question, Side::Second, "  ");
        assert_eq!(texts(&second), ["q1", "b1", "q2"], "nothing is told first");
    }

    #[test]
    fn a_question_that_got_no_answer_goes_on_in_the_next() {
        let mut tree = tree();
        tree[3].content.clear();
        let read = prompt(&tree, &MessageId::new("q2"), Side::First, "");
        assert_eq!(texts(&read), ["q1\n\nq2"]);
    }

    #[test]
    fn rows_that_lead_in_a_circle_end() {
        let mut tree = tree();
        tree[0].parent_id = Some(MessageId::new("a2"));
        assert!(shown(&tree, &MessageId::new("a2")).len() <= 2 * tree.len());
    }

    #[test]
    fn what_nobody_writes_has_ended() {
        let mut left = message("a", None, Role::Assistant, Side::First);
        left.status = MessageStatus::Writing;
        assert_eq!(ended(left).status, MessageStatus::Stopped);
    }
}
