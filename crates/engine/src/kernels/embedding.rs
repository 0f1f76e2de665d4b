//! Rows of a table by token.

use super::rows_per_task;
use rayon::prelude::*;

/// Row `ids[n]` of `table` `(V, D)` becomes row `n` of `out` `(N, D)`.
///
/// # Panics
/// Where the lengths do not fit, or an id is not below `V`.
pub fn forward(out: &mut [f32], ids: &[u32], table: &[f32]) {
    let Some(d) = width(out.len(), ids.len()) else {
        return;
    };
    let rows = rows_per_task(d);
    out.par_chunks_mut(rows * d)
        .zip(ids.par_chunks(rows))
        .for_each(|(out, ids)| {
            for (out, &id) in out.chunks_exact_mut(d).zip(ids) {
                let start = id as usize * d;
                out.copy_from_slice(&table[start..start + d]);
            }
        });
}

/// Adds row `n` of `dout` `(N, D)` to row `ids[n]` of `dtable` `(V, D)`; the rows of one id in their
/// order, so that the bits do not depend on the number of threads.
///
/// # Panics
/// Where the lengths do not fit, or an id is not below `V`.
pub fn backward(dtable: &mut [f32], ids: &[u32], dout: &[f32]) {
    let Some(d) = width(dout.len(), ids.len()) else {
        return;
    };
    let mut order: Vec<(u32, u32)> = ids.iter().copied().zip(0..).collect();
    order.sort_unstable();
    if let Some(&(last, _)) = order.last() {
        assert!(
            (last as usize + 1) * d <= dtable.len(),
            "embedding: the id {last} is not in a table of {} rows",
            dtable.len() / d
        );
    }
    let rows = rows_per_task(d);
    dtable
        .par_chunks_mut(rows * d)
        .enumerate()
        .for_each(|(task, dtable)| {
            let first = (task * rows) as u32;
            let start = order.partition_point(|&(id, _)| id < first);
            let end = order.partition_point(|&(id, _)| (id as usize) < (task + 1) * rows);
            for &(id, row) in &order[start..end] {
                let (to, from) = ((id - first) as usize * d, row as usize * d);
                add_row(&mut dtable[to..to + d], &dout[from..from + d]);
            }
        });
}

/// Width of the `n` rows that `length` values make; `None` where there are none.
fn width(length: usize, n: usize) -> Option<usize> {
    if n == 0 || length == 0 {
        assert_eq!(length, 0, "embedding: values without an id");
        return None;
    }
    assert!(
        length.is_multiple_of(n),
        "embedding: {length} values are not {n} rows"
    );
    Some(length / n)
}

per_isa! {
    fn add_row<A>(sum: &mut [f32], x: &[f32]) {
        sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
    }
}
