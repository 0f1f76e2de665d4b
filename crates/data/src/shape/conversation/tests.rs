#![allow(clippy::unwrap_used)]
use super::Conversations;
use crate::{DataError, columns, shape_of};
use amoozgar_types::chat::Role;
use amoozgar_types::dataset::{Field, Mapping, RowFault, Shape};
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

/// The rows in short: `line u:… a:…`, or `line fault value`.
fn rows(file: &File, shape: Option<Shape>, mapping: &Mapping) -> Result<Vec<String>, DataError> {
    let guess = shape_of(&file.path, shape, mapping)?;
    Conversations::open(&file.path, &guess)?
        .map(|row| {
            Ok(match row? {
                Ok(row) => {
                    let messages = row.messages.iter().map(|message| {
                        let role = match message.role {
                            Role::System => 's',
                            Role::User => 'u',
                            Role::Assistant => 'a',
                        };
                        format!("{role}:{}", message.content)
                    });
                    format!("{} {}", row.line, messages.collect::<Vec<_>>().join(" "))
                }
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
    rows(&file(name, text), None, &Mapping::new()).unwrap()
}

fn guessed(name: &str, text: &str) -> Option<Shape> {
    let guess = columns(&file(name, text).path).unwrap().guess;
    guess.map(|guess| guess.shape)
}

#[test]
fn every_shape_is_known_by_its_names() {
    let messages = r#"{"messages":[{"role":"system","content":" تو "},{"role":"user","content":"كی؟"},{"role":"assistant","content":"من"},{"role":"user","content":"پس؟"}]}"#;
    assert_eq!(
        read("a.jsonl", messages),
        ["1 s:تو u:کی؟ a:من"],
        "normalized, up to the last answer"
    );
    let sharegpt = r#"{"system":"تو","conversations":[{"from":"human","value":"چی؟"},{"from":"gpt","value":"هیچ"}]}"#;
    assert_eq!(read("a.jsonl", sharegpt), ["1 s:تو u:چی؟ a:هیچ"]);
    let alpaca = r#"{"instruction":"جمع","input":"۲+۲","output":"۴","history":[["سلام","درود"]]}"#;
    assert_eq!(read("a.jsonl", alpaca), ["1 u:سلام a:درود u:جمع\n۲+۲ a:۴"]);
    let bare = r#"[{"role":"user","content":"الف"},{"role":"assistant","content":[{"type":"text","text":"ب"}]}]"#;
    assert_eq!(read("a.jsonl", bare), ["1 u:الف a:ب"], "a bare list a line");
    for (name, text) in [
        ("a.csv", "پرسش,پاسخ\nچند؟,\"یک\nدو\"\n"),
        ("a.csv", "id;Question;Answer\n1;چند؟;\"یک\nدو\"\n"),
        (
            "a.json",
            "[ {\"prompt\": \"چند؟\",\n \"completion\": \"یک\\nدو\"} ]\n",
        ),
        (
            "a.json",
            "{\"version\": 1, \"data\": [{\"سؤال\":\"چند؟\",\"جواب\":\"یک\\nدو\"}], \"end\": [1]}",
        ),
        (
            "a.jsonl",
            "{\"prompt\":[{\"role\":\"user\",\"content\":\"چند؟\"}],\"completion\":\"یک\\nدو\"}",
        ),
    ] {
        let found = read(name, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].ends_with(" u:چند؟ a:یک\nدو"), "{text}: {found:?}");
    }
    assert_eq!(
        guessed(
            "a.jsonl",
            "{\"text\":\"x\",\"instruction\":\"a\",\"output\":\"b\"}"
        ),
        Some(Shape::Text),
        "what was learnt as text goes on to be"
    );
    assert_eq!(guessed("a.txt", "پرسش,پاسخ"), Some(Shape::Text));
    assert_eq!(
        guessed("a.csv", "الف,ب\n۱,۲\n"),
        None,
        "names that say nothing"
    );
}

#[test]
fn columns_are_mapped_by_hand_where_their_names_say_nothing() {
    let table = file("a.csv", "الف,ب,ج\nچرا؟,چون,تو\n");
    let refused = rows(&table, None, &Mapping::new()).unwrap_err();
    assert!(refused.to_string().contains("`الف`, `ب`, `ج`"), "{refused}");
    let map = |pairs: &[(Field, &str)]| -> Mapping {
        let pairs = pairs.iter();
        pairs
            .map(|(field, column)| (*field, (*column).to_owned()))
            .collect()
    };
    let mapping = map(&[
        (Field::Prompt, "الف"),
        (Field::Completion, "ب"),
        (Field::System, "ج"),
    ]);
    assert_eq!(
        rows(&table, None, &mapping).unwrap(),
        ["2 s:تو u:چرا؟ a:چون"]
    );
    let alpaca = map(&[
        (Field::Instruction, "الف"),
        (Field::Output, "ب"),
        (Field::Input, "ج"),
    ]);
    assert_eq!(
        rows(&table, Some(Shape::Alpaca), &alpaca).unwrap(),
        ["2 u:چرا؟\nتو a:چون"]
    );
    let missing = map(&[(Field::Prompt, "الف"), (Field::Completion, "د")]);
    let refused = rows(&table, None, &missing).unwrap_err().to_string();
    assert!(
        refused.contains("`د`") && refused.contains("completion"),
        "the column that is not there is named: {refused}"
    );
}

#[test]
fn a_row_that_cannot_be_learnt_costs_itself_alone() {
    let lines = [
        r#"{"messages":[{"role":"user","content":"۱"},{"role":"assistant","content":"۲"}]}"#,
        "{ broken",
        r#"{"messages":[]}"#,
        "{}",
        r#"{"messages":[{"role":"user","content":"۱"}]}"#,
        r#"{"messages":[{"role":"user","content":"۱"},{"role":"assistant","content":" "}]}"#,
        r#"{"messages":[{"role":"tool","content":"۱"},{"role":"assistant","content":"۲"}]}"#,
        r#"{"messages":"x"}"#,
        r#"{"messages":[{"role":"user"},{"role":"assistant","content":"۲"}]}"#,
        r#"{"other":1}"#,
        r#"{"messages":[{"role":"user","content":"۳"},{"role":"assistant","content":"۴"}]}"#,
    ];
    assert_eq!(
        read("a.jsonl", &lines.join("\n")),
        [
            "1 u:۱ a:۲",
            "2 Unreadable ",
            "3 Empty ",
            "4 Empty ",
            "5 NoAnswer ",
            "6 EmptyAnswer ",
            "7 UnknownRole tool",
            "8 WrongType messages",
            "9 MissingField content",
            "10 MissingField messages",
            "11 u:۳ a:۴",
        ]
    );
    assert_eq!(
        read("a.csv", "prompt,completion\nیک,دو\nسه\n,\nچهار,\n,پنج\n"),
        [
            "2 u:یک a:دو",
            "3 Unreadable ",
            "4 Empty ",
            "5 EmptyAnswer ",
            "6 MissingField user",
        ]
    );
}

#[test]
fn an_array_is_read_row_by_row_with_the_lines_of_its_rows() {
    let text = "[\n{\"prompt\":\"a ] , \\\"[\",\n\"completion\":\"b\"},\n{\"prompt\":1,\"completion\":true}\n , 3,\n\n{\"prompt\":\"c\",\"completion\":\"d\"}]\n";
    assert_eq!(
        read("a.json", text),
        [
            "2 u:a ] , \"[ a:b",
            "4 u:1 a:true",
            "5 MissingField prompt",
            "7 u:c a:d"
        ]
    );
    for (broken, line) in [
        ("[{\"prompt\":\"a\",\n\"completion\":\"b\"}", 2),
        ("{\"a\":1}\n", 1),
        ("3", 1),
    ] {
        let error = columns(&file("a.json", broken).path).unwrap_err().to_api();
        assert_eq!(error.params.line, Some(line), "{broken}: {error}");
    }
}

#[test]
fn faults_are_counted_with_the_lines_of_the_first() {
    let mut counts = Vec::new();
    for line in 1..=9 {
        amoozgar_types::dataset::count_fault(&mut counts, RowFault::NoAnswer, None, line);
    }
    amoozgar_types::dataset::count_fault(&mut counts, RowFault::UnknownRole, Some("tool"), 10);
    assert_eq!(counts.len(), 2, "one for each kind");
    assert_eq!(
        (counts[0].n_rows, counts[0].lines.as_slice()),
        (9, &[1, 2, 3, 4, 5][..])
    );
    assert_eq!(counts[1].value.as_deref(), Some("tool"));
}
