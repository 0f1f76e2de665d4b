//! `amoozgar convert`: writes a model for other programs, in a process that may run out of memory over it.
//! [`main`] is the child, [`Converter`] the window's side.

use super::task;
use crate::db::blocking;
use crate::error;
use amoozgar_engine::{
    Control, EngineError, ExportProgress, ExportWatch, Form, Lossiest, Precision,
};
use amoozgar_types::ApiError;
use amoozgar_types::process::{ConvertRequest, LossiestTensor, ProgramForm};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the child answers: the tensor that lost most by being rounded to a few bits.
type Done = Option<LossiestTensor>;

/// The child: writes one model, or stops when its input closes.
pub fn main() -> ExitCode {
    task::serve(&convert)
}

fn convert(
    request: &ConvertRequest,
    control: &Control,
    told: &(dyn Fn(ExportProgress) + Sync),
) -> Result<Done, EngineError> {
    let watch = ExportWatch { control, told };
    let adapter = request.adapter.as_deref().map(Path::new);
    let (model, out) = (Path::new(&request.model), Path::new(&request.out));
    let written =
        amoozgar_engine::export_watched(model, adapter, form_of(request.form), out, &watch)?;
    Ok(written.lossiest.map(lossiest_of))
}

/// The tensor that lost most, in the contract's words.
pub fn lossiest_of(most: Lossiest) -> LossiestTensor {
    LossiestTensor {
        tensor: most.tensor,
        kind: most.kind.to_owned(),
        relative_rmse: most.relative_rmse,
    }
}

fn form_of(form: ProgramForm) -> Form {
    match form {
        ProgramForm::Safetensors => Form::Safetensors,
        ProgramForm::Peft => Form::Peft,
        ProgramForm::GgufF16 => Form::Gguf(Precision::F16),
        ProgramForm::GgufQ8 => Form::Gguf(Precision::Q8),
        ProgramForm::GgufQ5KM => Form::Gguf(Precision::Q5KM),
        ProgramForm::GgufQ4KM => Form::Gguf(Precision::Q4KM),
        ProgramForm::GgufQ4 => Form::Gguf(Precision::Q4),
        ProgramForm::GgufAdapter => Form::GgufAdapter,
    }
}

/// How a conversion ended that did not fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Converted {
    /// It is in its place.
    Whole {
        /// The tensor that lost most by being rounded to a few bits.
        lossiest: Option<LossiestTensor>,
    },
    /// It was stopped, and nothing is left.
    Stopped,
}

/// The window's side: a child for each model that is written.
pub struct Converter {
    program: PathBuf,
    /// Memory that a process could still take.
    free_memory_bytes: fn() -> Result<u64, ApiError>,
}

impl Converter {
    /// One that starts children of `program`, each held to the memory that is free when it starts.
    pub fn new(program: &Path, free_memory_bytes: fn() -> Result<u64, ApiError>) -> Self {
        Self {
            program: program.to_owned(),
            free_memory_bytes,
        }
    }

    /// Writes a model until it is done or `stop` ends; `told` hears the bytes that are done, of how many.
    ///
    /// # Errors
    /// Where the model has no such form, or its process could not hold it. Nothing is left then.
    pub async fn convert(
        &self,
        request: ConvertRequest,
        stop: impl Future<Output = ()> + Send,
        told: impl FnMut(u64, u64) + Send,
    ) -> Result<Converted, ApiError> {
        let child = (self.program.as_path(), "convert");
        let followed = task::follow::<Done>(child, self.free_memory_bytes, &request, stop, told);
        let outcome = followed.await.map(|done| match done {
            Some(lossiest) => Converted::Whole { lossiest },
            None => Converted::Stopped,
        });
        if !matches!(outcome, Ok(Converted::Whole { .. })) {
            // What was killed could not clear away itself.
            let out = PathBuf::from(&request.out);
            let removed = move || {
                amoozgar_engine::remove_unfinished(&out)
                    .map_err(|failure| error::of_engine(&failure))
            };
            blocking(removed).await?;
        }
        outcome
    }
}
