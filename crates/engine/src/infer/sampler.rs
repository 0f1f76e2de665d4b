//! Drawing a token from logits.

use amoozgar_types::sampling::Sampling;
use std::cmp::Ordering;

/// How many of the last tokens a repetition penalty looks back at. llama.cpp looks at 64; a word of Persian is
/// more tokens than one of English.
const PENALTY_WINDOW: usize = 128;

/// How tokens are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingParams {
    /// Longest continuation.
    pub max_tokens: usize,
    /// 0 is greedy.
    pub temperature: f64,
    /// Draw among the k likeliest only.
    pub top_k: Option<usize>,
    /// Draw among the likeliest that together have this probability only.
    pub top_p: Option<f64>,
    /// Draw among those only that have at least this share of the likeliest one's probability.
    pub min_p: Option<f64>,
    /// Divides the positive logits of the last tokens and multiplies the negative ones (Keskar et al., 2019);
    /// 1 does nothing.
    pub repetition_penalty: f64,
    /// Texts at which the continuation ends; they are no part of it.
    pub stop: Vec<String>,
    /// Same seed, same text.
    pub seed: u64,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            max_tokens: 128,
            temperature: 0.8,
            top_k: None,
            top_p: None,
            min_p: None,
            repetition_penalty: 1.0,
            stop: Vec::new(),
            seed: 0,
        }
    }
}

impl SamplingParams {
    /// What a person chose, with a seed.
    pub fn new(chosen: &Sampling, seed: u64) -> Self {
        Self {
            max_tokens: chosen.max_tokens as usize,
            temperature: chosen.temperature,
            top_k: chosen.top_k.map(|k| k as usize),
            top_p: chosen.top_p,
            min_p: chosen.min_p,
            repetition_penalty: chosen.repetition_penalty,
            stop: chosen.stop.clone(),
            seed,
        }
    }
}

/// Makes the last of `tokens` less likely. Those that end a text keep their logits: they were there once for
/// each message, and an answer has to end.
pub(super) fn penalize(
    logits: &mut [f32],
    tokens: &[u32],
    penalty: f64,
    ends: impl Fn(u32) -> bool,
) {
    if penalty <= 1.0 {
        return;
    }
    let start = tokens.len().saturating_sub(PENALTY_WINDOW);
    let mut seen = tokens.get(start..).unwrap_or_default().to_vec();
    seen.sort_unstable();
    seen.dedup();
    for token in seen.into_iter().filter(|&token| !ends(token)) {
        if let Some(logit) = logits.get_mut(token as usize) {
            *logit = if *logit > 0.0 {
                (f64::from(*logit) / penalty) as f32
            } else {
                (f64::from(*logit) * penalty) as f32
            };
        }
    }
}

/// Draws a token; `draw` is uniform in [0, 1).
pub(super) fn sample(logits: &[f32], params: &SamplingParams, draw: f64) -> u32 {
    if params.temperature <= 0.0 {
        return likeliest(logits);
    }
    let mut ranked = ranked(logits, params);
    let Some(&(_, highest)) = ranked.first() else {
        return 0;
    };
    for entry in &mut ranked {
        entry.1 = (entry.1 - highest).exp();
    }
    if let Some(p) = params.top_p.filter(|p| *p < 1.0) {
        let target = p.max(0.0) * ranked.iter().map(|entry| entry.1).sum::<f64>();
        let mut sum = 0.0;
        let kept = ranked.iter().position(|entry| {
            sum += entry.1;
            sum >= target
        });
        ranked.truncate(kept.map_or(ranked.len(), |index| index + 1));
    }
    if let Some(p) = params.min_p {
        // The likeliest one's weight is 1.
        let kept = ranked.iter().position(|entry| entry.1 < p);
        ranked.truncate(kept.unwrap_or(ranked.len()).max(1));
    }
    let mut left = draw * ranked.iter().map(|entry| entry.1).sum::<f64>();
    for &(index, weight) in &ranked {
        left -= weight;
        if left < 0.0 {
            return index as u32;
        }
    }
    likeliest(logits)
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (index, &logit)| {
            if logit > best.1 { (index, logit) } else { best }
        });
    best.0 as u32
}

/// Tokens and their logits over the temperature, the likeliest first: all, or the k likeliest.
fn ranked(logits: &[f32], params: &SamplingParams) -> Vec<(usize, f64)> {
    let order = |a: &(usize, f64), b: &(usize, f64)| -> Ordering {
        b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
    };
    let mut ranked: Vec<(usize, f64)> = logits
        .iter()
        .enumerate()
        .map(|(index, &logit)| (index, f64::from(logit) / params.temperature))
        .collect();
    // A selection costs a tenth of a sort of a vocabulary of 262,144 tokens.
    if let Some(k) = params.top_k.filter(|&k| k > 0 && k < ranked.len()) {
        ranked.select_nth_unstable_by(k - 1, order);
        ranked.truncate(k);
    }
    ranked.sort_unstable_by(order);
    ranked
}

#[cfg(test)]
mod tests {
    use super::{SamplingParams, penalize, sample};

    /// ln of 15, 50, 5 and 30: a constant added to all logits changes nothing.
    const LOGITS: [f32; 4] = [2.708_05, 3.912_023, 1.609_438, 3.401_197];

    /// Which tokens can be drawn at all, in order.
    fn drawn(params: &SamplingParams) -> Vec<u32> {
        let mut found: Vec<u32> = (0..1000)
            .map(|draw| sample(&LOGITS, params, f64::from(draw) / 1000.0))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn each_limit_leaves_the_likeliest_ones() {
        let all = SamplingParams {
            temperature: 1.0,
            ..SamplingParams::default()
        };
        let with = |change: fn(&mut SamplingParams)| {
            let mut params = all.clone();
            change(&mut params);
            drawn(&params)
        };
        assert_eq!(drawn(&all), [0, 1, 2, 3], "no limit");
        assert_eq!(with(|p| p.temperature = 0.0), [1], "greedy");
        assert_eq!(with(|p| p.top_k = Some(2)), [1, 3]);
        assert_eq!(
            with(|p| p.top_k = Some(9)),
            [0, 1, 2, 3],
            "more than there are"
        );
        assert_eq!(with(|p| p.top_p = Some(0.79)), [1, 3], "0.5 + 0.3");
        assert_eq!(
            with(|p| p.min_p = Some(0.2)),
            [0, 1, 3],
            "0.15 is 0.3 of 0.5"
        );
        assert_eq!(with(|p| p.min_p = Some(1.0)), [1], "one is always left");
    }

    fn bits(logits: &[f32]) -> Vec<u32> {
        logits.iter().map(|logit| logit.to_bits()).collect()
    }

    #[test]
    fn what_was_said_is_less_likely_and_an_end_is_not() {
        let mut logits = [2.0, -1.0, 3.0, 4.0];
        penalize(&mut logits, &[3, 1, 1, 0], 2.0, |token| token == 3);
        assert_eq!(
            bits(&logits),
            bits(&[1.0, -2.0, 3.0, 4.0]),
            "once each, whatever the sign"
        );
        let far: Vec<u32> = std::iter::once(2).chain([0; 200]).collect();
        penalize(&mut logits, &far, 2.0, |_| false);
        assert_eq!(
            bits(&logits),
            bits(&[0.5, -2.0, 3.0, 4.0]),
            "what is long ago is forgotten"
        );
    }
}
