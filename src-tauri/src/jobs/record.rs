//! A run's own files: log.txt for people, metrics.jsonl for programs.

use crate::clock::{now_ms, utc_text};
use crate::error::io_error;
use crate::files;
use crate::paths::LOG_FILE;
use amoozgar_types::dataset::FaultCount;
use amoozgar_types::event::{ConversationsRead, PairsRead, PreferenceScores};
use amoozgar_types::{ApiError, Loss, TrainEvent};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name of the metrics in a run's folder.
pub const METRICS_FILE: &str = "metrics.jsonl";

/// Lines that wait to be appended to a run's files.
#[derive(Debug, Default)]
pub struct Record {
    dir: PathBuf,
    log: String,
    metrics: String,
}

impl Record {
    /// The files of the run in `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            log: String::new(),
            metrics: String::new(),
        }
    }

    /// Adds a line to the log.
    pub fn note(&mut self, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.log, "{} {text}", utc_text(now_ms()));
    }

    /// Adds an event: to the log in words, to the metrics as the line it came in.
    pub fn event(&mut self, event: &TrainEvent, line: &str) {
        if let Some(text) = describe(event) {
            self.note(&text);
        }
        if matches!(event, TrainEvent::Step(_) | TrainEvent::Validation(_)) {
            self.metrics.push_str(line);
            self.metrics.push('\n');
        }
    }

    /// Takes what waits, to be written on a thread that may block.
    pub fn take(&mut self) -> Self {
        let empty = Self::new(self.dir.clone());
        std::mem::replace(self, empty)
    }

    /// Appends what waits.
    pub fn write(&self) -> Result<(), ApiError> {
        append(&self.dir.join(LOG_FILE), &self.log)?;
        append(&self.dir.join(METRICS_FILE), &self.metrics)
    }

    /// Drops the metrics after `step`, which a resumed run makes anew.
    pub fn truncate_metrics(dir: &Path, step: u64) -> Result<(), ApiError> {
        let path = dir.join(METRICS_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(&path, &error)),
        };
        let mut kept = String::with_capacity(text.len());
        for line in text
            .lines()
            .filter(|line| step_of(line).is_some_and(|at| at <= step))
        {
            kept.push_str(line);
            kept.push('\n');
        }
        files::write_atomically(&path, kept.as_bytes())
    }
}

fn step_of(line: &str) -> Option<u64> {
    match serde_json::from_str(line).ok()? {
        TrainEvent::Step(record) => Some(record.step),
        TrainEvent::Validation(record) => Some(record.step),
        _ => None,
    }
}

fn append(path: &Path, text: &str) -> Result<(), ApiError> {
    if text.is_empty() {
        return Ok(());
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| io_error(path, &error))
}

/// What was read of conversations, with what is left out of them.
pub fn read_in_words(read: &ConversationsRead) -> String {
    let mut text = format!(
        "{} conversations to learn, {} held out: {} answers of {} tokens; the context cuts {} and leaves out {}",
        read.n_train,
        read.n_validation,
        read.n_answers,
        read.n_answer_tokens,
        read.n_cut,
        read.n_beyond
    );
    if read.n_unthought > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "; the model's template leaves out the thoughts of {}",
            read.n_unthought
        );
    }
    add_faults(&mut text, &read.faults);
    text
}

/// What was read of pairs, with what is left out of them.
pub fn pairs_in_words(read: &PairsRead) -> String {
    let mut text = format!(
        "{} pairs to learn, {} held out: answers of {} tokens; the context cuts {} better and {} worse ones",
        read.n_train,
        read.n_validation,
        read.n_answer_tokens,
        read.n_cut_chosen,
        read.n_cut_rejected
    );
    add_faults(&mut text, &read.faults);
    text
}

/// That the better answers' likelihood has collapsed.
pub fn fall_in_words(step: u64, nats: f64) -> String {
    format!(
        "warning: at step {step} a token of the better answers is less likely than at the start by {nats:.2} \
         nats: the model prefers them by writing both less and less; a higher `beta`, a lower rate or fewer \
         steps hold it"
    )
}

/// How well pairs are told apart.
pub fn scores_in_words(found: Option<&PreferenceScores>) -> String {
    let Some(found) = found else {
        return String::new();
    };
    format!(
        " accuracy {:.3} margin {:.4} rewards {:.4} {:.4} logps {:.3} {:.3}",
        found.accuracy,
        found.margin(),
        found.chosen_reward,
        found.rejected_reward,
        found.chosen_logp,
        found.rejected_logp
    )
}

fn add_faults(text: &mut String, faults: &[FaultCount]) {
    for count in faults {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "; not learnt: {} rows, {:?} {} (lines {:?})",
            count.n_rows,
            count.fault,
            count.value.as_deref().unwrap_or_default(),
            count.lines
        );
    }
}

/// An event in a line of words; steps are told in tens, or the log would be nothing else.
fn describe(event: &TrainEvent) -> Option<String> {
    Some(match event {
        TrainEvent::Loading { stage, fraction } => {
            if *fraction > 0.0 && *fraction < 1.0 {
                return None;
            }
            format!("loading {stage:?} {:.0}%", fraction * 100.0).to_lowercase()
        }
        TrainEvent::Conversations(read) => read_in_words(read),
        TrainEvent::Pairs(read) => pairs_in_words(read),
        TrainEvent::ChosenFell { step, nats } => fall_in_words(*step, *nats),
        TrainEvent::Started(plan) => format!(
            "started at step {} of {}: {} parameters, {} training tokens, {} held-out tokens, {} threads",
            plan.start_step,
            plan.total_steps,
            plan.n_parameters,
            plan.n_train_tokens,
            plan.n_val_tokens,
            plan.threads
        ),
        TrainEvent::Step(step) => {
            if step.step % 10 != 0 && step.step != 1 {
                return None;
            }
            format!(
                "step {} epoch {:.3} loss {} lr {:.3e} grad_norm {:.3} tokens/s {:.0}{}",
                step.step,
                step.epoch,
                loss(step.loss),
                step.lr,
                step.grad_norm,
                step.tokens_per_s,
                scores_in_words(step.preference.as_ref())
            )
        }
        TrainEvent::Validation(record) => format!(
            "validation at step {}: val_loss {} bits_per_byte {:.4}{}{}",
            record.step,
            loss(record.val_loss),
            record.bits_per_byte,
            scores_in_words(record.preference.as_ref()),
            if record.best { " (best)" } else { "" }
        ),
        TrainEvent::Sample(_) | TrainEvent::Saving { .. } => return None,
        TrainEvent::Checkpoint(record) => {
            format!("checkpoint at step {}: {}", record.step, record.path)
        }
        TrainEvent::Paused { step } => format!("paused at step {step}"),
        TrainEvent::Resumed { step } => format!("resumed at step {step}"),
        TrainEvent::RolledBack {
            diverged_step,
            to_step,
            lr_scale,
        } => format!(
            "diverged at step {diverged_step}: back to step {to_step}, learning rate times {lr_scale}"
        ),
        TrainEvent::Finished(outcome) => format!(
            "finished at step {}: val_loss {} bits_per_byte {:.4} best_step {} in {:.1} s, model in {}",
            outcome.step,
            loss(outcome.val_loss),
            outcome.bits_per_byte,
            outcome.best_step,
            outcome.elapsed_s,
            outcome.model_dir
        ),
        TrainEvent::Stopped { step, .. } => format!("stopped at step {step}"),
        TrainEvent::Failed { error } => format!("failed: {error}"),
    })
}

fn loss(loss: Loss) -> String {
    loss.finite()
        .map_or_else(|| "diverged".to_owned(), |value| format!("{value:.4}"))
}
