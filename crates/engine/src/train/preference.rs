//! What is learnt of pairs: to prefer the better of two answers to the worse.
//!
//! - DPO (Rafailov et al., 2023): `-log σ(β ((log π_c - log ref_c) - (log π_r - log ref_r)))` of each pair, with
//!   sums over the answers' tokens.
//! - ORPO (Hong et al., 2024), as trl's trainer computes it: the mean negative log-likelihood of the tokens of
//!   whole better conversations, prompts included, and `-β log σ` of the log odds ratio of each pair, with means
//!   over the answers' tokens.
//!
//! An optimizer step's loss is the mean over its pairs (and over its better conversations' tokens), whatever the
//! micro-batches are: every part is divided by what the whole step has.

use super::batches::{Made, PairRows, pair_batch};
use super::corpus::Part;
use crate::EngineError;
use crate::kernels::cross_entropy::IGNORE;
use crate::model::{Model, StepContext};
use crate::tape::Gradients;
use crate::train::packing::Piece;
use amoozgar_types::event::PreferenceScores;
use amoozgar_types::spec::Objective;
use std::ops::Range;

/// Tokens in one forward pass over pairs, which stay whole.
const PASS_TOKENS: usize = 2048;
/// The highest mean log-probability whose odds are told: above it, every token is certain.
const CERTAIN: f64 = -1e-9;

/// Log-probabilities of a pair's answers by the model before training, the better one's first.
pub(super) type Reference = [f64; 2];

/// What a run prefers by.
pub(super) struct Preference {
    pub(super) objective: Objective,
    pub(super) beta: f64,
    /// Of each pair to learn; empty where there is no reference.
    pub(super) train: Vec<Reference>,
    /// Of each held-out pair.
    pub(super) validation: Vec<Reference>,
}

/// What a whole optimizer step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole {
    n_pairs: usize,
    /// Tokens of better conversations that are learnt as text.
    n_written: usize,
}

/// An answer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Answer {
    /// Sum of its tokens' log-probabilities.
    logp: f64,
    n_tokens: usize,
}

impl Answer {
    fn mean(self) -> f64 {
        self.logp / self.n_tokens.max(1) as f64
    }
}

/// A pair as a model finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Pair {
    chosen: Answer,
    rejected: Answer,
    /// Of ORPO: the negative log-likelihood of the whole better conversation, and its tokens.
    nll: f64,
    n_written: usize,
}

/// The loss of a pair, but for its better conversation's likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
struct PairLoss {
    loss: f64,
    /// Derivatives by the sums of log-probabilities of both answers.
    slopes: [f64; 2],
    rewards: [f64; 2],
}

/// Sums over pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    n_pairs: usize,
    loss: f64,
    nll: f64,
    n_written: usize,
    rewards: [f64; 2],
    n_right: usize,
    /// Of the answers' mean log-probabilities.
    logps: [f64; 2],
    /// The same of the better answers by the reference.
    reference: Option<f64>,
}

impl Whole {
    pub(super) fn of(made: &[Made]) -> Self {
        let all = made.iter().filter_map(|made| made.pairs.as_ref());
        Self {
            n_pairs: all.clone().map(|pairs| pairs.indices.len()).sum(),
            n_written: all.map(|pairs| pairs.n_written).sum(),
        }
    }
}

impl Sums {
    /// The loss: a mean over pairs, and one over tokens.
    pub(super) fn loss(&self) -> f64 {
        self.loss / self.n_pairs.max(1) as f64 + self.nll / self.n_written.max(1) as f64
    }

    pub(super) fn scores(&self) -> PreferenceScores {
        let mean = |sum: f64| sum / self.n_pairs.max(1) as f64;
        PreferenceScores {
            chosen_reward: mean(self.rewards[0]),
            rejected_reward: mean(self.rewards[1]),
            accuracy: mean(self.n_right as f64),
            chosen_logp: mean(self.logps[0]),
            rejected_logp: mean(self.logps[1]),
        }
    }

    /// The mean log-probability of a better answer's token by the reference; absent where there is none.
    pub(super) fn reference_logp(&self) -> Option<f64> {
        self.reference.map(|sum| sum / self.n_pairs.max(1) as f64)
    }

    fn add(&mut self, pair: &Pair, lost: &PairLoss, reference: Option<Reference>) {
        self.n_pairs += 1;
        self.loss += lost.loss;
        self.nll += pair.nll;
        self.n_written += pair.n_written;
        self.n_right += usize::from(lost.rewards[0] > lost.rewards[1]);
        let means = [pair.chosen.mean(), pair.rejected.mean()];
        for side in [0, 1] {
            self.rewards[side] += lost.rewards[side];
            self.logps[side] += means[side];
        }
        if let Some([chosen, _]) = reference {
            *self.reference.get_or_insert(0.0) += chosen / pair.chosen.n_tokens.max(1) as f64;
        }
    }
}

impl Preference {
    /// Adds a micro-batch's gradients of the whole step's loss to `gradients`, and its pairs to `sums`.
    pub(super) fn gradients(
        &self,
        model: &Model,
        made: &Made,
        step: &StepContext,
        whole: Whole,
        (gradients, sums): (&mut Gradients, &mut Sums),
    ) -> Result<(), EngineError> {
        let Some(rows) = &made.pairs else {
            return Ok(());
        };
        let mut weigh = |losses: &[f64]| {
            let mut scales = vec![0.0; losses.len()];
            let spans: Vec<Range<usize>> = made.batch.segments.iter().collect();
            for (spans, (index, pair)) in spans
                .chunks_exact(2)
                .zip(rows.indices.iter().zip(pairs(made, rows, losses)))
            {
                let reference = self.train.get(*index).copied();
                let lost = self.loss(&pair, reference);
                sums.add(&pair, &lost, reference);
                for (side, span) in spans.iter().enumerate() {
                    // A row's gradient is that of its negative log-likelihood.
                    let slope = -lost.slopes[side] / whole.n_pairs.max(1) as f64;
                    for row in span.clone() {
                        let answer = if rows.answers[row] { slope } else { 0.0 };
                        let is_written =
                            rows.n_written > 0 && side == 0 && made.batch.targets[row] != IGNORE;
                        let written = f64::from(u8::from(is_written));
                        scales[row] = (answer + written / whole.n_written.max(1) as f64) as f32;
                    }
                }
            }
            scales
        };
        model.row_gradients(&made.batch, step, &mut weigh, gradients)?;
        Ok(())
    }

    /// What the held-out pairs cost; `between` is asked before each pass and may end it.
    pub(super) fn measure(
        &self,
        model: &Model,
        part: &Part,
        between: &mut dyn FnMut() -> Result<(), EngineError>,
    ) -> Result<Sums, EngineError> {
        let mut sums = Sums::default();
        for indices in passes(&part.conversations()) {
            between()?;
            let made = pair_batch(part, &part.conversations(), indices, self.objective);
            let losses = model.row_losses(&made.batch)?;
            let Some(rows) = &made.pairs else { continue };
            for (index, pair) in rows.indices.iter().zip(pairs(&made, rows, &losses)) {
                let reference = self.validation.get(*index).copied();
                sums.add(&pair, &self.loss(&pair, reference), reference);
            }
        }
        Ok(sums)
    }

    fn loss(&self, pair: &Pair, reference: Option<Reference>) -> PairLoss {
        match self.objective {
            Objective::Orpo => orpo(pair, self.beta),
            Objective::Sft | Objective::Dpo => {
                let reference = reference.expect("BUG: every pair has its reference");
                dpo(pair, reference, self.beta)
            }
        }
    }
}

fn dpo(pair: &Pair, [chosen, rejected]: Reference, beta: f64) -> PairLoss {
    let rewards = [
        beta * (pair.chosen.logp - chosen),
        beta * (pair.rejected.logp - rejected),
    ];
    let margin = rewards[0] - rewards[1];
    let slope = -beta * sigmoid(-margin);
    PairLoss {
        loss: -log_sigmoid(margin),
        slopes: [slope, -slope],
        rewards,
    }
}

fn orpo(pair: &Pair, beta: f64) -> PairLoss {
    let means = [pair.chosen.mean(), pair.rejected.mean()];
    // Of a certain answer the odds are without bound, and their slope is nothing.
    let [chosen, rejected] = means.map(|mean| mean.min(CERTAIN));
    let log_odds = (chosen - rejected) - (log1m_exp(chosen) - log1m_exp(rejected));
    let slope = -beta * sigmoid(-log_odds);
    let by_token = |mean: f64, answer: Answer| -> f64 {
        1.0 / (-mean.exp_m1()) / answer.n_tokens.max(1) as f64
    };
    PairLoss {
        loss: -beta * log_sigmoid(log_odds),
        slopes: [
            slope * by_token(chosen, pair.chosen),
            -slope * by_token(rejected, pair.rejected),
        ],
        rewards: means.map(|mean| beta * mean),
    }
}

fn sigmoid(x: f64) -> f64 {
    log_sigmoid(x).exp()
}

/// `log σ(x)`, without overflow.
fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

/// `log(1 - exp(x))` of a negative `x` (Mächler, 2012).
fn log1m_exp(x: f64) -> f64 {
    if x < -std::f64::consts::LN_2 {
        (-x.exp()).ln_1p()
    } else {
        (-x.exp_m1()).ln()
    }
}

/// The pairs of a batch, by its rows' losses.
fn pairs(made: &Made, rows: &PairRows, losses: &[f64]) -> Vec<Pair> {
    let answer = |span: &Range<usize>| {
        let mut answer = Answer::default();
        for row in span.clone().filter(|&row| rows.answers[row]) {
            answer.logp -= losses[row];
            answer.n_tokens += 1;
        }
        answer
    };
    let spans: Vec<Range<usize>> = made.batch.segments.iter().collect();
    let of_pair = |spans: &[Range<usize>]| {
        let [chosen, rejected] = spans else {
            return Pair::default();
        };
        let (mut nll, mut n_written) = (0.0, 0);
        if rows.n_written > 0 {
            nll = losses[chosen.clone()].iter().sum();
            let targets = &made.batch.targets[chosen.clone()];
            n_written = targets.iter().filter(|&&target| target != IGNORE).count();
        }
        Pair {
            chosen: answer(chosen),
            rejected: answer(rejected),
            nll,
            n_written,
        }
    };
    spans.chunks_exact(2).map(of_pair).collect()
}

/// Log-probabilities of the answers of some pairs by a model.
pub(super) fn log_probabilities(
    model: &Model,
    part: &Part,
    indices: Range<usize>,
) -> Result<Vec<Reference>, EngineError> {
    let made = pair_batch(part, &part.conversations(), indices, Objective::Dpo);
    let losses = model.row_losses(&made.batch)?;
    let Some(rows) = &made.pairs else {
        return Ok(Vec::new());
    };
    let found = pairs(&made, rows, &losses);
    let logps = found
        .iter()
        .map(|pair| [pair.chosen.logp, pair.rejected.logp]);
    Ok(logps.collect())
}

/// Pairs that go through a model together, one pass after the other, none of them above [`PASS_TOKENS`] but
/// where a single pair is.
pub(super) fn passes(places: &[Piece]) -> Vec<Range<usize>> {
    let (mut passes, mut start, mut n_tokens) = (Vec::new(), 0, 0);
    for (index, pair) in places.chunks_exact(2).enumerate() {
        let len: usize = pair.iter().map(|place| place.len).sum();
        if index > start && n_tokens + len > PASS_TOKENS {
            passes.push(start..index);
            (start, n_tokens) = (index, 0);
        }
        n_tokens += len;
    }
    if start < places.len() / 2 {
        passes.push(start..places.len() / 2);
    }
    passes
}

#[cfg(test)]
#[path = "preference_tests.rs"]
mod tests;
