//! Checks a model's files: whether the configuration, the tokenizer and the form of conversations can be
//! used, whether every weight that the configuration asks for is there in its shape, and whether every value
//! can be read and is a number. What is wrong is an entry of the report, not an error: the check goes on.
//! Enter at [`check_weights`].

use crate::EngineError;
use crate::export::{Count, Watch};
use crate::gguf::{self, Gguf};
use crate::load::Place;
use crate::model::{Unfit, as_stored, in_gguf, unfit_weights};
use crate::weights::safetensors::{WeightFile, files_of};
use amoozgar_types::library::{CheckFault, CheckReport, FaultKind};
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of the weights' files of a model: what [`check_weights`] reads. 0 where it cannot be said.
pub fn weight_bytes(model: &Path) -> u64 {
    let lengths = weight_files(model).unwrap_or_default();
    let lengths = lengths.iter().filter_map(|path| fs::metadata(path).ok());
    lengths.map(|about| about.len()).sum()
}

/// Checks the model in a folder or a GGUF file. Where the folder has an adapter beside the weights
/// (`adapter`), that is read as well.
///
/// # Errors
/// [`EngineError::Stopped`] where a stop was asked for.
pub fn check_weights(model: &Path, watch: &Watch<'_>) -> Result<CheckReport, EngineError> {
    let mut check = Check {
        root: if model.is_file() {
            model.parent().unwrap_or(model).to_path_buf()
        } else {
            model.to_path_buf()
        },
        report: CheckReport::default(),
        count: Count::once(watch, weight_bytes(model)),
    };
    check.parts(model);
    match in_gguf(model) {
        Ok(Some(file)) => check.gguf(&file)?,
        _ => check.safetensors(model)?,
    }
    Ok(check.report)
}

/// The files of a model's weights, those of an adapter beside them included.
fn weight_files(model: &Path) -> Result<Vec<PathBuf>, EngineError> {
    if let Some(file) = in_gguf(model)? {
        return gguf::parts_of(&file);
    }
    let mut files = files_of(model)?;
    let adapter = model.join("adapter").join("adapter_model.safetensors");
    if adapter.is_file() {
        files.push(adapter);
    }
    Ok(files)
}

struct Check<'a> {
    root: PathBuf,
    report: CheckReport,
    count: Count<'a>,
}

impl Check<'_> {
    /// Notes what is wrong with a file.
    fn fault(&mut self, path: &Path, weight: Option<&str>, kind: FaultKind, detail: String) {
        let file = path.strip_prefix(&self.root).unwrap_or(path);
        self.report.add(CheckFault {
            file: file.display().to_string().replace('\\', "/"),
            weight: weight.map(str::to_owned),
            kind,
            detail,
        });
    }

    /// What is no weight: whether it opens, and which weights it asks for in vain.
    fn parts(&mut self, model: &Path) {
        let place = match Place::find(model) {
            Ok(place) => place,
            Err(error) => {
                let config = self.root.join("config.json");
                let named = if config.is_file() { &config } else { model }.to_path_buf();
                return self.fault(&named, None, FaultKind::Config, said(&error));
            }
        };
        match place.tokenizer() {
            Err(error) => {
                let (path, why) = (place.tokenizer.clone(), said(&error));
                self.fault(&path, None, FaultKind::Tokenizer, why);
            }
            Ok(tokenizer) => {
                if place.config.is_decoder()
                    && let Err(error) = place.chat(&tokenizer)
                {
                    self.fault(model, None, FaultKind::ChatTemplate, said(&error));
                }
            }
        }
        let stored = as_stored(place.config.clone(), &place.weights);
        // A header that cannot be read is told of its file below.
        let unfit = stored.and_then(|config| unfit_weights(&config, &place.weights));
        for unfit in unfit.unwrap_or_default() {
            match unfit {
                Unfit::Missing { name } => {
                    self.fault(model, Some(&name), FaultKind::MissingWeight, String::new());
                }
                Unfit::Shape {
                    name,
                    found,
                    needed,
                } => {
                    let why = format!("{found:?} ≠ {needed:?}");
                    self.fault(model, Some(&name), FaultKind::WrongShape, why);
                }
            }
        }
    }

    fn safetensors(&mut self, model: &Path) -> Result<(), EngineError> {
        let files = match weight_files(model) {
            Ok(files) => files,
            Err(error) => {
                let index = self.root.join("model.safetensors.index.json");
                self.fault(&index, None, FaultKind::Unreadable, said(&error));
                return Ok(());
            }
        };
        for path in files {
            if !path.is_file() {
                self.fault(&path, None, FaultKind::Missing, String::new());
                continue;
            }
            let mut file = match WeightFile::open(&path) {
                Ok(file) => file,
                Err(error) => {
                    self.fault(&path, None, FaultKind::Unreadable, said(&error));
                    continue;
                }
            };
            self.report.n_weight_files += 1;
            for name in file.names() {
                let count = &self.count;
                let mut n_bytes = 0;
                let mut told = |n| {
                    n_bytes += n;
                    count.add(n)
                };
                match file.first_not_finite(&name, &mut told) {
                    Ok(None) => {}
                    Ok(Some((at, value))) => {
                        let why = format!("[{at}] = {value}");
                        self.fault(&path, Some(&name), FaultKind::NotFinite, why);
                    }
                    Err(EngineError::Stopped) => return Err(EngineError::Stopped),
                    Err(error) => {
                        self.fault(&path, Some(&name), FaultKind::Unreadable, said(&error));
                    }
                }
                self.report.n_tensors += 1;
                self.report.n_bytes += n_bytes;
            }
        }
        Ok(())
    }

    fn gguf(&mut self, path: &Path) -> Result<(), EngineError> {
        let mut gguf = match Gguf::open(path) {
            Ok(gguf) => gguf,
            Err(error) => {
                self.fault(path, None, FaultKind::Unreadable, said(&error));
                return Ok(());
            }
        };
        self.report.n_weight_files += gguf::parts_of(path)?.len() as u64;
        let names: Vec<String> = gguf.names().map(str::to_owned).collect();
        for name in names {
            let count = &self.count;
            let mut n_bytes = 0;
            let mut told = |n| {
                n_bytes += n;
                count.add(n)
            };
            if let Err(error) = gguf.read_through(&name, &mut told) {
                let kind = match error {
                    EngineError::Stopped => return Err(error),
                    // The header was sound, so what is wrong is a value.
                    EngineError::InvalidModel { .. } => FaultKind::NotFinite,
                    _ => FaultKind::Unreadable,
                };
                let file = gguf.file_of(&name).unwrap_or(path).to_path_buf();
                self.fault(&file, Some(&name), kind, said(&error));
            }
            self.report.n_tensors += 1;
            self.report.n_bytes += n_bytes;
        }
        Ok(())
    }
}

/// An error's own words without the path, which stands beside them.
fn said(error: &EngineError) -> String {
    match error {
        EngineError::InvalidModel { detail, .. } => detail.clone(),
        EngineError::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
