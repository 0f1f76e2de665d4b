//! A model's weights by name, trained in f32 or frozen in whatever form they are stored.

use super::{Storage, Weight};
use crate::EngineError;
use crate::kernels::matmul::Matrix;
use std::collections::BTreeMap;
use std::ops::Range;

/// How a weight lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As in memory: a matrix is `(O, I)`.
    Plain,
    /// A matrix is `(I, O)` in the file, as GPT-2's `Conv1D` keeps it.
    Transposed,
}

/// Whether a weight is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It has a gradient and moments.
    Trained,
    /// It stays as it is.
    Frozen,
}

/// One named weight.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// transformers' (or PEFT's) name.
    pub name: String,
    /// Shape in memory.
    pub shape: Vec<usize>,
    /// The values.
    pub weight: Weight,
    /// How its file keeps it.
    pub layout: Layout,
    /// Whether it is trained.
    pub role: Role,
}

/// Which weight of a [`Parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterId(usize);

impl ParameterId {
    /// The weight's place in the order of [`Parameters::iter`].
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// All weights of a model, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    all: Vec<Parameter>,
    by_name: BTreeMap<String, ParameterId>,
}

impl Parameter {
    /// Values in all.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape in the file.
    pub fn file_shape(&self) -> Vec<usize> {
        match self.layout {
            Layout::Plain => self.shape.clone(),
            Layout::Transposed => self.shape.iter().rev().copied().collect(),
        }
    }

    /// f32 values in the file's order.
    pub fn file_values(&self) -> Vec<f32> {
        self.in_file_order(self.weight.to_f32())
    }

    /// Brings values from memory's order (a weight's, a moment's, a gradient's) into the file's.
    pub fn in_file_order(&self, values: Vec<f32>) -> Vec<f32> {
        match (self.layout, self.shape.as_slice()) {
            (Layout::Transposed, &[rows, columns]) => transposed(&values, rows, columns),
            _ => values,
        }
    }

    /// Brings values from the file's order into memory's.
    pub fn in_memory_order(&self, values: Vec<f32>) -> Vec<f32> {
        match (self.layout, self.shape.as_slice()) {
            (Layout::Transposed, &[rows, columns]) => transposed(&values, columns, rows),
            _ => values,
        }
    }
}

impl Parameters {
    /// Adds a weight; a name may come once.
    pub fn add(&mut self, parameter: Parameter) -> ParameterId {
        let id = ParameterId(self.all.len());
        self.by_name.insert(parameter.name.clone(), id);
        self.all.push(parameter);
        id
    }

    /// The weight of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn id(&self, name: &str) -> Result<ParameterId, EngineError> {
        self.by_name
            .get(name)
            .copied()
            .ok_or_else(|| EngineError::MissingWeight {
                name: name.to_owned(),
            })
    }

    /// The weight.
    pub fn get(&self, id: ParameterId) -> &Parameter {
        &self.all[id.0]
    }

    /// All weights.
    pub fn iter(&self) -> impl Iterator<Item = (ParameterId, &Parameter)> {
        self.all
            .iter()
            .enumerate()
            .map(|(index, parameter)| (ParameterId(index), parameter))
    }

    /// The weights that are trained, in order.
    pub fn trained(&self) -> impl Iterator<Item = (ParameterId, &Parameter)> {
        self.iter()
            .filter(|(_, parameter)| parameter.role == Role::Trained)
    }

    /// Id, name, shape and values of each trained weight, to be updated.
    pub fn trained_mut(
        &mut self,
    ) -> impl Iterator<Item = (ParameterId, &str, &[usize], &mut [f32])> {
        self.all
            .iter_mut()
            .enumerate()
            .filter(|(_, parameter)| parameter.role == Role::Trained)
            .filter_map(|(index, parameter)| match &mut parameter.weight {
                Weight::F32(values) => Some((
                    ParameterId(index),
                    parameter.name.as_str(),
                    parameter.shape.as_slice(),
                    values.as_mut_slice(),
                )),
                _ => None,
            })
    }

    /// A matrix `(O, I)`.
    pub fn matrix(&self, id: ParameterId) -> Matrix<'_> {
        self.get(id).weight.matrix()
    }

    /// The rows `rows` of a matrix.
    pub fn rows(&self, id: ParameterId, rows: &Range<usize>) -> Matrix<'_> {
        let parameter = self.get(id);
        let width = parameter.shape.last().copied().unwrap_or(0);
        parameter.weight.rows(rows, width)
    }

    /// The values of what is no matrix, as norms and biases: they are always kept in f32.
    pub fn vector(&self, id: ParameterId) -> &[f32] {
        match &self.get(id).weight {
            Weight::F32(values) => values,
            Weight::Bf16(_) | Weight::Q8(_) | Weight::Q4(_) | Weight::Packed(_) => &[],
        }
    }

    /// Replaces a weight's f32 values, given in the file's order.
    ///
    /// # Errors
    /// Where there is no such weight or it has another length.
    pub fn set(&mut self, name: &str, values: Vec<f32>) -> Result<(), EngineError> {
        let id = self.id(name)?;
        let parameter = &mut self.all[id.0];
        if values.len() != parameter.len() {
            return Err(EngineError::MissingWeight {
                name: name.to_owned(),
            });
        }
        parameter.weight = Weight::F32(parameter.in_memory_order(values));
        Ok(())
    }

    /// Puts `weight` in the place of a weight of the same shape.
    pub fn replace(&mut self, id: ParameterId, weight: Weight) {
        self.all[id.0].weight = weight;
    }

    /// Drops the weights from the first on whose name begins with `prefix`.
    pub fn retain_before(&mut self, prefix: &str) {
        let first = self.all.iter().position(|p| p.name.starts_with(prefix));
        for dropped in self.all.drain(first.unwrap_or(self.all.len())..) {
            self.by_name.remove(&dropped.name);
        }
    }

    /// Freezes every weight and keeps its matrices as `storage`; all others stay in f32.
    pub fn freeze(&mut self, storage: Storage) {
        for parameter in &mut self.all {
            parameter.role = Role::Frozen;
            let width = parameter.shape.last().copied().unwrap_or(0);
            if parameter.shape.len() == 2
                && let Weight::F32(values) = &mut parameter.weight
            {
                parameter.weight = Weight::store(std::mem::take(values), width, storage);
            }
        }
    }

    /// Weights that are trained, and weights in all, counted by value.
    pub fn counts(&self) -> (u64, u64) {
        let count = |n: u64, parameter: &Parameter| n + parameter.len() as u64;
        (
            self.trained().map(|(_, p)| p).fold(0, count),
            self.all.iter().fold(0, count),
        )
    }

    /// Bytes of the weights in memory.
    pub fn n_bytes(&self) -> usize {
        self.all.iter().map(|p| p.weight.n_bytes()).sum()
    }
}

/// The transpose of a `(rows, columns)` matrix.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| values[row * columns + column]));
    }
    out
}
