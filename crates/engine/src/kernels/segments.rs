//! Where sequences lie in the rows of a micro-batch: one notion for plain batches, packed sequences
//! and padding. Attention never looks from one segment into another.

use std::ops::Range;

/// The sequences among `n_rows` rows of activations, in order and without overlap. Rows in no segment
/// are padding: attention gives them zeros, forward and backward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    spans: Vec<Range<usize>>,
    n_rows: usize,
}

impl Segments {
    /// `n_sequences` of `len` tokens each, one after the other.
    pub fn batch(n_sequences: usize, len: usize) -> Self {
        Self::packed(&vec![len; n_sequences])
    }

    /// Sequences of these lengths, one after the other, with nothing between. Empty ones are left out.
    pub fn packed(lengths: &[usize]) -> Self {
        let mut n_rows = 0;
        let spans = lengths
            .iter()
            .map(|&len| {
                n_rows += len;
                n_rows - len..n_rows
            })
            .filter(|span| !span.is_empty())
            .collect();
        Self { spans, n_rows }
    }

    /// One sequence in the first rows of every `padded_len`; the rest of them is padding. A length
    /// beyond `padded_len` counts as `padded_len`.
    pub fn padded(lengths: &[usize], padded_len: usize) -> Self {
        let spans = lengths
            .iter()
            .enumerate()
            .map(|(index, &len)| index * padded_len..index * padded_len + len.min(padded_len))
            .filter(|span| !span.is_empty())
            .collect();
        Self {
            spans,
            n_rows: lengths.len() * padded_len,
        }
    }

    /// Rows of activations, padding included.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Rows that belong to a sequence.
    pub fn n_tokens(&self) -> usize {
        self.spans.iter().map(Range::len).sum()
    }

    /// The rows of each sequence.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.spans.iter().cloned()
    }

    /// The number of sequences.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no sequence at all.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Each row's place in its sequence, counted from 0; 0 for padding.
    pub fn positions(&self) -> Vec<u32> {
        let mut positions = vec![0; self.n_rows];
        for span in &self.spans {
            for (position, slot) in positions[span.clone()].iter_mut().enumerate() {
                *slot = position as u32;
            }
        }
        positions
    }

    /// The rows in no sequence, as ranges in order.
    pub(crate) fn padding(&self) -> Vec<Range<usize>> {
        let mut gaps = Vec::new();
        let mut end = 0;
        for span in &self.spans {
            gaps.push(end..span.start);
            end = span.end;
        }
        gaps.push(end..self.n_rows);
        gaps.retain(|gap| !gap.is_empty());
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::Segments;

    #[test]
    fn batches_packs_and_padding_are_the_same_notion() {
        assert_eq!(
            Segments::batch(2, 3),
            Segments::packed(&[3, 3]),
            "a batch is a pack of equal lengths"
        );
        assert_eq!(
            Segments::batch(2, 3),
            Segments::padded(&[3, 9], 3),
            "lengths are cut at the padded length"
        );
        let padded = Segments::padded(&[2, 0, 3], 3);
        assert_eq!(padded.n_rows(), 9, "padding counts as rows");
        assert_eq!(padded.n_tokens(), 5, "padding does not count as tokens");
        assert_eq!(
            padded.iter().collect::<Vec<_>>(),
            [0..2, 6..9],
            "an empty sequence is no segment"
        );
        assert_eq!(padded.padding(), vec![2..6; 1], "gaps between are padding");
        assert_eq!(
            padded.positions(),
            [0, 1, 0, 0, 0, 0, 0, 1, 2],
            "positions start anew in each sequence"
        );
    }
}
