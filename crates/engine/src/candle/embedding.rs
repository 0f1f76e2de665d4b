//! Rows of a table by token, in a graph.

use super::{lend, twin};
use crate::kernels::embedding as kernel;
use candle_core::{CpuStorage, CustomOp2, DType, Error, Layout, Result, Shape, Tensor};

/// Row `ids[n]` of `table` `(V, D)` as row `n` of the result `(N, D)`. `ids` is `(N)` u32.
///
/// # Errors
/// Where the shapes do not fit, or an id is not below `V`.
pub fn embedding(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    let serves = lend::kernels_serve(&[table]) && ids.device().is_cpu();
    if !serves || ids.dtype() != DType::U32 || table.rank() != 2 || ids.rank() != 1 {
        return twin::embedding(table, ids);
    }
    table.contiguous()?.apply_op2(&ids.contiguous()?, Embedding)
}

struct Embedding;

impl CustomOp2 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(
        &self,
        table: &CpuStorage,
        table_layout: &Layout,
        ids: &CpuStorage,
        ids_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n_rows, d) = table_layout.shape().dims2()?;
        let table = lend::values(table, table_layout)?;
        let ids = lend::ids(ids, ids_layout)?;
        if let Some(id) = ids.iter().find(|&&id| id as usize >= n_rows) {
            return Err(Error::Msg(format!(
                "embedding: the id {id} is not in a table of {n_rows} rows"
            )));
        }
        let mut out = vec![0.0; ids.len() * d];
        kernel::forward(&mut out, ids, table);
        Ok((CpuStorage::F32(out), (ids.len(), d).into()))
    }

    fn bwd(
        &self,
        table: &Tensor,
        ids: &Tensor,
        _out: &Tensor,
        dout: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut dtable = vec![0.0; table.elem_count()];
        lend::with([dout], |[dout]| {
            lend::with_ids(ids, |ids| kernel::backward(&mut dtable, ids, dout))
        })??;
        Ok((Some(lend::tensor(dtable, table)?), None))
    }
}
