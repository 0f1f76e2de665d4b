//! The gradients of attention: probabilities are computed anew from what forward left.

use super::{AttentionShape, KEYS, Qkv, QkvMut, Scratch, Tile, gather, head_view, only, seen};
use crate::kernels::cut;
use crate::kernels::gemm::{Spread, View, gemm, gemm_into};
use crate::kernels::segments::Segments;
use crate::kernels::shared::Shared;
use crate::kernels::softmax;
use rayon::prelude::*;

/// Queries of a segment whose backward pass is one task: long sequences of few heads still keep many
/// threads busy.
const QUERIES: usize = 512;

/// Writes the gradients of the inputs, given `dout` `(N, H*D)` and what [`super::forward`] wrote; zeros where
/// a row is in no segment.
///
/// # Panics
/// If the lengths do not fit the shape and the segments.
pub fn backward(
    gradients: QkvMut<'_>,
    dout: &[f32],
    out: &[f32],
    lse: &[f32],
    inputs: Qkv<'_>,
    shape: &AttentionShape,
    segments: &Segments,
) {
    shape.check(inputs, out, lse, segments);
    let QkvMut { dq, dk, dv } = gradients;
    assert!(
        dout.len() == out.len() && dq.len() == out.len(),
        "{} and {} are not {}",
        dout.len(),
        dq.len(),
        out.len()
    );
    assert!(
        dk.len() == inputs.k.len() && dv.len() == inputs.k.len(),
        "{} and {} are not {}",
        dk.len(),
        dv.len(),
        inputs.k.len()
    );
    for gap in segments.padding() {
        let (queries, keys) = (shape.query_width(), shape.key_width());
        dq[gap.start * queries..gap.end * queries].fill(0.0);
        dk[gap.start * keys..gap.end * keys].fill(0.0);
        dv[gap.start * keys..gap.end * keys].fill(0.0);
    }
    let targets = Targets {
        dq: Shared::new(dq),
        dk: Shared::new(dk),
        dv: Shared::new(dv),
    };
    let saved = Saved { dout, out, lse };
    let tasks: Vec<Tile> = segments
        .iter()
        .flat_map(|segment| {
            (0..shape.n_kv_heads).flat_map(move |kv_head| {
                let segment = segment.clone();
                cut(segment.clone(), QUERIES).map(move |queries| Tile {
                    segment: segment.clone(),
                    queries,
                    kv_head,
                })
            })
        })
        .collect();
    let partial: Vec<Option<KeySums>> = tasks
        .par_iter()
        .map_init(Scratch::default, |scratch, task| {
            backward_queries(&targets, &saved, inputs, shape, task, scratch)
        })
        .collect();
    let first = |index: &usize| tasks[*index].queries.start == tasks[*index].segment.start;
    let heads: Vec<usize> = (0..tasks.len()).filter(first).collect();
    heads.par_iter().for_each(|&head| {
        let n = tasks[head].segment.len().div_ceil(QUERIES);
        let sums = partial[head..head + n].iter().flatten();
        targets.add_up(sums, &tasks[head], shape);
    });
}

/// What forward left and what came back.
struct Saved<'a> {
    dout: &'a [f32],
    out: &'a [f32],
    lse: &'a [f32],
}

/// Where gradients go, by disjoint columns of heads and rows of segments.
struct Targets<'a> {
    dq: Shared<'a, f32>,
    dk: Shared<'a, f32>,
    dv: Shared<'a, f32>,
}

impl Targets<'_> {
    /// Writes the sum of `parts`, in their order, as the gradients of the keys and values of `task`'s
    /// segment. Nothing is written where there are none.
    fn add_up<'p>(
        &self,
        parts: impl Iterator<Item = &'p KeySums>,
        task: &Tile,
        shape: &AttentionShape,
    ) {
        let (d, width) = (shape.head_dim, shape.key_width());
        for (index, part) in parts.enumerate() {
            for (target, sums) in [(self.dk, &part.dk), (self.dv, &part.dv)] {
                for (key, row) in task.segment.clone().enumerate() {
                    let start = row * width + task.kv_head * d;
                    // SAFETY: one task for each segment and key head, after those that computed parts.
                    let to = unsafe { target.slice(start, d) };
                    if index == 0 {
                        to.fill(0.0);
                    }
                    let sum = sums.get(key * d..(key + 1) * d).unwrap_or_default();
                    for (to, value) in to.iter_mut().zip(sum) {
                        *to += value;
                    }
                }
            }
        }
    }
}

/// Where a task adds the gradients of its segment's keys and values: rows `stride` apart from `start`.
struct KeyTarget<'a> {
    dk: Shared<'a, f32>,
    dv: Shared<'a, f32>,
    start: usize,
    stride: usize,
}

/// Gradients of a segment's first keys and values by some of its queries, `(keys, D)` each.
struct KeySums {
    dk: Vec<f32>,
    dv: Vec<f32>,
}

/// The queries of one task, tile by tile. A whole segment's gradients of keys and values are written;
/// those of a part of it are answered.
fn backward_queries(
    targets: &Targets<'_>,
    saved: &Saved<'_>,
    inputs: Qkv<'_>,
    shape: &AttentionShape,
    task: &Tile,
    scratch: &mut Scratch,
) -> Option<KeySums> {
    let (d, width) = (shape.head_dim, shape.key_width());
    let whole = task.queries == task.segment;
    let n_keys = shape.key_end(&task.segment, task.queries.end) - task.segment.start;
    let n_partial = if whole { 0 } else { n_keys * d };
    let mut partial = KeySums {
        dk: vec![0.0; n_partial],
        dv: vec![0.0; n_partial],
    };
    let keys = if whole {
        for row in task.segment.clone() {
            // SAFETY: this task alone has the segment's key head.
            unsafe {
                targets
                    .dk
                    .slice(row * width + task.kv_head * d, d)
                    .fill(0.0);
                targets
                    .dv
                    .slice(row * width + task.kv_head * d, d)
                    .fill(0.0);
            }
        }
        KeyTarget {
            dk: targets.dk,
            dv: targets.dv,
            start: task.segment.start * width + task.kv_head * d,
            stride: width,
        }
    } else {
        KeyTarget {
            dk: Shared::new(&mut partial.dk),
            dv: Shared::new(&mut partial.dv),
            start: 0,
            stride: d,
        }
    };
    for queries in cut(task.queries.clone(), shape.tile_tokens()) {
        let tile = Tile {
            segment: task.segment.clone(),
            queries,
            kv_head: task.kv_head,
        };
        backward_tile(targets.dq, &keys, saved, inputs, shape, &tile, scratch);
    }
    (!whole).then_some(partial)
}

fn backward_tile(
    dq: Shared<'_, f32>,
    targets: &KeyTarget<'_>,
    saved: &Saved<'_>,
    inputs: Qkv<'_>,
    shape: &AttentionShape,
    tile: &Tile,
    scratch: &mut Scratch,
) {
    let (d, group) = (shape.head_dim, shape.group());
    let rows = tile.queries.len() * group;
    let head = tile.kv_head;
    gather(
        &mut scratch.out,
        saved.out,
        shape,
        tile.queries.clone(),
        head,
        1.0,
    );
    gather(
        &mut scratch.dout,
        saved.dout,
        shape,
        tile.queries.clone(),
        head,
        1.0,
    );
    // The softmax's gradient needs each row's sum of probability times its gradient, which is
    // the inner product of the output with its gradient (Dao et al., 2022, section B.2).
    scratch.sum.clear();
    scratch.sum.extend(
        scratch
            .out
            .chunks_exact(d)
            .zip(scratch.dout.chunks_exact(d))
            .map(|(out, dout)| out.iter().zip(dout).map(|(a, b)| a * b).sum::<f32>()),
    );
    gather(
        &mut scratch.queries,
        inputs.q,
        shape,
        tile.queries.clone(),
        head,
        shape.scale,
    );
    // From here on `out` holds the queries' gradient.
    scratch.out.fill(0.0);
    let visible = shape.key_start(&tile.segment, tile.queries.start)
        ..shape.key_end(&tile.segment, tile.queries.end);
    let end = visible.end;
    for start in visible.step_by(KEYS) {
        let keys = start..(start + KEYS).min(end);
        let n_keys = keys.len();
        let queries = View::new(&scratch.queries, rows, d);
        let dout = View::new(&scratch.dout, rows, d);
        let k = head_view(inputs.k, shape, keys.clone(), head);
        let v = head_view(inputs.v, shape, keys.clone(), head);
        scratch.scores.resize(rows * n_keys, 0.0);
        scratch.slopes.resize(rows * n_keys, 0.0);
        gemm(
            &mut scratch.scores,
            queries,
            k.t(),
            1.0,
            0.0,
            Spread::ThisThread,
        );
        gemm(
            &mut scratch.slopes,
            dout,
            v.t(),
            1.0,
            0.0,
            Spread::ThisThread,
        );
        let pairs = scratch
            .scores
            .chunks_exact_mut(n_keys)
            .zip(scratch.slopes.chunks_exact_mut(n_keys));
        for (row, (scores, slopes)) in pairs.enumerate() {
            let token = tile.queries.start + row / group;
            let lse = saved.lse[token * shape.n_heads + head * group + row % group];
            let seen = seen(shape, tile.queries.start, row, &keys);
            softmax::backward(
                only(scores, &seen),
                only(slopes, &seen),
                lse,
                scratch.sum[row],
            );
        }
        let p = View::new(&scratch.scores, rows, n_keys);
        let ds = View::new(&scratch.slopes, rows, n_keys);
        let (stride, here) = (targets.stride, Spread::ThisThread);
        let first = targets.start + (keys.start - tile.segment.start) * stride;
        // SAFETY: this task alone has the target's keys.
        unsafe {
            gemm_into(targets.dv.at(first), stride, p.t(), dout, 1.0, 1.0, here);
            gemm_into(
                targets.dk.at(first),
                stride,
                ds.t(),
                queries,
                1.0,
                1.0,
                here,
            );
        }
        gemm(
            &mut scratch.out,
            ds,
            k,
            shape.scale,
            1.0,
            Spread::ThisThread,
        );
    }
    let strip = group * d;
    for (token, values) in tile.queries.clone().zip(scratch.out.chunks_exact(strip)) {
        // SAFETY: each task has its own tokens and heads.
        let to = unsafe { dq.slice(token * shape.query_width() + head * strip, strip) };
        to.copy_from_slice(values);
    }
}
