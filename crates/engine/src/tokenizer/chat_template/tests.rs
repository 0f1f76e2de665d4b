#![allow(clippy::unwrap_used)]
use super::{ChatTemplate, Ending, LocalTime, SpecialTokens};
use amoozgar_types::chat::{Message, Role};
use serde::Deserialize;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// What transformers wrote; see the fixtures' README.
#[derive(Deserialize)]
struct Recorded {
    templates: BTreeMap<String, String>,
    conversations: BTreeMap<String, Vec<Message>>,
    renderings: Vec<Rendering>,
}

#[derive(Deserialize)]
struct Rendering {
    template: String,
    conversation: String,
    open: bool,
    text: Option<String>,
    refused: Option<String>,
}

const NOW: LocalTime = LocalTime {
    year: 2026,
    month: 3,
    day: 5,
    hour: 4,
    minute: 7,
    second: 9,
};

fn recorded() -> Recorded {
    let text = include_str!("../../../tests/fixtures/chat/transformers.json");
    serde_json::from_str(text).unwrap()
}

fn special() -> SpecialTokens {
    SpecialTokens::new(Some("<s>"), Some("</s>"))
}

#[test]
fn templates_write_what_transformers_writes() {
    let recorded = recorded();
    for one in &recorded.renderings {
        let template = match recorded.templates.get(&one.template) {
            Some(source) => ChatTemplate::new(source, special()).unwrap(),
            None => ChatTemplate::plain(special()).unwrap(),
        };
        let messages = recorded.conversations.get(&one.conversation).unwrap();
        let ending = if one.open {
            Ending::Open
        } else {
            Ending::Closed
        };
        let name = format!("`{}` of `{}`, {ending:?}", one.template, one.conversation);
        match (template.render(messages, ending, NOW), &one.refused) {
            (Ok(text), None) => assert_eq!(Some(text), one.text, "{name}"),
            (Err(error), Some(refused)) => {
                let said = error.to_string();
                assert!(said.contains(refused), "{name}: `{said}`");
            }
            (found, expected) => panic!("{name}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn a_template_that_never_ends_is_ended() {
    let endless =
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}";
    let large = "{{ 'x' * 1000000000 }}";
    for source in [endless, large] {
        let template = ChatTemplate::new(source, special()).unwrap();
        let refused = template.render(&[], Ending::Open, NOW).unwrap_err();
        assert!(refused.to_string().contains("fuel"), "{source}: {refused}");
    }
}

#[test]
fn what_is_no_template_is_refused_with_its_line() {
    let refused = ChatTemplate::new("a\n{% for %}", special()).unwrap_err();
    assert!(refused.to_string().contains("line 2"), "{refused}");
    let reaches = ChatTemplate::new("{% include '/etc/passwd' %}", special()).unwrap();
    assert!(
        reaches.render(&[], Ending::Open, NOW).is_err(),
        "a template reaches no file"
    );
}

#[test]
fn a_folder_s_template_is_found_where_transformers_looks() {
    let user = [Message::new(Role::User, "x")];
    let written = |files: &[(&str, &str)]| {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let found = ChatTemplate::of_folder(folder.path(), &special()).unwrap();
        found.map(|template| template.render(&user, Ending::Open, NOW).unwrap())
    };
    let config = r#"{"bos_token": {"content": "<b>"}, "eos_token": null, "chat_template": "config {{ bos_token }}{{ eos_token }}"}"#;
    assert_eq!(written(&[("config.json", "{}")]), None, "it has none");
    assert_eq!(
        written(&[("tokenizer_config.json", config)]).as_deref(),
        Some("config <b>"),
        "the tokens of the folder's own settings, an absent one is empty"
    );
    let named = r#"{"chat_template": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "named"}]}"#;
    assert_eq!(
        written(&[("tokenizer_config.json", named)]).as_deref(),
        Some("named"),
        "of several the one that transformers takes"
    );
    assert_eq!(
        written(&[
            ("tokenizer_config.json", config),
            ("chat_template.jinja", "own {{ messages[0].content }}")
        ])
        .as_deref(),
        Some("own x"),
        "the template's own file counts first"
    );
    assert_eq!(
        written(&[(
            "chat_template.json",
            r#"{"chat_template": "old {{ bos_token }}"}"#
        )])
        .as_deref(),
        Some("old <s>"),
        "the file of some years ago; the folder names no tokens"
    );
}

#[test]
fn jinja_s_own_notions_hold_where_minijinja_has_others() {
    let say = |source: &str| {
        let template = ChatTemplate::new(source, special()).unwrap();
        let messages = [Message::new(Role::User, "a")];
        template.render(&messages, Ending::Closed, NOW).unwrap()
    };
    assert_eq!(
        say("a\r\nb\rc {{ 'd\r\ne' }}"),
        "a\nb\nc d\ne",
        "lines end in a line feed"
    );
    assert_eq!(
        say("{{ tools is iterable }} {{ messages is iterable }} {{ 'a' is iterable }}"),
        "False True True",
        "no tools are no list"
    );
    assert_eq!(
        say(
            "{{ messages is sequence }} {{ 'a' is sequence }} {{ messages[0] is sequence }} {{ 1 is sequence }}"
        ),
        "True True True False",
        "what has a length and items"
    );
}
