//! Files that people bring: what is read, and what is said about what cannot be.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_data::{DataError, Unit, inspect, preview, read_text};
use amoozgar_types::ErrorCode;
use amoozgar_types::dataset::TextEncoding;
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
        preview(&path, 0, 5, 100).unwrap().rows,
        ["کمک\nدوم", "سوم"],
        "normalized, lines kept"
    );
    assert_eq!(
        preview(&path, 1, 5, 100).unwrap().rows,
        ["سوم"],
        "rows can be skipped"
    );
}

#[test]
fn a_line_ends_with_lf_with_cr_lf_or_with_cr() {
    let folder = TempDir::new().unwrap();
    let rows = |name: &str, text: &str| {
        let path = file(&folder, name, text.as_bytes());
        preview(&path, 0, 9, 100).unwrap().rows
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
    assert_eq!(
        preview(&path, 0, 9, 9).unwrap().rows,
        ["یک", "دو"],
        "two texts"
    );
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
            preview(&marked, 0, 9, 99).unwrap().rows,
            ["کتاب 😀", "دوم"],
            "with a mark, {order} end first"
        );
        let bare = file(&folder, "b.jsonl", &utf_16(rows, to_bytes));
        assert_eq!(
            preview(&bare, 0, 9, 99).unwrap().rows,
            ["یک", "دو"],
            "without one, {order} end first"
        );
        // Longer than what is turned at once, and pairs on every border.
        let long = format!("\u{feff}a{}\n\nb", "😀".repeat(50_000));
        let long = file(&folder, "c.txt", &utf_16(&long, to_bytes));
        let read = preview(&long, 0, 9, 60_000).unwrap().rows;
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
        let params = inspect(&path).unwrap_err().to_api().params;
        assert_eq!(params.line, Some(3), "{name} is refused with its line");
        let place = if name == "half a unit" { 10 } else { 8 };
        assert_eq!(params.offset, Some(place), "{name}: the file's own byte");
    }
}

/// Letters of the code page by their bytes.
fn windows_1256(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(|c| match c {
        'ا' => 0xC7,
        'ب' => 0xC8,
        'ت' => 0xCA,
        'خ' => 0xCE,
        'د' => 0xCF,
        'ر' => 0xD1,
        'ز' => 0xD2,
        'س' => 0xD3,
        'ش' => 0xD4,
        'ف' => 0xDD,
        'ق' => 0xDE,
        'ل' => 0xE1,
        'م' => 0xE3,
        'ن' => 0xE4,
        'ه' => 0xE5,
        'و' => 0xE6,
        'ي' => 0xED,
        'ك' => 0xDF,
        'پ' => 0x81,
        'چ' => 0x8D,
        'ژ' => 0x8E,
        'گ' => 0x90,
        'ک' => 0x98,
        '\u{200c}' => 0x9D,
        '،' => 0xA1,
        '؟' => 0xBF,
        '«' => 0xAB,
        '»' => 0xBB,
        '©' => 0xA9,
        c => u8::try_from(c).unwrap(),
    });
    bytes.collect()
}

#[test]
fn windows_1256_is_read_as_what_it_says() {
    let folder = TempDir::new().unwrap();
    let text = "چه كسي گفت «مي\u{200c}روم»، پس کو؟\r\n\r\nژاله و گل\r\n";
    let read = ["چه کسی گفت «می\u{200c}روم»، پس کو؟", "ژاله و گل"];
    let path = file(&folder, "a.txt", &windows_1256(text));
    let rows = preview(&path, 0, 9, 99).unwrap();
    assert_eq!(rows.rows, read, "yeh and kaf are Persian ones");
    assert_eq!(rows.encoding, TextEncoding::Windows1256, "and it is said");
    let summary = inspect(&path).unwrap();
    assert_eq!(
        (summary.encoding, summary.n_rows),
        (TextEncoding::Windows1256, 2)
    );
    let bytes = windows_1256(text);
    let whole = read_text(&path, std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(whole, text, "as a whole: letter by letter");

    let rows = "{\"id\":\"a\",\"text\":\"سلام\\nدنيا\"}\n".repeat(9);
    let path = file(&folder, "b.jsonl", &windows_1256(&rows));
    assert_eq!(
        preview(&path, 0, 1, 99).unwrap().rows,
        ["سلام\nدنیا"],
        "rows of JSON, whose escapes are Latin"
    );

    // Longer than what is looked at, with ASCII before it and a sign now and then.
    let long = format!(
        "{}\n{}",
        "a line\n".repeat(30_000),
        format!(
            "{}©\n",
            "كتاب خوب را با دوستان بخوانيد، نه تنها\n".repeat(9)
        )
        .repeat(2_000)
    );
    let path = file(&folder, "c.txt", &windows_1256(&long));
    let summary = inspect(&path).unwrap();
    assert_eq!(summary.encoding, TextEncoding::Windows1256, "a long one");
    let plain = inspect(&file(&folder, "d.txt", "سلام".as_bytes())).unwrap();
    assert_eq!(plain.encoding, TextEncoding::Utf8);
}

#[test]
fn what_only_looks_like_windows_1256_is_refused_with_the_byte_and_its_place() {
    let folder = TempDir::new().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let error = inspect(&file(&folder, "a.txt", bytes))
            .unwrap_err()
            .to_api();
        assert_eq!(error.code, ErrorCode::InvalidUtf8, "{name}: {error}");
        (error.params.line, error.params.offset)
    };
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|c| c as u8).collect() };
    let persian = "بنی آدم اعضای یک پیکرند که در آفرینش ز یک گوهرند\n";
    for (name, bytes, place) in [
        (
            "French",
            latin("Le café est à côté, là-bas, où il a été créé.\n"),
            (1, 6),
        ),
        ("a word of Spanish", latin("Si,\nesta está\n"), (2, 12)),
        (
            "Spanish",
            latin("Aquí está más allá del río, así será.\n"),
            (1, 3),
        ),
        (
            "German",
            latin("Fünf größere Häuser und Straßen für alle\n"),
            (1, 1),
        ),
        // Windows-1251
        (
            "Russian",
            b"\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xCA\xE0\xEA \xE4\xE5\xEB\xE0\n".to_vec(),
            (1, 0),
        ),
        // ISO 8859-6
        (
            "Arabic in another code page",
            b"\xE7\xE4 \xCA\xE3\xE8\xE6 \xE1\xEA \xC7\xE4\xC8\xEA\xCA\n".to_vec(),
            (1, 0),
        ),
        (
            "UTF-8 with a broken byte",
            [
                persian.as_bytes(),
                b"\xD8 \xD8\xA7\n",
                persian.repeat(9).as_bytes(),
            ]
            .concat(),
            (2, persian.len() as u64),
        ),
        (
            "UTF-8 that is cut",
            persian
                .repeat(9)
                .as_bytes()
                .split_last_chunk::<2>()
                .unwrap()
                .0
                .to_vec(),
            (9, 9 * persian.len() as u64 - 3),
        ),
    ] {
        let (line, offset) = place;
        assert_eq!(refused(name, &bytes), (Some(line), Some(offset)), "{name}");
    }
    // Both in one file, put together by somebody.
    let line = windows_1256("كتاب خوب را با دوستان بخوانيد\n");
    let legacy = line.repeat(9_000);
    let (line, offset) = refused(
        "UTF-8 after the code page",
        &[legacy.as_slice(), persian.repeat(99).as_bytes()].concat(),
    );
    assert!(
        line == Some(9_001) && offset >= Some(legacy.len() as u64),
        "{line:?}, {offset:?}"
    );
    let (line, offset) = refused(
        "the code page after UTF-8",
        &[persian.repeat(2000).as_bytes(), &legacy].concat(),
    );
    assert_eq!(
        (line, offset),
        (Some(2001), Some(2000 * persian.len() as u64))
    );
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
        preview(&path, 0, 9, 100).unwrap().rows,
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
    let rows = preview(&path, 0, 10, 5).unwrap().rows;
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
