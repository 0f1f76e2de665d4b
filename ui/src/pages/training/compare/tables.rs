//! From the runs that are compared to the rows of their chart. Pure.

use crate::components::Table;
use crate::pages::training::curves::smoothed;
use amoozgar_types::compare::{ComparedRun, CurvePoint};

/// What stands on the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Optimizer steps.
    Step,
    /// Seconds of training.
    Time,
    /// Tokens learnt from.
    Tokens,
}

impl Axis {
    /// Every axis, in the order of the choice.
    pub const ALL: [Self; 3] = [Self::Step, Self::Time, Self::Tokens];

    fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Self::Step => point.step as f64,
            Self::Time => point.elapsed_s,
            Self::Tokens => point.n_tokens as f64,
        }
    }
}

/// Which loss is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// Validation.
    Validation,
    /// Training, smoothed.
    Smooth,
    /// Training as it was measured, every peak.
    Raw,
}

impl Curve {
    /// Every curve, in the order of the choice.
    pub const ALL: [Self; 3] = [Self::Validation, Self::Smooth, Self::Raw];
}

/// The points of one run's curve on an axis, without what has no value.
pub fn line(run: &ComparedRun, axis: Axis, curve: Curve) -> Vec<(f64, f64)> {
    let points = match curve {
        Curve::Validation => &run.validation,
        Curve::Smooth | Curve::Raw => &run.train,
    };
    let values: Vec<Option<f64>> = points.iter().map(|point| point.loss.finite()).collect();
    let values = if curve == Curve::Smooth {
        smoothed(&values)
    } else {
        values
    };
    points
        .iter()
        .zip(values)
        .filter_map(|(point, value)| Some((axis.of(point), value?)))
        .collect()
}

/// One column per run over the union of their places on the axis.
pub fn table(lines: &[Vec<(f64, f64)>]) -> Table {
    let mut all: Vec<(f64, usize, f64)> = lines
        .iter()
        .enumerate()
        .flat_map(|(run, points)| points.iter().map(move |(x, y)| (*x, run, *y)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut table = Table {
        x: Vec::new(),
        columns: vec![Vec::new(); lines.len()],
    };
    for (x, run, y) in all {
        if table.x.last() != Some(&x) {
            table.x.push(x);
            for column in &mut table.columns {
                column.push(None);
            }
        }
        if let Some(cell) = table
            .columns
            .get_mut(run)
            .and_then(|column| column.last_mut())
        {
            *cell = Some(y);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn runs_of_different_lengths_share_one_axis_and_keep_every_point() {
        let lines = [
            vec![(1.0, 4.0), (2.0, 3.0), (3.0, 9.0)],
            vec![(2.0, 5.0), (2.5, 4.5)],
        ];
        let table = table(&lines);
        assert_eq!(table.x, [1.0, 2.0, 2.5, 3.0], "each place once, ascending");
        assert_eq!(
            table.columns[0],
            [Some(4.0), Some(3.0), None, Some(9.0)],
            "the first run, its peak included"
        );
        assert_eq!(
            table.columns[1],
            [None, Some(5.0), Some(4.5), None],
            "the second run"
        );
    }

    #[test]
    fn a_run_without_points_has_an_empty_column() {
        let table = table(&[vec![(1.0, 2.0)], vec![]]);
        assert_eq!(table.columns[1], [None], "nothing is made up");
    }
}
