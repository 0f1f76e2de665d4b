//! From a run's metrics to the rows of its charts: thinning, smoothing, alignment.
//!
//! Pure. Thinning keeps the lowest and the highest value of every stretch, so that a spike is never
//! lost, and every row that carries a validation. What is smoothed is what is drawn.

use crate::components::Table;
use crate::state::thin::kept_rows;
use amoozgar_types::job::{MetricPoint, Metrics};

/// The smoothed curve averages this part of the run on each side of a step...
const WINDOW_SHARE: usize = 40;

/// ...but never more than this many steps.
const WIDEST: usize = 200;

/// Columns: training loss, the same smoothed, validation loss.
pub fn loss_table(metrics: &Metrics) -> Table {
    let train = drawn(metrics, &marks(metrics));
    let raw: Vec<Option<f64>> = train.iter().map(|one| one.loss.finite()).collect();
    let smooth = smoothed(&raw);
    let mut table = Table {
        x: Vec::new(),
        columns: vec![Vec::new(); 3],
    };
    let mut push = |step: u64, train: Option<f64>, smooth: Option<f64>, held_out: Option<f64>| {
        table.x.push(step as f64);
        for (column, value) in table.columns.iter_mut().zip([train, smooth, held_out]) {
            column.push(value);
        }
    };
    let mut validation = metrics.validation.iter().peekable();
    for ((point, value), smooth) in train.into_iter().zip(raw).zip(smooth) {
        while let Some(earlier) = validation.next_if(|one| one.step < point.step) {
            push(earlier.step, None, None, earlier.val_loss.finite());
        }
        let same = validation
            .next_if(|one| one.step == point.step)
            .and_then(|one| one.val_loss.finite());
        push(point.step, value, smooth, same);
    }
    for later in validation {
        push(later.step, None, None, later.val_loss.finite());
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
    use super::{loss_table, lr_table, smoothed};
    use crate::state::thin::MOST_ROWS;
    use amoozgar_types::Loss;
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
                })
                .collect(),
            validation: vec![ValidationPoint {
                step: n / 2 + 1,
                val_loss: Loss::Finite(3.0),
                bits_per_byte: 1.0,
                classes: None,
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
            },
        );
        given.validation.push(ValidationPoint {
            step: 9,
            val_loss: Loss::Diverged,
            bits_per_byte: 4.0,
            classes: None,
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
