//! Slices of tensors for kernels, and tensors of what kernels wrote.

use candle_core::{CpuStorage, DType, Device, Error, Layout, Result, Storage, Tensor};

/// Whether the kernels serve all of these: f32 on the CPU.
pub(super) fn kernels_serve(tensors: &[&Tensor]) -> bool {
    tensors
        .iter()
        .all(|tensor| tensor.device().is_cpu() && tensor.dtype() == DType::F32)
}

/// The values of an operand, which the caller made contiguous.
pub(super) fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let CpuStorage::F32(values) = storage else {
        return Err(Error::Msg("an operand is not f32".to_owned()));
    };
    part(values, layout)
}

/// The ids of an operand, which the caller made contiguous.
pub(super) fn ids<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [u32]> {
    let CpuStorage::U32(values) = storage else {
        return Err(Error::Msg("an operand is not u32".to_owned()));
    };
    part(values, layout)
}

fn part<'a, T>(values: &'a [T], layout: &Layout) -> Result<&'a [T]> {
    layout
        .contiguous_offsets()
        .and_then(|(start, end)| values.get(start..end))
        .ok_or_else(|| Error::Msg("an operand is not contiguous".to_owned()))
}

/// Calls `f` with the values of these tensors.
pub(super) fn with<const N: usize, T>(
    tensors: [&Tensor; N],
    f: impl FnOnce([&[f32]; N]) -> T,
) -> Result<T> {
    let tensors: Vec<Tensor> = tensors
        .into_iter()
        .map(Tensor::contiguous)
        .collect::<Result<_>>()?;
    let lent: Vec<_> = tensors.iter().map(Tensor::storage_and_layout).collect();
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&lent) {
        let Storage::Cpu(storage) = &**storage else {
            return Err(Error::Msg("an operand is not on the CPU".to_owned()));
        };
        *slice = values(storage, layout)?;
    }
    Ok(f(slices))
}

/// Calls `f` with the ids of this tensor.
pub(super) fn with_ids<T>(tensor: &Tensor, f: impl FnOnce(&[u32]) -> T) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        return Err(Error::Msg("an operand is not on the CPU".to_owned()));
    };
    Ok(f(ids(storage, layout)?))
}

/// A tensor of the shape of `like`.
pub(super) fn tensor(values: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(values, like.shape(), &Device::Cpu)
}
