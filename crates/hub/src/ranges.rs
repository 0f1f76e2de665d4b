//! Which bytes of a file are here: disjoint half-open ranges in order, never touching one another.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A set of byte offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds a range; answers how many of its bytes are new.
    pub(crate) fn insert(&mut self, range: Range<u64>) -> u64 {
        if range.is_empty() {
            return 0;
        }
        let before = self.total();
        let first = self.0.partition_point(|have| have.end < range.start);
        let last = self.0.partition_point(|have| have.start <= range.end);
        let touched = self.0.get(first..last).unwrap_or_default();
        let start = touched
            .first()
            .map_or(range.start, |have| have.start.min(range.start));
        let end = touched
            .last()
            .map_or(range.end, |have| have.end.max(range.end));
        self.0.splice(first..last, std::iter::once(start..end));
        self.total() - before
    }

    /// How many bytes are here.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|have| have.end - have.start).sum()
    }

    /// Where the bytes from the start without a gap end.
    pub(crate) fn prefix_end(&self) -> u64 {
        self.0
            .first()
            .filter(|have| have.start == 0)
            .map_or(0, |have| have.end)
    }

    /// The end of the last range.
    pub(crate) fn end(&self) -> u64 {
        self.0.last().map_or(0, |have| have.end)
    }

    /// What is missing of a file of `size` bytes, in pieces of at most `piece` bytes.
    pub(crate) fn missing(&self, size: u64, piece: u64) -> Vec<Range<u64>> {
        let mut pieces = Vec::new();
        let mut at = 0;
        let ends = self.0.iter().cloned().chain(std::iter::once(size..size));
        for have in ends {
            while at < have.start {
                let end = have.start.min(at.saturating_add(piece.max(1)));
                pieces.push(at..end);
                at = end;
            }
            at = have.end;
        }
        pieces
    }

    /// Whether what was read from a file can be such a set, of a file of `size` bytes.
    pub(crate) fn is_sound(&self, size: u64) -> bool {
        let ordered = self
            .0
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.end < b.start));
        ordered
            && self
                .0
                .iter()
                .all(|have| have.start < have.end && have.end <= size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init)]
    use super::Ranges;

    #[test]
    fn ranges_join_where_they_touch_and_count_new_bytes_once() {
        let mut have = Ranges::default();
        assert_eq!(have.insert(10..20), 10);
        assert_eq!(have.insert(30..40), 10);
        assert_eq!(have.insert(15..18), 0, "already there");
        assert_eq!(have.insert(20..30), 10, "fills the gap");
        assert_eq!(have.0, [10..40]);
        assert_eq!(have.prefix_end(), 0, "the first ten bytes are missing");
        assert_eq!(have.insert(0..12), 10);
        assert_eq!(have.prefix_end(), 40);
        assert_eq!(have.insert(5..5), 0, "nothing is nothing");
    }

    #[test]
    fn what_is_missing_is_cut_into_pieces() {
        let mut have = Ranges::default();
        have.insert(10..20);
        assert_eq!(have.missing(37, 8), [0..8, 8..10, 20..28, 28..36, 36..37]);
        have.insert(0..37);
        assert!(have.missing(37, 8).is_empty(), "all is there");
        assert!(
            Ranges::default().missing(0, 8).is_empty(),
            "an empty file misses nothing"
        );
    }

    #[test]
    fn any_order_of_pieces_makes_the_whole() {
        // A linear congruential step visits every piece once, in an order that is far from sorted.
        let mut have = Ranges::default();
        let new: u64 = (0..101_u64)
            .map(|n| have.insert(n * 37 % 101 * 3..n * 37 % 101 * 3 + 3))
            .sum();
        assert_eq!(new, 303);
        assert_eq!(have.0, [0..303]);
    }

    #[test]
    fn a_set_that_was_tampered_with_is_not_believed() {
        for unsound in [
            "[{\"start\":5,\"end\":3}]",
            "[{\"start\":0,\"end\":99}]",
            "[{\"start\":4,\"end\":6},{\"start\":1,\"end\":2}]",
        ] {
            let read: Ranges = serde_json::from_str(unsound).expect("it has the right form");
            assert!(!read.is_sound(10), "`{unsound}`");
        }
    }
}
