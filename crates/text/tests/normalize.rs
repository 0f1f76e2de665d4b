//! The default profile: the pairs that it must pass, and what holds for every text.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_text::normalize;
use proptest::prelude::*;

/// `~` in these tests is a ZWNJ, as in the rules.
fn z(text: &str) -> String {
    text.replace('~', "\u{200C}")
}

fn check(input: &str, expected: &str, reason: &str) {
    assert_eq!(normalize(&z(input)), z(expected), "{reason}");
}

#[test]
fn the_agreed_pairs_pass() {
    check("سلام    دنیا", "سلام دنیا", "runs of spaces collapse");
    check("کاروان~~سرا", "کاروان~سرا", "runs of ZWNJ collapse");
    check("سلام ~~دنیا", "سلام دنیا", "ZWNJ beside a space goes");
    check("~~کاروان~سرا", "کاروان~سرا", "ZWNJ at the edge goes");
    check("ســلام", "سلام", "tatweel goes");
    check("كمك", "کمک", "Arabic kaf becomes Persian");
    check(
        "٠١٢٣٤٥٦٧٨٩",
        "۰۱۲۳۴۵۶۷۸۹",
        "Arabic-Indic digits become Persian",
    );
    for same in [
        "میز",
        "میانه",
        "آمدند",
        "https://fa.wikipedia.org/wiki/كتاب?q=٣",
        "ماه می سال",
    ] {
        check(same, same, "unchanged");
    }
}

#[test]
fn arabic_letters_become_persian() {
    check("علي موسى", "علی موسی", "yeh and alef maksura");
    check(
        "خانۀ ما",
        "خانه\u{654} ما",
        "heh with yeh above becomes heh and hamza",
    );
    check(
        "خان\u{6D5}\u{654} ما",
        "خانه\u{654} ما",
        "also when it comes decomposed",
    );
    check(
        "خانۀ\u{651}",
        "خانه\u{651}\u{654}",
        "marks end in canonical order",
    );
    check(
        "ﻼﻣ ﷲ ﯽ ﮏ ﺉ",
        "لام الله ی ک ئ",
        "presentation forms become letters",
    );
    check(
        "بﹷ ب\u{FE70}",
        "ب\u{64E} ب\u{64B}",
        "isolated vowel signs lose their carrier",
    );
}

#[test]
fn what_is_spelling_is_kept() {
    for same in [
        "آب رأس مؤمن مسئله جزء خانهٔ",
        "می~روم کتاب~ها",
        "12 GPT-2 ½ … ﷺ ﷼",
        "مُحَمَّد",
        "سطر یک\n\n\tسطر دو",
    ] {
        check(same, same, "kept as it is");
    }
}

#[test]
fn line_ends_and_invisible_marks_are_cleaned() {
    check(
        "\u{FEFF}یک\r\nدو\r\r\nسه",
        "یک\nدو\nسه",
        "BOM goes, CRLF becomes LF",
    );
    check(
        "یک~\r~\nدو",
        "یک\nدو",
        "a ZWNJ hidden in a line end does not keep it",
    );
    check(
        "می\u{200F}روم",
        "می~روم",
        "RLM between letters was meant as a ZWNJ",
    );
    check(
        "سلام\u{200F} \u{202B}دنیا\u{202C}",
        "سلام دنیا",
        "other controls go",
    );
    check(
        "سلام\u{A0}دنیا",
        "سلام\u{A0}دنیا",
        "a single no-break space stays",
    );
    check("سطر~\n~سطر", "سطر\nسطر", "ZWNJ beside a line end goes");
}

#[test]
fn code_and_urls_come_back_byte_for_byte() {
    for same in [
        "`كمك  ـ`",
        "متن ``a ` كمك  b`` متن",
        "```rust\r\nlet  x = \"كمك\";\r\n```\nمتن",
        "~~~\nكمك  ي\n~~~",
        "ببینید http://example.com/ي/ك?x=٣ را",
        "در www.example.ir/كتاب بود",
        "«https://a.ir/ك» و <ftp://b.ir/ي>",
    ] {
        assert_eq!(normalize(same), same, "protected text is unchanged");
    }
    assert_eq!(
        normalize("```\nكمك\n````\nكمك"),
        "```\nكمك\n````\nکمک",
        "the block ends with its fence"
    );
    assert_eq!(
        normalize("كمك\n```\nكمك"),
        "کمک\n```\nكمك",
        "an open fence reaches to the end"
    );
    assert_eq!(
        normalize("كمك ` كمك"),
        "کمک ` کمک",
        "one backtick makes no code"
    );
}

#[test]
fn marks_that_meet_only_after_cleaning_do_not_make_code_in_a_second_pass() {
    for text in [
        "`\u{FEFF}``\nكمك",
        "\u{FEFF}```\nكمك\n```",
        "\u{1FEF}كمك\u{1FEF}",
        "`\u{200C}كمك`\u{200C}`",
        "http://a\u{2069}ك",
        "http://a\u{200C}\u{200C}\u{2069}ك",
        "http://a<\u{338}ك",
        "\r\u{FEFF}\n",
    ] {
        let once = normalize(text);
        assert_eq!(normalize(&once), once, "a fixed point from {text:?}");
    }
}

/// Characters on which rules meet: more telling than characters drawn from all of Unicode.
fn tricky() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a", "ب", "ي", "ى", "ك", "ه", "ۀ", "\u{6D5}", "\u{654}", "\u{651}", "\u{64E}", "\u{653}",
        "ا", "٣", "3", " ", "  ", "\u{A0}", "\t", "\n", "\r", "\r\n", "\u{200C}", "\u{200F}",
        "\u{202B}", "\u{2069}", "\u{FEFF}", "ـ", "`", "``", "```", "~~~", "~", "http://", "www.",
        "://", "<", "\u{338}", "«", "»", "،", "ﻼ", "\u{FE70}", "\u{FE71}", "ﷺ", "ﷲ", "\u{1FEF}",
        "\u{2000}", "\u{212A}", "\u{301}", "e", "\u{2028}", "\u{85}", "ﯼ", "ﮤ",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|parts| parts.concat())
}

fn url() -> impl Strategy<Value = String> {
    "(https?|ftp)://[a-z]{1,8}\\.ir(/[a-z0-9يكىۀـ٣\u{200C}%_.-]{0,8}[a-z0-9ك/]){0,3}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn twice_is_once_on_tricky_text(text in tricky()) {
        let once = normalize(&text);
        prop_assert_eq!(normalize(&once), once.clone(), "from {:?}", text);
    }

    #[test]
    fn twice_is_once_on_any_text(text in any::<String>()) {
        let once = normalize(&text);
        prop_assert_eq!(normalize(&once), once.clone(), "from {:?}", text);
    }

    #[test]
    fn a_url_in_any_sentence_is_unchanged(before in "[يكa ـ\u{200C}\u{200F}]{0,8}", url in url(), after in "[ »<،\n][يك ـ\u{200C}]{0,8}") {
        let out = normalize(&format!("{before} {url}{after}"));
        prop_assert!(out.contains(&url), "{url:?} in {out:?}");
    }

    #[test]
    fn a_code_span_in_any_sentence_is_unchanged(before in "[يكa ـ\u{200C}\u{200F}]{0,8}", code in "[يكa ـ٣\u{200C}\u{200F}\u{FEFF}]{1,12}", after in "[يك ـ\u{200C}]{0,8}") {
        let span = format!("`{code}`");
        let out = normalize(&format!("{before}{span}{after}"));
        prop_assert!(out.contains(&span), "{span:?} in {out:?}");
    }

    #[test]
    fn a_fenced_block_in_any_text_is_unchanged(before in "[يكa ـ\u{200C}\u{200F}]{0,8}", code in "[يكa ـ٣`\u{200C}\r\n]{0,20}x", after in "[يك ـ\u{200C}]{0,8}") {
        let block = format!("````py\n{code}\n````");
        let out = normalize(&format!("{before}\n{block}\n{after}"));
        prop_assert!(out.contains(&block) || code.contains("````"), "{block:?} in {out:?}");
    }

    #[test]
    fn nothing_of_the_arabic_keyboard_is_left_outside_code_and_urls(text in "[يىكۀـ٣ا ب\u{200C}\u{200F}\u{FEFF}\n]{0,40}") {
        let out = normalize(&text);
        prop_assert!(!out.contains(['ي', 'ى', 'ك', 'ۀ', 'ـ', '٣', '\u{200F}', '\u{FEFF}']), "{out:?}");
        prop_assert!(!out.contains("  ") && !out.contains("\u{200C}\u{200C}"), "{out:?}");
    }
}
