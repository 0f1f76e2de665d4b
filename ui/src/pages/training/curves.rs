//! From a run's metrics to the rows of its charts: thinning, smoothing, alignment.
//!
//! Pure. Thinning keeps the lowest and the highest value of every stretch, so that a spike is never
//! lost, and every row that carries a validation. What is smoothed is what is drawn.

use crate::components::Table;
use crate::state::thin::kept_rows;
use amoozgar_types::event::PreferenceScores;
use amoozgar_types::job::{MetricPoint, Metrics, ValidationPoint};

/// The smoothed curve averages this part of the run on each side of a step...
const WINDOW_SHARE: usize = 40;

/// ...but never more than this many steps.
const WIDEST: usize = 200;

/// Columns: training loss, the same smoothed, validation loss.
pub fn loss_table(metrics: &Metrics) -> Table {
    let train = drawn(metrics, &marks(metrics));
    let raw: Vec<Option<f64>> = train.iter().map(|one| one.loss.finite()).collect();
    let smooth = smoothed(&raw);
    merged(metrics, &train, &[raw, smooth], |one| one.val_loss.finite())
}

/// Of pairs: rewards of the better and of the worse answers, smoothed; how far they are apart in validation.
pub fn reward_table(metrics: &Metrics) -> Table {
    pairs_table(
        metrics,
        &[|found| found.chosen_reward, |found| found.rejected_reward],
        PreferenceScores::margin,
    )
}

/// Of pairs: the share that is told apart rightly, smoothed; the same in validation.
pub fn preferred_table(metrics: &Metrics) -> Table {
    pairs_table(metrics, &[|found| found.accuracy], |found| found.accuracy)
}

/// Of pairs: log-probabilities of a better and a worse answer's token, smoothed; of a better one's in
/// validation.
pub fn logp_table(metrics: &Metrics) -> Table {
    pairs_table(
        metrics,
        &[|found| found.chosen_logp, |found| found.rejected_logp],
        |found| found.chosen_logp,
    )
}

/// A measure of pairs.
type Measure = fn(&PreferenceScores) -> f64;

fn pairs_table(
    metrics: &Metrics,
    measures: &[Measure],
    held_out: fn(&PreferenceScores) -> f64,
) -> Table {
    let train = drawn(metrics, &marks(metrics));
    let columns: Vec<Vec<Option<f64>>> = measures
        .iter()
        .map(|measure| {
            let values = train.iter().map(|one| one.preference.as_ref().map(measure));
            smoothed(&values.collect::<Vec<_>>())
        })
        .collect();
    merged(metrics, &train, &columns, |one| {
        one.preference.as_ref().map(held_out)
    })
}

/// The columns of the training steps that are drawn, and behind them what validations found, by step.
fn merged(
    metrics: &Metrics,
    train: &[&MetricPoint],
    columns: &[Vec<Option<f64>>],
    held_out: impl Fn(&ValidationPoint) -> Option<f64>,
) -> Table {
    let mut table = Table {
        x: Vec::new(),
        columns: vec![Vec::new(); columns.len() + 1],
    };
    let mut push = |step: u64, row: Option<usize>, found: Option<f64>| {
        table.x.push(step as f64);
        let values = columns.iter();
        let values = values.map(|column| row.and_then(|row| column.get(row).copied().flatten()));
        for (column, value) in table.columns.iter_mut().zip(values.chain([found])) {
            column.push(value);
        }
    };
    let mut validation = metrics.validation.iter().peekable();
    for (row, point) in train.iter().enumerate() {
        while let Some(earlier) = validation.next_if(|one| one.step < point.step) {
            push(earlier.step, None, held_out(earlier));
        }
        let same = validation.next_if(|one| one.step == point.step);
        push(point.step, Some(row), same.and_then(&held_out));
    }
    for later in validation {
        push(later.step, None, held_out(later));
    }
    table
}

/// One column: the learning rate.
pub fn lr_table(metrics: &Metrics) -> Table {
    let points = drawn(metrics, &[]);
    Table {
        x: points.iter().map(|one| one.step as f64).collect(),
        columns: vec![points.iter().map(|one| Some(one.lr)).collect()],
    }
}

/// The points that are drawn, ascending, the marked ones among them.
fn drawn<'a>(metrics: &'a Metrics, marked: &[usize]) -> Vec<&'a MetricPoint> {
    kept_rows(&metrics.train, marked)
        .into_iter()
        .filter_map(|row| metrics.train.get(row))
        .collect()
}

/// Mean over a centred window, which does not lag behind a falling curve as an exponential average
/// does; it narrows towards both ends. A diverged step does not count.
pub fn smoothed(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let widest = (values.len() / WINDOW_SHARE).clamp(2, WIDEST);
    let mut sums = Vec::with_capacity(values.len() + 1);
    let (mut sum, mut count) = (0.0, 0_u32);
    sums.push((sum, count));
    for value in values {
        if let Some(value) = value {
            sum += value;
            count += 1;
        }
        sums.push((sum, count));
    }
    (0..values.len())
        .map(|row| {
            let half = widest.min(row).min(values.len() - 1 - row);
            let (from, to) = (sums.get(row - half)?, sums.get(row + half + 1)?);
            let n = to.1 - from.1;
            (n > 0).then(|| (to.0 - from.0) / f64::from(n))
        })
        .collect()
}

/// The rows at which the held-out text was measured.
fn marks(metrics: &Metrics) -> Vec<usize> {
    metrics
        .validation
        .iter()
        .filter_map(|one| {
            metrics
                .train
                .binary_search_by_key(&one.step, |point| point.step)
                .ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::{logp_table, loss_table, lr_table, preferred_table, reward_table, smoothed};
    use crate::state::thin::MOST_ROWS;
    use amoozgar_types::Loss;
    use amoozgar_types::event::PreferenceScores;
    use amoozgar_types::job::{MetricPoint, Metrics, ValidationPoint};

    fn metrics(n: u64, spike_at: u64) -> Metrics {
        Metrics {
            train: (1..=n)
                .map(|step| MetricPoint {
                    step,
                    epoch: 0.0,
                    loss: Loss::Finite(if step == spike_at { 99.0 } else { 2.0 }),
                    lr: 1e-3,
                    grad_norm: 1.0,
                    tokens_per_s: 1.0,
                    preference: None,
                })
                .collect(),
            validation: vec![ValidationPoint {
                step: n / 2 + 1,
                val_loss: Loss::Finite(3.0),
                bits_per_byte: 1.0,
                classes: None,
                preference: None,
            }],
        }
    }

    #[test]
    fn a_spike_among_a_hundred_thousand_steps_is_still_drawn() {
        let table = loss_table(&metrics(100_000, 77_777));
        assert!(
            table.x.len() <= MOST_ROWS + 3,
            "{} rows are drawn",
            table.x.len()
        );
        let at = table
            .x
            .iter()
            .position(|&step| (step - 77_777.0).abs() < 0.5);
        assert_eq!(
            table.columns[0][at.unwrap()],
            Some(99.0),
            "the spike is there"
        );
        assert!(table.x.is_sorted(), "rows ascend");
        let held_out: Vec<_> = table.columns[2].iter().flatten().collect();
        assert_eq!(held_out, [&3.0], "the validation is there once");
        assert_eq!(
            table.x.last(),
            Some(&100_000.0),
            "and so is the latest step"
        );
        assert!(
            lr_table(&metrics(100_000, 1)).x.len() <= MOST_ROWS + 3,
            "the rate is thinned too"
        );
    }

    #[test]
    fn columns_are_as_long_as_the_steps_even_where_validation_came_first() {
        let mut given = metrics(3, 0);
        given.validation.insert(
            0,
            ValidationPoint {
                step: 0,
                val_loss: Loss::Finite(8.0),
                bits_per_byte: 4.0,
                classes: None,
                preference: None,
            },
        );
        given.validation.push(ValidationPoint {
            step: 9,
            val_loss: Loss::Diverged,
            bits_per_byte: 4.0,
            classes: None,
            preference: None,
        });
        let table = loss_table(&given);
        assert_eq!(table.x, [0.0, 1.0, 2.0, 3.0, 9.0], "every step once");
        for column in &table.columns {
            assert_eq!(column.len(), table.x.len(), "aligned with the steps");
        }
        assert_eq!(
            table.columns[2][4], None,
            "a diverged loss is a gap, not a number"
        );
    }

    #[test]
    fn what_is_measured_of_pairs_stands_beside_what_validations_found() {
        let mut given = metrics(3, 0);
        let found = PreferenceScores {
            chosen_reward: 0.5,
            rejected_reward: -0.25,
            accuracy: 0.75,
            chosen_logp: -1.0,
            rejected_logp: -2.0,
        };
        for point in &mut given.train {
            point.preference = Some(found);
        }
        given.validation[0].preference = Some(found);
        let rewards = reward_table(&given);
        assert_eq!(rewards.x, [1.0, 2.0, 3.0], "every step once");
        assert_eq!(rewards.columns[0], [Some(0.5); 3]);
        assert_eq!(rewards.columns[1], [Some(-0.25); 3]);
        assert_eq!(rewards.columns[2], [None, Some(0.75), None], "the margin");
        let preferred = preferred_table(&given);
        assert_eq!(preferred.columns[1], [None, Some(0.75), None]);
        let logp = logp_table(&given);
        assert_eq!(logp.columns[2], [None, Some(-1.0), None]);
        let none = reward_table(&metrics(3, 0));
        assert_eq!(none.columns[0], [None; 3], "nothing is made up");
    }

    #[test]
    fn smoothing_follows_a_falling_line_without_lagging_and_skips_gaps() {
        let falling: Vec<_> = (0..400).map(|row| Some(400.0 - f64::from(row))).collect();
        for (row, (value, smooth)) in falling.iter().zip(smoothed(&falling)).enumerate() {
            let apart = (value.unwrap() - smooth.unwrap()).abs();
            assert!(apart < 1e-9, "a straight line is its own mean, row {row}");
        }
        let smooth = smoothed(&[Some(4.0), Some(4.0), None, Some(4.0), Some(4.0)]);
        assert_eq!(smooth[2], Some(4.0), "a diverged step is bridged");
        assert_eq!(
            smoothed(&[None]),
            [None],
            "nothing is made up where there is nothing"
        );
        assert!(smoothed(&[]).is_empty(), "nor from an empty run");
    }
}
