//! Fewer points of a training curve that look the same. Pure.

use amoozgar_types::job::MetricPoint;

/// As many rows as a chart is drawn from: more than a screen is wide.
pub const MOST_ROWS: usize = 4_000;

/// A page that follows a run keeps at most twice as many points as are drawn, however long the run is.
pub fn bound(points: &mut Vec<MetricPoint>) {
    if points.len() > 2 * MOST_ROWS {
        let kept = kept_rows(points, &[]);
        *points = kept
            .into_iter()
            .filter_map(|row| points.get(row).copied())
            .collect();
    }
}

/// Which rows to draw, ascending: all of them up to [`MOST_ROWS`]; above, the first, the last, the
/// marked ones, and of every stretch of steps the lowest and the highest loss. Stretches are as many
/// steps each, so that what was thinned before and what came since are drawn alike.
pub fn kept_rows(points: &[MetricPoint], marked: &[usize]) -> Vec<usize> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= MOST_ROWS {
        return (0..points.len()).collect();
    }
    let n_steps = last.step.saturating_sub(first.step) + 1;
    let stretch = n_steps.div_ceil(MOST_ROWS as u64 / 2).max(1);
    let mut kept = vec![0, points.len() - 1];
    kept.extend_from_slice(marked);
    let stretch_of = |point: &MetricPoint| point.step.saturating_sub(first.step) / stretch;
    let mut from = 0;
    for chunk in points.chunk_by(|one, next| stretch_of(one) == stretch_of(next)) {
        let finite = || {
            let rows = chunk.iter().enumerate();
            rows.filter_map(|(row, point)| point.loss.finite().map(|loss| (from + row, loss)))
        };
        let lowest = finite().min_by(|a, b| a.1.total_cmp(&b.1));
        let highest = finite().max_by(|a, b| a.1.total_cmp(&b.1));
        kept.extend([lowest, highest].into_iter().flatten().map(|(row, _)| row));
        from += chunk.len();
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::{MOST_ROWS, bound, kept_rows};
    use amoozgar_types::Loss;
    use amoozgar_types::job::MetricPoint;

    /// A point of a training curve.
    pub fn point(step: u64, loss: f64) -> MetricPoint {
        MetricPoint {
            step,
            epoch: 0.0,
            loss: Loss::Finite(loss),
            lr: 1e-3,
            grad_norm: 1.0,
            tokens_per_s: 1.0,
            preference: None,
        }
    }

    /// As the steps of a run come, a few at a time.
    fn followed(n_steps: u64, loss: impl Fn(u64) -> f64) -> (Vec<MetricPoint>, usize) {
        let (mut points, mut most) = (Vec::new(), 0);
        for step in 1..=n_steps {
            points.push(point(step, loss(step)));
            if step % 7 == 0 {
                bound(&mut points);
            }
            most = most.max(points.len());
        }
        (points, most)
    }

    #[test]
    fn a_run_of_any_length_is_followed_in_the_same_room_and_no_peak_is_lost() {
        let loss = |step| match step {
            777 => 99.0,
            55_555 => 0.1,
            _ => 2.0 + (step % 13) as f64 / 100.0,
        };
        let (points, most) = followed(200_000, loss);
        assert!(most < 2 * MOST_ROWS + 8, "{most} points at most");
        assert!(points.is_sorted_by_key(|one| one.step), "in their order");
        for step in [1, 777, 55_555, 200_000] {
            let found = points.iter().find(|one| one.step == step);
            assert_eq!(
                found.map(|one| one.loss),
                Some(Loss::Finite(loss(step))),
                "step {step} is kept"
            );
        }
    }

    #[test]
    fn what_came_first_is_drawn_as_densely_as_what_came_last() {
        let (points, _) = followed(100_000, |step| 2.0 + (step * 7919 % 101) as f64);
        let drawn = kept_rows(&points, &[]);
        assert!(drawn.len() <= MOST_ROWS + 2, "{} rows", drawn.len());
        let n_before = |step| {
            drawn
                .iter()
                .filter(|row| points[**row].step <= step)
                .count()
        };
        for tenth in 1..=10 {
            let (from, to) = ((tenth - 1) * 10_000, tenth * 10_000);
            let rows = n_before(to) - n_before(from);
            assert!(
                (200..=500).contains(&rows),
                "{rows} rows from step {from} to {to}"
            );
        }
    }

    #[test]
    fn few_rows_and_the_marked_ones_are_all_drawn() {
        let few: Vec<_> = (1..=10).map(|step| point(step, 1.0)).collect();
        assert_eq!(kept_rows(&few, &[]).len(), 10, "nothing is thinned");
        assert!(kept_rows(&[], &[]).is_empty(), "nothing is made up");
        let many: Vec<_> = (1..=9_999).map(|step| point(step, step as f64)).collect();
        let drawn = kept_rows(&many, &[4_321]);
        assert!(drawn.contains(&4_321), "a mark is kept: {}", drawn.len());
    }
}
