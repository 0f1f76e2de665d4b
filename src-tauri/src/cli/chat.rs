//! `amoozgar chat`: a conversation in the terminal.

use super::drawing::{Drawing, told};
use super::model::model_dir;
use super::{Mode, print_json, print_text};
use crate::clock::{local_time, new_seed};
use crate::error;
use crate::exit;
use amoozgar_engine::{Answer, Generator, SamplingParams};
use amoozgar_types::ApiError;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::sampling::{FinishReason, Sampling, TemplateKind};
use clap::Args;
use serde::Serialize;
use std::io::{self, BufRead, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Chat {
    /// The model's folder, a run's folder or id, or the name of an installed model.
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// The folder of an adapter to put on it.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// What the model is told first.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    system: Option<String>,
    #[command(flatten)]
    drawing: Drawing,
}

/// An answer of a conversation, in JSON.
#[derive(Serialize)]
struct Answered<'a> {
    text: &'a str,
    n_tokens: usize,
    finish_reason: FinishReason,
    template: TemplateKind,
    n_left_out: usize,
    prompt_tokens_per_s: f64,
    tokens_per_s: f64,
}

/// Answers each line of standard input, until it ends. An empty line is none.
pub fn run(arguments: &Chat, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    let params = arguments.drawing.over(&Sampling::default(), new_seed())?;
    let dir = model_dir(&arguments.model, data_dir);
    let generator = Generator::load_with(&dir, arguments.adapter.as_deref())
        .map_err(|failure| error::of_engine(&failure))?;
    if generator.template_kind() == TemplateKind::Plain {
        eprintln!("amoozgar: the model has no chat template; a plain one is used");
    }
    let mut messages = told(arguments.system.as_deref());
    let is_typed = mode == Mode::Words && io::stdin().is_terminal();
    loop {
        if is_typed {
            print_text("> ")?;
        }
        let mut line = String::new();
        let n_bytes = io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|failure| error::io_error(Path::new("-"), &failure))?;
        if n_bytes == 0 {
            return Ok(exit::FINISHED);
        }
        if line.trim().is_empty() {
            continue;
        }
        messages.push(Message::new(Role::User, line.trim()));
        let answer = answer(&generator, &messages, &params, mode)?;
        messages.push(Message::new(Role::Assistant, answer.generation.text));
    }
}

/// Answers a conversation, printed as it comes, or as a whole in JSON.
fn answer(
    generator: &Generator,
    messages: &[Message],
    params: &SamplingParams,
    mode: Mode,
) -> Result<Answer, ApiError> {
    let mut heard = |text: &str| match mode {
        Mode::Json => ControlFlow::Continue(()),
        Mode::Words if print_text(text).is_ok() => ControlFlow::Continue(()),
        Mode::Words => ControlFlow::Break(()),
    };
    let answer = generator
        .answer(messages, params, local_time(), &mut heard)
        .map_err(|failure| error::of_engine(&failure))?;
    let made = &answer.generation;
    match mode {
        Mode::Words => print_text("\n")?,
        Mode::Json => print_json(&Answered {
            text: &made.text,
            n_tokens: made.n_tokens,
            finish_reason: made.finish,
            template: generator.template_kind(),
            n_left_out: answer.n_left_out,
            prompt_tokens_per_s: made.prompt_tokens_per_s,
            tokens_per_s: made.tokens_per_s,
        })?,
    }
    Ok(answer)
}
