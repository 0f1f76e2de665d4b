//! What can be taken along, and in which forms.

use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::ExportForm;
use amoozgar_types::job::JobRecord;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::spec::Method;

/// What is taken along.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Which.
    pub model: ModelRef,
    /// What people call it.
    pub name: String,
    /// The forms of other programs that it may have.
    pub programs: Vec<ExportForm>,
    /// What is chosen at first.
    pub first: ExportForm,
}

impl Taken {
    /// Something that is listed on this machine.
    pub fn listed(model: &InstalledModel) -> Self {
        Self {
            model: model.model.clone(),
            name: model.name.clone(),
            programs: match model.kind {
                RepoKind::Model => programs(model.has_adapter),
                RepoKind::Dataset => Vec::new(),
            },
            first: ExportForm::Zip,
        }
    }

    /// What a finished run left; `None` where it left nothing.
    pub fn of_run(job: &JobRecord) -> Option<Self> {
        job.model_dir.as_ref()?;
        Some(Self {
            model: ModelRef::Trained {
                job_id: job.job_id.clone(),
            },
            name: job.name.clone(),
            programs: programs(job.method == Method::Lora),
            // A model from scratch has a tokenizer of its own, which GGUF has no name for.
            first: match job.method {
                Method::Scratch => ExportForm::Safetensors,
                Method::Full | Method::Lora => ExportForm::GgufQ4KM,
            },
        })
    }
}

fn programs(has_adapter: bool) -> Vec<ExportForm> {
    let mut forms = vec![
        ExportForm::GgufQ4KM,
        ExportForm::GgufQ5KM,
        ExportForm::GgufQ8,
        ExportForm::GgufF16,
        ExportForm::GgufQ4,
        ExportForm::Safetensors,
    ];
    if has_adapter {
        forms.extend([ExportForm::Peft, ExportForm::GgufAdapter]);
    }
    forms
}
