//! The learning rate's course over a run.

use amoozgar_types::spec::ScheduleKind;

/// A learning rate's course over a run: up in a line, then as `kind` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The course after the warm-up.
    pub kind: ScheduleKind,
    /// The highest rate.
    pub peak: f64,
    /// The last step's rate; a constant course never comes to it.
    pub floor: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// Steps in all.
    pub total_steps: u64,
}

impl Schedule {
    /// The rate of step number `step`, counted from 1.
    pub fn lr(&self, step: u64) -> f64 {
        if step <= self.warmup_steps {
            return self.peak * step as f64 / self.warmup_steps as f64;
        }
        let length = self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let done = ((step - self.warmup_steps) as f64 / length).min(1.0);
        let remaining = match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Linear => 1.0 - done,
            // Half a cosine (Loshchilov and Hutter, 2017).
            ScheduleKind::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        };
        self.floor + (self.peak - self.floor) * remaining
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleKind};

    /// The rates at these steps.
    fn rates<const N: usize>(kind: ScheduleKind, steps: [u64; N]) -> [f64; N] {
        let schedule = Schedule {
            kind,
            peak: 1.0,
            floor: 0.1,
            warmup_steps: 10,
            total_steps: 110,
        };
        steps.map(|step| schedule.lr(step))
    }

    fn assert_near<const N: usize>(found: [f64; N], expected: [f64; N], what: &str) {
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{what}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn the_rate_rises_linearly_whatever_follows() {
        for kind in [
            ScheduleKind::Constant,
            ScheduleKind::Linear,
            ScheduleKind::Cosine,
        ] {
            assert_near(rates(kind, [1, 5, 10]), [0.1, 0.5, 1.0], "warm-up");
        }
    }

    #[test]
    fn the_rate_then_stays_or_falls_along_a_line_or_a_cosine_to_its_floor() {
        let steps = [35, 60, 110, 200];
        assert_near(rates(ScheduleKind::Constant, steps), [1.0; 4], "constant");
        assert_near(
            rates(ScheduleKind::Linear, steps),
            [0.775, 0.55, 0.1, 0.1],
            "linear",
        );
        let quarter = 0.1 + 0.9 * 0.5 * (1.0 + std::f64::consts::FRAC_1_SQRT_2);
        assert_near(
            rates(ScheduleKind::Cosine, steps),
            [quarter, 0.55, 0.1, 0.1],
            "cosine",
        );
    }
}
