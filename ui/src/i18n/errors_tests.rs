use super::describe;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams, UsedBy};

#[test]
fn every_code_has_a_persian_sentence_and_a_hint() {
    for code in ErrorCode::ALL {
        let words = describe(&ApiError::new(*code));
        let persian = |text: &str| text.chars().any(|c| ('\u{0600}'..'\u{0700}').contains(&c));
        assert!(persian(&words.message), "{code:?}: `{}`", words.message);
        let hint = words.hint.unwrap_or_default();
        assert!(persian(&hint), "{code:?} has a hint");
        for sentence in [&words.message, &hint] {
            assert!(sentence.ends_with('.'), "{code:?}: `{sentence}` is whole");
            assert!(
                !sentence.contains(" می ") && !sentence.contains(" ها "),
                "{code:?}: `{sentence}` has its joiners"
            );
        }
        let chapter = words.chapter;
        let known = |slug: &str| {
            crate::i18n::help::CHAPTERS
                .iter()
                .any(|one| one.slug == slug)
        };
        assert!(
            chapter.is_none_or(known),
            "{code:?}: {chapter:?} is a chapter"
        );
    }
}

#[test]
fn broken_json_names_its_line_in_persian_digits() {
    let words = describe(&ApiError::with(
        ErrorCode::InvalidJson,
        ErrorParams {
            path: Some("/tmp/a.jsonl".into()),
            line: Some(7),
            ..ErrorParams::default()
        },
    ));
    assert!(words.message.contains("سطر ۷"), "`{}`", words.message);
    assert_eq!(
        words.path.as_deref(),
        Some("/tmp/a.jsonl"),
        "the file is named"
    );
}

#[test]
fn a_line_that_is_too_long_is_named_with_the_longest_that_is_read() {
    let words = describe(&ApiError::with(
        ErrorCode::LineTooLong,
        ErrorParams {
            line: Some(1),
            limit: Some(64 << 20),
            ..ErrorParams::default()
        },
    ));
    assert_eq!(
        words.message,
        "این فایل سطری دارد که از ۶۴ مگابایت بلندتر است و خوانده نمی‌شود (سطر ۱)."
    );
}

#[test]
fn what_is_needed_names_the_run_and_whose_it_is() {
    let words = describe(&ApiError::with(
        ErrorCode::InUse,
        ErrorParams {
            used_by: Some(Box::new(UsedBy {
                run: "حافظ‌خوان".into(),
                owner: "دارا".into(),
            })),
            ..ErrorParams::default()
        },
    ));
    for name in ["حافظ‌خوان", "دارا"] {
        assert!(words.message.contains(name), "`{}`", words.message);
    }
}

#[test]
fn a_short_text_says_how_much_there_is_and_how_much_is_needed() {
    let words = describe(&ApiError::with(
        ErrorCode::DatasetTooSmall,
        ErrorParams {
            found: Some(120),
            needed: Some(2048),
            ..ErrorParams::default()
        },
    ));
    assert!(words.message.contains("۱۲۰"), "`{}`", words.message);
    assert!(words.message.contains("۲٬۰۴۸"), "`{}`", words.message);
}

#[test]
fn a_host_and_a_repository_are_named_apart_from_the_sentence() {
    let words = describe(&ApiError::with(
        ErrorCode::NetworkUnreachable,
        ErrorParams {
            host: Some("huggingface.co".into()),
            ..ErrorParams::default()
        },
    ));
    assert!(
        words.message.contains("«\u{2066}huggingface.co\u{2069}»"),
        "`{}`",
        words.message
    );
    let words = describe(&ApiError::new(ErrorCode::GatedRepo));
    assert!(
        words.message.contains("این مخزن"),
        "without a name it is still a sentence: `{}`",
        words.message
    );
}

#[test]
fn a_form_field_is_called_by_its_label() {
    let words = describe(&ApiError::invalid_field("optimizer.lr"));
    assert!(words.message.contains("نرخ یادگیری"), "`{}`", words.message);
}
