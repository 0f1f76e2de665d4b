//! Each operation composed of candle's plain operations, which carry gradients on every device and in every
//! floating type: what serves where no kernel does, and the oracle of the tests.

use super::{Frozen, GeluKind, Rotation};
use crate::kernels::attention::{AttentionShape, Mask};
use crate::kernels::cross_entropy::IGNORE;
use crate::kernels::segments::Segments;
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
    let half = table.rotated() / 2;
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

/// Attention of each segment over itself. `q` is `(N, H*D)`, `k` and `v` are `(N, K*D)`, N being the
/// segments' rows; answers `(N, H*D)`, zeros where a row is in no segment. The query heads of a group
/// are stacked as rows, so that keys are never repeated.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    shape: &AttentionShape,
    segments: &Segments,
) -> Result<Tensor> {
    let zeros = |n: usize| Tensor::zeros((n, q.dim(1)?), q.dtype(), q.device());
    let mut pieces = Vec::new();
    let mut end = 0;
    for rows in segments.iter() {
        if rows.start > end {
            pieces.push(zeros(rows.start - end)?);
        }
        let of = |x: &Tensor| x.narrow(0, rows.start, rows.len());
        pieces.push(segment_attention(&of(q)?, &of(k)?, &of(v)?, shape)?);
        end = rows.end;
    }
    if end < segments.n_rows() || pieces.is_empty() {
        pieces.push(zeros(segments.n_rows() - end)?);
    }
    Tensor::cat(&pieces, 0)
}

/// [`attention`] of one segment.
fn segment_attention(q: &Tensor, k: &Tensor, v: &Tensor, shape: &AttentionShape) -> Result<Tensor> {
    let (t, d, n_kv) = (q.dim(0)?, shape.head_dim, shape.n_kv_heads);
    let group = shape.n_heads / n_kv;
    let heads = |x: &Tensor, n: usize| x.reshape((t, n, d))?.transpose(0, 1)?.contiguous();
    let q = heads(q, shape.n_heads)?.reshape((n_kv, group * t, d))?;
    let (k, v) = (heads(k, n_kv)?, heads(v, n_kv)?);
    let scores = (q.matmul(&k.transpose(1, 2)?)? * f64::from(shape.scale))?;
    // Positions seen before and behind the query's own.
    let seen = match shape.mask {
        Mask::Bidirectional => None,
        Mask::Causal => Some((t, 0)),
        Mask::Sliding { window } => Some((window - 1, 0)),
        Mask::Near { reach } => Some((reach, reach)),
    };
    let scores = match seen {
        None => scores,
        Some((before, behind)) => {
            let hidden = |at: usize| {
                let (query, key) = (at / t, at % t);
                if key > query + behind || key + before < query {
                    f32::NEG_INFINITY
                } else {
                    0.0
                }
            };
            let mask: Vec<f32> = (0..t * t).map(hidden).collect();
            let mask = Tensor::from_vec(mask, (t, t), q.device())?.to_dtype(q.dtype())?;
            scores
                .reshape((n_kv, group, t, t))?
                .broadcast_add(&mask)?
                .reshape((n_kv, group * t, t))?
        }
    };
    softmax(&scores)?
        .matmul(&v)?
        .reshape((shape.n_heads, t, d))?
        .transpose(0, 1)?
        .reshape((t, shape.n_heads * d))
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

/// `gelu(gate) * up` (Shazeer, 2020).
pub fn geglu(gate: &Tensor, up: &Tensor, kind: GeluKind) -> Result<Tensor> {
    gelu(gate, kind)? * up
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

/// `x W^T + bias`: `x` is `(N, I)`, `weight` `(O, I)`, `bias` `(O)`; answers `(N, O)`.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let out = x.matmul(&weight.t()?)?;
    match bias {
        Some(bias) => out.broadcast_add(bias),
        None => Ok(out),
    }
}

/// `x W^T` by a frozen weight.
pub fn frozen_linear(x: &Tensor, frozen: &Frozen) -> Result<Tensor> {
    linear(x, &frozen.tensor(x)?, None)
}

/// `x W^T + scale * (x A^T) B^T` (Hu et al., 2021): `W` is frozen, `a` is `(R, I)`, `b` `(O, R)`.
pub fn lora_linear(
    x: &Tensor,
    frozen: &Frozen,
    a: &Tensor,
    b: &Tensor,
    scale: f64,
) -> Result<Tensor> {
    let adapted = linear(&linear(x, a, None)?, b, None)?;
    frozen_linear(x, frozen)? + (adapted * scale)?
}

/// The mean negative log-likelihood of `targets` `(N)` that are not [`IGNORE`], a scalar; 0 where there
/// are none. `hidden` is `(N, D)`, `head` `(V, D)`.
pub fn linear_cross_entropy(hidden: &Tensor, head: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let (rows, chosen): (Vec<u32>, Vec<u32>) = (0..)
        .zip(targets)
        .filter(|&(_, &target)| target != IGNORE)
        .unzip();
    if rows.is_empty() {
        return hidden.zeros_like()?.sum_all();
    }
    let n = rows.len();
    let hidden = hidden.index_select(&Tensor::from_vec(rows, n, hidden.device())?, 0)?;
    let targets = Tensor::from_vec(chosen, n, hidden.device())?;
    nll(&linear(&hidden, head, None)?, &targets)?.mean_all()
}

/// Negative log-likelihood of each target. `logits` is `(N, V)`, `targets` `(N)` u32; answers `(N)`.
pub fn nll(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
    let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    let chosen = shifted.gather(&targets.unsqueeze(1)?, 1)?;
    (log_sum - chosen)?.squeeze(1)
}
