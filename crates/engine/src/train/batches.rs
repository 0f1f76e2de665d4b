//! Which tokens go through the model at which step: a function of the seed and the step alone, made
//! ready on a thread of its own while the step before it runs.
//!
//! No batch is padded: sequences of all lengths lie one after the other, and attention keeps them
//! apart. That is why nothing is sorted by length either, which would only save padding.

use super::corpus::Part;
use crate::kernels::cross_entropy::IGNORE;
use crate::kernels::segments::Segments;
use crate::model::Batch;
use crate::random::Keyed;
use crate::train::packing::{self, Piece, Rows};
use crate::train::token_cache::TokenCache;
use crate::train::trained::Trained;
use amoozgar_types::spec::Objective;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

/// Steps that wait for their turn; one more is being made.
const AHEAD: usize = 1;

/// What an epoch consists of.
pub(crate) enum Sequences {
    /// Windows of one stream, which begins elsewhere in every epoch.
    Windows { n: usize, context: usize },
    /// Rows of documents that do not see each other.
    Rows(Rows),
    /// Examples, each with its class.
    Examples {
        places: Vec<Piece>,
        classes: Vec<u32>,
    },
    /// Pairs of conversations, the better one of each before the worse.
    Pairs {
        places: Vec<Piece>,
        objective: Objective,
    },
}

/// A micro-batch.
pub(crate) struct Made {
    pub(crate) batch: Batch,
    /// Where its sequences are pairs, two and two.
    pub(crate) pairs: Option<PairRows>,
}

/// What the rows of a batch of pairs are.
pub(crate) struct PairRows {
    /// The pairs' places in their part.
    pub(crate) indices: Vec<usize>,
    /// Whether a row `(N)` predicts an answer's token.
    pub(crate) answers: Vec<bool>,
    /// Rows of better conversations that are learnt as text; 0 where none are.
    pub(crate) n_written: usize,
}

/// The batches of a run.
pub(crate) struct Source {
    tokens: Arc<TokenCache>,
    /// Which tokens are learnt; all where absent.
    trained: Option<Arc<Trained>>,
    sequences: Sequences,
    order: Keyed,
    batch_size: usize,
    micro_batch: usize,
}

impl Sequences {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Windows { n, .. } => *n,
            Self::Rows(rows) => rows.len(),
            Self::Examples { places, .. } => places.len(),
            Self::Pairs { places, .. } => places.len() / 2,
        }
    }
}

impl Source {
    pub(crate) fn new(
        tokens: Arc<TokenCache>,
        sequences: Sequences,
        seed: u64,
        batch_size: usize,
        micro_batch: usize,
    ) -> Self {
        Self {
            tokens,
            trained: None,
            sequences,
            order: Keyed::new(seed, "order"),
            batch_size,
            micro_batch,
        }
    }

    /// The same, of which only these tokens are learnt.
    pub(crate) fn learning(self, trained: Option<Arc<Trained>>) -> Self {
        Self { trained, ..self }
    }

    /// The micro-batches of a step.
    pub(crate) fn step(&self, step_from_zero: u64, epoch: &mut Epoch) -> Vec<Made> {
        let n = self.sequences.len().max(1) as u64;
        let chosen: Vec<(usize, usize)> = (0..self.batch_size as u64)
            .map(|slot| {
                let position = step_from_zero * self.batch_size as u64 + slot;
                let (permutation, shift) = epoch.of(position / n, self);
                let index = permutation.get((position % n) as usize).copied();
                (index.unwrap_or(0) as usize, shift)
            })
            .collect();
        chosen
            .chunks(self.micro_batch)
            .map(|chosen| self.batch(chosen))
            .collect()
    }

    /// The batch of some sequences, each with its epoch's shift.
    fn batch(&self, chosen: &[(usize, usize)]) -> Made {
        let batch = match &self.sequences {
            Sequences::Windows { context, .. } => {
                let len = *context;
                let pieces = chosen.iter().map(|(index, shift)| Piece {
                    start: shift + index * len,
                    len,
                });
                packing::batch(&self.tokens, &pieces.collect::<Vec<_>>(), None)
            }
            Sequences::Rows(rows) => {
                let pieces = chosen.iter().flat_map(|(index, _)| rows.row(*index));
                let pieces: Vec<Piece> = pieces.copied().collect();
                packing::batch(&self.tokens, &pieces, self.trained.as_deref())
            }
            Sequences::Examples { places, classes } => {
                let indices = chosen.iter().map(|(index, _)| *index);
                examples(&self.tokens, places, classes, indices)
            }
            Sequences::Pairs { places, objective } => {
                let indices = chosen.iter().map(|(index, _)| *index);
                let text = (&*self.tokens, self.trained.as_deref());
                return pairs_of(text, places, indices, *objective);
            }
        };
        Made { batch, pairs: None }
    }
}

/// The batch of some pairs of a part, whose conversations lie at `places`.
pub(crate) fn pair_batch(
    part: &Part,
    places: &[Piece],
    indices: Range<usize>,
    objective: Objective,
) -> Made {
    let text = (&*part.tokens, part.trained.as_deref());
    pairs_of(text, places, indices, objective)
}

/// Both conversations of each pair, one after the other. Targets are the answers' tokens; where the better
/// conversation is learnt as text, all of its own.
fn pairs_of(
    (tokens, trained): (&TokenCache, Option<&Trained>),
    places: &[Piece],
    indices: impl Iterator<Item = usize>,
    objective: Objective,
) -> Made {
    let indices: Vec<usize> = indices.collect();
    let pieces = indices.iter().flat_map(|index| {
        let of_pair = places.get(2 * index..2 * index + 2);
        of_pair.unwrap_or_default().iter().copied()
    });
    let pieces: Vec<Piece> = pieces.collect();
    let mut batch = packing::batch(tokens, &pieces, trained);
    let answers = batch.targets.iter().map(|&target| target != IGNORE);
    let answers = answers.collect();
    let mut n_written = 0;
    if objective == Objective::Orpo {
        let (mut row, mut written) = (0, Vec::new());
        for (index, piece) in pieces.iter().enumerate() {
            if index % 2 == 0 {
                written.clear();
                tokens.read(piece.start + 1, piece.len, &mut written);
                if let Some(targets) = batch.targets.get_mut(row..row + piece.len) {
                    targets.copy_from_slice(&written);
                }
                n_written += piece.len;
            }
            row += piece.len;
        }
    }
    Made {
        batch,
        pairs: Some(PairRows {
            indices,
            answers,
            n_written,
        }),
    }
}

/// The batch of some examples, one after the other.
pub(crate) fn examples(
    source: &TokenCache,
    places: &[Piece],
    classes: &[u32],
    indices: impl Iterator<Item = usize>,
) -> Batch {
    let (mut tokens, mut targets, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for index in indices {
        if let (Some(place), Some(&class)) = (places.get(index), classes.get(index)) {
            source.read(place.start, place.len, &mut tokens);
            lengths.push(place.len);
            targets.push(class);
        }
    }
    Batch {
        tokens,
        segments: Segments::packed(&lengths),
        targets,
    }
}

/// The order of the epoch at hand.
#[derive(Debug, Default)]
pub(crate) struct Epoch(Option<(u64, Vec<u32>, usize)>);

impl Epoch {
    fn of(&mut self, epoch: u64, source: &Source) -> (&[u32], usize) {
        if self.0.as_ref().is_none_or(|(known, ..)| *known != epoch) {
            let stream = source.order.child(epoch);
            let shift = match source.sequences {
                Sequences::Windows { n, context } => {
                    // Tokens that remain when the sequences stand at the very beginning.
                    let spare = source.tokens.len().saturating_sub(n * context + 1);
                    stream.below(u64::MAX, spare.min(context - 1) as u64 + 1) as usize
                }
                Sequences::Rows(_) | Sequences::Examples { .. } | Sequences::Pairs { .. } => 0,
            };
            self.0 = Some((epoch, stream.permutation(source.sequences.len()), shift));
        }
        self.0.as_ref().map_or((&[], 0), |(_, permutation, shift)| {
            (permutation.as_slice(), *shift)
        })
    }
}

/// Hands out the batches of one step after the other, the next ones made meanwhile.
pub(crate) struct Prefetch {
    source: Arc<Source>,
    running: Option<Running>,
}

/// The thread that works ahead.
struct Running {
    next_step: u64,
    made: Receiver<Vec<Made>>,
    thread: JoinHandle<()>,
}

impl Prefetch {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            running: None,
        }
    }

    /// The micro-batches of a step. Any step may follow any other; the next one is at hand soonest.
    pub(crate) fn step(&mut self, step_from_zero: u64) -> Vec<Made> {
        if self
            .running
            .as_ref()
            .is_none_or(|running| running.next_step != step_from_zero)
        {
            self.start(step_from_zero);
        }
        let made = self.running.as_mut().and_then(|running| {
            running.next_step += 1;
            running.made.recv().ok()
        });
        // Where the system gave no thread, the step waits.
        made.unwrap_or_else(|| {
            self.running = None;
            self.source.step(step_from_zero, &mut Epoch::default())
        })
    }

    fn start(&mut self, first_step: u64) {
        self.stop();
        let (say, made) = mpsc::sync_channel(AHEAD);
        let source = Arc::clone(&self.source);
        let work = move || {
            let mut epoch = Epoch::default();
            let mut step = first_step;
            // Ends once nobody listens.
            while say.send(source.step(step, &mut epoch)).is_ok() {
                step += 1;
            }
        };
        let spawned = std::thread::Builder::new()
            .name("batches".to_owned())
            .spawn(work);
        match spawned {
            Ok(thread) => {
                self.running = Some(Running {
                    next_step: first_step,
                    made,
                    thread,
                });
            }
            Err(error) => tracing::warn!(%error, "batches are made step by step"),
        }
    }

    fn stop(&mut self) {
        if let Some(Running { made, thread, .. }) = self.running.take() {
            drop(made);
            // It fails only where it panicked, and then the step makes its batches itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Epoch, Prefetch, Sequences, Source};
    use crate::random::Keyed;
    use crate::train::packing::{Rows, pieces};
    use crate::train::token_cache::{TokenCache, TokenWriter};
    use std::sync::Arc;

    /// Documents of 3 to 22 tokens in rows of 24, four of them a step.
    fn source(folder: &tempfile::TempDir) -> Source {
        let path = folder.path().join("tokens.bin");
        let lengths: Vec<u32> = (0..60).map(|n| 3 + n * 7 % 20).collect();
        let n_tokens = lengths.iter().sum::<u32>();
        let mut writer = TokenWriter::create(&path, 1000).unwrap();
        writer
            .write(&(0..n_tokens).map(|n| n % 997).collect::<Vec<_>>())
            .unwrap();
        writer.finish().unwrap();
        let tokens = Arc::new(TokenCache::open(&path, 1000).unwrap());
        let rows = Rows::pack(&pieces(&lengths, 24), 24, Keyed::new(5, "rows"));
        Source::new(tokens, Sequences::Rows(rows), 5, 4, 2)
    }

    #[test]
    fn what_is_made_ahead_is_what_the_step_alone_would_make() {
        let folder = tempfile::TempDir::new().unwrap();
        let alone = source(&folder);
        let n_rows = alone.sequences.len();
        assert!(n_rows > 20, "several steps an epoch: {n_rows} rows");
        let mut prefetch = Prefetch::new(source(&folder));
        // In order over more than an epoch, then back as after a divergence, then far ahead.
        for step in (0..n_rows as u64).chain([3, 4, 900, 901]) {
            let (made, expected) = (prefetch.step(step), alone.step(step, &mut Epoch::default()));
            assert_eq!(made.len(), 2, "two micro-batches");
            let pairs = made.iter().zip(&expected);
            for (made, expected) in pairs.map(|(made, expected)| (&made.batch, &expected.batch)) {
                assert_eq!(made.tokens, expected.tokens, "step {step}");
                assert_eq!(made.targets, expected.targets, "step {step}");
                assert_eq!(made.segments, expected.segments, "step {step}");
            }
        }
    }
}
