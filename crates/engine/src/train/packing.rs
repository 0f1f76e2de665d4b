//! Documents as pieces of sequences: each at most as long as the context, side by side in rows, so that
//! little of a row stays empty and no token is ever predicted from another document.

use crate::kernels::segments::Segments;
use crate::model::Batch;
use crate::random::Keyed;
use crate::train::token_cache::TokenCache;
use crate::train::trained::Trained;
use amoozgar_types::dataset::DatasetFormat;
use amoozgar_types::spec::Packing;
use std::collections::BTreeMap;

/// Whether the documents of a file of this format keep to themselves.
pub(crate) fn packs_documents(packing: Packing, format: DatasetFormat) -> bool {
    match packing {
        Packing::Auto => format != DatasetFormat::Txt,
        Packing::Documents => true,
        Packing::Continuous => false,
    }
}

/// Tokens of one document that go through a model together. What follows the last of them is a target:
/// at a document's end the token that stands before every document, which is how ending is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The first token's place in the token file.
    pub(crate) start: usize,
    /// Tokens that go in.
    pub(crate) len: usize,
}

/// Documents of these lengths, one after the other, cut into pieces of `context` tokens. Nothing
/// follows the very last token: it is a target only.
pub(crate) fn pieces(documents: &[u32], context: usize) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(documents.len());
    let mut start = 0;
    for (index, &len) in documents.iter().enumerate() {
        let end = start + len as usize;
        let last = usize::from(index + 1 == documents.len());
        while start < end - last {
            let len = (end - last - start).min(context);
            pieces.push(Piece { start, len });
            start += len;
        }
        start = end;
    }
    pieces
}

/// A stream of so many tokens, cut into pieces of `context`.
pub(crate) fn stream(n_tokens: usize, context: usize) -> Vec<Piece> {
    let n_predicted = n_tokens.saturating_sub(1);
    (0..n_predicted)
        .step_by(context.max(1))
        .map(|start| Piece {
            start,
            len: context.min(n_predicted - start),
        })
        .collect()
}

/// Rows of pieces, none of them longer than the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pieces: Vec<Piece>,
    /// Where each row's pieces end.
    ends: Vec<usize>,
}

impl Rows {
    /// Best fit, longest first (Johnson, 1973): a piece goes where least remains beside it. Pieces of
    /// one length come in the order that `order` draws, so that rows mix what stood together.
    pub(crate) fn pack(pieces: &[Piece], context: usize, order: Keyed) -> Self {
        let mut sorted: Vec<Piece> = order
            .permutation(pieces.len())
            .into_iter()
            .filter_map(|index| pieces.get(index as usize).copied())
            .collect();
        sorted.sort_by_key(|piece| std::cmp::Reverse(piece.len));
        let mut rows: Vec<Vec<Piece>> = Vec::new();
        // Rows by what is free in them.
        let mut open: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for piece in sorted {
            let fits = open.range(piece.len..).next().map(|(&free, _)| free);
            let found = fits.and_then(|free| {
                let waiting = open.get_mut(&free)?;
                let row = waiting.pop();
                if waiting.is_empty() {
                    open.remove(&free);
                }
                row.map(|row| (row, free))
            });
            let (row, free) = found.unwrap_or_else(|| {
                rows.push(Vec::new());
                (rows.len() - 1, context)
            });
            if let Some(row) = rows.get_mut(row) {
                row.push(piece);
            }
            if free > piece.len {
                open.entry(free - piece.len).or_default().push(row);
            }
        }
        let ends = rows.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        });
        Self {
            ends: ends.collect(),
            pieces: rows.concat(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The pieces of one row.
    pub(crate) fn row(&self, index: usize) -> &[Piece] {
        let end_of = |index: usize| self.ends.get(index).copied().unwrap_or_default();
        let start = index.checked_sub(1).map_or(0, end_of);
        self.pieces.get(start..end_of(index)).unwrap_or_default()
    }
}

/// The batch of these pieces, laid one after the other.
pub(crate) fn batch(tokens: &TokenCache, pieces: &[Piece], trained: Option<&Trained>) -> Batch {
    batch_from(
        &|start, n, out| tokens.read(start, n, out),
        pieces.iter().copied(),
        trained,
    )
}

/// [`batch`] of tokens that `read` appends; those that `trained` names are targets, all where it is absent.
pub(crate) fn batch_from(
    read: &dyn Fn(usize, usize, &mut Vec<u32>),
    pieces: impl Iterator<Item = Piece>,
    trained: Option<&Trained>,
) -> Batch {
    let (mut tokens, mut targets, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for Piece { start, len } in pieces {
        read(start, len, &mut tokens);
        let n_before = targets.len();
        read(start + 1, len, &mut targets);
        if let (Some(trained), Some(targets)) = (trained, targets.get_mut(n_before..)) {
            trained.keep(start + 1, targets);
        }
        lengths.push(len);
    }
    Batch {
        tokens,
        segments: Segments::packed(&lengths),
        targets,
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Rows, pieces};
    use crate::random::Keyed;

    #[test]
    fn every_token_but_a_document_s_first_is_a_target_once() {
        let found = pieces(&[5, 3, 9], 4);
        let place = |start, len| Piece { start, len };
        assert_eq!(
            found,
            [
                place(0, 4),
                place(4, 1),
                place(5, 3),
                place(8, 4),
                place(12, 4)
            ],
            "no piece spans two documents, the last token goes in nowhere"
        );
        let targets: Vec<usize> = found
            .iter()
            .flat_map(|piece| piece.start + 1..=piece.start + piece.len)
            .collect();
        assert_eq!(
            targets,
            (1..17).collect::<Vec<_>>(),
            "each of the 17 but the first"
        );
    }

    #[test]
    fn rows_hold_every_piece_once_and_little_stays_empty() {
        let stream = Keyed::new(3, "lengths");
        let lengths: Vec<u32> = (0..2000).map(|n| 4 + stream.below(n, 90) as u32).collect();
        let (all, context) = (pieces(&lengths, 64), 64);
        let rows = Rows::pack(&all, context, Keyed::new(1, "rows"));
        let mut seen: Vec<Piece> = (0..rows.len())
            .flat_map(|row| {
                let tokens: usize = rows.row(row).iter().map(|piece| piece.len).sum();
                assert!((1..=context).contains(&tokens), "row {row}: {tokens}");
                rows.row(row).to_vec()
            })
            .collect();
        let n_tokens: usize = seen.iter().map(|piece| piece.len).sum();
        assert!(
            n_tokens * 100 >= rows.len() * context * 98,
            "{n_tokens} tokens in {} rows",
            rows.len()
        );
        seen.sort_by_key(|piece| piece.start);
        assert_eq!(seen, all, "none is lost, none comes twice");
        assert_eq!(
            rows,
            Rows::pack(&all, context, Keyed::new(1, "rows")),
            "the same key, the same rows"
        );
    }
}
