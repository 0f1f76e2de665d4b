//! The Gaussian error linear unit in a graph.

use super::{GeluKind, lend, twin};
use crate::kernels::gelu as kernel;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// The unit (Hendrycks and Gimpel, 2016) of each value.
///
/// # Errors
/// Where memory lacks.
pub fn gelu(x: &Tensor, kind: GeluKind) -> Result<Tensor> {
    if lend::kernels_serve(&[x]) {
        x.contiguous()?.apply_op1(Gelu(kind))
    } else {
        twin::gelu(x, kind)
    }
}

struct Gelu(GeluKind);

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = lend::values(x, layout)?;
        let mut out = vec![0.0; x.len()];
        kernel::forward(&mut out, x, self.0);
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, dout: &Tensor) -> Result<Option<Tensor>> {
        let mut dx = vec![0.0; x.elem_count()];
        lend::with([dout, x], |[dout, x]| {
            kernel::backward(&mut dx, dout, x, self.0);
        })?;
        lend::tensor(dx, x).map(Some)
    }
}
