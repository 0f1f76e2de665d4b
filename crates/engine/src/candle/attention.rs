//! Attention over segments in a graph.

use super::{lend, twin};
use crate::kernels::attention::{self as kernel, AttentionShape, Qkv, QkvMut};
use crate::kernels::segments::Segments;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use std::sync::OnceLock;

/// Attention of each segment over itself. `q` is `(N, H*D)`, `k` and `v` are `(N, K*D)`, N being the
/// segments' rows; answers `(N, H*D)`, zeros where a row is in no segment.
///
/// # Errors
/// Where the shapes do not fit.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    shape: &AttentionShape,
    segments: &Segments,
) -> Result<Tensor> {
    check(q, k, v, shape, segments)?;
    if !lend::kernels_serve(&[q, k, v]) {
        return twin::attention(q, k, v, shape, segments);
    }
    let op = Attention {
        shape: *shape,
        segments: segments.clone(),
        lse: OnceLock::new(),
    };
    q.contiguous()?
        .apply_op3(&k.contiguous()?, &v.contiguous()?, op)
}

fn check(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    shape: &AttentionShape,
    segments: &Segments,
) -> Result<()> {
    let n = segments.n_rows();
    let (queries, keys) = (
        [n, shape.n_heads * shape.head_dim],
        [n, shape.n_kv_heads * shape.head_dim],
    );
    let grouped = shape.n_kv_heads > 0 && shape.n_heads.is_multiple_of(shape.n_kv_heads);
    if grouped && q.dims() == queries && k.dims() == keys && v.dims() == keys {
        return Ok(());
    }
    Err(Error::Msg(format!(
        "attention: {:?}, {:?} and {:?} are not {n} rows of {} heads in groups of {} keys of {}",
        q.dims(),
        k.dims(),
        v.dims(),
        shape.n_heads,
        shape.n_kv_heads,
        shape.head_dim
    )))
}

struct Attention {
    shape: AttentionShape,
    segments: Segments,
    /// The log-sum-exp of the forward pass, for each row and head.
    lse: OnceLock<Vec<f32>>,
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let inputs = Qkv {
            q: lend::values(q, q_layout)?,
            k: lend::values(k, k_layout)?,
            v: lend::values(v, v_layout)?,
        };
        let mut out = vec![0.0; inputs.q.len()];
        let mut lse = vec![0.0; self.segments.n_rows() * self.shape.n_heads];
        kernel::forward(&mut out, &mut lse, inputs, &self.shape, &self.segments);
        self.lse.get_or_init(|| lse);
        Ok((CpuStorage::F32(out), q_layout.shape().clone()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        out: &Tensor,
        dout: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let lse = self.lse.get().map_or(&[][..], Vec::as_slice);
        let mut dq = vec![0.0; q.elem_count()];
        let mut dk = vec![0.0; k.elem_count()];
        let mut dv = vec![0.0; v.elem_count()];
        lend::with([q, k, v, out, dout], |[q, k, v, out, dout]| {
            let gradients = QkvMut {
                dq: &mut dq,
                dk: &mut dk,
                dv: &mut dv,
            };
            let inputs = Qkv { q, k, v };
            kernel::backward(
                gradients,
                dout,
                out,
                lse,
                inputs,
                &self.shape,
                &self.segments,
            );
        })?;
        Ok((
            Some(lend::tensor(dq, q)?),
            Some(lend::tensor(dk, k)?),
            Some(lend::tensor(dv, v)?),
        ))
    }
}
