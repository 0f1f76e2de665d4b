//! A linear head with its loss in a graph.

use super::{lend, twin};
use crate::kernels::cross_entropy::{self as kernel, Gradients, Head, IGNORE};
use crate::kernels::matmul::{Matrix, Precision};
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};

/// The mean negative log-likelihood of `targets` `(N)` that are not [`IGNORE`], a scalar; 0 where there
/// are none. `hidden` is `(N, D)`, `head` `(V, D)`. Logits exist in chunks of rows only, in the backward
/// pass once more.
///
/// # Errors
/// Where the shapes do not fit, or a target is beyond the vocabulary.
pub fn linear_cross_entropy(hidden: &Tensor, head: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let ((n, d), (vocabulary, width)) = (hidden.dims2()?, head.dims2()?);
    let known = |&target: &u32| target == IGNORE || (target as usize) < vocabulary;
    if n != targets.len() || d != width || !targets.iter().all(known) {
        return Err(Error::Msg(format!(
            "linear_cross_entropy: {} targets of ({n}, {d}) by ({vocabulary}, {width})",
            targets.len()
        )));
    }
    if !lend::kernels_serve(&[hidden, head]) {
        return twin::linear_cross_entropy(hidden, head, targets);
    }
    let op = LinearCrossEntropy {
        targets: targets.to_vec(),
    };
    hidden.contiguous()?.apply_op2(&head.contiguous()?, op)
}

struct LinearCrossEntropy {
    targets: Vec<u32>,
}

impl LinearCrossEntropy {
    fn n_targets(&self) -> usize {
        let supervised = self.targets.iter().filter(|&&target| target != IGNORE);
        supervised.count().max(1)
    }
}

impl CustomOp2 for LinearCrossEntropy {
    fn name(&self) -> &'static str {
        "linear_cross_entropy"
    }

    fn cpu_fwd(
        &self,
        hidden: &CpuStorage,
        hidden_layout: &Layout,
        head: &CpuStorage,
        head_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let head = Head {
            weight: Matrix::F32(lend::values(head, head_layout)?),
            width: hidden_layout.dims()[1],
            precision: Precision::F32,
        };
        let loss = kernel::forward(lend::values(hidden, hidden_layout)?, head, &self.targets);
        let mean = loss.sum_nll / self.n_targets() as f64;
        Ok((CpuStorage::F32(vec![mean as f32]), Shape::from(())))
    }

    fn bwd(
        &self,
        hidden: &Tensor,
        head: &Tensor,
        _loss: &Tensor,
        dloss: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let scale = dloss.to_scalar::<f32>()? / self.n_targets() as f32;
        let mut dhidden = vec![0.0; hidden.elem_count()];
        let mut dhead = head.track_op().then(|| vec![0.0; head.elem_count()]);
        let width = hidden.dim(1)?;
        lend::with([hidden, head], |[hidden, weight]| {
            let head = Head {
                weight: Matrix::F32(weight),
                width,
                precision: Precision::F32,
            };
            let gradients = Gradients {
                dhidden: &mut dhidden,
                dhead: dhead.as_deref_mut(),
                scale,
            };
            kernel::forward_backward(hidden, head, &self.targets, gradients)
        })?;
        Ok((
            Some(lend::tensor(dhidden, hidden)?),
            dhead.map(|values| lend::tensor(values, head)).transpose()?,
        ))
    }
}
