//! Models that other programs keep on this computer: LM Studio, Ollama, and the Hub's own cache where it
//! is not the one in use. They are offered for an import; nothing here changes anything.
//!
//! Only names and lengths of files are read, and of Ollama its manifests, each of [`MANIFEST_BYTES`] at
//! most. Folders are followed [`MAX_DEPTH`] deep and [`MAX_ENTRIES`] entries far, links to folders never.

use super::installed::whole;
use crate::paths::Paths;
use amoozgar_hub::{Cache, Links};
use amoozgar_types::elsewhere::{FoundModel, Keeper};
use amoozgar_types::repo::RepoKind;
use serde::Deserialize;
use std::collections::HashSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one of Ollama's manifests, at the most; they have some hundred.
const MANIFEST_BYTES: u64 = 1 << 20;
const MAX_DEPTH: usize = 6;
const MAX_ENTRIES: usize = 20_000;

/// Where the programs keep their models.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// LM Studio's folders.
    pub lm_studio: Vec<PathBuf>,
    /// Ollama's folders, each with `manifests` and `blobs`.
    pub ollama: Vec<PathBuf>,
    /// The Hub's caches.
    pub hub: Vec<PathBuf>,
}

impl Places {
    /// Those of whoever runs this program.
    /// None where the system names no folder of theirs.
    pub fn here(paths: &Paths) -> Self {
        dirs::home_dir().map_or_else(Self::default, |home| {
            Self::of(&home, |name| env::var_os(name), &paths.hub_cache())
        })
    }

    /// Those of a person whose folder is `home`, where `environment` may name others. `in_use` is the cache
    /// that downloads go to, whose models are listed already.
    pub fn of(home: &Path, environment: impl Fn(&str) -> Option<OsString>, in_use: &Path) -> Self {
        let named = |name: &str| environment(name).filter(|value| !value.is_empty());
        let ollama = named("OLLAMA_MODELS").map_or_else(
            || {
                vec![
                    home.join(".ollama/models"),
                    // Its service on Linux has a user of its own.
                    PathBuf::from("/usr/share/ollama/.ollama/models"),
                ]
            },
            |named| vec![PathBuf::from(named)],
        );
        let cache = named("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        Self {
            lm_studio: vec![
                home.join(".lmstudio/models"),
                home.join(".cache/lm-studio/models"),
            ],
            ollama,
            hub: [cache.join("huggingface/hub")]
                .into_iter()
                .filter(|cache| cache != in_use)
                .collect(),
        }
    }
}

/// What is there, by program and name. Blocks.
pub fn find(places: &Places) -> Vec<FoundModel> {
    let mut found = Vec::new();
    for root in &places.lm_studio {
        found.extend(of_lm_studio(root));
    }
    for root in &places.ollama {
        found.extend(of_ollama(root));
    }
    for root in &places.hub {
        found.extend(of_hub(root));
    }
    found.sort_by(|a, b| (a.keeper, &a.name).cmp(&(b.keeper, &b.name)));
    // Two names of one file are one model.
    let mut seen = HashSet::new();
    found.retain(|model| seen.insert(model.path.clone()));
    found
}

/// `publisher/repository/file.gguf`. Of a model in parts the first stands for all.
fn of_lm_studio(root: &Path) -> Vec<FoundModel> {
    let files = files_below(root);
    let is_model = |path: &Path| {
        let name = file_name(path).to_lowercase();
        Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "gguf")
            && !name.contains("mmproj")
    };
    files
        .iter()
        .filter(|(path, _)| is_model(path))
        .filter_map(|(path, bytes)| {
            let (first, n_bytes) = match part_of(&file_name(path)) {
                None => (true, *bytes),
                Some((stem, number, n_parts)) => {
                    let parts = files.iter().filter(|(other, _)| {
                        other.parent() == path.parent()
                            && part_of(&file_name(other))
                                .is_some_and(|(name, _, n)| name == stem && n == n_parts)
                    });
                    (number == 1, parts.map(|(_, bytes)| bytes).sum())
                }
            };
            first.then(|| FoundModel {
                keeper: Keeper::LmStudio,
                name: below(root, path),
                path: path.display().to_string(),
                size_bytes: n_bytes,
            })
        })
        .collect()
}

/// `manifests/<host>/<owner>/<name>/<tag>` names the blob that is the model.
fn of_ollama(root: &Path) -> Vec<FoundModel> {
    files_below(&root.join("manifests"))
        .into_iter()
        .filter_map(|(path, _)| {
            let blob = model_blob(&path)?;
            let file = root.join("blobs").join(blob.replace(':', "-"));
            let about = fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
            let mut names = path
                .components()
                .rev()
                .map(|part| part.as_os_str().to_string_lossy());
            let (tag, name, owner) = (names.next()?, names.next()?, names.next()?);
            let owner = if owner == "library" {
                String::new()
            } else {
                format!("{owner}/")
            };
            Some(FoundModel {
                keeper: Keeper::Ollama,
                name: format!("{owner}{name}:{tag}"),
                path: file.display().to_string(),
                size_bytes: about.len(),
            })
        })
        .collect()
}

/// The digest of a manifest's model, `sha256:` and 64 hexadecimal digits.
fn model_blob(manifest: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Manifest {
        layers: Vec<Layer>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Layer {
        media_type: String,
        digest: String,
    }
    let mut text = String::new();
    File::open(manifest)
        .and_then(|file| file.take(MANIFEST_BYTES).read_to_string(&mut text))
        .ok()?;
    let manifest: Manifest = serde_json::from_str(&text).ok()?;
    let layer = manifest
        .layers
        .into_iter()
        .find(|layer| layer.media_type == "application/vnd.ollama.image.model")?;
    let digits = layer.digest.strip_prefix("sha256:")?;
    let is_hash = digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_hash.then_some(layer.digest)
}

fn of_hub(root: &Path) -> Vec<FoundModel> {
    if !root.is_dir() {
        return Vec::new();
    }
    let Ok(scan) = Cache::new(root, Links::Auto).scan() else {
        return Vec::new();
    };
    scan.repos
        .iter()
        .filter(|found| found.repo.kind() == RepoKind::Model)
        .filter_map(|found| {
            let (_, snapshot) = whole(found)?;
            Some(FoundModel {
                keeper: Keeper::Hub,
                name: found.repo.id().to_owned(),
                path: snapshot.path.display().to_string(),
                size_bytes: found.size_bytes,
            })
        })
        .collect()
}

/// Stem, number and count of `stem-00001-of-00003.gguf`.
fn part_of(name: &str) -> Option<(&str, u32, u32)> {
    let stem = name.strip_suffix(".gguf")?;
    let (stem, count) = stem.rsplit_once("-of-")?;
    let (stem, number) = stem.rsplit_once('-')?;
    Some((stem, number.parse().ok()?, count.parse().ok()?))
}

/// Files below a folder, and their lengths.
fn files_below(root: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut n_entries) = (Vec::new(), 0);
    let mut ahead = vec![(root.to_owned(), 0)];
    while let Some((dir, depth)) = ahead.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            n_entries += 1;
            if n_entries > MAX_ENTRIES {
                return found;
            }
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if depth < MAX_DEPTH {
                    ahead.push((entry.path(), depth + 1));
                }
            } else if let Ok(about) = fs::metadata(entry.path())
                && about.is_file()
            {
                found.push((entry.path(), about.len()));
            }
        }
    }
    found
}

fn below(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Places, find};
    use amoozgar_types::elsewhere::Keeper;
    use std::fs;
    use std::path::Path;

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn found(home: &Path) -> Vec<(Keeper, String, u64)> {
        let places = Places::of(home, |_| None, &home.join("ours"));
        let places = Places {
            ollama: vec![home.join(".ollama/models")],
            ..places
        };
        find(&places)
            .into_iter()
            .map(|found| (found.keeper, found.name, found.size_bytes))
            .collect()
    }

    #[test]
    fn a_model_in_parts_is_one_and_a_projector_is_none() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".lmstudio/models/owner/repo");
        write(&dir.join("big-00001-of-00002.gguf"), b"12345");
        write(&dir.join("big-00002-of-00002.gguf"), b"123");
        write(&dir.join("mmproj-model-f16.gguf"), b"1");
        write(&dir.join("readme.md"), b"1");
        assert_eq!(
            found(home.path()),
            [(
                Keeper::LmStudio,
                "owner/repo/big-00001-of-00002.gguf".to_owned(),
                8
            )]
        );
    }

    #[test]
    fn a_manifest_of_ollama_leads_to_its_blob_and_to_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join(".ollama/models");
        let digest = "a".repeat(64);
        let manifest = |digest: &str| {
            serde_json::json!({"layers": [
                {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:bb"},
                {"mediaType": "application/vnd.ollama.image.model", "digest": digest},
            ]})
            .to_string()
        };
        let tags = root.join("manifests/a.host");
        let whole = format!("sha256:{digest}");
        write(
            &tags.join("library/gemma3/270m"),
            manifest(&whole).as_bytes(),
        );
        write(
            &tags.join("someone/tuned/latest"),
            manifest(&whole).as_bytes(),
        );
        write(
            &tags.join("library/climbs/out"),
            manifest("sha256:../../../secret").as_bytes(),
        );
        write(&tags.join("library/broken/one"), b"{");
        write(&root.join(format!("blobs/sha256-{digest}")), b"GGUF");
        write(&home.path().join("secret"), b"GGUF");
        assert_eq!(
            found(home.path()),
            [(Keeper::Ollama, "gemma3:270m".to_owned(), 4)]
        );
    }

    #[test]
    fn the_cache_in_use_is_not_offered() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join(".cache/huggingface/hub");
        let commit = "0".repeat(40);
        let repo = cache.join("models--owner--name");
        write(&repo.join("refs/main"), commit.as_bytes());
        write(
            &repo
                .join("snapshots")
                .join(&commit)
                .join("model.safetensors"),
            b"12",
        );
        let offered = find(&Places::of(home.path(), |_| None, Path::new("/elsewhere")));
        assert_eq!(offered.len(), 1, "{offered:?}");
        let offered = find(&Places::of(home.path(), |_| None, &cache));
        assert_eq!(offered, [], "it is listed among the installed ones");
    }
}
