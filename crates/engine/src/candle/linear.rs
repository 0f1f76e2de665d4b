//! Linear layers in a graph: trained, frozen, and frozen with an adapter.

use super::{lend, twin};
use crate::kernels::matmul::{self, Precision};
use crate::weights::Weight;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, Error, Layout, Result, Shape, Tensor,
};
use std::sync::Arc;

/// A weight `(O, I)` that is not trained, in whatever form it is kept.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The values, row-major.
    pub weight: Arc<Weight>,
    /// Outputs O.
    pub n_outputs: usize,
    /// Inputs I.
    pub n_inputs: usize,
}

/// `x W^T + bias`: `x` is `(N, I)`, `weight` `(O, I)`, `bias` `(O)`; answers `(N, O)`. What carries no
/// gradient costs none: a weight that is no variable gets no `dW`.
///
/// # Errors
/// Where the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (o, i) = weight.dims2()?;
    let fits = x.dims2()?.1 == i && bias.is_none_or(|bias| bias.dims() == [o]);
    let operands: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
    if !fits || !lend::kernels_serve(&operands) {
        return twin::linear(x, weight, bias);
    }
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, Linear),
        None => x.apply_op2(&weight, Linear),
    }
}

/// `x W^T` by a frozen weight: `x` is `(N, I)` f32 on the CPU or anything elsewhere; answers `(N, O)`.
///
/// # Errors
/// Where the shapes do not fit.
pub fn frozen_linear(x: &Tensor, frozen: &Frozen) -> Result<Tensor> {
    frozen.check(x)?;
    if !lend::kernels_serve(&[x]) {
        return twin::frozen_linear(x, frozen);
    }
    x.contiguous()?.apply_op1(FrozenLinear(frozen.clone()))
}

/// `x W^T + scale * (x A^T) B^T` (Hu et al., 2021): `W` is frozen, `a` is `(R, I)`, `b` `(O, R)`.
///
/// # Errors
/// Where the shapes do not fit.
pub fn lora_linear(
    x: &Tensor,
    frozen: &Frozen,
    a: &Tensor,
    b: &Tensor,
    scale: f64,
) -> Result<Tensor> {
    frozen.check(x)?;
    let (rank, i) = a.dims2()?;
    if i != frozen.n_inputs || b.dims() != [frozen.n_outputs, rank] {
        return Err(Error::Msg(format!(
            "lora_linear: ({rank}, {i}) and {:?} adapt ({}, {})",
            b.dims(),
            frozen.n_outputs,
            frozen.n_inputs
        )));
    }
    if !lend::kernels_serve(&[x, a, b]) {
        return twin::lora_linear(x, frozen, a, b, scale);
    }
    let op = LoraLinear {
        frozen: frozen.clone(),
        scale: scale as f32,
    };
    x.contiguous()?
        .apply_op3(&a.contiguous()?, &b.contiguous()?, op)
}

impl Frozen {
    /// The values on `like`'s device, in its type.
    pub(super) fn tensor(&self, like: &Tensor) -> Result<Tensor> {
        let shape = (self.n_outputs, self.n_inputs);
        Tensor::from_vec(self.weight.to_f32(), shape, like.device())?.to_dtype(like.dtype())
    }

    fn check(&self, x: &Tensor) -> Result<()> {
        let n_values = self.weight.matrix().len();
        if x.dims2()?.1 == self.n_inputs && n_values == self.n_outputs * self.n_inputs {
            return Ok(());
        }
        Err(Error::Msg(format!(
            "frozen_linear: {:?} by {n_values} values as ({}, {})",
            x.dims(),
            self.n_outputs,
            self.n_inputs
        )))
    }

    /// `x W^T` of `n` rows.
    fn forward(&self, x: &[f32], n: usize) -> Vec<f32> {
        let mut out = vec![0.0; n * self.n_outputs];
        matmul::forward(&mut out, x, self.weight.matrix(), n, Precision::F32, 0.0);
        out
    }

    /// `dy W` of `n` rows.
    fn backward(&self, dy: &[f32], n: usize) -> Vec<f32> {
        let mut dx = vec![0.0; n * self.n_inputs];
        matmul::backward_input(&mut dx, dy, self.weight.matrix(), n, Precision::F32, 0.0);
        dx
    }
}

/// `a b^T` of `n` rows, `b` being `width` rows.
fn by_transposed(a: &[f32], b: &[f32], n: usize, width: usize) -> Vec<f32> {
    let mut out = vec![0.0; n * width];
    matmul::forward(&mut out, a, matmul::Matrix::F32(b), n, Precision::F32, 0.0);
    out
}

/// The trained layer, with and without bias.
struct Linear;

impl Linear {
    fn forward(
        x: (&CpuStorage, &Layout),
        weight: (&CpuStorage, &Layout),
    ) -> Result<(Vec<f32>, Shape)> {
        let (n, o) = (x.1.dims()[0], weight.1.dims()[0]);
        let (x, weight) = (lend::values(x.0, x.1)?, lend::values(weight.0, weight.1)?);
        Ok((by_transposed(x, weight, n, o), Shape::from((n, o))))
    }

    fn backward(x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<[Option<Tensor>; 2]> {
        let n = x.dim(0)?;
        let space = |of: &Tensor| of.track_op().then(|| vec![0.0; of.elem_count()]);
        let (mut dx, mut dw) = (space(x), space(weight));
        lend::with([x, weight, dy], |[x, weight, dy]| {
            if let Some(dx) = &mut dx {
                let weight = matmul::Matrix::F32(weight);
                matmul::backward_input(dx, dy, weight, n, Precision::F32, 0.0);
            }
            if let Some(dw) = &mut dw {
                matmul::backward_weight(dw, dy, x, n, Precision::F32);
            }
        })?;
        let gradient = |values: Option<Vec<f32>>, of| values.map(|v| lend::tensor(v, of));
        Ok([
            gradient(dx, x).transpose()?,
            gradient(dw, weight).transpose()?,
        ])
    }
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (out, shape) = Self::forward((x, x_layout), (weight, weight_layout))?;
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _out: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [dx, dw] = Self::backward(x, weight, dy)?;
        Ok((dx, dw))
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (mut out, shape) = Self::forward((x, x_layout), (weight, weight_layout))?;
        matmul::add_bias(&mut out, lend::values(bias, bias_layout)?);
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [dx, dw] = Self::backward(x, weight, dy)?;
        if !bias.track_op() {
            return Ok((dx, dw, None));
        }
        let mut db = vec![0.0; bias.elem_count()];
        lend::with([dy], |[dy]| matmul::backward_bias(&mut db, dy))?;
        Ok((dx, dw, Some(lend::tensor(db, bias)?)))
    }
}

struct FrozenLinear(Frozen);

impl CustomOp1 for FrozenLinear {
    fn name(&self) -> &'static str {
        "frozen_linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let n = layout.dims()[0];
        let out = self.0.forward(lend::values(x, layout)?, n);
        Ok((CpuStorage::F32(out), Shape::from((n, self.0.n_outputs))))
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let n = x.dim(0)?;
        let dx = lend::with([dy], |[dy]| self.0.backward(dy, n))?;
        lend::tensor(dx, x).map(Some)
    }
}

struct LoraLinear {
    frozen: Frozen,
    scale: f32,
}

impl CustomOp3 for LoraLinear {
    fn name(&self) -> &'static str {
        "lora_linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, rank) = (x_layout.dims()[0], a_layout.dims()[0]);
        let (x, a) = (lend::values(x, x_layout)?, lend::values(a, a_layout)?);
        let mut out = self.frozen.forward(x, n);
        let mut inner = by_transposed(x, a, n, rank);
        crate::kernels::elementwise::scale(&mut inner, self.scale);
        let b = matmul::Matrix::F32(lend::values(b, b_layout)?);
        matmul::forward(&mut out, &inner, b, n, Precision::F32, 1.0);
        Ok((
            CpuStorage::F32(out),
            Shape::from((n, self.frozen.n_outputs)),
        ))
    }

    fn bwd(
        &self,
        x: &Tensor,
        a: &Tensor,
        b: &Tensor,
        _out: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (n, rank) = (x.dim(0)?, a.dim(0)?);
        let (mut da, mut db) = (vec![0.0; a.elem_count()], vec![0.0; b.elem_count()]);
        let dx = lend::with([x, a, b, dy], |[x, a, b, dy]| {
            let mut inner = by_transposed(x, a, n, rank);
            crate::kernels::elementwise::scale(&mut inner, self.scale);
            matmul::backward_weight(&mut db, dy, &inner, n, Precision::F32);
            // The inner values are done with: their gradient takes their place.
            let b = matmul::Matrix::F32(b);
            matmul::backward_input(&mut inner, dy, b, n, Precision::F32, 0.0);
            crate::kernels::elementwise::scale(&mut inner, self.scale);
            matmul::backward_weight(&mut da, &inner, x, n, Precision::F32);
            x_gradient(&self.frozen, dy, &inner, a, n)
        })?;
        Ok((
            Some(lend::tensor(dx, x)?),
            Some(lend::tensor(da, a)?),
            Some(lend::tensor(db, b)?),
        ))
    }
}

/// `dy W + dinner A` of `n` rows.
fn x_gradient(frozen: &Frozen, dy: &[f32], dinner: &[f32], a: &[f32], n: usize) -> Vec<f32> {
    let mut dx = frozen.backward(dy, n);
    let a = matmul::Matrix::F32(a);
    matmul::backward_input(&mut dx, dinner, a, n, Precision::F32, 1.0);
    dx
}
