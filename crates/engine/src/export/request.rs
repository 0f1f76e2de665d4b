//! Taking a model along: as a folder in the Hub's form, as an adapter that PEFT reads, as a GGUF file. What was
//! written is read again and compared before it comes into its place, and nothing that is there is replaced.

use super::checked::{Exported, differs, durably, same_tokens};
use super::mixture::Precision;
use super::watch::{Count, Watch};
use super::{CARD, Companions, companions, gguf, gguf_adapter, peft};
use crate::control::Control;
use crate::files;
use crate::load::{self, LoadOptions, Opened, Place};
use crate::weights::adapter::{self, AdapterConfig};
use crate::weights::safetensors::{self, Entry, WeightFile};
use crate::{EngineError, threads};
use std::path::Path;

/// The form in which a model is taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A folder in the Hub's form, an adapter merged into the weights.
    Safetensors,
    /// The adapter alone, in a folder as PEFT reads it.
    Peft,
    /// One file for llama.cpp and what stands on it, an adapter merged into the weights.
    Gguf(Precision),
    /// The adapter alone, as a file that llama.cpp puts on a model in another file.
    GgufAdapter,
}

/// Writes the model in `model` (anything that [`crate::open`] opens), with the adapter in `adapter_dir` where
/// one is given, as `form` to `out`.
///
/// # Errors
/// Where the model cannot be read, has no such form, or something is at `out` already.
pub fn export(
    model: &Path,
    adapter_dir: Option<&Path>,
    form: Form,
    out: &Path,
) -> Result<Exported, EngineError> {
    let watch = Watch {
        control: &Control::new(),
        told: &|_| (),
    };
    export_watched(model, adapter_dir, form, out, &watch)
}

/// [`export()`], which tells how far it is and can be stopped.
///
/// # Errors
/// As [`export()`], and [`EngineError::Stopped`].
pub fn export_watched(
    model: &Path,
    adapter_dir: Option<&Path>,
    form: Form,
    out: &Path,
    watch: &Watch<'_>,
) -> Result<Exported, EngineError> {
    let is_file = matches!(form, Form::Gguf(_) | Form::GgufAdapter);
    if is_file && out.extension().is_none_or(|extension| extension != "gguf") {
        return Err(EngineError::InvalidSpec {
            field: "out",
            detail: format!("`{}` does not end with .gguf", out.display()),
        });
    }
    files::must_be_free(out)?;
    threads::pool(threads::count(None))?.install(|| {
        let options = LoadOptions {
            adapter: adapter_dir,
            ..LoadOptions::default()
        };
        let mut opened = load::open(model, &options)?;
        match form {
            Form::Gguf(precision) => {
                opened.model.merge();
                gguf::write(&opened, precision, out, watch)
            }
            Form::Safetensors => {
                opened.model.merge();
                write_folder(&opened, out, watch)
            }
            Form::Peft => write_adapter(&opened, model, adapter_dir, out, watch),
            Form::GgufAdapter => {
                let config = adapter_config(&opened, model, adapter_dir)?;
                if config.holds_more() {
                    return Err(whole_weights(&opened, "GGUF"));
                }
                gguf_adapter::write(&opened, out, watch)
            }
        }
    })
}

fn write_folder(opened: &Opened, out: &Path, watch: &Watch<'_>) -> Result<Exported, EngineError> {
    let (model, place) = (&opened.model, opened.place());
    let tokenizer = opened.tokenizer()?;
    durably(out, |folder| {
        files::create_dir(folder)?;
        let companions = Companions {
            base: companions::source_of(place),
            config: model.config(),
            tokenizer: &tokenizer,
            chat: None,
        };
        companions.write(folder)?;
        companions::complete(place, &tokenizer, folder)?;
        let path = folder.join("model.safetensors");
        let weights = || model.parameters.iter().map(|(_, weight)| Entry::of(weight));
        let weights = write_values(&path, weights, watch)?;
        let again = Place::find(folder)?;
        let same = again.config.eos_token_ids == model.config().eos_token_ids
            && again.config.hidden_size == model.config().hidden_size;
        if !same {
            return Err(differs(folder, "the configuration"));
        }
        let tokens = same_tokens(&tokenizer, &again.tokenizer()?)
            .map_err(|text| differs(folder, &format!("the tokens of `{text}`")))?;
        Ok(vec!["config.json".to_owned(), weights, tokens])
    })
}

/// The settings of the adapter that is on the model.
fn adapter_config(
    opened: &Opened,
    model: &Path,
    adapter_dir: Option<&Path>,
) -> Result<AdapterConfig, EngineError> {
    match (&opened.place().adapter, adapter_dir) {
        (Some(own), _) => Ok(own.config.clone()),
        (None, Some(dir)) => adapter::read_config(dir),
        (None, None) => Err(EngineError::InvalidSpec {
            field: "adapter",
            detail: format!("the model at `{}` has no adapter", model.display()),
        }),
    }
}

/// An adapter with `modules_to_save` or biases.
fn whole_weights(opened: &Opened, form: &'static str) -> EngineError {
    EngineError::NotExpressible {
        path: opened.place().weights.clone(),
        form,
        detail: "the adapter holds whole weights (`modules_to_save`, `bias`) beside its matrices; take the whole model along".to_owned(),
    }
}

fn write_adapter(
    opened: &Opened,
    model: &Path,
    adapter_dir: Option<&Path>,
    out: &Path,
    watch: &Watch<'_>,
) -> Result<Exported, EngineError> {
    let place = opened.place();
    let config = adapter_config(opened, model, adapter_dir)?;
    if config.holds_more() {
        return Err(whole_weights(opened, "PEFT"));
    }
    if !config.is_plain() {
        return Err(EngineError::NotExpressible {
            path: place.weights.clone(),
            form: "PEFT",
            detail: "it has patterns of its own, and is a folder that PEFT reads already: copy it"
                .to_owned(),
        });
    }
    let config = config.lora;
    let base = std::path::absolute(&place.weights)
        .map_err(|source| EngineError::io(&place.weights, source))?;
    let trained = || opened.model.parameters.trained().map(|(_, weight)| weight);
    durably(out, |folder| {
        let base = base.display().to_string();
        peft::save_adapter(
            &opened.model,
            &config,
            &opened.model.adapted(),
            &base,
            folder,
        )?;
        let card = adapter_dir.map(|dir| dir.join(CARD));
        if let Some(card) = card.filter(|card| card.is_file()) {
            files::copy_synced(&card, &folder.join(CARD))?;
        }
        let values = adapter::values_file(folder);
        let entries: Vec<Entry<'_>> = trained().map(Entry::of).collect();
        // It is small, so what was written counts at once.
        let count = Count::new(watch, safetensors::n_bytes(&entries));
        count.add(safetensors::n_bytes(&entries))?;
        let weights = same_values(&values, entries, &count)?;
        if adapter::read_config(folder)?.lora.rank != config.rank {
            return Err(differs(folder, "the adapter's settings"));
        }
        Ok(vec![adapter::CONFIG.to_owned(), weights])
    })
}

/// Writes weights to a file, and reads them again.
fn write_values<'a, I: Iterator<Item = Entry<'a>>>(
    path: &Path,
    entries: impl Fn() -> I,
    watch: &Watch<'_>,
) -> Result<String, EngineError> {
    let to_write: Vec<Entry<'_>> = entries().collect();
    let n_bytes = safetensors::n_bytes(&to_write);
    let count = Count::new(watch, n_bytes);
    let mut before = 0;
    safetensors::write_watched(path, to_write, &mut |n_written| {
        let now = n_written.min(n_bytes);
        let more = now - before;
        before = now;
        count.add(more)
    })?;
    same_values(path, entries(), &count)
}

/// Reads a file's values again, one weight at a time.
fn same_values<'a>(
    path: &Path,
    entries: impl IntoIterator<Item = Entry<'a>>,
    count: &Count<'_>,
) -> Result<String, EngineError> {
    let mut file = WeightFile::open(path)?;
    let mut n = 0;
    for entry in entries {
        let found = file.read(&entry.name)?;
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        if bits(&found) != bits(&(entry.values)()) {
            return Err(differs(path, &format!("the weight `{}`", entry.name)));
        }
        count.add(safetensors::n_bytes(&[entry]))?;
        n += 1;
    }
    let hash = safetensors::hash_of(path)?;
    Ok(format!("{n} weights, bit for bit (BLAKE3 {hash})"))
}
