//! The order of the Persian alphabet, for lists of names: by code points پ, چ, ژ, گ and ی would come
//! after all others.

use crate::search::fold;
use std::cmp::Ordering;

const ALPHABET: &str = "ءابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی";

/// Which of two names comes first: by the alphabet, numbers within them by their value, forms of one
/// letter together. Names that differ only in what [`fold`] forgives are parted by code points.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (left, right) = (fold(a), fold(b));
    compare_folded(&left, &right).then_with(|| a.cmp(b))
}

fn compare_folded(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    loop {
        let (left, right) = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) => (*left, *right),
            (left, right) => return left.is_some().cmp(&right.is_some()),
        };
        let order = if left.is_ascii_digit() && right.is_ascii_digit() {
            number(&mut a).cmp(&number(&mut b))
        } else {
            a.next();
            b.next();
            rank(left).cmp(&rank(right))
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes the digits that come next; by count and then by themselves, which is by value.
fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> (usize, String) {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        if digit != '0' || !digits.is_empty() {
            digits.push(digit);
        }
    }
    (digits.len(), digits)
}

/// Spaces first, then digits, Persian letters, and all others by code points.
fn rank(c: char) -> (u8, u32) {
    if c == ' ' {
        return (0, 0);
    }
    if c.is_ascii_digit() {
        return (1, c.into());
    }
    match ALPHABET.chars().position(|letter| letter == c) {
        Some(place) => (2, place as u32),
        None => (3, c.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn names_come_in_the_order_of_the_alphabet() {
        let ordered = [
            "آب",
            "بابک",
            "پروین",
            "تهران",
            "چمن",
            "خانه",
            "رود",
            "ژاله",
            "سارا",
            "کتاب",
            "گام ۲",
            "گام ۱۰",
            "گل",
            "لاله",
            "مهر",
            "نور",
            "ورزش",
            "هما",
            "یاس",
            "BERT",
            "llama",
        ];
        let mut names: Vec<_> = ordered.iter().rev().copied().collect();
        names.sort_by(|a, b| compare(a, b));
        let why = "پ after ب, ژ before س, گ before ل, ه before ی, numbers by value, Latin last";
        assert_eq!(names, ordered, "{why}");
    }

    #[test]
    fn other_keyboards_letters_sort_with_their_own() {
        assert!(compare("كتاب", "کتابخانه").is_lt(), "ك is ک");
        assert!(compare("علي", "علی").is_ne(), "but still told apart");
    }
}
