//! Root-mean-square normalization in a graph.

use super::{lend, twin};
use crate::kernels::{Store, rms_norm as kernel};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use std::sync::OnceLock;

/// `x / sqrt(mean(x^2) + eps) * weight` over the last dimension (Zhang and Sennrich, 2019). `x` is `(..., D)`,
/// `weight` `(D)`.
///
/// # Errors
/// Where the shapes do not fit.
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    if !lend::kernels_serve(&[x, weight]) || x.dims().last() != Some(&weight.elem_count()) {
        return twin::rms_norm(x, weight, eps);
    }
    let op = RmsNorm {
        eps: eps as f32,
        rstd: OnceLock::new(),
    };
    x.contiguous()?.apply_op2(&weight.contiguous()?, op)
}

struct RmsNorm {
    eps: f32,
    /// Of the forward pass, one for each row.
    rstd: OnceLock<Vec<f32>>,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let weight = lend::values(weight, weight_layout)?;
        let x = lend::values(x, x_layout)?;
        let mut out = vec![0.0; x.len()];
        let mut rstd = vec![0.0; x.len() / weight.len().max(1)];
        kernel::forward(&mut out, &mut rstd, x, weight, self.eps);
        self.rstd.get_or_init(|| rstd);
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _out: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let rstd = self.rstd.get().map_or(&[][..], Vec::as_slice);
        let mut dx = vec![0.0; x.elem_count()];
        let mut dweight = weight.track_op().then(|| vec![0.0; weight.elem_count()]);
        lend::with([dy, x, weight], |[dy, x, weight]| {
            let dweight = dweight.as_deref_mut();
            kernel::backward(&mut dx, Store::Write, dweight, dy, x, rstd, weight);
        })?;
        let dweight = dweight.map(|values| lend::tensor(values, weight));
        Ok((Some(lend::tensor(dx, x)?), dweight.transpose()?))
    }
}
