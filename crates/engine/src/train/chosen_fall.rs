//! Whether the better answers' likelihood collapses while a run learns to prefer them: both answers become
//! unlikely, the worse ones faster, and the loss goes down all the same.

use amoozgar_types::event::{COLLAPSE_NATS, COLLAPSE_STEPS};
use serde::{Deserialize, Serialize};

/// What is remembered of the steps before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChosenFall {
    /// Where no reference says how likely the answers were: the sum over the first steps, and their number.
    start: f64,
    n_start: u64,
    n_low: u64,
    told: bool,
}

impl ChosenFall {
    /// Takes in a step's mean log-probability of a better answer's token and the reference's, where there is
    /// one; else the first steps are what later ones are held against. Answers once with how far it has fallen.
    pub(crate) fn step(&mut self, logp: f64, reference: Option<f64>) -> Option<f64> {
        let before = match reference {
            Some(reference) => reference,
            None if self.n_start < COLLAPSE_STEPS => {
                self.start += logp;
                self.n_start += 1;
                return None;
            }
            None => self.start / self.n_start as f64,
        };
        let fallen = before - logp;
        self.n_low = if fallen >= COLLAPSE_NATS {
            self.n_low + 1
        } else {
            0
        };
        let news = self.n_low >= COLLAPSE_STEPS && !self.told;
        self.told |= news;
        news.then_some(fallen)
    }
}

#[cfg(test)]
mod tests {
    use super::ChosenFall;

    #[test]
    fn a_collapse_lasts_and_is_told_once() {
        let mut fall = ChosenFall::default();
        let mut told = Vec::new();
        for (step, logp) in [-2.0, -2.6, -2.7, -1.0]
            .into_iter()
            .chain([-2.6; 9])
            .enumerate()
        {
            told.extend(fall.step(logp, Some(-2.0)).map(|_| step));
        }
        assert_eq!(told, [8], "five in a row, not those before");
        let mut alone = ChosenFall::default();
        let logps = [-2.0; 5].into_iter().chain([-2.4; 9]).chain([-2.51; 5]);
        let told: Vec<usize> = logps
            .enumerate()
            .filter_map(|(step, logp)| alone.step(logp, None).map(|_| step))
            .collect();
        assert_eq!(told, [18], "held against its own first steps");
    }
}
