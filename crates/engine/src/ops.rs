//! The differentiable operations of a decoder, composed of candle operations that carry gradients.
//! candle's fused `softmax_last_dim`, `rms_norm`, `rope` and `sdpa` cut the graph without a word:
//! none of them may stand here.

use candle_core::{D, Result, Tensor};

/// `x / sqrt(mean(x^2) + eps) * weight` over the last dimension (Zhang and Sennrich, 2019).
/// `x` is `(..., D)` f32, `weight` `(D)`.
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let mean_square = (x.sqr()?.sum_keepdim(D::Minus1)? / x.dim(D::Minus1)? as f64)?;
    x.broadcast_div(&(mean_square + eps)?.sqrt()?)?
        .broadcast_mul(weight)
}

/// Rotates pairs of a head's halves by the position's angles (Su et al., 2021), as Llama lays them
/// out. `x` is `(B, H, T, D)`, `cos` and `sin` `(T, D/2)`.
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let half = x.dim(D::Minus1)? / 2;
    let (first, second) = (
        x.narrow(D::Minus1, 0, half)?,
        x.narrow(D::Minus1, half, half)?,
    );
    let rotated_first = (first.broadcast_mul(cos)? - second.broadcast_mul(sin)?)?;
    let rotated_second = (second.broadcast_mul(cos)? + first.broadcast_mul(sin)?)?;
    Tensor::cat(&[rotated_first, rotated_second], D::Minus1)
}

/// Causal grouped-query attention. `q` is `(B, H, T, D)`, `k` and `v` `(B, K, S, D)` with `K`
/// dividing `H`, `mask` `(T, S)` with 0 where a query may look and minus infinity elsewhere. Answers
/// `(B, H, T, D)`. The query heads of a group are stacked as rows, so that keys are never repeated.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let (b, n_heads, t, d) = q.dims4()?;
    let (_, n_kv, s, _) = k.dims4()?;
    let group = n_heads / n_kv;
    let q = q.reshape((b * n_kv, group * t, d))?;
    let k = k.reshape((b * n_kv, s, d))?;
    let v = v.reshape((b * n_kv, s, d))?;
    let scores = (q.matmul(&k.transpose(1, 2)?)? / (d as f64).sqrt())?;
    let scores = match mask {
        Some(mask) => scores
            .reshape((b * n_kv, group, t, s))?
            .broadcast_add(mask)?
            .reshape((b * n_kv, group * t, s))?,
        None => scores,
    };
    softmax(&scores)?.matmul(&v)?.reshape((b, n_heads, t, d))
}

/// Softmax over the last dimension.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    let shifted = x
        .broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?
        .exp()?;
    shifted.broadcast_div(&shifted.sum_keepdim(D::Minus1)?)
}

/// `silu(gate) * up` (Shazeer, 2020).
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

/// `x W^T`: `x` is `(N, I)`, `weight` `(O, I)`; answers `(N, O)`.
pub fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.matmul(&weight.t()?)
}

/// Negative log-likelihood of each target. `logits` is `(N, V)` f32, `targets` `(N)` u32; answers `(N)`.
pub fn nll(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
    let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    let chosen = shifted.gather(&targets.unsqueeze(1)?, 1)?;
    (log_sum - chosen)?.squeeze(1)
}
