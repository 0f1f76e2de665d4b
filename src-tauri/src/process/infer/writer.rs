//! The child's side of `amoozgar infer`: it holds one model at a time and hears `Stop` while it writes.

use crate::clock::local_time;
use crate::error;
use crate::exit;
use crate::process::requests;
use amoozgar_engine::{Generator, SamplingParams};
use amoozgar_types::ApiError;
use amoozgar_types::process::{
    Continuation, InferReply, InferRequest, ModelFiles, Prompt, PromptInput,
};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

/// The child: answers requests until its input closes.
pub fn main() -> ExitCode {
    if let Err(status) = requests::begin() {
        return status;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, inbox) = mpsc::channel();
    let heard = Arc::clone(&stop);
    requests::listen(move |request: InferRequest| {
        match request {
            InferRequest::Stop => heard.store(true, Ordering::Relaxed),
            // A `Stop` is about what was asked before it.
            InferRequest::Generate(_) => heard.store(false, Ordering::Relaxed),
            _ => {}
        }
        // The other side is gone only while the process ends.
        let _ = sender.send(request);
    });
    let mut generator = None;
    for request in inbox {
        let reply = match answer(&mut generator, request, &stop) {
            Ok(Some(reply)) => reply,
            Ok(None) => continue,
            Err(error) => InferReply::Failed {
                error: Box::new(error),
            },
        };
        if let Err(failure) = requests::write_line(&reply) {
            tracing::debug!(%failure, "nobody reads the answers");
            return ExitCode::from(exit::FAILED);
        }
    }
    ExitCode::from(exit::FINISHED)
}

fn answer(
    generator: &mut Option<Generator>,
    request: InferRequest,
    stop: &AtomicBool,
) -> Result<Option<InferReply>, ApiError> {
    let of_engine = |failure| error::of_engine(&failure);
    let unloaded = || error::invalid_state("no model is loaded");
    Ok(Some(match request {
        InferRequest::Load(files) => {
            // Never two at a time.
            drop(generator.take());
            let loaded = generator.insert(load(&files)?);
            InferReply::Loaded {
                template: loaded.template_kind(),
            }
        }
        InferRequest::Generate(prompt) => {
            let generator = generator.as_ref().ok_or_else(unloaded)?;
            InferReply::Generated(write(generator, &prompt, stop)?)
        }
        InferRequest::CountTokens { text } => {
            let generator = generator.as_ref().ok_or_else(unloaded)?;
            InferReply::Counted {
                n_tokens: generator.count_tokens(&text).map_err(of_engine)? as u64,
            }
        }
        // Whoever reads requests has seen to it.
        InferRequest::Stop => return Ok(None),
        InferRequest::Unload => {
            drop(generator.take());
            InferReply::Unloaded
        }
    }))
}

fn load(files: &ModelFiles) -> Result<Generator, ApiError> {
    let adapter = files.adapter_dir.as_deref().map(Path::new);
    Generator::load_with(Path::new(&files.model_dir), adapter)
        .map_err(|failure| error::of_engine(&failure))
}

fn write(
    generator: &Generator,
    prompt: &Prompt,
    stop: &AtomicBool,
) -> Result<Continuation, ApiError> {
    let sampling = SamplingParams::new(&prompt.sampling, prompt.seed);
    let mut heard = |text: &str| {
        let piece = InferReply::Text {
            text: text.to_owned(),
        };
        if stop.load(Ordering::Relaxed) || requests::write_line(&piece).is_err() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let made = match &prompt.input {
        PromptInput::Text(text) => generator
            .generate(text, &sampling, &mut heard)
            .map(|made| (made, 0)),
        PromptInput::Messages(messages) => generator
            .answer(messages, &sampling, local_time(), &mut heard)
            .map(|answer| (answer.generation, answer.n_left_out)),
    };
    let (made, n_left_out) = made.map_err(|failure| error::of_engine(&failure))?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Continuation {
        text: made.text,
        n_tokens: count(made.n_tokens),
        tokens_per_s: made.tokens_per_s,
        finish: made.finish,
        n_left_out: count(n_left_out),
    })
}
