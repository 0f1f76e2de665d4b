//! The sums of the gradients of a model's trained weights.

use crate::kernels::elementwise;
use crate::weights::{Parameter, ParameterId, Parameters, Role};
use std::ops::Range;

/// Sums of gradients, one for every trained weight. A sum takes memory from its first gradient on until
/// [`Gradients::clear`]: on the way back it grows as what was kept for it is let go.
#[derive(Debug, Default)]
pub struct Gradients {
    sums: Vec<Sum>,
    /// Values that took memory since [`Gradients::take_grown`] was asked.
    grown: usize,
}

/// The sum of one weight's gradients.
#[derive(Debug, Default)]
struct Sum {
    /// Values; 0 where the weight is frozen.
    len: usize,
    /// Empty until there is a gradient.
    values: Vec<f32>,
}

impl Sum {
    /// The values, zeros at first; `grown` counts those.
    fn values_mut(&mut self, grown: &mut usize) -> Option<&mut [f32]> {
        if self.len == 0 {
            return None;
        }
        if self.values.is_empty() {
            self.values = vec![0.0; self.len];
            *grown += self.len;
        }
        Some(&mut self.values)
    }
}

impl Gradients {
    /// Of every trained weight, without a gradient yet.
    pub fn new(parameters: &Parameters) -> Self {
        let of = |parameter: &Parameter| match parameter.role {
            Role::Trained => parameter.len(),
            Role::Frozen => 0,
        };
        Self {
            sums: parameters
                .iter()
                .map(|(_, parameter)| Sum {
                    len: of(parameter),
                    values: Vec::new(),
                })
                .collect(),
            grown: 0,
        }
    }

    /// The sum of a weight; `None` where it is frozen or had no gradient yet.
    pub fn get(&self, id: ParameterId) -> Option<&[f32]> {
        let values = self.sums.get(id.index())?.values.as_slice();
        Some(values).filter(|values| !values.is_empty())
    }

    /// The sum of a weight, to be added to; `None` where it is frozen.
    pub fn get_mut(&mut self, id: ParameterId) -> Option<&mut [f32]> {
        self.sums.get_mut(id.index())?.values_mut(&mut self.grown)
    }

    /// The sums of two different weights.
    pub fn pair_mut(
        &mut self,
        a: ParameterId,
        b: ParameterId,
    ) -> (Option<&mut [f32]>, Option<&mut [f32]>) {
        match self.sums.get_disjoint_mut([a.index(), b.index()]) {
            Ok([a, b]) => (a.values_mut(&mut self.grown), b.values_mut(&mut self.grown)),
            Err(_) => (None, None),
        }
    }

    /// The sum of the rows `rows`, of width `width`.
    pub fn rows_mut(
        &mut self,
        id: ParameterId,
        rows: &Range<usize>,
        width: usize,
    ) -> Option<&mut [f32]> {
        self.get_mut(id)?
            .get_mut(rows.start * width..rows.end * width)
    }

    /// Lets go of every sum: the next gradient of a weight is its first again.
    pub fn clear(&mut self) {
        for sum in &mut self.sums {
            sum.values = Vec::new();
        }
        self.grown = 0;
    }

    /// Values that took memory since the last time.
    pub(crate) fn take_grown(&mut self) -> usize {
        std::mem::take(&mut self.grown)
    }

    /// Euclidean norm over all sums; the same bits on any number of threads.
    pub fn norm(&self) -> f64 {
        self.sums
            .iter()
            .map(|sum| elementwise::sum_of_squares(&sum.values))
            .sum::<f64>()
            .sqrt()
    }
}
