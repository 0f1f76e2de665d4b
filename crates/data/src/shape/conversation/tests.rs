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
                            Role::Tool => 't',
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
        r#"{"messages":[{"role":"judge","content":"۱"},{"role":"assistant","content":"۲"}]}"#,
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
            "7 UnknownRole judge",
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

/// The first conversation of a file of lines.
fn first(line: &str) -> Result<super::Conversation, String> {
    let file = file("a.jsonl", line);
    let guess = shape_of(&file.path, Some(Shape::Messages), &Mapping::new()).unwrap();
    let mut rows = Conversations::open(&file.path, &guess).unwrap();
    let row = rows.next().unwrap().unwrap();
    row.map_err(|row| format!("{:?} {}", row.fault, row.value.unwrap_or_default()))
}

#[test]
fn thoughts_before_an_answer_are_found_under_each_of_their_names() {
    for answer in [
        r#"{"role":"assistant","content":"۴","reasoning_content":"۲ و ۲"}"#,
        r#"{"role":"assistant","content":"۴","reasoning":" ۲ و ۲\n"}"#,
        r#"{"role":"assistant","content":"۴","thinking":"۲ و ۲"}"#,
        r#"{"role":"assistant","content":"<think>\n۲ و ۲\n</think>\n\n۴"}"#,
    ] {
        let row = first(&format!(
            r#"{{"messages":[{{"role":"user","content":"؟"}},{answer}]}}"#
        ));
        let said = row.unwrap().messages.pop().unwrap();
        assert_eq!(said.reasoning.as_deref(), Some("۲ و ۲"), "{answer}");
        assert_eq!(said.content, "۴", "{answer}");
    }
    let inner = r#"{"messages":[{"role":"user","content":"؟"},{"role":"assistant","content":"نویسه‌های <think> و </think>"}]}"#;
    let said = first(inner).unwrap().messages.pop().unwrap();
    assert_eq!(said.reasoning, None, "they begin no answer there");
}

#[test]
fn tools_and_their_calls_are_read_in_both_forms_and_refused_where_they_are_none() {
    let asked = r#"{"role":"user","content":"هوا؟"}"#;
    let answered = r#"{"role":"tool","name":"w","tool_call_id":"1","content":"{}"},{"role":"assistant","content":"خوب"}"#;
    let call = |call: &str| {
        format!(
            r#"{{"tools":[{{"type":"function","function":{{"name":"w"}}}}],"messages":[{asked},{call},{answered}]}}"#
        )
    };
    for made in [
        r#"{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"w","arguments":{"c":"شیراز"}}}]}"#,
        r#"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"w","arguments":"{\"c\":\"شیراز\"}"}}]}"#,
        r#"{"from":"function_call","value":"{\"id\":\"1\",\"name\":\"w\",\"arguments\":{\"c\":\"شیراز\"}}"}"#,
    ] {
        let row = first(&call(made)).unwrap();
        let tools = row.tools.unwrap();
        assert!(tools.contains(r#""name":"w""#), "{tools}");
        let calls = &row.messages.get(1).unwrap().tool_calls;
        let [one] = calls.as_slice() else {
            panic!("{made}: {calls:?}");
        };
        assert_eq!((one.id.as_deref(), one.name.as_str()), (Some("1"), "w"));
        assert_eq!(one.arguments, r#"{"c":"شیراز"}"#, "{made}");
        let told = row.messages.get(2).unwrap();
        assert_eq!(told.role, Role::Tool);
        assert_eq!(told.tool_call_id.as_deref(), Some("1"));
    }
    for (broken, said) in [
        (
            r#"{"role":"assistant","tool_calls":[{"name":"w","arguments":"no"}]}"#,
            "WrongType tool_calls",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{}]}"#,
            "WrongType tool_calls",
        ),
        (
            r#"{"role":"assistant","content":"۱","weight":0}"#,
            "WrongType weight",
        ),
        (r#"{"role":"assistant"}"#, "MissingField content"),
    ] {
        assert_eq!(first(&call(broken)).unwrap_err(), said, "{broken}");
    }
    let no_list = format!(r#"{{"tools":{{"a":1}},"messages":[{asked},{answered}]}}"#);
    assert_eq!(first(&no_list).unwrap_err(), "WrongType tools");
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
