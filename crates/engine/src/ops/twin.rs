//! Each operation composed of candle's plain operations, which carry gradients on every device and in every
//! floating type: what serves where no kernel does, and the oracle of the tests.

use super::{GeluKind, Rotation};
use candle_core::{D, Result, Tensor};

/// `x / sqrt(mean(x^2) + eps) * weight` over the last dimension (Zhang and Sennrich, 2019).
/// `x` is `(..., D)` f32, `weight` `(D)`.
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let mean_square = (x.sqr()?.sum_keepdim(D::Minus1)? / x.dim(D::Minus1)? as f64)?;
    x.broadcast_div(&(mean_square + eps)?.sqrt()?)?
        .broadcast_mul(weight)
}

/// `(x - mean) / sqrt(variance + eps) * weight + bias` over the last dimension (Ba, Kiros and Hinton, 2016).
/// `x` is `(..., D)`, `weight` and `bias` are `(D)`.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let d = x.dim(D::Minus1)? as f64;
    let centred = x.broadcast_sub(&(x.sum_keepdim(D::Minus1)? / d)?)?;
    let variance = (centred.sqr()?.sum_keepdim(D::Minus1)? / d)?;
    centred
        .broadcast_div(&(variance + eps)?.sqrt()?)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)
}

/// [`rope`] of rows `(N, H * D)`, each by its own position.
pub fn rope_rows(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    let Rotation {
        table,
        positions,
        n_heads,
    } = rotation;
    let (n, width) = x.dims2()?;
    let half = table.head_dim() / 2;
    let positions = Tensor::new(&positions[..], x.device())?;
    let of_rows = |values: &[f32]| {
        Tensor::from_slice(values, (values.len() / half, half), x.device())?
            .index_select(&positions, 0)?
            .to_dtype(x.dtype())
    };
    let (cos, sin) = (of_rows(table.cos())?, of_rows(table.sin())?);
    let heads = x.reshape((n, *n_heads, 2 * half))?.transpose(0, 1)?;
    let rotated = rope(&heads.contiguous()?.unsqueeze(0)?, &cos, &sin)?;
    rotated.squeeze(0)?.transpose(0, 1)?.reshape((n, width))
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

/// The Gaussian error linear unit (Hendrycks and Gimpel, 2016).
pub fn gelu(x: &Tensor, kind: GeluKind) -> Result<Tensor> {
    if kind == GeluKind::Erf {
        return x.gelu_erf();
    }
    let inner = ((x + (x.powf(3.0)? * 0.044_715)?)? * (2.0 / std::f64::consts::PI).sqrt())?;
    (x * 0.5)? * (inner.tanh()? + 1.0)?
}

/// Row `ids[n]` of `table` `(V, D)` as row `n` of the result `(N, D)`.
pub fn embedding(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    table.index_select(ids, 0)
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
