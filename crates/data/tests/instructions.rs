//! The bundled questions and answers are conversations that one can learn, written as we would have others
//! write.
#![allow(missing_docs, clippy::unwrap_used)]

use amoozgar_data::{Conversations, shape_of};
use amoozgar_text::normalize;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::dataset::{Mapping, Shape};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/instructions.jsonl")
}

/// Every conversation as it is learnt, beside what the file says.
fn conversations() -> Vec<(Vec<Message>, Vec<Message>)> {
    let guess = shape_of(&file(), None, &Mapping::default()).unwrap();
    assert_eq!(guess.shape, Shape::Messages);
    let text = std::fs::read_to_string(file()).unwrap();
    let learnt = Conversations::open(&file(), &guess).unwrap();
    let learnt: Vec<_> = learnt.map(|row| row.unwrap().unwrap().messages).collect();
    assert_eq!(learnt.len(), text.lines().count(), "every row is learnt");
    let written = text.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        serde_json::from_value(row["messages"].clone()).unwrap()
    });
    learnt.into_iter().zip(written).collect()
}

#[test]
fn the_bundled_answers_are_learnt_as_they_are_written() {
    for (learnt, written) in conversations() {
        assert_eq!(learnt, written, "nothing is cut, trimmed or normalized");
        for message in &written {
            assert_eq!(normalize(&message.content), message.content);
        }
    }
}

#[test]
fn there_are_300_pairs_and_40_conversations_and_no_question_twice() {
    let all = conversations();
    let asked = |messages: &[Message]| messages.iter().filter(|one| one.role == Role::User).count();
    let n_pairs = all.iter().filter(|(one, _)| asked(one) == 1).count();
    assert_eq!((n_pairs, all.len() - n_pairs), (300, 40));
    let mut seen = HashSet::new();
    for (messages, _) in &all {
        let first = messages.iter().find(|one| one.role == Role::User).unwrap();
        assert!(seen.insert(first.content.clone()), "{}", first.content);
        let mut expected = Role::User;
        for message in messages.iter().filter(|one| one.role != Role::System) {
            assert_eq!(message.role, expected, "roles take turns: {messages:?}");
            expected = match expected {
                Role::User => Role::Assistant,
                _ => Role::User,
            };
        }
        assert_eq!(expected, Role::User, "the last word is an answer");
    }
}
