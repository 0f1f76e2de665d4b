//! Finding Persian text by what a person types in a hurry: other keyboards' letters, a space for a
//! ZWNJ or neither, no diacritics, some letters left out.

use std::ops::Range;

/// `text` as it is compared: one form for letters that keyboards write differently, lower case, ASCII
/// digits, no diacritics; a ZWNJ and every other break is one space.
///
/// It does without [`crate::normalize`], whose tables weigh more in the interface than all of this:
/// what is left of a decomposed letter once its mark is dropped is the letter that it folds to.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'آ' | 'أ' | 'إ' | 'ٱ' => folded.push('ا'),
            'ؤ' => folded.push('و'),
            'ئ' | 'ي' | 'ى' => folded.push('ی'),
            'ك' => folded.push('ک'),
            'ة' | 'ۀ' => folded.push('ه'),
            // Diacritics, the hamza above, the small alef, tatweel, what parts thousands.
            '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}' | '٬' => {}
            '۰'..='۹' => folded.push(digit(c, '۰')),
            '٠'..='٩' => folded.push(digit(c, '٠')),
            c if c.is_alphanumeric() => folded.extend(c.to_lowercase()),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn digit(c: char, zero: char) -> char {
    char::from(b'0' + (c as u32 - zero as u32) as u8)
}

/// [`fold`] without its spaces: what is written together by one person and apart by another is one text.
pub fn squeeze(text: &str) -> String {
    let mut squeezed = fold(text);
    squeezed.retain(|c| c != ' ');
    squeezed
}

/// Where `text` holds what was typed as `query`, in bytes, by their squeezed forms ([`squeeze`]); `None` where
/// it does not, or nothing was typed.
pub fn find(query: &str, text: &str) -> Option<Range<usize>> {
    let query = squeeze(query);
    if query.is_empty() {
        return None;
    }
    let mut squeezed = String::new();
    // Of each byte of the squeezed text, the letter of the text that it was made of.
    let mut made_of = Vec::new();
    for (at, c) in text.char_indices() {
        let folded = squeeze(c.encode_utf8(&mut [0; 4]));
        made_of.extend(std::iter::repeat_n(at..at + c.len_utf8(), folded.len()));
        squeezed.push_str(&folded);
    }
    let start = squeezed.find(&query)?;
    let first = made_of.get(start)?;
    let last = made_of.get(start + query.len() - 1)?;
    Some(first.start..last.end)
}

/// How well `query` names `text`; higher is better, `None` where it does not. The letters of the query
/// must come in the text in their order and near each other; those at the start of words and those in
/// a row count most. An empty query names everything equally.
pub fn score(query: &str, text: &str) -> Option<i32> {
    score_folded(&fold(query), &fold(text))
}

/// [`score`] of texts that [`fold`] has prepared, for searching many.
pub fn score_folded(query: &str, text: &str) -> Option<i32> {
    let query: Vec<char> = query.chars().filter(|c| *c != ' ').collect();
    let text: Vec<char> = text.chars().collect();
    let Some(first) = query.first() else {
        return Some(0);
    };
    (0..text.len())
        .filter(|at| text.get(*at) == Some(first))
        .filter_map(|at| from(&query, &text, at))
        .max()
}

/// The score of the query's letters taken from `text` as early as possible from `start` on.
fn from(query: &[char], text: &[char], start: usize) -> Option<i32> {
    let mut score = 0;
    let mut wanted = query.iter().peekable();
    let mut row = 0;
    let mut skipped = 0;
    for (at, c) in text.iter().enumerate().skip(start) {
        let Some(next) = wanted.peek() else { break };
        if *c == ' ' {
            continue;
        }
        if c == *next {
            wanted.next();
            let begins = at == 0 || text.get(at - 1) == Some(&' ');
            row += 1;
            score += 2 + 2 * row + if begins { 6 } else { 0 };
        } else {
            row = 0;
            skipped += 1;
        }
    }
    // More letters left out than typed: a coincidence.
    let named = wanted.peek().is_none() && skipped <= query.len().max(2);
    let whole = i32::from(start == 0) * 4;
    named.then_some(score + whole - skipped as i32 - text.len() as i32 / 16)
}

#[cfg(test)]
mod tests {
    use super::{find, fold, score, squeeze};

    #[test]
    fn what_is_typed_in_a_hurry_is_found_where_it_stands() {
        let text = "دیروز كتابِ مي\u{200C}خواندم، ۱۲ صفحه.";
        for (typed, found) in [
            ("می خواندم", "مي\u{200C}خواندم"),
            ("میخواندم", "مي\u{200C}خواندم"),
            ("کتاب می\u{200C}خ", "كتابِ مي\u{200C}خ"),
            ("12 صفحه", "۱۲ صفحه"),
        ] {
            let place = find(typed, text);
            assert_eq!(place.map(|place| &text[place]), Some(found), "`{typed}`");
            assert!(squeeze(text).contains(&squeeze(typed)), "`{typed}`");
        }
        assert_eq!(find("نیست", text), None);
        assert_eq!(find(" ؟", text), None, "signs name nothing");
    }

    #[test]
    fn folding_forgives_keyboards_breaks_and_diacritics() {
        for (typed, folded) in [
            ("مجموعه\u{200C}داده", "مجموعه داده"),
            ("كتاب علي", "کتاب علی"),
            ("آموزشِ مدل", "اموزش مدل"),
            ("گام ۱۲", "گام 12"),
            ("۱۲٬۰۰۰ گام", "12000 گام"),
            ("  LoRA:  چیست؟ ", "lora چیست"),
            ("مسئله", "مسیله"),
            ("آب", "اب"),
            ("مسي\u{0654}له", "مسیله"),
        ] {
            assert_eq!(fold(typed), folded, "`{typed}`");
        }
    }

    #[test]
    fn a_space_a_joiner_and_neither_find_the_same() {
        let text = "مجموعه\u{200C}داده\u{200C}ها";
        let scores: Vec<_> = ["مجموعه داده", "مجموعه\u{200C}داده", "مجموعهداده"]
            .map(|query| score(query, text))
            .to_vec();
        assert!(scores[0].is_some(), "it is found");
        assert!(
            scores.iter().all(|one| *one == scores[0]),
            "all the same: {scores:?}"
        );
    }

    #[test]
    fn the_nearer_name_comes_first() {
        let better = |query: &str, first: &str, second: &str| {
            let (first_score, second_score) = (score(query, first), score(query, second));
            assert!(
                first_score > second_score,
                "`{query}`: `{first}` {first_score:?}, `{second}` {second_score:?}"
            );
        };
        better("آموزش", "آموزش تازه", "نقطه\u{200C}های ذخیرهٔ آموزش");
        better("تازه", "آموزش تازه", "اعلان\u{200C}ها");
        better("نرخ", "نرخ یادگیری", "اندازهٔ دسته");
        assert_eq!(score("", "هرچه"), Some(0), "nothing typed names all");
    }

    #[test]
    fn letters_scattered_over_a_text_are_no_match() {
        assert_eq!(
            score("نته", "نقطه\u{200C}های ذخیره در پوشهٔ تازه"),
            None,
            "too far apart"
        );
        assert_eq!(score("خانهx", "خانه"), None, "a letter too many");
        assert!(score("تنضیمات", "تنظیمات").is_none(), "another letter");
        assert!(score("تظیمات", "تنظیمات").is_some(), "one left out");
    }
}
