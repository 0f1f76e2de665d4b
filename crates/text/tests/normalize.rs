//! The default profile: the pairs that it must pass, and what holds for every text.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_text::{is_blank, normalize};
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
fn a_tatweel_that_touches_no_letter_is_a_dash_and_stays() {
    for same in [
        "۱۳۸۰ـ۱۳۹۰",
        "2010ـ2020",
        "علمی ـ ترویجی",
        "۱ـ مقدمه",
        "پیش از میلاد (ـ) ۳۰",
        "ـــــ",
        "ـ\u{64E} و ـ\u{650}",
    ] {
        check(same, same, "no letter is stretched");
    }
    for (input, expected) in [
        ("کتـــاب", "کتاب"),
        ("ـها", "ها"),
        ("به نام ـخدا", "به نام خدا"),
        ("هـ ۱۴۰۰", "ه ۱۴۰۰"),
        ("مـ\u{64E}ن", "م\u{64E}ن"),
        ("ﻣـﻦ", "من"),
        ("کت\u{AD}ـ~ـاب", "کت~اب"),
    ] {
        check(input, expected, "a letter is stretched");
    }
}

#[test]
fn the_ligature_of_allah_brings_no_second_alef() {
    for (input, expected) in [
        ("عبداﷲ", "عبدالله"),
        ("آیت~اﷲ", "آیت~الله"),
        ("باﷲ", "بالله"),
        ("وا\u{64E}ﷲ", "وا\u{64E}لله"),
        ("ﺍﷲ", "الله"),
        ("عبدﷲ", "عبدالله"),
        ("ﷲ اکبر", "الله اکبر"),
        ("خدا ﷲ", "خدا الله"),
    ] {
        check(input, expected, "one alef");
    }
}

#[test]
fn zero_width_spaces_were_typed_for_the_zwnj() {
    for (input, expected) in [
        ("می\u{200B}روم و کتاب\u{2060}ها", "می~روم و کتاب~ها"),
        ("سلام \u{200B} دنیا\u{2060}", "سلام دنیا"),
        ("می\u{200B}~\u{2060}روم", "می~روم"),
        ("ﻣﯽ\u{200B}روم", "می~روم"),
        ("foo\u{200B}bar", "foobar"),
        ("۱۲\u{2060}۳", "۱۲۳"),
        ("کتاب\u{AD}خانه", "کتابخانه"),
        ("کتاب\u{AD}\u{200B}ها", "کتاب~ها"),
    ] {
        check(input, expected, "between letters of the script it joins");
    }
}

#[test]
fn a_hamza_above_a_yeh_without_dots_is_one_letter() {
    for input in [
        "رى\u{654}یس",
        "ری\u{654}یس",
        "ري\u{654}یس",
        "رﻯ\u{654}یس",
        "رئیس",
    ] {
        check(input, "رئیس", "one spelling");
    }
    check(
        "ى\u{64E}\u{654}",
        "ئ\u{64E}",
        "a vowel sign does not part them",
    );
    check(
        "ى\u{653}\u{654}",
        "ی\u{653}\u{654}",
        "another mark above does",
    );
}

#[test]
fn lines_that_end_with_cr_alone_become_lines() {
    check("یک\rدو\r\rسه\r", "یک\nدو\n\nسه\n", "each CR ends a line");
    check("یک\r\nدو\rسه", "یک\nدو\nسه", "mixed line ends");
    check(
        "```\rكمك\r```\rكمك",
        "```\rكمك\r```\nکمک",
        "a fence is seen, and code is left as it is",
    );
}

#[test]
fn a_zwnj_beside_punctuation_goes() {
    for (input, expected) in [
        ("کتاب~.", "کتاب."),
        ("«~کتاب~»", "«کتاب»"),
        ("می~، نمی~", "می، نمی"),
        ("علمی~–~ترویجی", "علمی–ترویجی"),
        ("`Vec`~ها", "`Vec`~ها"),
    ] {
        check(input, expected, "it joins nothing there");
    }
}

#[test]
fn what_shows_nothing_is_blank() {
    for blank in [
        "",
        " \t\n",
        "\u{200B}",
        "\u{FEFF}\u{200C}",
        "\u{2060}\u{AD}",
        "\u{A0}\u{3000}\u{2003}\u{2028}",
        "\u{202B}\u{200F}",
        "\0",
    ] {
        assert!(is_blank(blank), "{blank:?} shows nothing");
    }
    for text in ["آ", ".", "\u{200B}ب", "ـ"] {
        assert!(!is_blank(text), "{text:?} shows something");
    }
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
        "\u{2000}", "\u{212A}", "\u{301}", "e", "\u{2028}", "\u{85}", "ﯼ", "ﮤ", "\u{AD}",
        "\u{200B}", "\u{2060}", "\u{200D}", "ی", ".", "-", "۱", "ﺍ", "ﺍﷲ",
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
        prop_assert!(!out.contains(['ي', 'ى', 'ك', 'ۀ', '٣', '\u{200F}', '\u{FEFF}']), "{out:?}");
        let letters: Vec<char> = out.chars().filter(|&c| !matches!(c, '\u{200C}' | '\u{654}')).collect();
        let stretched = |pair: &[char]| pair.contains(&'ـ') && pair.iter().any(|&c| c.is_alphabetic() && c != 'ـ');
        prop_assert!(!letters.windows(2).any(stretched), "{out:?}");
        prop_assert!(!out.contains("  ") && !out.contains("\u{200C}\u{200C}"), "{out:?}");
    }
}
