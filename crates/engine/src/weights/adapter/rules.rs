//! Which maps an adapter is on, and of which rank and alpha on each, by the rules of PEFT: names, or regular
//! expressions as Python reads them.

use fancy_regex::Regex;

/// Maps by their paths.
#[derive(Debug, Clone)]
pub(crate) enum Maps {
    /// Every map of the blocks.
    All,
    /// Those whose path is one of these, or ends with it behind a dot.
    Named(Vec<String>),
    /// Those whose whole path the expression fits.
    Fitting(Regex),
}

impl Maps {
    /// Whether the map at `path` is one of them; the error says what of an expression cannot be tried.
    pub(super) fn contain(&self, path: &str) -> Result<bool, String> {
        match self {
            Self::All => Ok(true),
            Self::Named(names) => Ok(names.iter().any(|name| ends_with(path, name))),
            Self::Fitting(pattern) => fits(pattern, path),
        }
    }
}

/// Whether `path` is `name`, or ends with it behind a dot.
fn ends_with(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn fits(pattern: &Regex, path: &str) -> Result<bool, String> {
    pattern
        .is_match(path)
        .map_err(|failure| format!("the expression `{pattern}` of `{path}`: {failure}"))
}

/// The expression, which must fit a path from its beginning to its end (Python's `fullmatch`).
pub(super) fn whole(pattern: &str) -> Result<Regex, String> {
    compiled(&format!("^(?:{pattern})$"), pattern)
}

/// The expression, which must fit a path's end from its beginning or a dot on.
pub(super) fn ending(pattern: &str) -> Result<Regex, String> {
    compiled(&format!(r"^(?:.*\.)?(?:{pattern})$"), pattern)
}

/// The expression for a module or anything in it.
pub(super) fn within(pattern: &str) -> Result<Regex, String> {
    compiled(&format!(r"^(?:|.*\.)(?:{pattern})(?:$|\..*$)"), pattern)
}

fn compiled(whole: &str, pattern: &str) -> Result<Regex, String> {
    Regex::new(whole).map_err(|failure| format!("`{pattern}` is no expression: {failure}"))
}

/// The blocks that an adapter is on.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    pub(super) numbers: Vec<u64>,
    /// What a block's number stands behind; none means the first number of a path.
    pub(super) lists: Vec<Regex>,
}

impl Blocks {
    /// The expression for the list of blocks called `name`.
    pub(super) fn list(name: &str) -> Result<Regex, String> {
        compiled(&format!(r"^(?:|.*?\.)(?:{name})\.(?<idx>\d+)\."), name)
    }

    /// Whether the map at `path` is in one of them.
    pub(super) fn contain(&self, path: &str) -> Result<bool, String> {
        let number = if self.lists.is_empty() {
            first_number(path)
        } else {
            let mut found = None;
            for list in &self.lists {
                let captures = list.captures(path);
                let captures = captures.map_err(|failure| format!("`{list}`: {failure}"))?;
                found = captures.and_then(|captures| captures.name("idx")?.as_str().parse().ok());
                if found.is_some() {
                    break;
                }
            }
            found
        };
        Ok(number.is_some_and(|number| self.numbers.contains(&number)))
    }
}

/// The first number among a path's parts, from the third part on and not the last.
fn first_number(path: &str) -> Option<u64> {
    let parts: Vec<&str> = path.split('.').collect();
    let between = parts.get(2..parts.len().saturating_sub(1))?;
    between.iter().find_map(|part| part.parse().ok())
}

/// A value for the maps whose path's end an expression fits, instead of the adapter's own.
#[derive(Debug, Clone)]
pub(super) struct Pattern<T> {
    pub(super) pattern: Regex,
    pub(super) value: T,
}

/// The value of the map at `path`, or `own`. PEFT takes the first that fits, in an order that a file's reader
/// need not keep: two that differ are refused.
pub(super) fn value_of<T: Copy + PartialEq + std::fmt::Display>(
    patterns: &[Pattern<T>],
    path: &str,
    own: T,
) -> Result<T, String> {
    let mut found: Option<T> = None;
    for Pattern { pattern, value } in patterns {
        if !fits(pattern, path)? {
            continue;
        }
        if let Some(before) = found.filter(|before| before != value) {
            return Err(format!(
                "two of its patterns fit `{path}`, one says {before} and one {value}"
            ));
        }
        found = Some(*value);
    }
    Ok(found.unwrap_or(own))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Blocks, Maps, Pattern, ending, value_of, whole, within};

    const PATH: &str = "model.layers.3.self_attn.q_proj";

    #[test]
    fn names_and_expressions_choose_maps_as_peft_does() {
        let named = |name: &str| Maps::Named(vec![name.to_owned()]).contain(PATH).unwrap();
        assert!(named("q_proj") && named("self_attn.q_proj") && named(PATH));
        assert!(!named("proj") && !named("attn.q_proj") && !named("v_proj"));
        let fitting = |pattern: &str| {
            let pattern = whole(pattern).unwrap();
            Maps::Fitting(pattern).contain(PATH).unwrap()
        };
        assert!(fitting(r".*\.(q|v)_proj") && fitting(r"model\.layers\.[0-3]\..*q_proj"));
        assert!(fitting(r"(?!.*vision).*q_proj"), "expressions look ahead");
        assert!(!fitting("q_proj") && !fitting(r"model\.layers\.[0-2]\..*"));
        assert!(whole("(").is_err());
        assert!(within("self_attn").unwrap().is_match(PATH).unwrap());
        assert!(!within("attn").unwrap().is_match(PATH).unwrap());
    }

    #[test]
    fn blocks_are_known_by_the_number_behind_their_list() {
        let of = |numbers: &[u64], lists: &[&str]| Blocks {
            numbers: numbers.to_vec(),
            lists: lists
                .iter()
                .map(|name| Blocks::list(name).unwrap())
                .collect(),
        };
        assert!(of(&[1, 3], &[]).contain(PATH).unwrap());
        assert!(of(&[3], &["h", "layers"]).contain(PATH).unwrap());
        assert!(!of(&[3], &["h"]).contain(PATH).unwrap(), "it has no `h`");
        assert!(!of(&[4], &[]).contain(PATH).unwrap());
        assert!(
            !of(&[0], &[]).contain("lm_head").unwrap(),
            "it is in no block"
        );
    }

    #[test]
    fn a_pattern_s_value_goes_before_the_adapter_s_own() {
        let patterns = |all: &[(&str, usize)]| -> Vec<Pattern<usize>> {
            let one = |&(pattern, value): &(&str, usize)| Pattern {
                pattern: ending(pattern).unwrap(),
                value,
            };
            all.iter().map(one).collect()
        };
        let found = |all| value_of(&patterns(all), PATH, 8);
        assert_eq!(found(&[]), Ok(8));
        assert_eq!(found(&[("q_proj", 2)]), Ok(2));
        assert_eq!(found(&[("layers.3.self_attn.q_proj", 2)]), Ok(2));
        assert_eq!(found(&[("^model.layers.4.self_attn.q_proj", 2)]), Ok(8));
        assert_eq!(found(&[("proj", 2)]), Ok(8), "it fits no whole part");
        assert!(found(&[("q_proj", 2), (".*_proj", 3)]).is_err());
    }
}
