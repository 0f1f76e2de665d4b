//! Answering a conversation: what of it fits into the model's context, as tokens, and what ends an answer.

use super::decoder::{AtContext, Beginning, Generation};
use crate::EngineError;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::LocalTime;
use amoozgar_types::chat::{Message, Role};

/// An answer to a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was written.
    pub generation: Generation,
    /// Messages that did not fit into the model's context: the earliest ones, but for what the model is told
    /// first.
    pub n_left_out: usize,
}

/// What a model reads of a conversation, and how many of the earliest messages it does not. At least a quarter
/// of the context, or `max_tokens` where that is less, is left for the answer.
///
/// # Errors
/// Where the template refuses the conversation, or its last message alone fills the context.
pub(super) fn beginning(
    chat: &Chat,
    context: usize,
    messages: &[Message],
    max_tokens: usize,
    now: LocalTime,
) -> Result<(Beginning, usize), EngineError> {
    let room = context.saturating_sub(max_tokens.clamp(1, (context / 4).max(1)));
    let mut kept: Vec<Message> = messages.iter().map(readable).collect();
    let n_told = kept
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    loop {
        let (_, tokens) = chat.prompt(&kept, now)?;
        if tokens.len() <= room || (kept.len() <= n_told + 1 && tokens.len() < context) {
            let n_left_out = messages.len() - kept.len();
            return Ok((
                Beginning {
                    tokens,
                    at_context: AtContext::End,
                },
                n_left_out,
            ));
        }
        if kept.len() <= n_told + 1 {
            return Err(EngineError::PromptTooLong {
                n_tokens: tokens.len(),
                context,
            });
        }
        // What is left begins with a question.
        kept.remove(n_told);
        while kept.len() > n_told + 1
            && kept
                .get(n_told)
                .is_some_and(|message| message.role == Role::Assistant)
        {
            kept.remove(n_told);
        }
    }
}

/// A person's message in the letters that models learn. Lines without Persian stay as they are: spaces mean
/// something in them.
fn readable(message: &Message) -> Message {
    if message.role == Role::Assistant {
        return message.clone();
    }
    let lines = message.content.split('\n').map(|line| {
        if !line.chars().any(is_of_arabic_script) {
            return line.to_owned();
        }
        let text = line.trim_start();
        let indent = line.get(..line.len() - text.len()).unwrap_or_default();
        format!("{indent}{}", amoozgar_text::normalize(text))
    });
    Message {
        content: lines.collect::<Vec<_>>().join("\n"),
        ..message.clone()
    }
}

fn is_of_arabic_script(letter: char) -> bool {
    matches!(letter, '\u{0600}'..='\u{06FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

#[cfg(test)]
mod tests {
    use super::readable;
    use amoozgar_types::chat::{Message, Role};

    #[test]
    fn a_persons_letters_are_those_that_models_learn_and_code_stays_as_it_is() {
        let text = "كتاب  علي\n    اين يك تورفتگي\nfor i in x:\n    print(i)";
        let read = readable(&Message::new(Role::User, text));
        assert_eq!(
            read.content,
            "کتاب علی\n    این یک تورفتگی\nfor i in x:\n    print(i)"
        );
        let own = Message::new(Role::Assistant, text);
        assert_eq!(readable(&own), own, "what the model wrote is what it wrote");
    }
}
