#![allow(clippy::unwrap_used)]
use super::Pairs;
use crate::{DataError, columns, inspect, preview, shape_of};
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::dataset::{Field, Mapping, Shape};
use std::path::PathBuf;
use tempfile::TempDir;

struct File {
    _folder: TempDir,
    path: PathBuf,
}

fn file(name: &str, text: &str) -> File {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    File {
        _folder: folder,
        path,
    }
}

fn short(messages: &[Message]) -> String {
    let messages = messages.iter().map(|message| {
        let role = match message.role {
            Role::System => 's',
            Role::User => 'u',
            Role::Assistant => 'a',
            Role::Tool => 't',
        };
        format!("{role}:{}", message.content)
    });
    messages.collect::<Vec<_>>().join(" ")
}

/// The rows in short: `line prompt | chosen | rejected`, or `line fault value`.
fn rows(file: &File, mapping: &Mapping) -> Result<Vec<String>, DataError> {
    let guess = shape_of(&file.path, None, mapping)?;
    Pairs::open(&file.path, &guess)?
        .map(|row| {
            Ok(match row? {
                Ok(pair) => format!(
                    "{} {} | {} | {}",
                    pair.line,
                    short(&pair.prompt),
                    short(&pair.chosen),
                    short(&pair.rejected)
                ),
                Err(row) => format!(
                    "{} {:?} {}",
                    row.line,
                    row.fault,
                    row.value.unwrap_or_default()
                ),
            })
        })
        .collect()
}

fn read(name: &str, text: &str) -> Vec<String> {
    rows(&file(name, text), &Mapping::new()).unwrap()
}

#[test]
fn every_form_of_a_pair_is_the_same_pair() {
    let whole = r#"[{"role":"user","content":"پ"},{"role":"assistant","content":"خوب"}]"#;
    let worse = r#"[{"from":"human","value":"پ"},{"from":"gpt","value":"بد"}]"#;
    let answer = r#"[{"role":"assistant","content":"خوب"}]"#;
    let worse_answer = r#"[{"role":"assistant","content":"بد"}]"#;
    let prompt = r#"[{"role":"user","content":"پ"}]"#;
    for (form, row) in [
        (
            "texts",
            r#"{"prompt":"پ","chosen":"خوب","rejected":"بد"}"#.to_owned(),
        ),
        (
            "whole conversations",
            format!(r#"{{"chosen":{whole},"rejected":{worse}}}"#),
        ),
        (
            "messages after a prompt's",
            format!(r#"{{"prompt":{prompt},"chosen":{answer},"rejected":{worse_answer}}}"#),
        ),
        (
            "conversations that repeat the prompt",
            format!(r#"{{"prompt":"پ","chosen":{whole},"rejected":{worse}}}"#),
        ),
        (
            "a text and a list",
            format!(r#"{{"prompt":"پ","chosen":{answer},"rejected":"بد"}}"#),
        ),
    ] {
        assert_eq!(read("a.jsonl", &row), ["1 u:پ | a:خوب | a:بد"], "{form}");
        assert_eq!(
            read("a.json", &format!("[{row}]")),
            ["1 u:پ | a:خوب | a:بد"],
            "{form}"
        );
    }
    assert_eq!(
        read("a.csv", "پرسش,پاسخ بهتر,پاسخ بدتر\nپ,خوب,بد\n"),
        ["2 u:پ | a:خوب | a:بد"],
        "Persian columns"
    );
    let cell = |list: &str| format!("\"{}\"", list.replace('"', "\"\""));
    assert_eq!(
        read(
            "a.csv",
            &format!("chosen,rejected\n{},{}\n", cell(whole), cell(worse))
        ),
        ["2 u:پ | a:خوب | a:بد"],
        "lists in cells"
    );
}

#[test]
fn conversations_part_where_they_differ_and_a_system_message_belongs_to_both() {
    let said = |role: &str, text: &str| format!(r#"{{"role":"{role}","content":"{text}"}}"#);
    let (u, a, v) = (
        said("user", "پ"),
        said("assistant", "ج"),
        said("user", "پس"),
    );
    let (good, bad) = (said("assistant", "خوب"), said("assistant", "بد"));
    let s = said("system", "تو");
    assert_eq!(
        read(
            "a.jsonl",
            &format!(r#"{{"chosen":[{s},{u},{a},{v},{good}],"rejected":[{s},{u},{a},{v},{bad}]}}"#)
        ),
        ["1 s:تو u:پ a:ج u:پس | a:خوب | a:بد"],
    );
    assert_eq!(
        read(
            "a.jsonl",
            &format!(
                r#"{{"system":"تو","prompt":"پ","chosen":[{u},{good}],"rejected":[{u},{bad}]}}"#
            )
        ),
        ["1 s:تو u:پ | a:خوب | a:بد"],
        "a system message of its own column"
    );
    assert_eq!(
        read(
            "a.jsonl",
            &format!(r#"{{"prompt":"پ","chosen":[{s},{u},{good}],"rejected":[{s},{u},{bad}]}}"#)
        ),
        ["1 s:تو u:پ | a:خوب | a:بد"],
        "one of the lists alone"
    );
}

#[test]
fn a_row_that_is_no_pair_is_named() {
    let user = r#"{"role":"user","content":"پ"}"#;
    let other = r#"{"role":"user","content":"دیگر"}"#;
    let answer = r#"{"role":"assistant","content":"خوب"}"#;
    let text = [
        r#"{"prompt":"پ","chosen":"خوب","rejected":"بد"}"#.to_owned(),
        r#"{"prompt":"پ","chosen":"همان ","rejected":" همان"}"#.to_owned(),
        r#"{"prompt":"پ","chosen":"خوب"}"#.to_owned(),
        r#"{"prompt":"پ","chosen":"خوب","rejected":" "}"#.to_owned(),
        r#"{"chosen":"خوب","rejected":"بد"}"#.to_owned(),
        format!(r#"{{"chosen":[{user},{answer}],"rejected":[{other},{answer}]}}"#),
        format!(r#"{{"prompt":"هیچ","chosen":[{user},{answer}],"rejected":"بد"}}"#),
        format!(r#"{{"chosen":[{user},{answer}],"rejected":[{user},{answer},{other},{answer}]}}"#),
        format!(r#"{{"chosen":[{user},{answer}],"rejected":[{user}]}}"#),
        "{".to_owned(),
    ];
    let file = file("a.jsonl", &text.join("\n"));
    assert_eq!(
        rows(&file, &Mapping::new()).unwrap(),
        [
            "1 u:پ | a:خوب | a:بد",
            "2 SameAnswers ",
            "3 MissingField rejected",
            "4 EmptyAnswer ",
            "5 MissingField prompt",
            "6 PromptsDiffer ",
            "7 PromptsDiffer ",
            "8 PromptsDiffer ",
            "9 NoAnswer ",
            "10 Unreadable ",
        ]
    );
    let summary = inspect(&file.path).unwrap();
    assert_eq!(
        (summary.n_rows, summary.guess.unwrap().shape),
        (1, Shape::Preference)
    );
    assert_eq!(
        summary.faults.iter().map(|count| count.n_rows).sum::<u64>(),
        9
    );
    let shown = preview(&file.path, 0, 5, 100).unwrap();
    assert_eq!(shown.rows, ["— پ\n+ خوب\n− بد"], "both answers are shown");
}

#[test]
fn columns_of_other_names_are_mapped_by_hand() {
    let file = file("a.csv", "q,good,bad\nپ,خوب,بد\n");
    assert!(
        columns(&file.path).unwrap().guess.is_none(),
        "nothing known"
    );
    let mapping: Mapping = [
        (Field::Prompt, "q".to_owned()),
        (Field::Chosen, "good".to_owned()),
        (Field::Rejected, "bad".to_owned()),
    ]
    .into();
    assert_eq!(rows(&file, &mapping).unwrap(), ["2 u:پ | a:خوب | a:بد"]);
    let absent: Mapping = [
        (Field::Chosen, "good".to_owned()),
        (Field::Rejected, "x".to_owned()),
    ]
    .into();
    assert!(
        matches!(rows(&file, &absent), Err(DataError::NoColumn { column, .. }) if column == "x"),
        "a column that is not there is named"
    );
}
