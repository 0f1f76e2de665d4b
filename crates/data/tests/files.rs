//! Files that people bring: what is read, and what is said about what cannot be.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_data::{DataError, inspect, preview};
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
