//! What leaves the engine: a run's final model, a folder in the Hub's form that transformers loads as it is;
//! and a model for other programs ([`export`]).

mod card;
mod checked;
mod companions;
mod gguf;
mod gguf_adapter;
mod mixture;
mod modelfile;
mod peft;
mod request;
mod watch;

use crate::EngineError;
use crate::files;
pub(crate) use card::Card;
use card::Shown;
pub use checked::{Exported, Lossiest, remove_unfinished};
pub(crate) use companions::Companions;
pub use mixture::Precision;
pub(crate) use peft::adapter_config;
pub use peft::save_adapter;
pub use request::{Form, export, export_watched};
use std::path::{Path, PathBuf};
pub(crate) use watch::Count;
pub use watch::{Progress, Watch};

/// The file of a model's card.
const CARD: &str = "README.md";

/// Writes `<job_dir>/final` and answers with its path.
pub(crate) fn write_final(
    job_dir: &Path,
    companions: &Companions<'_>,
    put_weights: &mut dyn FnMut(&Path) -> Result<(), EngineError>,
    card: &Card<'_>,
) -> Result<PathBuf, EngineError> {
    let place = job_dir.join("final");
    let temporary = files::temporary_name(&place);
    files::remove_dir(&temporary)?;
    files::create_dir(&temporary)?;
    companions.write(&temporary)?;
    put_weights(&temporary.join("model.safetensors"))?;
    let put = |folder: &Path, shown: Shown| {
        let readme = card::readme(companions.config, card, shown);
        files::write_synced(&folder.join(CARD), readme.as_bytes())
    };
    put(&temporary, Shown::Model)?;
    let adapter = temporary.join("adapter");
    if adapter.is_dir() {
        put(&adapter, Shown::Adapter)?;
    }
    files::put_in_place(&temporary, &place)?;
    Ok(place)
}
