//! Layer normalization in a graph.

use super::{lend, twin};
use crate::kernels::Store;
use crate::kernels::layer_norm::{self as kernel, Affine, AffineGradient};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use std::sync::OnceLock;

/// `(x - mean) / sqrt(variance + eps) * weight + bias` over the last dimension (Ba, Kiros and Hinton, 2016).
/// `x` is `(..., D)`, `weight` and `bias` are `(D)`.
///
/// # Errors
/// Where the shapes do not fit.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let d = weight.elem_count();
    let fits = x.dims().last() == Some(&d) && bias.elem_count() == d;
    if !lend::kernels_serve(&[x, weight, bias]) || !fits {
        return twin::layer_norm(x, weight, bias, eps);
    }
    let op = LayerNorm {
        eps: eps as f32,
        statistics: OnceLock::new(),
    };
    x.contiguous()?
        .apply_op3(&weight.contiguous()?, &bias.contiguous()?, op)
}

struct LayerNorm {
    eps: f32,
    /// Means and reciprocal deviations of the forward pass, one for each row.
    statistics: OnceLock<(Vec<f32>, Vec<f32>)>,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
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
        let affine = Affine {
            weight: lend::values(weight, weight_layout)?,
            bias: lend::values(bias, bias_layout)?,
        };
        let x = lend::values(x, x_layout)?;
        let n = x.len() / affine.weight.len().max(1);
        let (mut out, mut mean, mut rstd) = (vec![0.0; x.len()], vec![0.0; n], vec![0.0; n]);
        kernel::forward(&mut out, &mut mean, &mut rstd, x, affine, self.eps);
        self.statistics.get_or_init(|| (mean, rstd));
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (mean, rstd) = self
            .statistics
            .get()
            .map_or((&[][..], &[][..]), |(mean, rstd)| (mean, rstd));
        let sums = |of: &Tensor| of.track_op().then(|| vec![0.0; of.elem_count()]);
        let (mut dweight, mut dbias) = (sums(weight), sums(bias));
        let mut dx = vec![0.0; x.elem_count()];
        lend::with([dy, x, weight], |[dy, x, weight]| {
            let daffine = AffineGradient {
                weight: dweight.as_deref_mut(),
                bias: dbias.as_deref_mut(),
            };
            kernel::backward(&mut dx, Store::Write, daffine, dy, x, mean, rstd, weight);
        })?;
        let gradient = |values: Option<Vec<f32>>, of| values.map(|sum| lend::tensor(sum, of));
        Ok((
            Some(lend::tensor(dx, x)?),
            gradient(dweight, weight).transpose()?,
            gradient(dbias, bias).transpose()?,
        ))
    }
}
