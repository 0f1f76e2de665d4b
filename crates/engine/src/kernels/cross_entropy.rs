//! Softmax cross-entropy of a linear head, in chunks of rows: never more than a chunk of logits is in
//! memory, and rows without a target are not computed at all.

use super::matmul::{self, Matrix, Precision};
use super::softmax;
use rayon::prelude::*;

/// A target that is not predicted: prompts, padding, the last token of a sequence.
pub const IGNORE: u32 = u32::MAX;

/// Logits in memory at a time, in elements: 16 MiB, which a third-level cache holds between the passes
/// over them.
const CACHED_LOGITS: usize = 4 << 20;

/// Rows below which products with the head are bound by reading it, and what they may take: 64 MiB.
const TALL_ROWS: usize = 256;
const MOST_LOGITS: usize = 16 << 20;

/// What a micro-batch cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Loss {
    /// Sum of the negative log-likelihoods, in nats.
    pub sum_nll: f64,
    /// Rows with a target.
    pub n_targets: usize,
}

/// The head of shape `(V, D)` and how it multiplies.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The weight `(V, D)`.
    pub weight: Matrix<'a>,
    /// Width D of the hidden states.
    pub width: usize,
    /// Precision of the products.
    pub precision: Precision,
}

/// Where gradients go.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Written: gradient of the hidden states `(N, D)`; zero where there is no target.
    pub dhidden: &'a mut [f32],
    /// Added to: gradient of the head `(V, D)`; nothing where it is frozen.
    pub dhead: Option<&'a mut [f32]>,
    /// Factor of both, usually 1 over the targets of the whole step.
    pub scale: f32,
}

/// The loss of `targets` `(N)` given `hidden` `(N, D)`.
///
/// # Panics
/// If the lengths do not fit together or a target is beyond the vocabulary.
pub fn forward(hidden: &[f32], head: Head<'_>, targets: &[u32]) -> Loss {
    sum(&run(hidden, head, targets, None), targets)
}

/// Each row's negative log-likelihood `(N)` in nats, 0 where there is no target; as [`forward`], which sums
/// them.
///
/// # Panics
/// As [`forward`].
pub fn forward_rows(hidden: &[f32], head: Head<'_>, targets: &[u32]) -> Vec<f64> {
    run(hidden, head, targets, None)
}

/// [`forward`] that also gives gradients.
///
/// # Panics
/// As [`forward`].
pub fn forward_backward(
    hidden: &[f32],
    head: Head<'_>,
    targets: &[u32],
    gradients: Gradients<'_>,
) -> Loss {
    let scale = Scale::Even(gradients.scale);
    sum(
        &run(hidden, head, targets, Some((gradients, scale))),
        targets,
    )
}

/// The gradients of the rows' losses, each times its own factor in `scales` `(N)` and all times
/// `gradients.scale`: for losses of whole sequences, which are known only after [`forward_rows`].
///
/// # Panics
/// As [`forward`].
pub fn backward_rows(
    hidden: &[f32],
    head: Head<'_>,
    targets: &[u32],
    scales: &[f32],
    gradients: Gradients<'_>,
) {
    assert_eq!(scales.len(), targets.len(), "a factor for each row");
    let scale = Scale::Rows(gradients.scale, scales);
    run(hidden, head, targets, Some((gradients, scale)));
}

/// Factor of the rows' gradients.
#[derive(Debug, Clone, Copy)]
enum Scale<'a> {
    /// The same for all of them.
    Even(f32),
    /// One for all of them times each row's own.
    Rows(f32, &'a [f32]),
}

impl Scale<'_> {
    fn of(self, row: usize) -> f32 {
        match self {
            Self::Even(scale) => scale,
            Self::Rows(all, rows) => all * rows[row],
        }
    }
}

fn sum(losses: &[f64], targets: &[u32]) -> Loss {
    Loss {
        sum_nll: losses.iter().sum(),
        n_targets: targets.iter().filter(|&&target| target != IGNORE).count(),
    }
}

/// The loss of `targets` `(N)` over `logits` `(N, C)`, for the few classes of a classifier. Writes
/// `scale` times its gradient over the logits.
///
/// # Panics
/// If a target is neither [`IGNORE`] nor a class, or `logits` is not N rows.
pub fn classes(logits: &mut [f32], targets: &[u32], scale: f32) -> Loss {
    let scales = vec![scale; targets.len()];
    sum(&rows(logits, targets, Some(&scales)), targets)
}

fn run(
    hidden: &[f32],
    head: Head<'_>,
    targets: &[u32],
    mut gradients: Option<(Gradients<'_>, Scale<'_>)>,
) -> Vec<f64> {
    let d = head.width;
    assert_eq!(
        hidden.len(),
        targets.len() * d,
        "{} rows of {d}",
        targets.len()
    );
    let vocabulary = head.weight.len() / d;
    let supervised: Vec<usize> = (0..targets.len())
        .filter(|&row| targets[row] != IGNORE)
        .collect();
    if let Some((gradients, _)) = &mut gradients {
        assert_eq!(gradients.dhidden.len(), hidden.len(), "shaped as `hidden`");
        gradients
            .dhidden
            .par_chunks_mut(1 << 16)
            .for_each(|chunk| chunk.fill(0.0));
    }
    let n_chunk = rows_at_once(vocabulary).min(supervised.len());
    let mut logits = vec![0.0; n_chunk * vocabulary];
    let mut x = vec![0.0; n_chunk * d];
    let mut dx = vec![0.0; if gradients.is_some() { n_chunk * d } else { 0 }];
    let mut losses = vec![0.0; targets.len()];
    for chunk in supervised.chunks(n_chunk.max(1)) {
        let n = chunk.len();
        let (logits, x) = (&mut logits[..n * vocabulary], &mut x[..n * d]);
        for (x, &row) in x.chunks_exact_mut(d).zip(chunk) {
            x.copy_from_slice(&hidden[row * d..(row + 1) * d]);
        }
        let chosen: Vec<u32> = chunk.iter().map(|&row| targets[row]).collect();
        matmul::forward(logits, x, head.weight, n, head.precision, 0.0);
        let scales = gradients.as_ref().map(|(_, scale)| {
            let scales = chunk.iter().map(|&row| scale.of(row));
            scales.collect::<Vec<f32>>()
        });
        for (&row, loss) in chunk.iter().zip(rows(logits, &chosen, scales.as_deref())) {
            losses[row] = loss;
        }
        if let Some((gradients, _)) = &mut gradients {
            let dx = &mut dx[..n * d];
            matmul::backward_input(dx, logits, head.weight, n, head.precision, 0.0);
            for (dx, &row) in dx.chunks_exact(d).zip(chunk) {
                gradients.dhidden[row * d..(row + 1) * d].copy_from_slice(dx);
            }
            if let Some(dhead) = &mut gradients.dhead {
                matmul::backward_weight(dhead, logits, x, n, head.precision);
            }
        }
    }
    losses
}

/// Rows of a chunk.
fn rows_at_once(vocabulary: usize) -> usize {
    let tall = TALL_ROWS.min(MOST_LOGITS / vocabulary);
    (CACHED_LOGITS / vocabulary).max(tall).max(1)
}

/// Each row's negative log-likelihood (0 where ignored). With scales, a row's logits become its
/// gradient: `scale * (softmax - one-hot)`.
fn rows(logits: &mut [f32], targets: &[u32], scales: Option<&[f32]>) -> Vec<f64> {
    if targets.is_empty() {
        return Vec::new();
    }
    let n_classes = logits.len() / targets.len();
    assert_eq!(logits.len(), targets.len() * n_classes, "whole rows");
    logits
        .par_chunks_exact_mut(n_classes)
        .zip(targets)
        .enumerate()
        .map(|(index, (row, &target))| {
            let scale = scales.map(|scales| scales[index]);
            if target == IGNORE {
                if scale.is_some() {
                    row.fill(0.0);
                }
                return 0.0;
            }
            let target = target as usize;
            assert!(target < n_classes, "target {target} of {n_classes}");
            let max = softmax::largest(row);
            let chosen = row[target];
            let sum = softmax::exp_minus(row, max);
            if let Some(scale) = scale {
                softmax::scale(row, scale / sum);
                row[target] -= scale;
            }
            f64::from(max - chosen) + f64::from(sum).ln()
        })
        .collect()
}
