//! Text of both directions: isolating what must stay left-to-right inside a Persian sentence, and
//! removing the invisible controls that others left in a text.
//!
//! Pages isolate with `<bdi>`; this is for places without markup, such as a notification's body.

/// Left-to-right isolate.
const LRI: char = '\u{2066}';
/// First-strong isolate: the direction is that of the text's first letter.
const FSI: char = '\u{2068}';
/// Ends an isolate.
const PDI: char = '\u{2069}';

/// Whether `c` only steers direction: marks, embeddings, overrides and isolates.
///
/// The zero-width non-joiner is not one of them: in Persian it is spelling.
pub fn is_control(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

/// `text` without its direction controls. ZWNJ stays.
pub fn strip_controls(text: &str) -> String {
    text.chars().filter(|&c| !is_control(c)).collect()
}

/// `text` (an id, a path, a URL) wrapped so that it reads left to right inside a Persian sentence.
///
/// Controls inside it are removed first: an unpaired one would break out of the isolate.
pub fn isolate_ltr(text: &str) -> String {
    wrap(LRI, text)
}

/// `text` (a name that a person chose) wrapped so that its own first letter decides its direction.
pub fn isolate(text: &str) -> String {
    wrap(FSI, text)
}

/// The direction of a text that may hold words of both, as an element's `dir`: right to left where at least
/// a third of its letters are, whichever comes first. «I miss you یعنی چه؟» is a Persian question.
pub fn direction(text: &str) -> &'static str {
    let (mut n_rtl, mut n_ltr) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        match c {
            // Hebrew, Arabic with its extensions, and their presentation forms.
            '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' => {
                n_rtl += 1;
            }
            _ => n_ltr += 1,
        }
    }
    match (n_rtl, n_ltr) {
        (0, 0) => "auto",
        _ if n_rtl.saturating_mul(2) >= n_ltr => "rtl",
        _ => "ltr",
    }
}

fn wrap(open: char, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2 * open.len_utf8());
    out.push(open);
    out.extend(text.chars().filter(|&c| !is_control(c)));
    out.push(PDI);
    out
}

#[cfg(test)]
mod tests {
    use super::{direction, isolate, isolate_ltr, strip_controls};

    #[test]
    fn a_persian_sentence_is_one_although_it_begins_with_foreign_words() {
        assert_eq!(direction("«I miss you» به فارسی چه می\u{200C}شود؟"), "rtl");
        assert_eq!(direction("GGUF یک قالب است"), "rtl");
        assert_eq!(direction("The word «کتاب» means book."), "ltr");
        assert_eq!(direction("۱۲ + ۳۰"), "auto", "nothing is said by digits");
    }

    #[test]
    fn controls_go_and_the_zwnj_stays() {
        assert_eq!(
            strip_controls("\u{200F}می\u{200C}روم\u{202C}\u{2069}"),
            "می\u{200C}روم",
            "ZWNJ is spelling, the others are not"
        );
    }

    #[test]
    fn an_isolate_cannot_be_broken_out_of() {
        assert_eq!(
            isolate_ltr("/a\u{2069}/b"),
            "\u{2066}/a/b\u{2069}",
            "one opening and one closing control"
        );
    }

    #[test]
    fn a_chosen_name_decides_its_own_direction() {
        assert_eq!(
            isolate("GPT"),
            "\u{2068}GPT\u{2069}",
            "first-strong isolate"
        );
    }
}
