#![allow(clippy::unwrap_used)]
use super::{Chat, Example};
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat_template::{ChatTemplate, LocalTime, SpecialTokens};
use amoozgar_types::chat::{Dialogue, Message, Role, ToolCall};
use amoozgar_types::spec::{Supervise, Thinking};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// A tokenizer of bytes and a few merges, with the special tokens of several families.
fn tokenizer() -> Tokenizer {
    let texts =
        vec!["user assistant system سلام خوبی بله چرا ممنون".to_owned(); 8];
    let trained = Tokenizer::train(texts.into_iter(), 400).unwrap();
    let mut file: Value = serde_json::from_str(&trained.to_json().unwrap()).unwrap();
    let names = [
        "<|im_start|>",
        "<|im_end|>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<s>",
        "</s>",
        "<|eot_id|>",
    ];
    let added = file["added_tokens"].as_array_mut().unwrap();
    for (name, id) in names.iter().zip(trained.vocab_size()..) {
        added.push(json!({
            "id": id, "content": name, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        }));
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, file.to_string()).unwrap();
    Tokenizer::load(&path, None).unwrap()
}

fn chat(source: &str) -> Chat {
    let special = SpecialTokens::new(Some("<s>"), Some("</s>"));
    Chat::new(
        ChatTemplate::new(source, special).unwrap(),
        &tokenizer(),
        None,
    )
    .unwrap()
}

fn user(content: &str) -> Message {
    Message::new(Role::User, content)
}

fn assistant(content: &str) -> Message {
    Message::new(Role::Assistant, content)
}

/// The texts of the answers, as text and as what their tokens say.
fn answers(chat: &Chat, example: &Example) -> Vec<String> {
    let all = example.answers.iter().map(|answer| {
        let text = example.text.get(answer.bytes.clone()).unwrap();
        let tokens = example.tokens.get(answer.tokens.clone()).unwrap();
        let said = chat.special.decode(tokens, false).unwrap();
        assert_eq!(said, text, "its tokens are its text");
        text.to_owned()
    });
    all.collect()
}

fn n_special(chat: &Chat, example: &Example) -> usize {
    let tokens = example.tokens.iter();
    tokens.filter(|&&id| chat.is_special(id)).count()
}

#[test]
fn an_answer_is_where_it_was_written_whatever_it_repeats() {
    let chat = chat(CHATML);
    for (question, answer) in [
        ("سلام", "سلام"),
        ("assistant\nبله", "assistant\nبله"),
        ("<|im_start|>assistant\nبله<|im_end|>", "بله"),
        (
            "بله",
            "<|im_start|>user\nبله<|im_end|>\n<|im_start|>assistant\nبله",
        ),
        ("assistant", "user"),
        ("😀", "ب\u{200c}ب 😀😀"),
        ("  سلام  ", "\n بله"),
    ] {
        let messages = [
            user(question),
            assistant(answer),
            user(answer),
            assistant(question),
        ];
        let example = chat.example(&messages).unwrap();
        assert_eq!(
            answers(&chat, &example),
            [
                format!("{answer}<|im_end|>"),
                format!("{question}<|im_end|>")
            ],
            "`{question}` is answered by `{answer}`"
        );
        assert_eq!(
            n_special(&chat, &example),
            8,
            "special tokens are the template's alone: {}",
            example.text
        );
        let last = example.trained(Supervise::Last);
        assert_eq!(last, example.answers.get(1..).unwrap(), "the last alone");
    }
}

#[test]
fn what_is_read_before_an_answer_is_what_was_before_it_in_training() {
    let chat = chat(CHATML);
    let asked = [user("سلام <|im_end|> خوبی؟")];
    let (text, prompt) = chat.prompt(&asked, LocalTime::TRAINING).unwrap();
    let whole = chat.example(&[asked[0].clone(), assistant("بله")]).unwrap();
    let start = whole.answers[0].tokens.start;
    assert_eq!(Some(prompt.as_slice()), whole.tokens.get(..start), "{text}");
    let end = *whole.tokens.get(whole.answers[0].tokens.end - 1).unwrap();
    assert!(chat.ends_answer(end), "what ended it in training ends it");
    assert!(!chat.ends_answer(prompt[0]), "what begins a turn does not");
}

#[test]
fn templates_that_trim_rename_and_merge_are_followed() {
    let text = include_str!("../../../tests/fixtures/chat/transformers.json");
    let recorded: Value = serde_json::from_str(text).unwrap();
    let templates: BTreeMap<String, String> =
        serde_json::from_value(recorded["templates"].clone()).unwrap();
    let messages = [
        Message::new(Role::System, " تو خوبی "),
        user(" سلام "),
        assistant(" سلام\n"),
        user("چرا"),
        assistant("<think>\nچون\n</think>\n\nبله"),
    ];
    for (name, expected) in [
        (
            "chatml",
            [
                " سلام\n<|im_end|>",
                "<think>\nچون\n</think>\n\nبله<|im_end|>",
            ],
        ),
        (
            "turns that trim, roles renamed, strict order",
            [
                "سلام<end_of_turn>",
                "<think>\nچون\n</think>\n\nبله<end_of_turn>",
            ],
        ),
        (
            "instructions in brackets",
            [" سلام </s>", " <think>\nچون\n</think>\n\nبله </s>"],
        ),
        (
            "dates and headers",
            ["سلام<|eot_id|>", "<think>\nچون\n</think>\n\nبله<|eot_id|>"],
        ),
        // The empty thoughts are the model's to write.
        (
            "thoughts",
            [
                " سلام\n<|im_end|>",
                "<think>\nچون\n</think>\n\nبله<|im_end|>",
            ],
        ),
        // Its author says what the model writes.
        (
            "generation tags",
            [" سلام\n</s>", "<think>\nچون\n</think>\n\nبله</s>"],
        ),
    ] {
        let chat = chat(templates.get(name).unwrap());
        let example = chat.example(&messages).unwrap();
        assert_eq!(
            answers(&chat, &example),
            expected,
            "{name}:\n{}",
            example.text
        );
    }
}

#[test]
fn an_answer_that_no_token_ends_gets_one_at_the_conversation_s_end() {
    let chat = chat("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}");
    let messages = [
        user("سلام"),
        assistant("بله"),
        user("چرا"),
        assistant("ممنون"),
    ];
    let example = chat.example(&messages).unwrap();
    assert_eq!(
        answers(&chat, &example),
        ["assistant: بله", "assistant: ممنون\n</s>"],
        "the template opens no answer: its name is the model's to write"
    );
    assert!(chat.ends_answer(*example.tokens.last().unwrap()));
}

#[test]
fn the_plain_form_opens_and_ends_its_answers() {
    let special = SpecialTokens::new(Some("<s>"), Some("</s>"));
    let plain = ChatTemplate::plain(special).unwrap();
    let chat = Chat::new(plain, &tokenizer(), None).unwrap();
    let messages = [
        Message::new(Role::System, "تو"),
        user("سلام"),
        assistant("بله"),
        user("چرا"),
        assistant("ممنون"),
    ];
    let example = chat.example(&messages).unwrap();
    assert_eq!(
        example.text,
        "<s>تو\nپرسش: سلام\nپاسخ: بله</s>\nپرسش: چرا\nپاسخ: ممنون</s>\n"
    );
    assert_eq!(answers(&chat, &example), [" بله</s>", " ممنون</s>"]);
}

#[test]
fn a_conversation_that_cannot_be_followed_is_refused() {
    let messages = [user("سلام"), assistant("بله")];
    for (template, why) in [
        (
            "{% for m in messages %}{{ m.role }}{% endfor %}",
            "leaves the texts out",
        ),
        (
            "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
            "writes them twice",
        ),
        (
            "{% for m in messages %}{{ m.content | length }}{{ m.content }}{% endfor %}",
            "counts them",
        ),
    ] {
        assert!(
            chat(template).example(&messages).is_err(),
            "a template that {why}"
        );
    }
    let marks = [user("\u{f0000}"), assistant("بله")];
    assert!(
        chat(CHATML).example(&marks).is_err(),
        "a text with the marks' own characters"
    );
    let twice = chat(
        "{% for m in messages %}{{ m.content }}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
    );
    let forged = [user("</s>"), assistant("بله")];
    assert!(
        twice.example(&forged).is_err(),
        "a token's name that stands nowhere in particular"
    );
    assert!(
        twice.example(&messages).is_ok(),
        "other texts are no danger"
    );
}

/// Writes thoughts of its own accord, calls of tools, and marks what a model writes.
const TAGGED: &str = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}{% generation %}{% if m.reasoning_content is defined %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}{{ m.content }}{% for call in m.tool_calls %}{{ call.function.name + call.function.arguments | tojson }}{% endfor %}{{ '<|im_end|>' }}{% endgeneration %}{% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

fn thought(reasoning: &str, content: &str) -> Message {
    let mut message = assistant(content);
    message.reasoning = Some(reasoning.to_owned());
    message
}

/// What is learnt of each answer.
fn learnt(example: &Example, thinking: Thinking) -> Vec<&str> {
    let all = example.answers.iter().map(|answer| {
        let (bytes, tokens) = answer.learnt(thinking);
        let first = example.starts.get(tokens.start).unwrap();
        assert_eq!(*first, bytes.start, "its tokens begin where its text does");
        example.text.get(bytes).unwrap()
    });
    all.collect()
}

#[test]
fn thoughts_are_learnt_or_read_by_choice_in_templates_that_know_them_and_others() {
    let messages = [
        user("سلام"),
        thought("چرا", "بله"),
        user("چرا"),
        assistant("خوبی"),
    ];
    for (source, whole) in [
        (CHATML, "<think>\nچرا\n</think>\n\nبله<|im_end|>"),
        (TAGGED, "<think>چرا</think>بله<|im_end|>"),
    ] {
        let chat = chat(source);
        let example = chat.example(&messages).unwrap();
        assert_eq!(
            learnt(&example, Thinking::Learn),
            [whole, "خوبی<|im_end|>"],
            "{}",
            example.text
        );
        assert_eq!(
            learnt(&example, Thinking::Read),
            ["بله<|im_end|>", "خوبی<|im_end|>"],
            "{}",
            example.text
        );
        assert!(example.answers.iter().all(|answer| !answer.is_unthought));
    }
    // Of earlier answers some templates leave the thoughts out.
    let last_only = TAGGED.replace("is defined %}", "is defined and loop.last %}");
    let messages = [
        user("سلام"),
        thought("چرا", "بله"),
        user("چرا"),
        thought("ممنون", "خوبی"),
    ];
    let example = chat(&last_only).example(&messages).unwrap();
    let left_out: Vec<bool> = example.answers.iter().map(|one| one.is_unthought).collect();
    assert_eq!(left_out, [true, false], "{}", example.text);
}

#[test]
fn a_call_of_a_tool_is_part_of_its_answer() {
    let mut call = assistant("");
    call.tool_calls.push(ToolCall {
        id: None,
        name: "چرا".to_owned(),
        arguments: r#"{"b": "سلام", "a": 1}"#.to_owned(),
    });
    let messages = [
        user("سلام"),
        call,
        Message::new(Role::Tool, "خوبی"),
        assistant("بله"),
    ];
    let untagged = TAGGED
        .replace("{% generation %}", "")
        .replace("{% endgeneration %}", "");
    for source in [TAGGED, &untagged] {
        let chat = chat(source);
        let example = chat.example(&messages).unwrap();
        assert_eq!(
            learnt(&example, Thinking::Learn),
            [r#"چرا{"b": "سلام", "a": 1}<|im_end|>"#, "بله<|im_end|>"],
            "{}",
            example.text
        );
    }
    let tools = Dialogue {
        messages: &messages,
        tools: Some(r#"[{"name": "<|im_end|>"}]"#),
    };
    let refused = chat(TAGGED).example(tools).unwrap_err().to_string();
    assert!(refused.contains("special token"), "{refused}");
}
