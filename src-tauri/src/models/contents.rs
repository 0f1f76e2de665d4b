//! What lies in a model's folder, as far as lists tell: its files, whether it has weights, its
//! architecture. The window itself reads this, so nothing here depends on what a file claims: of a
//! configuration 1 MiB is read at the most, of an index 16 MiB, neither held in memory; of files that
//! are 100,000 the rest is not counted; no link is followed out of the folder, and nothing but a regular
//! file is opened.

use crate::error::io_error;
use amoozgar_hub::{FilePath, open_regular};
use amoozgar_types::ApiError;
use amoozgar_types::installed::InstalledFile;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes of a configuration; those of the Hub have some thousand.
const CONFIG_BYTES: u64 = 1 << 20;
/// Bytes of an index of weights: that of the largest models has nine million.
const INDEX_BYTES: u64 = 16 << 20;
/// Parts of weights; the largest models have some hundred.
const MAX_PARTS: usize = 10_000;
/// Bytes of a part's name, as of any file's.
const MAX_NAME_BYTES: usize = 255;
/// Files that are listed; no model has so many.
const MAX_FILES: usize = 100_000;
/// Folders within folders.
const MAX_DEPTH: usize = 32;
/// Characters of an architecture's name.
const MAX_ARCHITECTURE_CHARS: usize = 64;

/// Every regular file that lies in a folder, in order. A link counts as what it shows where that lies in
/// the folder too, else not at all.
pub fn files(dir: &Path) -> Result<Vec<InstalledFile>, ApiError> {
    let fail = |failure| io_error(dir, &failure);
    let root = fs::canonicalize(dir).map_err(fail)?;
    let mut found = Vec::new();
    gather(&root, dir, "", 0, &mut found).map_err(fail)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The bytes of some files together.
pub fn total_bytes(files: &[InstalledFile]) -> u64 {
    files
        .iter()
        .fold(0, |total, file| total.saturating_add(file.size_bytes))
}

fn gather(
    root: &Path,
    dir: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<InstalledFile>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        if found.len() == MAX_FILES {
            tracing::warn!(dir = %root.display(), "a folder has more files than are listed");
            return Ok(());
        }
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        let place = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() && depth < MAX_DEPTH {
            gather(root, &path, &format!("{place}/"), depth + 1, found)?;
        }
        let about = if kind.is_symlink() {
            let target = fs::canonicalize(&path).ok();
            let inside = target.filter(|target| target.starts_with(root));
            inside.and_then(|target| fs::metadata(target).ok())
        } else {
            entry.metadata().ok()
        };
        if let Some(about) = about.filter(fs::Metadata::is_file) {
            found.push(InstalledFile {
                absolute: path.display().to_string(),
                size_bytes: about.len(),
                path: place,
            });
        }
    }
    Ok(())
}

/// Whether a folder has weights: the whole file, which is read before any index, or all parts that an index
/// names.
pub fn has_weights(dir: &Path) -> bool {
    #[derive(Deserialize)]
    struct Index {
        weight_map: Parts,
    }
    if dir.join("model.safetensors").is_file() {
        return true;
    }
    let index = dir.join("model.safetensors.index.json");
    if index.exists() {
        return read_json::<Index>(&index, INDEX_BYTES).is_some_and(|index| {
            let is_here = |path: &FilePath| path.below(dir).is_file();
            let parts = &index.weight_map.0;
            !parts.is_empty() && parts.iter().all(is_here)
        });
    }
    let is_form = |path: PathBuf| {
        let ending = path.extension();
        ending.is_some_and(|ending| ending == "safetensors" || ending == "gguf") && path.is_file()
    };
    fs::read_dir(dir).is_ok_and(|listed| listed.flatten().any(|entry| is_form(entry.path())))
}

/// `model_type` of a configuration.
pub fn architecture(dir: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        model_type: Option<String>,
    }
    let config: Config = read_json(&dir.join("config.json"), CONFIG_BYTES)?;
    config
        .model_type
        .filter(|name| name.chars().count() <= MAX_ARCHITECTURE_CHARS)
}

/// The files that an index names, each once.
struct Parts(HashSet<FilePath>);

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Parts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("files by the names of weights")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Parts, A::Error> {
                let mut parts = HashSet::new();
                while let Some((IgnoredAny, name)) = entries.next_entry::<IgnoredAny, String>()? {
                    if name.len() > MAX_NAME_BYTES || parts.len() == MAX_PARTS {
                        return Err(A::Error::custom("more than any model has"));
                    }
                    parts.insert(FilePath::new(&name).map_err(A::Error::custom)?);
                }
                Ok(Parts(parts))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// What a small file says; `None` where it is none, or not small.
fn read_json<T: DeserializeOwned>(path: &Path, limit_bytes: u64) -> Option<T> {
    let file = open_regular(path).ok()?;
    match serde_json::from_reader(BufReader::new(file.take(limit_bytes))) {
        Ok(value) => Some(value),
        Err(failure) => {
            tracing::warn!(path = %path.display(), %failure, "a model's file cannot be read");
            None
        }
    }
}
