//! An adapter's folder, as PEFT reads it.

use crate::EngineError;
use crate::files;
use crate::model::Model;
use crate::weights::adapter::{self, LoraConfig};
use crate::weights::safetensors::{self, Entry};
use std::path::Path;

/// Writes the folder of the adapter on `model`, which stands on the model called `base` (a path or a
/// name on the Hub). `targets` are the last parts of the adapted maps' paths.
///
/// # Errors
/// Where the folder cannot be written.
pub fn save_adapter(
    model: &Model,
    config: &LoraConfig,
    targets: &[String],
    base: &str,
    adapter_dir: &Path,
) -> Result<(), EngineError> {
    files::create_dir(adapter_dir)?;
    let trained = model.parameters.trained();
    let entries = trained.map(|(_, weight)| Entry::of(weight)).collect();
    safetensors::write(&adapter_dir.join(adapter::WEIGHTS), entries)?;
    let text = adapter_config(model, config, targets, base);
    files::write_synced(&adapter_dir.join(adapter::CONFIG), text.as_bytes())
}

/// The text of the adapter's `adapter_config.json`.
pub(crate) fn adapter_config(
    model: &Model,
    config: &LoraConfig,
    targets: &[String],
    base: &str,
) -> String {
    let matrices = model.config().facts().matrices;
    format!("{:#}\n", adapter::to_json(config, targets, base, matrices))
}
