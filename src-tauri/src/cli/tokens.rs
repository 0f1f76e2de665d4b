//! `amoozgar tokens`: a text as a model reads it.

use super::drawing::AsMessage;
use super::model::model_dir;
use super::{Mode, is_standard, print_json, print_text, read_text};
use crate::clock::local_time;
use crate::error;
use crate::exit;
use amoozgar_types::ApiError;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Tokens {
    /// The model's folder, a GGUF file, or a run's id.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// The text, as it is; `-` reads standard input.
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
    #[command(flatten)]
    as_message: AsMessage,
}

/// Prints the tokens' ids and pieces; of a message those that the model reads before it answers. Nothing else is
/// put around the text.
pub fn run(arguments: &Tokens, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    #[derive(Serialize)]
    struct Answer {
        token_ids: Vec<u32>,
        pieces: Vec<String>,
        text: String,
    }
    let text = if is_standard(Path::new(&arguments.text)) {
        read_text(Path::new("-"))?
    } else {
        arguments.text.clone()
    };
    let model = model_dir(&arguments.model, data_dir);
    let read = if let Some(messages) = arguments.as_message.messages(&text) {
        amoozgar_engine::chat_tokens(&model, &messages, local_time())
    } else {
        amoozgar_engine::tokens(&model, &text).map(|tokens| (text, tokens))
    };
    let (text, tokens) = read.map_err(|failure| error::of_engine(&failure))?;
    let (token_ids, pieces) = tokens.into_iter().unzip();
    let answer = Answer {
        token_ids,
        pieces,
        text,
    };
    match mode {
        Mode::Json => print_json(&answer)?,
        Mode::Words => {
            for (id, piece) in answer.token_ids.iter().zip(&answer.pieces) {
                print_text(&format!("{id}\t{piece}\n"))?;
            }
        }
    }
    Ok(exit::FINISHED)
}
