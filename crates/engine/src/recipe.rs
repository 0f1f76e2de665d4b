//! A run's settings as a folder for who moves on to GPU servers: a file of settings that Axolotl or
//! LLaMA-Factory reads, and the data as messages or texts, normalized and parted as the run parted it. What
//! has no counterpart there is said in a comment by its name. Enter at [`write_recipe`].
//!
//! Field names come from `src/axolotl/utils/schemas` of axolotl-ai-cloud/axolotl (067b021c8) and
//! `src/llamafactory/hparams` of hiyouga/LLaMA-Factory (ff6d4d12e), and from transformers'
//! `TrainingArguments`, which both pass on.

mod axolotl;
mod data;
mod llama_factory;
mod yaml;

use crate::EngineError;
use crate::about::HubPath;
use crate::files;
use crate::load::Place;
use crate::model::in_gguf;
use crate::setup::{base_model, conversations_of};
use amoozgar_types::TrainSpec;
use amoozgar_types::library::{Recipe, RecipeProgram};
use amoozgar_types::spec::{Method, Objective, Task};
use data::Data;
use std::path::Path;
use yaml::Yaml;

/// Which run's settings are written, for which program, and where to.
#[derive(Debug, Clone, Copy)]
pub struct RecipeRequest<'a> {
    /// The run.
    pub spec: &'a TrainSpec,
    /// The program.
    pub program: RecipeProgram,
    /// The folder that is made.
    pub out: &'a Path,
}

/// Writes the folder.
///
/// # Errors
/// Where the run is of a kind that the programs do not know, its data cannot be read, or something is at
/// `out` already.
pub fn write_recipe(request: &RecipeRequest<'_>) -> Result<Recipe, EngineError> {
    let RecipeRequest { spec, program, out } = *request;
    files::must_be_free(out)?;
    refuse_others(spec, program)?;
    let temporary = files::temporary_name(out);
    files::remove_dir(&temporary)?;
    let written = write_into(spec, program, &temporary);
    let written = written.and_then(|written| {
        files::put_new(&temporary, out)?;
        Ok(written)
    });
    if written.is_err() {
        files::remove_dir(&temporary)?;
    }
    let (files, without_counterpart) = written?;
    Ok(Recipe {
        path: out.display().to_string(),
        files,
        without_counterpart,
    })
}

/// Refuses what neither program does with a decoder.
fn refuse_others(spec: &TrainSpec, program: RecipeProgram) -> Result<(), EngineError> {
    let refused = |field, detail: &str| EngineError::InvalidSpec {
        field,
        detail: format!("{} {detail}", program.name()),
    };
    if spec.task != Task::CausalLm {
        return Err(refused("task", "trains no classifiers"));
    }
    if spec.method == Method::Scratch {
        return Err(refused(
            "method",
            "goes on from a finished model and makes none of fresh weights",
        ));
    }
    if !matches!(spec.objective, None | Some(Objective::Sft)) {
        return Err(refused("objective", "gets no recipe for it yet"));
    }
    Ok(())
}

type Written = (Vec<String>, Vec<String>);

fn write_into(
    spec: &TrainSpec,
    program: RecipeProgram,
    folder: &Path,
) -> Result<Written, EngineError> {
    files::create_dir(folder)?;
    let guess = conversations_of(spec)?;
    let data = data::write(spec, guess.as_ref(), folder)?;
    let base = Base::of(spec)?;
    let mut file = Recipes {
        spec,
        base: &base,
        data: &data,
        yaml: Yaml::default(),
        without: Vec::new(),
    };
    file.yaml.comment(&format!(
        "{} settings of the run \u{ab}{}\u{bb}, written by Amoozgar.",
        program.name(),
        spec.name
    ));
    let mut files = data.files.clone();
    let name = match program {
        RecipeProgram::Axolotl => {
            axolotl::write(&mut file);
            "axolotl.yaml"
        }
        RecipeProgram::LlamaFactory => {
            llama_factory::write(&mut file);
            let info = llama_factory::dataset_info(&data);
            files::write_synced(&folder.join("dataset_info.json"), info.as_bytes())?;
            files.push("dataset_info.json".to_owned());
            "llama_factory.yaml"
        }
    };
    file.leftovers();
    files::write_synced(&folder.join(name), file.yaml.finish().as_bytes())?;
    files.insert(0, name.to_owned());
    Ok((files, file.without))
}

/// The model that the run goes on from, as another computer finds it.
struct Base {
    /// A repository of the Hub, or a path of this computer.
    name: String,
    /// The commit, of a repository.
    revision: Option<String>,
    is_gguf: bool,
    /// Its own form of conversations; the one that the run used where it has none.
    template: Template,
}

enum Template {
    Own,
    Plain(String),
    /// The model is gone.
    Unknown,
}

impl Base {
    fn of(spec: &TrainSpec) -> Result<Self, EngineError> {
        let path = base_model(spec)?.map(Path::to_path_buf).unwrap_or_default();
        let hub = HubPath::of(&path);
        let template = match Place::find(&path) {
            Err(_) => Template::Unknown,
            Ok(place) if place.template()?.is_some() => Template::Own,
            Ok(place) => {
                let chat = place.chat(&place.tokenizer()?)?;
                Template::Plain(chat.template().source().to_owned())
            }
        };
        Ok(Self {
            name: hub
                .as_ref()
                .map_or_else(|| path.display().to_string(), |hub| hub.repo.clone()),
            revision: hub.map(|hub| hub.commit),
            is_gguf: matches!(in_gguf(&path), Ok(Some(_))) || is_named_gguf(&path),
            template,
        })
    }
}

/// Whether a file that is gone was one.
fn is_named_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "gguf")
}

/// A file of settings under way.
struct Recipes<'a> {
    spec: &'a TrainSpec,
    base: &'a Base,
    data: &'a Data,
    yaml: Yaml,
    without: Vec<String>,
}

impl Recipes<'_> {
    /// Says that a setting has no counterpart, or not the same one.
    fn without(&mut self, setting: &str, value: &str, why: &str) {
        self.yaml.comment(&format!("{setting} = {value}: {why}"));
        self.without.push(setting.to_owned());
    }

    /// What the base model needs said, whichever program reads it.
    fn base_notes(&mut self) {
        if self.base.is_gguf {
            self.yaml.comment("The run read a GGUF file, which this program does not: name the repository that the file was made from.");
            self.without.push("base_model".to_owned());
        } else if self.base.revision.is_none() {
            self.yaml.comment("A folder of the computer that the run was on: take it along, or name a repository of the Hub.");
        }
    }

    /// Says what the data's files lack of the dataset.
    fn left_out(&mut self) {
        self.yaml
            .comment("The texts are normalized as the run read them.");
        if self.data.n_faulty > 0 {
            let n = self.data.n_faulty;
            self.yaml.comment(&format!(
                "{n} rows that the run did not learn are left out."
            ));
        }
    }

    /// The sequences of a forward pass, and over how many of them gradients accumulate.
    fn batch(&self) -> (u64, u64) {
        let optimizer = &self.spec.optimizer;
        let micro = optimizer.micro_batch.unwrap_or(1).max(1);
        (micro as u64, (optimizer.batch_size / micro).max(1) as u64)
    }

    /// What concerns the run's computer or this program alone.
    fn leftovers(&mut self) {
        let spec = self.spec;
        self.yaml
            .section("Without a counterpart, since it concerns the run's own computer or program:");
        let minutes = format!("{}", spec.checkpoint.every_minutes);
        self.without(
            "checkpoint.every_minutes",
            &minutes,
            "checkpoints follow steps alone",
        );
        if !spec.evaluation.prompts.is_empty() {
            let prompts = format!("{:?}", spec.evaluation.prompts);
            self.without(
                "evaluation.prompts",
                &prompts,
                "no text is written at validations",
            );
        }
        if let Some(threads) = spec.threads {
            self.without(
                "threads",
                &threads.to_string(),
                "the work is done by the GPU",
            );
        }
        if let Some(bytes) = spec.memory_limit_bytes {
            self.without(
                "memory_limit_bytes",
                &bytes.to_string(),
                "memory is not planned",
            );
        }
    }

    /// How many epochs, or steps before.
    fn warmup(&self) -> (&'static str, yaml::Value) {
        match self.spec.optimizer.warmup_steps {
            Some(steps) => ("warmup_steps", yaml::Value::Count(steps)),
            // As `run_plan` fills it in.
            None => ("warmup_ratio", yaml::Value::Number(0.05)),
        }
    }

    /// A whole number of what both programs take as one.
    fn alpha(&mut self) -> u64 {
        let alpha = self.spec.lora.alpha;
        let whole = alpha.round().max(1.0);
        if (whole - alpha).abs() > f64::EPSILON {
            self.without(
                "lora.alpha",
                &alpha.to_string(),
                "a whole number is wanted; the nearest one stands here",
            );
        }
        whole as u64
    }
}

#[cfg(test)]
mod tests;
