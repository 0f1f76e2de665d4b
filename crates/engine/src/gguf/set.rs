//! Which files make one model: a file by its path, the one model in a folder, and all parts of a model that
//! was cut into several files.

use super::{MAGIC, invalid};
use crate::EngineError;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files of a folder that are looked at.
const MOST_FILES: usize = 4096;

/// The GGUF file that `path` means: itself, or the one model in the folder; `None` where the folder has
/// none.
///
/// # Errors
/// Where it is a file of another kind, or the folder holds several models.
pub(crate) fn find(path: &Path) -> Result<Option<PathBuf>, EngineError> {
    if path.is_file() {
        return if is_gguf(path)? {
            Ok(Some(path.to_path_buf()))
        } else {
            let detail = "it is neither a model's folder nor a GGUF file";
            Err(invalid(path, detail))
        };
    }
    let entries = std::fs::read_dir(path).into_iter().flatten();
    let mut models: Vec<PathBuf> = entries
        .take(MOST_FILES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| is_named_gguf(file) && !is_projector(file) && is_first(file))
        .collect();
    models.sort();
    match models.as_slice() {
        [] => Ok(None),
        [model] => Ok(Some(model.clone())),
        _ => {
            let names: Vec<_> = models.iter().map(|model| name_of(model)).collect();
            let detail = format!(
                "it holds several models, `{}`: name the file",
                names.join("`, `")
            );
            Err(invalid(path, detail))
        }
    }
}

/// Whether the file at `path` begins as GGUF files do.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn is_gguf(path: &Path) -> Result<bool, EngineError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
        .map_err(|source| EngineError::io(path, source))?;
    Ok(start == MAGIC)
}

/// All files of the model that the file `path` is or is a part of, in their order.
///
/// # Errors
/// Where a part is missing; the error names it.
pub(crate) fn parts_of(path: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let Some(part) = Part::of(path) else {
        return Ok(vec![path.to_path_buf()]);
    };
    (1..=part.n_parts)
        .map(|number| {
            let name = part.name(number);
            let file = path.with_file_name(&name);
            if file.is_file() {
                return Ok(file);
            }
            let detail = format!(
                "`{name}` is missing: the model is cut into {} files, which must lie beside each other",
                part.n_parts
            );
            Err(invalid(path, detail))
        })
        .collect()
}

/// A part's name: `<stem>-00002-of-00003.gguf`.
struct Part {
    stem: String,
    number: u32,
    n_parts: u32,
}

impl Part {
    /// Parts that a name can count.
    const MOST: u32 = 1 << 12;

    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
        let (rest, n_parts) = name.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let count = |digits: &str| {
            let whole = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
            whole.then(|| digits.parse::<u32>().ok()).flatten()
        };
        let part = Self {
            stem: stem.to_owned(),
            number: count(number)?,
            n_parts: count(n_parts)?,
        };
        let sound = (1..=part.n_parts).contains(&part.number) && part.n_parts <= Self::MOST;
        sound.then_some(part)
    }

    fn name(&self, number: u32) -> String {
        format!("{}-{number:05}-of-{:05}.gguf", self.stem, self.n_parts)
    }
}

fn is_first(file: &Path) -> bool {
    Part::of(file).is_none_or(|part| part.number == 1)
}

fn is_named_gguf(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")) && file.is_file()
}

/// Whether the file's name says that it belongs to pictures and not to text.
fn is_projector(file: &Path) -> bool {
    name_of(file).to_ascii_lowercase().contains("mmproj")
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
