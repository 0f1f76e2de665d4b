//! Which tokens of a token file are learnt: those of answers.

use crate::EngineError;
use crate::files;
use crate::kernels::cross_entropy::IGNORE;
use std::ops::Range;
use std::path::Path;

/// The places of learnt tokens in a token file, ascending and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trained(Vec<Range<usize>>);

impl Trained {
    /// Adds places after those that are there; empty ones are none.
    pub(crate) fn push(&mut self, places: Range<usize>) {
        if !places.is_empty() {
            self.0.push(places);
        }
    }

    /// How many tokens are learnt.
    pub(crate) fn n_tokens(&self) -> u64 {
        self.0.iter().map(|places| places.len() as u64).sum()
    }

    /// Leaves of `targets`, the tokens from `first` on, those that are learnt.
    pub(crate) fn keep(&self, first: usize, targets: &mut [u32]) {
        let end = first + targets.len();
        let begin = self.0.partition_point(|places| places.end <= first);
        let mut done = first;
        let learnt = self.0.iter().skip(begin);
        for places in learnt.take_while(|places| places.start < end) {
            ignore(
                targets,
                done.max(first) - first..places.start.max(first) - first,
            );
            done = places.end;
        }
        ignore(targets, done.max(first) - first..targets.len());
    }

    /// Writes them, synced.
    pub(crate) fn write(&self, path: &Path) -> Result<(), EngineError> {
        let ends = self.0.iter().flat_map(|places| [places.start, places.end]);
        let bytes: Vec<u8> = ends.flat_map(|end| (end as u64).to_le_bytes()).collect();
        files::write_synced(path, &bytes)
    }

    /// Reads them; `None` where the file is not there.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let (pairs, _) = bytes.as_chunks::<16>();
        let place = |eight: &[u8]| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(eight);
            u64::from_le_bytes(bytes) as usize
        };
        let pairs = pairs.iter().map(|pair| {
            let (start, end) = pair.split_at(8);
            place(start)..place(end)
        });
        Some(Self(pairs.collect()))
    }
}

fn ignore(targets: &mut [u32], places: Range<usize>) {
    if let Some(targets) = targets.get_mut(places) {
        targets.fill(IGNORE);
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::{IGNORE, Trained};

    #[test]
    fn of_any_piece_the_learnt_tokens_are_left() {
        let trained = Trained(vec![2..4, 4..5, 9..12]);
        let learnt = [2, 3, 4, 9, 10, 11];
        assert_eq!(trained.n_tokens(), 6, "the ends belong to nothing");
        for first in 0..14_usize {
            for end in first..14 {
                let mut targets: Vec<u32> = (first as u32..end as u32).collect();
                trained.keep(first, &mut targets);
                let expected: Vec<u32> = (first as u32..end as u32)
                    .map(|place| {
                        if learnt.contains(&place) {
                            place
                        } else {
                            IGNORE
                        }
                    })
                    .collect();
                assert_eq!(targets, expected, "{first}..{end}");
            }
        }
    }
}
