//! Vowel signs: poetry carries them, everyday text does not, and a small model learns faster
//! without them. Removing them is opt-in; [`crate::normalize()`] keeps them.

/// Whether `c` is a vowel sign, tanwin, shadda or sukun (U+064B to U+0652).
///
/// The hamza above (U+0654) of «خانهٔ» and the madda (U+0653) are spelling and not among them.
pub fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{064B}'..='\u{0652}')
}

/// `text` without its diacritics.
pub fn strip(text: &str) -> String {
    text.chars().filter(|&c| !is_diacritic(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn vowel_signs_go_and_the_ezafe_hamza_stays() {
        assert_eq!(
            strip("اَلا یا اَیُّهَا السّاقی خانهٔ"),
            "الا یا ایها الساقی خانهٔ",
            "U+064B to U+0652 and nothing else"
        );
    }
}
