//! Which rows are held out of training for validation. The order in which rows are drawn is passed in.

/// The held-out rows of a dataset, by their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut(Vec<bool>);

impl HeldOut {
    /// Holds nothing out: the validation rows are a file of their own.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Holds out the first `fraction` of `order`, a permutation of all rows: one row at least, and never
    /// all of them. `None` where there are fewer than two rows.
    pub fn of_rows(order: &[u32], fraction: f64) -> Option<Self> {
        let n_rows = order.len();
        if n_rows < 2 {
            return None;
        }
        let n_wanted = (n_rows as f64 * fraction).round() as usize;
        let mut held_out = Self(vec![false; n_rows]);
        for &index in order.iter().take(n_wanted.clamp(1, n_rows - 1)) {
            held_out.add(index as usize);
        }
        Some(held_out)
    }

    /// Holds out the same `fraction` of every class; of one with two rows or more, one at least and not
    /// all. `classes` has the class of each row, `order(class, n)` gives a permutation of the `n` rows of
    /// a class. `None` where no class has two rows.
    pub fn of_each_class(
        classes: &[u32],
        n_classes: usize,
        fraction: f64,
        order: impl Fn(u32, usize) -> Vec<u32>,
    ) -> Option<Self> {
        let mut held_out = Self(vec![false; classes.len()]);
        for class in 0..n_classes as u32 {
            let members: Vec<usize> = (0..classes.len())
                .filter(|&row| classes.get(row) == Some(&class))
                .collect();
            if members.len() < 2 {
                continue;
            }
            let n_wanted = (members.len() as f64 * fraction).round() as usize;
            let n = n_wanted.clamp(1, members.len() - 1);
            for &member in order(class, members.len()).iter().take(n) {
                if let Some(&row) = members.get(member as usize) {
                    held_out.add(row);
                }
            }
        }
        held_out.0.contains(&true).then_some(held_out)
    }

    /// Whether the row is held out.
    pub fn contains(&self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or(false)
    }

    fn add(&mut self, index: usize) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HeldOut;

    fn chosen(held_out: &HeldOut, n_rows: usize) -> Vec<usize> {
        let rows = (0..n_rows).filter(|&row| held_out.contains(row));
        rows.collect()
    }

    #[test]
    fn rows_are_held_out_in_the_order_given_one_at_least_and_never_all() {
        let of = |fraction| HeldOut::of_rows(&[3, 0, 2, 1], fraction).map(|rows| chosen(&rows, 4));
        assert_eq!(of(0.5), Some(vec![0, 3]), "the first half of the order");
        assert_eq!(of(0.0), Some(vec![3]), "one at least");
        assert_eq!(of(1.0), Some(vec![0, 2, 3]), "one is left to learn");
        assert_eq!(
            HeldOut::of_rows(&[0], 0.5),
            None,
            "one row cannot be divided"
        );
        assert_eq!(chosen(&HeldOut::none(), 4), [0; 0], "nothing");
    }

    #[test]
    fn of_every_class_with_two_rows_some_are_held_out_and_some_stay() {
        let in_order = |_, n: usize| (0..n as u32).collect();
        let classes = [0, 1, 0, 1, 2, 0, 0];
        let held_out = HeldOut::of_each_class(&classes, 3, 0.5, in_order);
        assert_eq!(
            held_out.map(|rows| chosen(&rows, classes.len())),
            Some(vec![0, 1, 2]),
            "half of four, half of two, none of one"
        );
        let one_each = HeldOut::of_each_class(&[0, 1, 2], 3, 0.5, in_order);
        assert_eq!(one_each, None, "no class has two rows");
    }
}
