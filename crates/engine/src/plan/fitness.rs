//! Whether a run can go on from the model in a folder, without reading its weights.

use crate::EngineError;
use crate::gguf;
use crate::model::{ModelConfig, block_maps, in_gguf, n_parameters};
use amoozgar_types::installed::BaseFitness;
use std::path::{Path, PathBuf};

/// What a run can make of the model in `model_dir`, a folder or a GGUF file: of its configuration and the
/// names of its files.
pub fn base_fitness(model_dir: &Path) -> BaseFitness {
    let config = match ModelConfig::load(model_dir) {
        Ok(config) => config,
        Err(EngineError::InvalidModel { detail, .. }) if ModelConfig::names_a_family(model_dir) => {
            return BaseFitness::NotUnderstood { detail };
        }
        Err(_) => return BaseFitness::UnknownArchitecture,
    };
    if !config.is_decoder() {
        return BaseFitness::NotADecoder;
    }
    // A GGUF file holds all parts.
    let in_gguf = matches!(in_gguf(model_dir), Ok(Some(_)));
    if !in_gguf && !model_dir.join("tokenizer.json").is_file() {
        return BaseFitness::NoTokenizer;
    }
    let weights = ["model.safetensors", "model.safetensors.index.json"];
    if !in_gguf && !weights.iter().any(|name| model_dir.join(name).is_file()) {
        return BaseFitness::NoSafetensors;
    }
    let mut targets: Vec<String> = block_maps(&config)
        .into_iter()
        .filter_map(|(path, _)| path.rsplit('.').next().map(str::to_owned))
        .collect();
    targets.sort();
    targets.dedup();
    BaseFitness::Fit {
        context_length: u32::try_from(config.max_position_embeddings).unwrap_or(u32::MAX),
        n_parameters: n_parameters(&config),
        targets,
    }
}

/// The files of the model that the GGUF file at `path` is, or is a part of, in their order. Its header and its
/// settings are read and checked, no weight is.
///
/// # Errors
/// Where it is no GGUF file, is damaged, lacks a part, or is no language model that can be opened.
pub fn gguf_files(path: &Path) -> Result<Vec<PathBuf>, EngineError> {
    if !gguf::is_gguf(path)? {
        return Err(EngineError::InvalidModel {
            path: path.to_path_buf(),
            detail: "it is no GGUF file".to_owned(),
        });
    }
    ModelConfig::load(path)?;
    gguf::parts_of(path)
}

/// Tokens that the model in `model_dir` sees at once, whatever it does with them; `None` where its
/// configuration cannot be read.
pub fn longest_context(model_dir: &Path) -> Option<u32> {
    let config = ModelConfig::load(model_dir).ok()?;
    u32::try_from(config.max_position_embeddings).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::base_fitness;
    use amoozgar_types::installed::BaseFitness;
    use std::path::{Path, PathBuf};

    fn reference(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference")
            .join(name)
    }

    #[test]
    fn a_folder_says_whether_a_run_can_go_on_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        assert_eq!(
            base_fitness(dir),
            BaseFitness::UnknownArchitecture,
            "an empty folder"
        );
        std::fs::copy(reference("llama/config.json"), dir.join("config.json")).unwrap();
        assert_eq!(base_fitness(dir), BaseFitness::NoTokenizer, "no tokenizer");
        std::fs::write(dir.join("tokenizer.json"), "{}").unwrap();
        assert_eq!(base_fitness(dir), BaseFitness::NoSafetensors, "no weights");
        std::fs::write(dir.join("model.safetensors"), "").unwrap();
        let BaseFitness::Fit {
            targets,
            n_parameters,
            ..
        } = base_fitness(dir)
        else {
            panic!("a Llama with all its files can be gone on from");
        };
        assert!(n_parameters > 0, "its weights are counted");
        assert!(
            targets.contains(&"q_proj".to_owned()) && !targets.contains(&"embed_tokens".to_owned()),
            "the maps of its blocks and nothing else: {targets:?}"
        );
        let text = std::fs::read_to_string(reference("llama/config.json")).unwrap();
        let strange = text.replacen('{', r#"{"logit_scale": 0.5,"#, 1);
        std::fs::write(dir.join("config.json"), strange).unwrap();
        let found = base_fitness(dir);
        assert!(
            matches!(&found, BaseFitness::NotUnderstood { detail } if detail.contains("`logit_scale` is 0.5")),
            "a field that is not understood is named: {found:?}"
        );
        std::fs::copy(reference("bert/config.json"), dir.join("config.json")).unwrap();
        assert_eq!(
            base_fitness(dir),
            BaseFitness::NotADecoder,
            "an encoder continues no text"
        );
    }
}
