//! `amoozgar export`: a model for other programs.

use super::model::model_dir;
use super::train::stop_on_signals;
use super::{Mode, print_json, print_text};
use crate::error;
use crate::exit;
use amoozgar_engine::{Control, EngineError, ExportWatch, Form, Precision};
use amoozgar_types::ApiError;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Export {
    /// The model's folder, a GGUF file, or a run's id.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// The folder of an adapter to be merged, or with `peft` to be taken alone.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// A folder that transformers loads, an adapter's that PEFT loads, or a file for llama.cpp.
    #[arg(long, value_enum)]
    to: Kind,
    /// How a GGUF file keeps matrices; f16 where it is absent.
    #[arg(long, value_enum)]
    quantize: Option<Quantize>,
    /// Where it goes; nothing that is there is replaced.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Safetensors,
    Peft,
    Gguf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Quantize {
    #[value(name = "f16")]
    F16,
    #[value(name = "q8_0")]
    Q8,
}

impl Export {
    fn form(&self) -> Result<Form, ApiError> {
        match (self.to, self.quantize) {
            (Kind::Safetensors, None) => Ok(Form::Safetensors),
            (Kind::Peft, None) => Ok(Form::Peft),
            (Kind::Gguf, None | Some(Quantize::F16)) => Ok(Form::Gguf(Precision::F16)),
            (Kind::Gguf, Some(Quantize::Q8)) => Ok(Form::Gguf(Precision::Q8)),
            // The other two keep values as they are.
            (Kind::Safetensors | Kind::Peft, Some(_)) => Err(ApiError::invalid_field("quantize")),
        }
    }
}

/// Writes the model and prints where it is and what was checked. Ctrl-C stops it, and leaves nothing.
pub fn run(arguments: &Export, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    #[derive(Serialize)]
    struct Answer {
        path: String,
        format: &'static str,
        checked: Vec<String>,
    }
    let form = arguments.form()?;
    let model = model_dir(&arguments.model, data_dir);
    let adapter = arguments.adapter.as_deref();
    let control = Control::new();
    stop_on_signals(control.clone());
    let watch = ExportWatch {
        control: &control,
        told: &|_| (),
    };
    let out = &arguments.out;
    let written = match amoozgar_engine::export_watched(&model, adapter, form, out, &watch) {
        Ok(written) => written,
        Err(EngineError::Stopped) => return Ok(exit::STOPPED),
        Err(failure) => return Err(error::of_engine(&failure)),
    };
    let answer = Answer {
        path: written.path.display().to_string(),
        format: match form {
            Form::Safetensors => "safetensors",
            Form::Peft => "peft",
            Form::Gguf(Precision::F16) => "gguf f16",
            Form::Gguf(Precision::Q8) => "gguf q8_0",
        },
        checked: written.checked,
    };
    match mode {
        Mode::Json => print_json(&answer)?,
        Mode::Words => {
            let checked = answer.checked.join("\n  ");
            print_text(&format!("{}\nchecked:\n  {checked}\n", answer.path))?;
        }
    }
    Ok(exit::FINISHED)
}
