//! `amoozgar generate` and `amoozgar evaluate`.

use super::drawing::{AsMessage, Drawing};
use super::{Input, Mode, classes, is_standard, print_json, print_text, read_text};
use crate::clock::local_time;
use crate::error;
use crate::exit;
use crate::files::modes;
use crate::models::installed;
use crate::paths::Paths;
use amoozgar_engine::Generator;
use amoozgar_types::id::JobId;
use amoozgar_types::sampling::{FinishReason, Sampling};
use amoozgar_types::spec::Packing;
use amoozgar_types::{ApiError, ErrorCode};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// How a text is continued where nothing is said of it.
const PLAIN: Sampling = Sampling {
    max_tokens: 128,
    temperature: 0.8,
    top_k: None,
    top_p: None,
    min_p: None,
    repetition_penalty: 1.0,
    stop: Vec::new(),
};

#[derive(Debug, Args)]
pub struct Generate {
    /// The model's folder, a GGUF file, a run's folder or id, or the name of an installed model.
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// The folder of an adapter to put on it.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// What to continue; `-` reads standard input.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: String,
    #[command(flatten)]
    as_message: AsMessage,
    #[command(flatten)]
    drawing: Drawing,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// The model's folder, a GGUF file, or a run's id.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The text to measure on (.txt or .jsonl; .jsonl or .csv with `text` and `label` for a
    /// classifier); `-` reads plain text from standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "tokens")]
    data: Option<PathBuf>,
    /// Tokens in one window; the model's own context where absent.
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// How windows are cut: `documents` for .jsonl and `continuous` for .txt where it is `auto`.
    #[arg(long, value_enum, default_value_t = Windows::Auto)]
    packing: Windows,
    /// Write the logits of `--tokens` here, as one tensor `logits` (T, V) f32.
    #[arg(long, value_name = "OUT.safetensors", requires = "tokens")]
    dump_logits: Option<PathBuf>,
    /// Token ids, parted by commas.
    #[arg(
        long,
        value_name = "1,2,3",
        value_delimiter = ',',
        requires = "dump_logits"
    )]
    tokens: Option<Vec<u32>>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Windows {
    /// As the file's kind says.
    Auto,
    /// No document sees another.
    Documents,
    /// One stream over all documents.
    Continuous,
}

impl From<Windows> for Packing {
    fn from(windows: Windows) -> Self {
        match windows {
            Windows::Auto => Self::Auto,
            Windows::Documents => Self::Documents,
            Windows::Continuous => Self::Continuous,
        }
    }
}

/// Prints the continuation as it comes, or the whole of it in JSON.
pub fn generate(
    arguments: &Generate,
    mode: Mode,
    data_dir: Option<PathBuf>,
) -> Result<u8, ApiError> {
    #[derive(Serialize)]
    struct Answer<'a> {
        prompt: &'a str,
        text: &'a str,
        token_ids: &'a [u32],
        n_tokens: usize,
        finish_reason: FinishReason,
        prompt_tokens_per_s: f64,
        tokens_per_s: f64,
    }
    let prompt = if is_standard(Path::new(&arguments.prompt)) {
        read_text(Path::new("-"))?
    } else {
        arguments.prompt.clone()
    };
    // A fixed seed: the same command writes the same text.
    let sampling = arguments.drawing.over(&PLAIN, 1405)?;
    let dir = model_dir(&arguments.model, data_dir);
    let generator = Generator::load_with(&dir, arguments.adapter.as_deref())
        .map_err(|failure| error::of_engine(&failure))?;
    let mut heard = |text: &str| match mode {
        Mode::Json => ControlFlow::Continue(()),
        Mode::Words if print_text(text).is_ok() => ControlFlow::Continue(()),
        Mode::Words => ControlFlow::Break(()),
    };
    let made = if let Some(messages) = arguments.as_message.messages(&prompt) {
        generator
            .answer(&messages, &sampling, local_time(), &mut heard)
            .map(|answer| answer.generation)
    } else {
        generator.generate(&prompt, &sampling, &mut heard)
    };
    let made = made.map_err(|failure| error::of_engine(&failure))?;
    match mode {
        Mode::Words => print_text("\n")?,
        Mode::Json => print_json(&Answer {
            prompt: &prompt,
            text: &made.text,
            token_ids: &made.token_ids,
            n_tokens: made.n_tokens,
            finish_reason: made.finish,
            prompt_tokens_per_s: made.prompt_tokens_per_s,
            tokens_per_s: made.tokens_per_s,
        })?,
    }
    Ok(exit::FINISHED)
}

/// Prints loss, perplexity and bits per byte, or how well a classifier sorts, or writes logits.
pub fn evaluate(
    arguments: &Evaluate,
    mode: Mode,
    data_dir: Option<PathBuf>,
) -> Result<u8, ApiError> {
    #[derive(Serialize)]
    struct Measured {
        loss: f64,
        perplexity: f64,
        bits_per_byte: f64,
        n_tokens: u64,
        n_bytes: u64,
    }
    #[derive(Serialize)]
    struct Dumped {
        logits: String,
        n_tokens: usize,
    }
    let dir = model_dir(&arguments.model, data_dir);
    if let (Some(out), Some(tokens)) = (&arguments.dump_logits, &arguments.tokens) {
        amoozgar_engine::logits(&dir, tokens, out).map_err(|failure| error::of_engine(&failure))?;
        modes::as_the_user_would(out).map_err(|failure| error::io_error(out, &failure))?;
        let dumped = Dumped {
            logits: out.display().to_string(),
            n_tokens: tokens.len(),
        };
        match mode {
            Mode::Json => print_json(&dumped)?,
            Mode::Words => print_text(&format!("{}\n", dumped.logits))?,
        }
    }
    let Some(data) = &arguments.data else {
        return Ok(exit::FINISHED);
    };
    let input = Input::open(data)?;
    if amoozgar_engine::is_classifier(&dir).map_err(|failure| error::of_engine(&failure))? {
        return classes::evaluate(&dir, input.path(), arguments.context, mode);
    }
    let found = amoozgar_engine::evaluate(
        &dir,
        input.path(),
        arguments.context,
        arguments.packing.into(),
    )
    .map_err(|failure| error::of_engine(&failure))?;
    let measured = Measured {
        loss: found.loss,
        perplexity: found.perplexity,
        bits_per_byte: found.bits_per_byte,
        n_tokens: found.n_tokens,
        n_bytes: found.n_bytes,
    };
    if !measured.loss.is_finite() {
        return Err(ApiError::detail(
            ErrorCode::InvalidModel,
            "the model's loss is not a number",
        ));
    }
    match mode {
        Mode::Json => print_json(&measured)?,
        Mode::Words => print_text(&format!(
            "loss {:.6}\nperplexity {:.4}\nbits_per_byte {:.6}\nn_tokens {}\nn_bytes {}\n",
            measured.loss,
            measured.perplexity,
            measured.bits_per_byte,
            measured.n_tokens,
            measured.n_bytes
        ))?,
    }
    Ok(exit::FINISHED)
}

/// A folder or file as it is, else the final model of the run of that id, else the installed model of that name.
pub(super) fn model_dir(model: &Path, data_dir: Option<PathBuf>) -> PathBuf {
    if model.exists() {
        return model.to_owned();
    }
    let named = model.to_str().and_then(|name| {
        let paths = Paths::resolve(data_dir).ok()?;
        let run = Some(paths.job(&JobId::new(name)).join("final"));
        run.filter(|dir| dir.is_dir())
            .or_else(|| installed::by_name(&paths, name))
    });
    named.unwrap_or_else(|| model.to_owned())
}
