//! The gated units in a graph.

use super::{lend, twin};
use crate::kernels::gelu::Kind;
use crate::kernels::{geglu, swiglu};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

/// `silu(gate) * up` (Shazeer, 2020); both of one shape.
///
/// # Errors
/// Where the shapes differ.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if serves(gate, up) {
        gate.contiguous()?.apply_op2(&up.contiguous()?, SWIGLU)
    } else {
        twin::swiglu(gate, up)
    }
}

/// `gelu(gate) * up` (Shazeer, 2020); both of one shape.
///
/// # Errors
/// Where the shapes differ.
pub fn geglu(gate: &Tensor, up: &Tensor, kind: Kind) -> Result<Tensor> {
    if !serves(gate, up) {
        return twin::geglu(gate, up, kind);
    }
    let unit = match kind {
        Kind::Tanh => GEGLU_TANH,
        Kind::Erf => GEGLU_ERF,
    };
    gate.contiguous()?.apply_op2(&up.contiguous()?, unit)
}

fn serves(gate: &Tensor, up: &Tensor) -> bool {
    lend::kernels_serve(&[gate, up]) && gate.dims() == up.dims()
}

/// A unit's kernel back: gradients of gate and other part from the result's gradient and both parts.
type Backward = fn(&mut [f32], &mut [f32], &[f32], &[f32], &[f32]);

/// A unit by its kernels.
struct Gated {
    name: &'static str,
    forward: fn(&mut [f32], &[f32], &[f32]),
    backward: Backward,
}

const SWIGLU: Gated = Gated {
    name: "swiglu",
    forward: swiglu::forward,
    backward: swiglu::backward,
};

const GEGLU_TANH: Gated = Gated {
    name: "geglu",
    forward: |out, gate, up| geglu::forward(out, gate, up, Kind::Tanh),
    backward: |dgate, dup, dout, gate, up| {
        geglu::backward(dgate, dup, dout, gate, up, Kind::Tanh);
    },
};

const GEGLU_ERF: Gated = Gated {
    name: "geglu_erf",
    forward: |out, gate, up| geglu::forward(out, gate, up, Kind::Erf),
    backward: |dgate, dup, dout, gate, up| {
        geglu::backward(dgate, dup, dout, gate, up, Kind::Erf);
    },
};

impl CustomOp2 for Gated {
    fn name(&self) -> &'static str {
        self.name
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
        (self.forward)(&mut out, gate, up);
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
            (self.backward)(&mut dgate, &mut dup, dout, gate, up);
        })?;
        Ok((
            Some(lend::tensor(dgate, gate)?),
            Some(lend::tensor(dup, up)?),
        ))
    }
}
