//! Where the parts of a model lie, for every kind of folder that can be opened.

use crate::EngineError;
use crate::files;
use crate::gguf::{self, Gguf};
use crate::model::{ModelConfig, in_gguf};
use crate::setup::{base_model, lora_of};
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::Chat;
use crate::tokenizer::chat_template::{ChatTemplate, SpecialTokens, template_of};
use crate::weights::adapter::{self, AdapterConfig};
use crate::weights::safetensors::WeightFile;
use amoozgar_types::TrainSpec;
use amoozgar_types::spec::Method;
use std::path::{Path, PathBuf};

/// Bytes of a `job.json` that no real one reaches.
const LONGEST_SPEC: u64 = 16 << 20;

/// Where the parts of a model lie.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    /// What its `config.json` says.
    pub(crate) config: ModelConfig,
    /// The folder of its whole weights.
    pub(crate) weights: PathBuf,
    /// Its `tokenizer.json`, or the GGUF file that holds one.
    pub(crate) tokenizer: PathBuf,
    /// What is put on the weights.
    pub(crate) adapter: Option<AdapterPlace>,
}

/// An adapter's settings and the file of its matrices.
#[derive(Debug, Clone)]
pub(crate) struct AdapterPlace {
    pub(crate) config: AdapterConfig,
    pub(crate) values: PathBuf,
}

impl Place {
    /// Finds the parts of what lies in `folder`.
    ///
    /// # Errors
    /// Where the folder is incomplete or its configuration cannot be used.
    pub(crate) fn find(folder: &Path) -> Result<Self, EngineError> {
        let has = |name: &str| folder.join(name).is_file();
        if has("config.json") {
            return Self::whole(folder);
        }
        if has(adapter::CONFIG) {
            return Self::adapted(folder);
        }
        if has(JOB) {
            return Self::of_run(folder);
        }
        if let Some(file) = gguf::find(folder)? {
            return Self::in_gguf(&file);
        }
        match run_of(folder) {
            Some(job_dir) if has("model.safetensors") => Self::of_old_checkpoint(folder, &job_dir),
            _ => Self::whole(folder),
        }
    }

    /// A folder in the Hub's form.
    fn whole(folder: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            folder: folder.to_path_buf(),
            config: ModelConfig::load(folder)?,
            weights: folder.to_path_buf(),
            tokenizer: folder.join("tokenizer.json"),
            adapter: None,
        })
    }

    /// A GGUF file, which holds every part.
    fn in_gguf(file: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            folder: file.to_path_buf(),
            config: ModelConfig::load(file)?,
            weights: file.to_path_buf(),
            tokenizer: file.to_path_buf(),
            adapter: None,
        })
    }

    /// An adapter's folder: the model it was made for lies where its settings say, or where the run that
    /// it is a checkpoint of goes on from.
    fn adapted(folder: &Path) -> Result<Self, EngineError> {
        let named = adapter::base_of(folder)?;
        let of_run = || {
            let spec = read_spec(&run_of(folder)?).ok()?;
            Some(base_model(&spec).ok()??.to_path_buf())
        };
        let is_there = |base: &PathBuf| {
            base.join("config.json").is_file() || matches!(gguf::find(base), Ok(Some(_)))
        };
        let base = named.clone().filter(is_there).or_else(of_run);
        let Some(base) = base.filter(is_there) else {
            let name = named.unwrap_or_default();
            let detail = format!(
                "the model `{}`, which it adapts, is not there",
                name.display()
            );
            return Err(invalid(folder, detail));
        };
        let own_tokenizer = folder.join("tokenizer.json");
        let base = Self::find(&base)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            tokenizer: Some(own_tokenizer)
                .filter(|path| path.is_file())
                .unwrap_or(base.tokenizer),
            adapter: Some(AdapterPlace {
                config: adapter::read_config(folder)?,
                values: adapter::values_file(folder),
            }),
            ..base
        })
    }

    /// A run's folder: its final model, else its latest checkpoint.
    fn of_run(job_dir: &Path) -> Result<Self, EngineError> {
        let last = job_dir.join("final");
        if last.join("config.json").is_file() {
            return Self::whole(&last);
        }
        let latest = std::fs::read_dir(job_dir.join("checkpoints"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_checkpoint(path))
            .max();
        match latest {
            Some(checkpoint) => Self::find(&checkpoint),
            None => Err(invalid(job_dir, "the run has no model yet".to_owned())),
        }
    }

    /// A checkpoint of a version that put nothing beside its weights: what is missing is found in the
    /// run's folder and in the model that the run goes on from.
    fn of_old_checkpoint(folder: &Path, job_dir: &Path) -> Result<Self, EngineError> {
        let spec = read_spec(job_dir)?;
        let file = WeightFile::open(&folder.join("model.safetensors"))?;
        let n_rows = |name: &str| file.shape(name).and_then(|shape| shape.first().copied());
        if let Some(base) = base_model(&spec)? {
            let base = Self::find(base)?;
            let adapter = (spec.method == Method::Lora).then(|| AdapterPlace {
                config: lora_of(&spec).into(),
                values: folder.join("model.safetensors"),
            });
            let weights = match adapter {
                Some(_) => base.weights,
                None => folder.to_path_buf(),
            };
            let mut config = base.config;
            if let Some(n_labels) = n_rows("classifier.weight")
                && n_labels != config.n_labels
            {
                // What the classes are called stands in the text alone.
                config = ModelConfig {
                    n_labels,
                    labels: Vec::new(),
                    ..config
                };
            }
            return Ok(Self {
                folder: folder.to_path_buf(),
                config,
                weights,
                tokenizer: base.tokenizer,
                adapter,
            });
        }
        let n_embedded = n_rows("model.embed_tokens.weight");
        let found = cached_tokenizers(job_dir).into_iter().find_map(|path| {
            let tokenizer = Tokenizer::load(&path, None).ok()?;
            (Some(tokenizer.vocab_size()) == n_embedded).then_some((path, tokenizer))
        });
        let Some((path, tokenizer)) = found else {
            let detail = "its tokenizer is not in the run's folder".to_owned();
            return Err(invalid(folder, detail));
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            config: ModelConfig::from_spec(&spec.model, tokenizer.vocab_size(), tokenizer.bos()),
            weights: folder.to_path_buf(),
            tokenizer: path,
            adapter: None,
        })
    }

    /// The model's tokenizer. A model without a token for the beginning parts documents by the one for
    /// the end.
    ///
    /// # Errors
    /// Where there is none that can be read, or it knows tokens that the embedding has no row for.
    pub(crate) fn tokenizer(&self) -> Result<Tokenizer, EngineError> {
        let config = &self.config;
        let ends = config.eos_token_ids.first().copied();
        let tokenizer = Tokenizer::load(&self.tokenizer, config.bos_token_id.or(ends))?;
        let (needed, n_rows) = (tokenizer.vocab_size(), config.vocab_size);
        if needed > n_rows {
            return Err(self.invalid(&format!(
                "the tokenizer knows the token {}, the embedding has {n_rows} rows",
                needed - 1
            )));
        }
        Ok(tokenizer)
    }

    /// The conversations of the model, whose tokenizer this is: in the form of its own template, or in the
    /// plain one where it has none.
    ///
    /// # Errors
    /// Where the template is none.
    pub(crate) fn chat(&self, tokenizer: &Tokenizer) -> Result<Chat, EngineError> {
        let config = &self.config;
        let eos = config.eos_token_ids.first().copied();
        let name = |id: Option<u32>| tokenizer.name(id?);
        let known = SpecialTokens::new(name(config.bos_token_id).as_deref(), name(eos).as_deref());
        if let Some(source) = self.template_in_gguf()? {
            return Chat::new(ChatTemplate::new(&source, known)?, tokenizer, eos);
        }
        let beside = self.tokenizer.parent().unwrap_or(&self.folder);
        let folders = [self.folder.as_path(), beside, self.weights.as_path()];
        for folder in folders {
            if let Some(template) = ChatTemplate::of_folder(folder, &known)? {
                return Chat::new(template, tokenizer, eos);
            }
        }
        let mut special = None;
        for folder in folders {
            special = special.or(SpecialTokens::of_folder(folder)?);
        }
        let special = special.unwrap_or_else(|| known.clone());
        let plain = ChatTemplate::plain(special.or_eos_of(&known))?;
        Chat::new(plain, tokenizer, eos)
    }

    /// The template of the model's conversations, as it is written; `None` where it has none.
    ///
    /// # Errors
    /// Where a file that may hold it cannot be read.
    pub(crate) fn template(&self) -> Result<Option<String>, EngineError> {
        if let Some(template) = self.template_in_gguf()? {
            return Ok(Some(template));
        }
        let beside = self.tokenizer.parent().unwrap_or(&self.folder);
        for folder in [self.folder.as_path(), beside, self.weights.as_path()] {
            if let Some(template) = template_of(folder)? {
                return Ok(Some(template));
            }
        }
        Ok(None)
    }

    /// The template in the GGUF file that holds the weights; `None` where they lie in a folder, or the file
    /// has none.
    fn template_in_gguf(&self) -> Result<Option<String>, EngineError> {
        let Some(file) = in_gguf(&self.weights)? else {
            return Ok(None);
        };
        let gguf = Gguf::open(&file)?;
        let template = gguf.metadata().text(gguf::CHAT_TEMPLATE);
        let template = template.map_err(|detail| gguf.invalid(detail))?;
        Ok(template.map(str::to_owned))
    }

    /// Says what is wrong with the folder.
    pub(crate) fn invalid(&self, detail: &str) -> EngineError {
        invalid(&self.folder, detail.to_owned())
    }
}

/// The specification in a run's folder.
const JOB: &str = "job.json";

/// The run's folder of a checkpoint.
fn run_of(folder: &Path) -> Option<PathBuf> {
    let job_dir = folder.parent()?.parent()?;
    (is_checkpoint(folder) && job_dir.join(JOB).is_file()).then(|| job_dir.to_path_buf())
}

fn is_checkpoint(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("step-")) && folder.join("state.json").is_file()
}

fn read_spec(job_dir: &Path) -> Result<TrainSpec, EngineError> {
    let path = job_dir.join(JOB);
    let bytes = files::read_at_most(&path, LONGEST_SPEC)?;
    serde_json::from_slice(&bytes).map_err(|source| invalid(&path, source.to_string()))
}

/// The tokenizers that a run keeps beside its tokens.
fn cached_tokenizers(job_dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(job_dir.join("cache"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("tokenizer.json")))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

fn invalid(path: &Path, detail: String) -> EngineError {
    EngineError::InvalidModel {
        path: path.to_path_buf(),
        detail,
    }
}
