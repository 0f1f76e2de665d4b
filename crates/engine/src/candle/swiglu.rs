//! The gated unit in a graph.

use super::{lend, twin};
use crate::kernels::swiglu as kernel;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

/// `silu(gate) * up` (Shazeer, 2020); both of one shape.
///
/// # Errors
/// Where the shapes differ.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if lend::kernels_serve(&[gate, up]) && gate.dims() == up.dims() {
        gate.contiguous()?.apply_op2(&up.contiguous()?, SwiGlu)
    } else {
        twin::swiglu(gate, up)
    }
}

struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (gate, up) = (
            lend::values(gate, gate_layout)?,
            lend::values(up, up_layout)?,
        );
        let mut out = vec![0.0; gate.len()];
        kernel::forward(&mut out, gate, up);
        Ok((CpuStorage::F32(out), gate_layout.shape().clone()))
    }

    fn bwd(
        &self,
        gate: &Tensor,
        up: &Tensor,
        _out: &Tensor,
        dout: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let n = gate.elem_count();
        let (mut dgate, mut dup) = (vec![0.0; n], vec![0.0; n]);
        lend::with([dout, gate, up], |[dout, gate, up]| {
            kernel::backward(&mut dgate, &mut dup, dout, gate, up);
        })?;
        Ok((
            Some(lend::tensor(dgate, gate)?),
            Some(lend::tensor(dup, up)?),
        ))
    }
}
