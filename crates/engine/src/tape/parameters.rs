//! A model's weights by name, trained in f32 or frozen in whatever form they are kept, and the sums of
//! their gradients.

use crate::EngineError;
use crate::kernels::elementwise;
use crate::kernels::matmul::Matrix;
use crate::kernels::quantized::{self, BlockQ4, BlockQ8};
use half::bf16;
use std::collections::BTreeMap;
use std::ops::Range;

/// The values of a weight.
#[derive(Debug, Clone)]
pub enum Weight {
    /// Full precision; the only kind that is trained.
    F32(Vec<f32>),
    /// Half the memory.
    Bf16(Vec<bf16>),
    /// 8 bits and a scale for every 32 values.
    Q8(Vec<BlockQ8>),
    /// 4 bits and a scale for every 32 values.
    Q4(Vec<BlockQ4>),
}

/// How frozen matrices are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// As they are computed with.
    F32,
    /// bfloat16.
    Bf16,
    /// Blocks of 8 bits.
    Q8,
    /// Blocks of 4 bits.
    Q4,
}

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

/// All weights of a model, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    all: Vec<Parameter>,
    by_name: BTreeMap<String, ParameterId>,
}

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

impl Weight {
    /// The values as a matrix of products.
    pub fn matrix(&self) -> Matrix<'_> {
        match self {
            Self::F32(values) => Matrix::F32(values),
            Self::Bf16(values) => Matrix::Bf16(values),
            Self::Q8(blocks) => Matrix::Q8_0(blocks),
            Self::Q4(blocks) => Matrix::Q4_0(blocks),
        }
    }

    /// The values of the rows `rows` of width `width`; quantized rows must be whole blocks.
    fn rows(&self, rows: &Range<usize>, width: usize) -> Matrix<'_> {
        let (start, end) = (rows.start * width, rows.end * width);
        let blocks = start / quantized::BLOCK..end.div_ceil(quantized::BLOCK);
        match self {
            Self::F32(values) => Matrix::F32(values.get(start..end).unwrap_or_default()),
            Self::Bf16(values) => Matrix::Bf16(values.get(start..end).unwrap_or_default()),
            Self::Q8(values) => Matrix::Q8_0(values.get(blocks).unwrap_or_default()),
            Self::Q4(values) => Matrix::Q4_0(values.get(blocks).unwrap_or_default()),
        }
    }

    /// The values in f32.
    pub fn to_f32(&self) -> Vec<f32> {
        if let Self::F32(values) = self {
            return values.clone();
        }
        let matrix = self.matrix();
        let mut values = vec![0.0; matrix.len()];
        matrix.widen(0, &mut values);
        values
    }

    /// f32 values kept as `storage`. Rows that are no whole number of blocks are kept in bfloat16
    /// where blocks are asked for.
    pub fn store(values: Vec<f32>, width: usize, storage: Storage) -> Self {
        let in_blocks = width.is_multiple_of(quantized::BLOCK);
        match storage {
            Storage::F32 => Self::F32(values),
            Storage::Q8 if in_blocks => Self::Q8(quantized::quantize(&values)),
            Storage::Q4 if in_blocks => Self::Q4(quantized::quantize(&values)),
            Storage::Bf16 | Storage::Q8 | Storage::Q4 => {
                Self::Bf16(values.into_iter().map(bf16::from_f32).collect())
            }
        }
    }

    /// Bytes in memory.
    pub fn n_bytes(&self) -> usize {
        match self {
            Self::F32(values) => size_of_val(values.as_slice()),
            Self::Bf16(values) => size_of_val(values.as_slice()),
            Self::Q8(blocks) => size_of_val(blocks.as_slice()),
            Self::Q4(blocks) => size_of_val(blocks.as_slice()),
        }
    }
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

    /// A vector: norms and biases are always kept in f32.
    pub fn vector(&self, id: ParameterId) -> &[f32] {
        match &self.get(id).weight {
            Weight::F32(values) => values,
            Weight::Bf16(_) | Weight::Q8(_) | Weight::Q4(_) => &[],
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

    /// Freezes every weight and keeps its matrices as `storage`; vectors stay in f32.
    pub fn freeze(&mut self, storage: Storage) {
        for parameter in &mut self.all {
            parameter.role = Role::Frozen;
            let width = parameter.shape.last().copied().unwrap_or(0);
            if parameter.shape.len() > 1
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

impl Gradients {
    /// Of every trained weight, without a gradient yet.
    pub fn new(parameters: &Parameters) -> Self {
        let of = |parameter: &Parameter| match parameter.role {
            Role::Trained => parameter.len(),
            Role::Frozen => 0,
        };
        Self {
            sums: parameters
                .all
                .iter()
                .map(|parameter| Sum {
                    len: of(parameter),
                    values: Vec::new(),
                })
                .collect(),
            grown: 0,
        }
    }

    /// The sum of a weight; `None` where it is frozen or had no gradient yet.
    pub fn get(&self, id: ParameterId) -> Option<&[f32]> {
        let values = self.sums.get(id.0)?.values.as_slice();
        Some(values).filter(|values| !values.is_empty())
    }

    /// The sum of a weight, to be added to; `None` where it is frozen.
    pub fn get_mut(&mut self, id: ParameterId) -> Option<&mut [f32]> {
        self.sums.get_mut(id.0)?.values_mut(&mut self.grown)
    }

    /// The sums of two different weights.
    pub fn pair_mut(
        &mut self,
        a: ParameterId,
        b: ParameterId,
    ) -> (Option<&mut [f32]>, Option<&mut [f32]>) {
        match self.sums.get_disjoint_mut([a.0, b.0]) {
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

/// The transpose of a `(rows, columns)` matrix.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| values[row * columns + column]));
    }
    out
}
