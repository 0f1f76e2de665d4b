//! Fewer points that look the same: what a screen of some thousand pixels can show of a curve.
//!
//! Of every stretch of points the lowest and the highest are kept, in their order, and of the whole
//! curve the first and the last; so no peak is lost, however narrow. Pure.

/// The points of `points` to draw, in their order: all of them where there are no more than `most`,
/// else at most `most` (and never fewer than the four that a stretch and the ends need). A value that
/// is `None` is no point to choose a stretch by.
pub(crate) fn thin<T: Clone>(
    points: &[T],
    most: usize,
    value: impl Fn(&T) -> Option<f64>,
) -> Vec<T> {
    if points.len() <= most {
        return points.to_vec();
    }
    let n_stretches = (most.saturating_sub(2) / 2).max(1);
    let stretch = points.len().div_ceil(n_stretches);
    let mut kept = Vec::with_capacity(most);
    let mut keep = |row: usize| {
        if kept.last() != Some(&row) {
            kept.push(row);
        }
    };
    keep(0);
    for (number, chunk) in points.chunks(stretch).enumerate() {
        let from = number * stretch;
        let mut extremes: Option<((usize, f64), (usize, f64))> = None;
        for (row, value) in chunk
            .iter()
            .enumerate()
            .filter_map(|(row, point)| value(point).map(|value| (from + row, value)))
        {
            extremes = Some(match extremes {
                None => ((row, value), (row, value)),
                Some((low, high)) => (
                    if value < low.1 { (row, value) } else { low },
                    if value > high.1 { (row, value) } else { high },
                ),
            });
        }
        if let Some(((low, _), (high, _))) = extremes {
            // The ends stand by themselves.
            for row in [low.min(high), low.max(high)] {
                if row > 0 && row + 1 < points.len() {
                    keep(row);
                }
            }
        }
    }
    keep(points.len() - 1);
    kept.into_iter()
        .filter_map(|row| points.get(row).cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::thin;

    fn wave(n: u32) -> Vec<(u32, f64)> {
        (0..n)
            .map(|row| (row, 3.0 + (f64::from(row) / 50.0).sin()))
            .collect()
    }

    #[test]
    fn a_single_spike_among_a_hundred_thousand_points_is_drawn_wherever_it_stands() {
        for at in [0_usize, 1, 777, 50_000, 99_998, 99_999] {
            for spike in [99.0, -99.0] {
                let mut points = wave(100_000);
                if let Some(point) = points.get_mut(at) {
                    point.1 = spike;
                }
                let kept = thin(&points, 2_000, |point| Some(point.1));
                assert!(kept.len() <= 2_000, "{} points are too many", kept.len());
                assert!(
                    kept.iter().any(|point| point.0 as usize == at),
                    "the spike of {spike} at {at} is lost"
                );
            }
        }
    }

    #[test]
    fn the_thinned_curve_keeps_its_order_its_ends_and_every_stretch() {
        let points = wave(100_000);
        let kept = thin(&points, 1_000, |point| Some(point.1));
        assert!(
            kept.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "in order and none twice"
        );
        assert_eq!(kept.first(), points.first(), "the beginning");
        assert_eq!(kept.last(), points.last(), "the end");
        let widest = kept.windows(2).map(|pair| pair[1].0 - pair[0].0).max();
        assert!(widest < Some(500), "a hole of {widest:?} points");
    }

    #[test]
    fn few_points_are_all_drawn_and_missing_values_choose_nothing() {
        let points = wave(10);
        assert_eq!(
            thin(&points, 10, |point| Some(point.1)),
            points,
            "nothing is thinned"
        );
        let none: Vec<u32> = (0..100).collect();
        assert_eq!(
            thin(&none, 20, |_| None),
            [0, 99],
            "without values only the ends are left"
        );
    }
}
