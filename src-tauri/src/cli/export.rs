//! `amoozgar export`: a model for other programs.

use super::model::model_dir;
use super::train::stop_on_signals;
use super::{Mode, print_json, print_text};
use crate::error;
use crate::exit;
use crate::process::convert::lossiest_of;
use amoozgar_engine::{Control, EngineError, ExportWatch, Form, Precision};
use amoozgar_types::ApiError;
use amoozgar_types::process::LossiestTensor;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Export {
    /// The model's folder, a GGUF file, or a run's id.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// The folder of an adapter to be merged, or with `peft` and `gguf-adapter` to be taken alone.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// A folder that transformers loads, an adapter's that PEFT loads, or a file for llama.cpp: of the model, or
    /// of its adapter alone.
    #[arg(long, value_enum)]
    to: Kind,
    /// How a GGUF file keeps matrices; f16 where it is absent. For most `q4_k_m` is right: a third of f16, and
    /// hardly worse. `q5_k_m` and `q8_0` are nearer and larger, `q4_0` is for programs that know nothing else.
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
    GgufAdapter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Quantize {
    #[value(name = "f16")]
    F16,
    #[value(name = "q8_0")]
    Q8,
    #[value(name = "q5_k_m")]
    Q5KM,
    #[value(name = "q4_k_m")]
    Q4KM,
    #[value(name = "q4_0")]
    Q4,
}

impl Quantize {
    fn precision(self) -> Precision {
        match self {
            Self::F16 => Precision::F16,
            Self::Q8 => Precision::Q8,
            Self::Q5KM => Precision::Q5KM,
            Self::Q4KM => Precision::Q4KM,
            Self::Q4 => Precision::Q4,
        }
    }
}

impl Export {
    fn form(&self) -> Result<Form, ApiError> {
        match (self.to, self.quantize) {
            (Kind::Safetensors, None) => Ok(Form::Safetensors),
            (Kind::Peft, None) => Ok(Form::Peft),
            (Kind::GgufAdapter, None) => Ok(Form::GgufAdapter),
            (Kind::Gguf, quantize) => {
                let quantize = quantize.unwrap_or(Quantize::F16);
                Ok(Form::Gguf(quantize.precision()))
            }
            // The others keep values as they are.
            (Kind::Safetensors | Kind::Peft | Kind::GgufAdapter, Some(_)) => {
                Err(ApiError::invalid_field("quantize"))
            }
        }
    }
}

/// Writes the model and prints where it is and what was checked. Ctrl-C stops it, and leaves nothing.
pub fn run(arguments: &Export, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    #[derive(Serialize)]
    struct Answer {
        path: String,
        format: String,
        checked: Vec<String>,
        /// The tensor that lost most by being rounded to a few bits.
        #[serde(skip_serializing_if = "Option::is_none")]
        lossiest: Option<LossiestTensor>,
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
            Form::Safetensors => "safetensors".to_owned(),
            Form::Peft => "peft".to_owned(),
            Form::Gguf(precision) => format!("gguf {}", precision.name()),
            Form::GgufAdapter => "gguf adapter".to_owned(),
        },
        checked: written.checked,
        lossiest: written.lossiest.map(lossiest_of),
    };
    match mode {
        Mode::Json => print_json(&answer)?,
        Mode::Words => {
            let checked = answer.checked.join("\n  ");
            print_text(&format!("{}\nchecked:\n  {checked}\n", answer.path))?;
            if let Some(most) = &answer.lossiest {
                print_text(&format!(
                    "rounded to a few bits, `{}` lost most: {:.2} percent as {}\n",
                    most.tensor,
                    100.0 * most.relative_rmse,
                    most.kind
                ))?;
            }
        }
    }
    Ok(exit::FINISHED)
}
