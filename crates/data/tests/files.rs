//! Files that people bring: what is read, and what is said about what cannot be.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_data::{DataError, Unit, inspect, preview};
use amoozgar_types::ErrorCode;
use std::path::PathBuf;
use tempfile::TempDir;

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn blank_lines_part_documents_and_each_is_normalized() {
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        "a.txt",
        "\u{feff}كمك\r\nدوم\r\n\r\n\n  \nسوم\n".as_bytes(),
    );
    assert_eq!(inspect(&path).unwrap().n_rows, 2, "two documents");
    assert_eq!(
        preview(&path, 0, 5, 100).unwrap(),
        ["کمک\nدوم", "سوم"],
        "normalized, lines kept"
    );
    assert_eq!(
        preview(&path, 1, 5, 100).unwrap(),
        ["سوم"],
        "rows can be skipped"
    );
}

#[test]
fn a_line_ends_with_lf_with_cr_lf_or_with_cr() {
    let folder = TempDir::new().unwrap();
    let rows = |name: &str, text: &str| {
        let path = file(&folder, name, text.as_bytes());
        preview(&path, 0, 9, 100).unwrap()
    };
    assert_eq!(
        rows("a.txt", "یک\rدو\r\rسه\r\rچهار\r"),
        ["یک\nدو", "سه", "چهار"],
        "CR alone"
    );
    assert_eq!(
        rows("b.txt", "یک\r\r\nدو\r\r\n\r\r\nسه"),
        ["یک\nدو", "سه"],
        "a CR LF that was written in text mode is one end"
    );
    assert_eq!(
        rows("c.txt", "یک\r\nدو\r\n\r\nسه\n\nچهار"),
        ["یک\nدو", "سه", "چهار"],
        "mixed ends"
    );
    assert_eq!(
        rows("d.jsonl", "{\"text\":\"یک\"}\r{\"text\":\"دو\"}"),
        ["یک", "دو"],
        "rows of JSON"
    );
    let lone = file(&folder, "e.txt", b"a\r\rb\r\xff\r");
    assert_eq!(
        inspect(&lone).unwrap_err().to_api().params.line,
        Some(4),
        "each CR ends a line"
    );
}

#[test]
fn files_with_byte_order_marks_that_were_put_together_are_read() {
    let folder = TempDir::new().unwrap();
    let rows = "\u{feff}{\"text\":\"یک\"}\r\n{\"text\":\"دو\"}\r\n".repeat(2);
    let path = file(&folder, "a.jsonl", rows.as_bytes());
    assert_eq!(inspect(&path).unwrap().n_rows, 4, "the marks are no data");
}

#[test]
fn rows_that_show_nothing_are_no_rows() {
    let folder = TempDir::new().unwrap();
    let texts = [
        "یک",
        "\u{200b}",
        "\u{feff}\u{200c}",
        "دو",
        "\u{2060}",
        "\u{ad}",
        "\u{a0}",
    ];
    let rows: Vec<String> = texts
        .iter()
        .map(|text| format!("{{\"text\":\"{text}\"}}"))
        .collect();
    let path = file(&folder, "a.jsonl", rows.join("\n").as_bytes());
    assert_eq!(preview(&path, 0, 9, 9).unwrap(), ["یک", "دو"], "two texts");
    let text = file(&folder, "a.txt", "یک\n\u{200b}\nدو".as_bytes());
    assert_eq!(
        inspect(&text).unwrap().n_rows,
        2,
        "a line that shows nothing parts documents as a blank one does"
    );
}

fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn utf_16_is_read_as_what_it_says() {
    let folder = TempDir::new().unwrap();
    let text = "\u{feff}كتاب 😀\r\n\r\nدوم\r\n";
    let rows = "{\"text\":\"یک\"}\n{\"text\":\"دو\"}\n";
    for (order, to_bytes) in [
        ("little", u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ("big", u16::to_be_bytes),
    ] {
        let marked = file(&folder, "a.txt", &utf_16(text, to_bytes));
        assert_eq!(
            preview(&marked, 0, 9, 99).unwrap(),
            ["کتاب 😀", "دوم"],
            "with a mark, {order} end first"
        );
        let bare = file(&folder, "b.jsonl", &utf_16(rows, to_bytes));
        assert_eq!(
            preview(&bare, 0, 9, 99).unwrap(),
            ["یک", "دو"],
            "without one, {order} end first"
        );
        // Longer than what is turned at once, and pairs on every border.
        let long = format!("\u{feff}a{}\n\nb", "😀".repeat(50_000));
        let long = file(&folder, "c.txt", &utf_16(&long, to_bytes));
        let read = preview(&long, 0, 9, 60_000).unwrap();
        assert_eq!(read, [format!("a{}", "😀".repeat(50_000)), "b".into()]);
    }
    for (name, broken) in [
        (
            "half a pair",
            utf_16("\u{feff}a\n\n", u16::to_le_bytes)
                .into_iter()
                .chain([0x3D, 0xD8, b'b', 0])
                .collect::<Vec<u8>>(),
        ),
        (
            "half a unit",
            utf_16("\u{feff}a\n\nb", u16::to_le_bytes)
                .into_iter()
                .chain([b'c'])
                .collect(),
        ),
    ] {
        let path = file(&folder, "d.txt", &broken);
        assert_eq!(
            inspect(&path).unwrap_err().to_api().params.line,
            Some(3),
            "{name} is refused with its line"
        );
    }
}

#[test]
fn numbers_of_two_bytes_are_no_text() {
    let folder = TempDir::new().unwrap();
    let numbers: Vec<u8> = (1..200u16).flat_map(u16::to_le_bytes).collect();
    let refused = inspect(&file(&folder, "a.txt", &numbers)).unwrap_err();
    assert!(matches!(refused, DataError::BinaryFile { .. }), "{refused}");
}

#[test]
fn lines_of_json_give_their_text() {
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        "a.jsonl",
        "{\"text\":\"یک\"}\n\n{\"text\":\"دو\",\"id\":2}\n".as_bytes(),
    );
    assert_eq!(
        preview(&path, 0, 9, 100).unwrap(),
        ["یک", "دو"],
        "blank lines are skipped"
    );
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let folder = TempDir::new().unwrap();
    let code = |name: &str, bytes: &[u8]| {
        let error = inspect(&file(&folder, name, bytes)).unwrap_err().to_api();
        (error.code, error.params.line, error.params.offset)
    };
    let six = "{\"text\":\"خوب\"}\n".repeat(6);
    assert_eq!(
        code("e.txt", b""),
        (ErrorCode::EmptyFile, None, None),
        "an empty file"
    );
    assert_eq!(
        code("w.txt", b" \n\n \t\n"),
        (ErrorCode::EmptyFile, None, None),
        "white space alone"
    );
    assert_eq!(
        code("b.txt", b"abc\0def"),
        (ErrorCode::BinaryFile, None, Some(3)),
        "a zero byte"
    );
    assert_eq!(
        code("u.txt", b"ab\ncd\xff\n"),
        (ErrorCode::InvalidUtf8, Some(2), Some(5)),
        "broken UTF-8"
    );
    assert_eq!(
        code("j.jsonl", format!("{six}{{broken\n").as_bytes()),
        (ErrorCode::InvalidJson, Some(7), None),
        "broken JSON"
    );
    assert_eq!(
        code("m.jsonl", format!("{six}{{\"txt\":1}}\n").as_bytes()),
        (ErrorCode::MissingField, Some(7), None),
        "no text"
    );
    assert_eq!(
        code("x.pdf", b"abc"),
        (ErrorCode::UnsupportedFormat, None, None),
        "another kind of file"
    );
    let missing = inspect(&folder.path().join("none.txt")).unwrap_err();
    assert!(
        matches!(missing, DataError::FileNotFound { .. }),
        "a missing path: {missing}"
    );
}

#[test]
fn a_book_on_one_line_is_read() {
    let folder = TempDir::new().unwrap();
    let book = "گفت که «این کتاب یک سطر است». ".repeat(100_000);
    let path = file(&folder, "book.txt", book.as_bytes());
    assert_eq!(inspect(&path).unwrap().n_rows, 1, "five megabytes");
    let rows = preview(&path, 0, 10, 5).unwrap();
    assert_eq!(rows, ["گفت ک"], "its beginning is shown");
}

#[test]
fn a_text_is_parted_into_the_largest_units_of_which_it_has_two() {
    let folder = TempDir::new().unwrap();
    let words: Vec<String> = (0..200).map(|n| format!("w{n}")).collect();
    let line = file(&folder, "a.txt", words.join(" ").as_bytes());
    let (unit, n_units) = Unit::of_text(1, 1, words.len());
    assert_eq!((unit, n_units), (Unit::Passage, 4), "64 words each");
    let passages: Vec<_> = unit.read(&line).unwrap().map(Result::unwrap).collect();
    assert_eq!(passages.len(), n_units, "as many as were foreseen");
    let texts: Vec<_> = passages.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(
        texts.join(" "),
        words.join(" "),
        "together they are the text"
    );
    assert!(
        passages
            .iter()
            .enumerate()
            .all(|(at, part)| part.document == at),
        "each can be held out by itself"
    );
    assert_eq!(
        Unit::of_text(1, 9, 200),
        (Unit::Line, 9),
        "lines, if there are"
    );
    assert_eq!(
        Unit::of_text(2, 9, 200),
        (Unit::Document, 2),
        "documents, if there are"
    );
}
