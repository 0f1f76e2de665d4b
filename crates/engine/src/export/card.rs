//! The card of a final model, and of its adapter alone: the `README.md` that the Hub shows. A header for
//! programs, a half in English and a half in Persian, which runs right to left. Whatever stands there the
//! run has measured or was told; what is not known is left out. Enter at [`readme`].

mod english;
mod persian;

use crate::about::{CardHeader, HubPath, licence_of};
use crate::model::ModelConfig;
use amoozgar_types::TrainSpec;
use amoozgar_types::event::{ConversationsRead, ValidationRecord};
use amoozgar_types::spec::{Method, OptimizerKind, ScheduleKind, Task};
use std::fmt::Write as _;
use std::path::Path;

/// What the model's card tells.
pub(crate) struct Card<'a> {
    pub(crate) spec: &'a TrainSpec,
    /// The first validation.
    pub(crate) first: Option<&'a ValidationRecord>,
    /// The one whose weights the model has.
    pub(crate) best: Option<&'a ValidationRecord>,
    pub(crate) n_train_tokens: u64,
    /// What was read, of conversations.
    pub(crate) conversations: Option<&'a ConversationsRead>,
    /// Steps done.
    pub(crate) total_steps: u64,
    pub(crate) early_stopped: bool,
}

/// Which of the two folders a card stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Model,
    Adapter,
}

/// What both halves tell of.
struct Facts<'a> {
    config: &'a ModelConfig,
    card: &'a Card<'a>,
    shown: Shown,
    /// What people call the run.
    name: String,
    dataset: String,
    base: Option<Base>,
}

/// The model that the run went on from.
struct Base {
    /// A repository of the Hub where that is known, else what its folder or its run is called.
    name: String,
    /// The repository.
    repo: Option<String>,
    licence: Option<String>,
}

impl Base {
    fn of(spec: &TrainSpec) -> Option<Self> {
        let path = match (spec.method, &spec.base_model) {
            (Method::Scratch, _) | (_, None) => return None,
            (_, Some(path)) => Path::new(path),
        };
        let header = CardHeader::of_model(path).unwrap_or_default();
        let repo = HubPath::of(path).map(|hub| hub.repo).or(header.base);
        Some(Self {
            name: repo.clone().unwrap_or_else(|| name_of(path)),
            repo,
            licence: licence_of(path),
        })
    }
}

/// What people call the run whose final folder this is, or the folder's own name.
fn name_of(path: &Path) -> String {
    let last = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let run = path.parent().and_then(|job_dir| {
        let text = std::fs::read(job_dir.join("job.json")).ok()?;
        let spec: TrainSpec = serde_json::from_slice(&text).ok()?;
        Some(spec.name).filter(|name| !name.is_empty())
    });
    run.unwrap_or_else(|| last(path))
}

/// The card's text.
pub(super) fn readme(config: &ModelConfig, card: &Card<'_>, shown: Shown) -> String {
    let spec = card.spec;
    let file = Path::new(&spec.dataset.train);
    let dataset = spec.dataset.name.clone().unwrap_or_else(|| {
        let name = file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    let facts = Facts {
        config,
        card,
        shown,
        name: if spec.name.is_empty() {
            "Amoozgar".to_owned()
        } else {
            plain(&spec.name)
        },
        dataset: plain(&dataset),
        base: Base::of(spec),
    };
    format!(
        "{}# {}\n\n{}\n<div dir=\"rtl\">\n\n{}\n</div>\n",
        header(&facts),
        facts.name,
        english::half(&facts),
        persian::half(&facts)
    )
}

/// The header that the Hub reads. Every text is quoted as JSON, which YAML reads.
fn header(facts: &Facts<'_>) -> String {
    let spec = facts.card.spec;
    let quoted = |text: &str| serde_json::json!(text).to_string();
    let mut header = "---\nlanguage:\n- fa\n".to_owned();
    let base = facts.base.as_ref();
    if let Some(licence) = base.and_then(|base| base.licence.as_deref()) {
        let _ = writeln!(header, "license: {}", quoted(licence));
    }
    if let Some(repo) = base.and_then(|base| base.repo.as_deref()) {
        let _ = writeln!(header, "base_model: {}", quoted(repo));
    }
    let library = match facts.shown {
        Shown::Model => "transformers",
        Shown::Adapter => "peft",
    };
    let task = match spec.task {
        Task::CausalLm => "text-generation",
        Task::SequenceClassification => "text-classification",
    };
    let _ = write!(
        header,
        "library_name: {library}\npipeline_tag: {task}\ndatasets:\n- {}\ntags:\n- amoozgar\n",
        quoted(&facts.dataset)
    );
    let method = match spec.method {
        Method::Scratch => "from-scratch",
        Method::Full => "full-fine-tuning",
        Method::Lora => "lora",
    };
    let _ = writeln!(header, "- {method}");
    if facts.card.conversations.is_some() {
        header.push_str("- sft\n- conversational\n");
    }
    header.push_str("---\n");
    header
}

/// A name on one line, none of whose characters are Markdown's or HTML's.
fn plain(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !"`*_[]<>|#\\".contains(*c))
        .collect();
    clean.trim().to_owned()
}

fn optimizer_name(kind: OptimizerKind) -> &'static str {
    match kind {
        OptimizerKind::AdamW => "AdamW",
        OptimizerKind::AdamW8bit => "AdamW (8 bits)",
        OptimizerKind::Adafactor => "Adafactor",
    }
}

fn schedule_name(kind: ScheduleKind) -> &'static str {
    match kind {
        ScheduleKind::Cosine => "cosine",
        ScheduleKind::Linear => "linear",
        ScheduleKind::Constant => "constant",
    }
}

/// Last parts of the adapted maps' names.
fn targets(spec: &TrainSpec) -> Option<String> {
    let targets = &spec.lora.targets;
    (!targets.is_empty()).then(|| targets.join(", "))
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
