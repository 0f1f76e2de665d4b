//! Rotary positions in a graph.

use super::{lend, twin};
use crate::kernels::rope::{self as kernel, Table};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use std::sync::Arc;

/// By what each row is rotated.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The angles of every position.
    pub table: Arc<Table>,
    /// The position of each of the `N` rows.
    pub positions: Arc<[u32]>,
    /// Heads in a row.
    pub n_heads: usize,
}

/// Rotates pairs of a head's halves by its row's angles (Su et al., 2021), as Llama lays them out. `x` is
/// `(N, H * D)`.
///
/// # Errors
/// Where `x` is of another shape, or a position is not in the table.
pub fn rope(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    rotation.check(x)?;
    if lend::kernels_serve(&[x]) {
        x.contiguous()?.apply_op1(Rope(rotation.clone()))
    } else {
        twin::rope_rows(x, rotation)
    }
}

impl Rotation {
    fn check(&self, x: &Tensor) -> Result<()> {
        let (n, width) = x.dims2()?;
        let greatest = self.positions.iter().max();
        let known = greatest.is_none_or(|&last| (last as usize) < self.table.n_positions());
        if n == self.positions.len() && width == self.n_heads * self.table.rotated() && known {
            return Ok(());
        }
        Err(candle_core::Error::Msg(format!(
            "rope: ({n}, {width}) is rotated by {} positions up to {greatest:?} and {} heads of {} in a table of {}",
            self.positions.len(),
            self.n_heads,
            self.table.rotated(),
            self.table.n_positions(),
        )))
    }
}

struct Rope(Rotation);

impl CustomOp1 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Rotation {
            table,
            positions,
            n_heads,
        } = &self.0;
        let mut out = lend::values(x, layout)?.to_vec();
        kernel::forward(&mut out, *n_heads, positions, table);
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, dout: &Tensor) -> Result<Option<Tensor>> {
        let Rotation {
            table,
            positions,
            n_heads,
        } = &self.0;
        let mut dx = lend::with([dout], |[dout]| dout.to_vec())?;
        kernel::backward(&mut dx, *n_heads, positions, table);
        lend::tensor(dx, x).map(Some)
    }
}
