//! Drawing a token from logits.

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
            seed: 0,
        }
    }
}

/// Draws a token; `draw` is uniform in [0, 1).
pub(super) fn sample(logits: &[f32], params: &SamplingParams, draw: f64) -> u32 {
    let greedy = || {
        let best =
            logits
                .iter()
                .enumerate()
                .fold((0, f32::NEG_INFINITY), |best, (index, &logit)| {
                    if logit > best.1 { (index, logit) } else { best }
                });
        best.0 as u32
    };
    if params.temperature <= 0.0 {
        return greedy();
    }
    let mut ranked: Vec<(usize, f64)> = logits
        .iter()
        .enumerate()
        .map(|(index, &logit)| (index, f64::from(logit) / params.temperature))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    if let Some(k) = params.top_k.filter(|&k| k > 0) {
        ranked.truncate(k);
    }
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
    let mut left = draw * ranked.iter().map(|entry| entry.1).sum::<f64>();
    for &(index, weight) in &ranked {
        left -= weight;
        if left < 0.0 {
            return index as u32;
        }
    }
    greedy()
}
