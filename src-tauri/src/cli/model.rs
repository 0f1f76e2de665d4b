//! `amoozgar generate` and `amoozgar evaluate`.

use super::{Input, Mode, classes, is_standard, print_json, print_text, read_text};
use crate::error;
use crate::exit;
use crate::files::modes;
use crate::paths::Paths;
use amoozgar_engine::{Generator, SamplingParams};
use amoozgar_types::id::JobId;
use amoozgar_types::spec::Packing;
use amoozgar_types::{ApiError, ErrorCode};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Generate {
    /// The model's folder, a GGUF file, or a run's id.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// What to continue; `-` reads standard input.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: String,
    /// Longest continuation.
    #[arg(long, value_name = "N", default_value_t = 128)]
    max_tokens: usize,
    /// 0 is greedy.
    #[arg(long, value_name = "T", default_value_t = 0.8)]
    temperature: f64,
    /// Sample from this many of the likeliest tokens.
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Sample from the likeliest tokens that hold this share of the probability.
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Same seed, same text.
    #[arg(long, value_name = "S", default_value_t = 1405)]
    seed: u64,
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
        prompt_tokens_per_s: f64,
        tokens_per_s: f64,
    }
    let prompt = if is_standard(Path::new(&arguments.prompt)) {
        read_text(Path::new("-"))?
    } else {
        arguments.prompt.clone()
    };
    if !(arguments.temperature >= 0.0 && arguments.temperature.is_finite()) {
        return Err(ApiError::invalid_field("temperature"));
    }
    if arguments.top_p.is_some_and(|p| !(p > 0.0 && p <= 1.0)) {
        return Err(ApiError::invalid_field("top_p"));
    }
    if arguments.top_k == Some(0) {
        return Err(ApiError::invalid_field("top_k"));
    }
    let dir = model_dir(&arguments.model, data_dir);
    let generator = Generator::load(&dir).map_err(|failure| error::of_engine(&failure))?;
    let sampling = SamplingParams {
        max_tokens: arguments.max_tokens,
        temperature: arguments.temperature,
        top_k: arguments.top_k,
        top_p: arguments.top_p,
        seed: arguments.seed,
    };
    let mut heard = |text: &str| match mode {
        Mode::Json => ControlFlow::Continue(()),
        Mode::Words if print_text(text).is_ok() => ControlFlow::Continue(()),
        Mode::Words => ControlFlow::Break(()),
    };
    let made = generator
        .generate(&prompt, &sampling, &mut heard)
        .map_err(|failure| error::of_engine(&failure))?;
    match mode {
        Mode::Words => print_text("\n")?,
        Mode::Json => print_json(&Answer {
            prompt: &prompt,
            text: &made.text,
            token_ids: &made.token_ids,
            n_tokens: made.n_tokens,
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

/// A folder or file as it is, else the final model of the run of that id.
pub(super) fn model_dir(model: &Path, data_dir: Option<PathBuf>) -> PathBuf {
    if model.exists() {
        return model.to_owned();
    }
    let named = model.to_str().and_then(|id| {
        let paths = Paths::resolve(data_dir).ok()?;
        Some(paths.job(&JobId::new(id)).join("final"))
    });
    named
        .filter(|dir| dir.is_dir())
        .unwrap_or_else(|| model.to_owned())
}
