//! The kinds of lines that Markdown has.

/// The mark that opens or closes a block of code.
pub(super) fn fence_of(line: &str) -> Option<&'static str> {
    ["```", "~~~"]
        .into_iter()
        .find(|fence| line.starts_with(fence))
}

/// The level of a heading, 1 the largest, and its words.
pub(super) fn heading(line: &str) -> Option<(u8, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let is_heading = (1..=6).contains(&level) && title.starts_with(' ');
    is_heading.then(|| (level as u8, title.trim().trim_end_matches('#').trim_end()))
}

/// What follows a bullet or a number.
pub(super) fn point(line: &str) -> Option<&str> {
    numbered(line).map(|(_, words)| words)
}

/// [`point`] with its number, in Persian, Arabic or ASCII digits, where it has one.
pub(super) fn numbered(line: &str) -> Option<(Option<u32>, &str)> {
    if let Some(rest) = ["- ", "* ", "+ ", "• "]
        .into_iter()
        .find_map(|bullet| line.strip_prefix(bullet))
    {
        return Some((None, rest.trim()));
    }
    let mut number = 0;
    let mut rest = line;
    let mut n_digits = 0;
    while let Some(value) = rest.chars().next().and_then(digit) {
        number = number * 10 + value;
        rest = rest.get(rest.chars().next()?.len_utf8()..)?;
        n_digits += 1;
        if n_digits > 3 {
            return None;
        }
    }
    let words = [". ", ") ", "- ", ".\u{200F} "]
        .into_iter()
        .filter(|_| n_digits > 0)
        .find_map(|mark| rest.strip_prefix(mark))?;
    Some((Some(number), words.trim()))
}

fn digit(c: char) -> Option<u32> {
    ['0', '۰', '٠']
        .into_iter()
        .filter_map(|zero| (c as u32).checked_sub(zero as u32))
        .find(|value| *value < 10)
}

/// Whether the line is nothing but a line.
pub(super) fn is_rule(line: &str) -> bool {
    let marks: String = line.split_whitespace().collect();
    marks.len() >= 3
        && ['-', '*', '_', '=']
            .iter()
            .any(|mark| marks.chars().all(|c| c == *mark))
}

/// Whether the line is the second one of a table, which says nothing.
pub(super) fn is_ruler(row: &str) -> bool {
    row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn points_are_numbered_in_any_digits() {
        assert_eq!(numbered("۱۲. دوازده"), Some((Some(12), "دوازده")));
        assert_eq!(numbered("3) سه"), Some((Some(3), "سه")));
        assert_eq!(numbered("- بی‌شماره"), Some((None, "بی‌شماره")));
        assert_eq!(numbered("1405. سال"), None, "a year is no point");
        assert_eq!(numbered("۳٫۵ متر"), None);
        assert_eq!(numbered(". "), None);
    }
}
