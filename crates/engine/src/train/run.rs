//! The training loop, to be read from top to bottom: evaluate, sample, save, pause or stop, one step,
//! log. What it stands on is prepared in [`super::session`]; everything it says goes out as a [`TrainEvent`].

use super::checkpoint::{LoopState, Occasion};
use super::clock::{RunClock, SavingClock};
use super::preference::Sums;
use super::session::{Session, Validated};
use crate::export::{self, Card, Companions};
use crate::setup::base_model;
use crate::train::corpus::Progress;
use crate::{Control, EngineError, threads};
use amoozgar_types::event::{
    CheckpointRecord, Outcome, SampleRecord, StepRecord, ValidationRecord,
};
use amoozgar_types::{Loss, TrainEvent, TrainSpec};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the learning rate is multiplied by after a step that was no number.
const LOWER_RATE: f64 = 0.5;
/// How often a run says that it is writing: who waits for it to end waits on.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The final model is written.
    Finished(Outcome),
    /// The run was stopped and can be resumed by the same call.
    Stopped {
        /// Steps done.
        step: u64,
        /// Folder of the checkpoint that was saved; absent before the first step.
        checkpoint: Option<String>,
    },
}

/// Trains as `spec` says, in `job_dir`. Where `job_dir/checkpoints` holds a checkpoint, the run goes on
/// from the latest that is whole, bit for bit as if it had never been broken off.
///
/// `observer` gets every event in order, `Finished` or `Stopped` included but not `Failed`; the run
/// waits while it is called.
///
/// # Errors
/// Whatever ends the run before its time.
///
/// # Panics
/// Where `observer` or the run itself panics.
pub fn train(
    spec: &TrainSpec,
    job_dir: &Path,
    control: &Control,
    observer: &mut dyn FnMut(TrainEvent),
) -> Result<End, EngineError> {
    super::run_plan::validate(spec)?;
    let n_threads = threads::count(spec.threads);
    let pool = threads::pool(n_threads)?;
    let (say, heard) = mpsc::sync_channel::<TrainEvent>(0);
    let (acknowledge, acknowledged) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let mut emit = move |event| {
                // An observer that panicked hears no more; its panic goes on below.
                if say.send(event).is_ok() {
                    let _ = acknowledged.recv();
                }
            };
            pool.install(|| run(spec, job_dir, control, n_threads, &mut emit))
        });
        for event in heard {
            observer(event);
            // The worker is gone only if it panicked, which `join` reports.
            let _ = acknowledge.send(());
        }
        worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

type Emit<'a> = &'a mut (dyn FnMut(TrainEvent) + Send);

fn run(
    spec: &TrainSpec,
    job_dir: &Path,
    control: &Control,
    n_threads: usize,
    emit: Emit<'_>,
) -> Result<End, EngineError> {
    let clock = Instant::now();
    let prepared = {
        let mut report = |stage, fraction| emit(TrainEvent::Loading { stage, fraction });
        Session::prepare(spec, job_dir, &mut Progress::new(control, &mut report))
    };
    let (mut session, mut state) = match prepared {
        Err(EngineError::StoppedWhileLoading) => return Ok(stopped(0, None, emit)),
        prepared => prepared?,
    };
    if let Some(read) = &session.corpus.conversations {
        emit(TrainEvent::Conversations(read.clone()));
    }
    if let Some(read) = &session.corpus.pairs {
        emit(TrainEvent::Pairs(read.clone()));
    }
    emit(TrainEvent::Started(session.run_plan(&state, n_threads)));

    let plan = session.plan.clone();
    let start_step = state.step;
    let mut saved_step = (start_step > 0).then_some(start_step);
    let mut timing = RunClock::new(&plan);
    let mut unsaved = SavingClock::new(spec.checkpoint.every_minutes);
    loop {
        let last = state.step >= plan.total_steps;
        let fresh = state.step > 0;

        // Evaluate. A stop falls through to below; the resumed run then begins with the validation.
        let mut new_best = false;
        let validation_due = state.step != state.validated_step
            && (last || state.step.is_multiple_of(plan.evaluate_every));
        if validation_due {
            let started = Instant::now();
            if let Some(validated) = session.validate(control)? {
                let record = record_validation(&mut state, validated);
                new_best = record.best;
                let patience = spec.evaluation.patience;
                state.early_stopped =
                    !last && patience.is_some_and(|patience| state.n_without_best >= patience);
                emit(TrainEvent::Validation(record));

                // Sample.
                let writes = session.config().is_decoder();
                let prompts = spec.evaluation.prompts.iter().filter(|_| writes);
                for (index, prompt) in prompts.enumerate() {
                    let text = session.sample(prompt, state.step, index as u64)?;
                    emit(TrainEvent::Sample(SampleRecord {
                        step: state.step,
                        prompt: prompt.clone(),
                        text,
                    }));
                }
            }
            timing.validated(started.elapsed());
        }
        let validated = state.step == state.validated_step || !validation_due;

        // Save.
        let end = validated && (last || state.early_stopped);
        let due = fresh && state.step.is_multiple_of(plan.checkpoint_every);
        let wanted = control.take_checkpoint_wish();
        let occasion = if end || due || new_best {
            Some(Occasion::Planned)
        } else if wanted || (fresh && unsaved.is_due()) {
            Some(Occasion::Between)
        } else {
            None
        };
        if let Some(occasion) = occasion
            && saved_step != Some(state.step)
        {
            save(&mut session, &state, occasion, spec, emit)?;
            saved_step = Some(state.step);
            unsaved.saved();
        }
        if end {
            break;
        }

        // Pause or stop.
        if control.stop_wanted() || control.pause_wanted() {
            if state.step > 0 && saved_step != Some(state.step) {
                save(&mut session, &state, Occasion::Between, spec, emit)?;
                saved_step = Some(state.step);
            }
            if !control.stop_wanted() {
                emit(TrainEvent::Paused { step: state.step });
                control.wait_while_paused();
            }
            if control.stop_wanted() {
                let checkpoint = saved_step.map(|step| session.checkpoint_path(step));
                return Ok(stopped(state.step, checkpoint, emit));
            }
            emit(TrainEvent::Resumed { step: state.step });
            timing.restart();
            unsaved.saved();
        }

        // One step.
        let Some(done) = session.step(state.step, state.lr_scale, control)? else {
            continue;
        };
        if !(done.loss.is_finite() && done.grad_norm.is_finite()) {
            state = roll_back(&mut session, &state, emit)?;
            saved_step = (state.step > 0).then_some(state.step);
            timing.restart();
            continue;
        }
        state.step += 1;
        state.train_loss = Some(done.loss);

        // Log.
        timing.stepped(done.n_tokens);
        emit(TrainEvent::Step(StepRecord {
            step: state.step,
            epoch: plan.epoch(state.step),
            loss: Loss::from(done.loss),
            lr: state.lr_scale * plan.schedule.lr(state.step),
            grad_norm: done.grad_norm,
            tokens_per_s: timing.tokens_per_s(),
            eta_s: timing.eta_s(state.step),
            preference: done.pairs.as_ref().map(Sums::scores),
        }));
        if let Some(sums) = &done.pairs {
            let logp = sums.scores().chosen_logp;
            if let Some(nats) = state.chosen_fall.step(logp, sums.reference_logp()) {
                let step = state.step;
                emit(TrainEvent::ChosenFell { step, nats });
            }
        }
    }

    let best_step = state.best.as_ref().map_or(state.step, |best| best.step);
    let conversations = session.corpus.conversations.clone();
    let card = Card {
        spec,
        first: state.first.as_ref(),
        best: state.best.as_ref(),
        n_train_tokens: session.corpus.train.tokens.len() as u64,
        conversations: conversations.as_ref(),
        total_steps: state.step,
        early_stopped: state.early_stopped,
    };
    let (config, tokenizer) = (session.config().clone(), session.corpus.tokenizer.clone());
    let chat = session.corpus.chat.clone();
    let companions = Companions {
        base: base_model(spec)?,
        config: &config,
        tokenizer: &tokenizer,
        chat: chat.as_ref(),
    };
    emit(TrainEvent::Saving {
        step: state.step,
        fraction: 0.0,
    });
    let model_dir = export::write_final(
        job_dir,
        &companions,
        &mut |path| session.write_weights_of(best_step, path),
        &card,
    )?;
    let outcome = Outcome {
        step: state.step,
        model_dir: model_dir.display().to_string(),
        train_loss: Loss::from(state.train_loss.unwrap_or(f64::NAN)),
        val_loss: state
            .best
            .as_ref()
            .map_or(Loss::Diverged, |best| best.val_loss),
        bits_per_byte: state.best.as_ref().map_or(0.0, |best| best.bits_per_byte),
        best_step,
        early_stopped: state.early_stopped,
        elapsed_s: clock.elapsed().as_secs_f64(),
    };
    emit(TrainEvent::Finished(outcome.clone()));
    Ok(End::Finished(outcome))
}

fn stopped(step: u64, checkpoint: Option<String>, emit: Emit<'_>) -> End {
    emit(TrainEvent::Stopped {
        step,
        checkpoint: checkpoint.clone(),
    });
    End::Stopped { step, checkpoint }
}

/// Goes back from a step that was no number to the last good checkpoint at half the rate; answers with
/// the loop's state there.
///
/// # Errors
/// Where that has happened before.
fn roll_back(
    session: &mut Session,
    state: &LoopState,
    emit: Emit<'_>,
) -> Result<LoopState, EngineError> {
    let diverged_step = state.step + 1;
    if state.lr_scale < 1.0 {
        return Err(EngineError::Diverged {
            step: diverged_step,
        });
    }
    let restored = session.roll_back(state.step, LOWER_RATE)?;
    tracing::warn!(
        diverged_step,
        to_step = restored.step,
        "the loss is not a number; going back"
    );
    emit(TrainEvent::RolledBack {
        diverged_step,
        to_step: restored.step,
        lr_scale: restored.lr_scale,
    });
    Ok(restored)
}

/// Notes a validation in the loop's state.
fn record_validation(state: &mut LoopState, validated: Validated) -> ValidationRecord {
    let lowest = state
        .best
        .as_ref()
        .and_then(|best| best.val_loss.finite())
        .unwrap_or(f64::INFINITY);
    let best = validated.loss < lowest;
    let record = ValidationRecord {
        step: state.step,
        val_loss: Loss::from(validated.loss),
        bits_per_byte: validated.bits_per_byte,
        best,
        classes: validated.classes,
        preference: validated.preference,
    };
    if state.first.is_none() && state.validated_step == 0 {
        state.first = Some(record.clone());
    }
    if best {
        state.best = Some(record.clone());
        state.n_without_best = 0;
    } else {
        state.n_without_best += 1;
    }
    state.validated_step = state.step;
    record
}

/// Saves a checkpoint, removes what is too old, and says so.
fn save(
    session: &mut Session,
    state: &LoopState,
    occasion: Occasion,
    spec: &TrainSpec,
    emit: Emit<'_>,
) -> Result<(), EngineError> {
    let step = state.step;
    let mut said = Instant::now();
    emit(TrainEvent::Saving {
        step,
        fraction: 0.0,
    });
    let (path, size_bytes) = session.save(state, occasion, &mut |fraction| {
        if said.elapsed() >= SIGN_OF_LIFE {
            said = Instant::now();
            emit(TrainEvent::Saving { step, fraction });
        }
    })?;
    let best_step = state.best.as_ref().map(|best| best.step);
    let removed = session.prune(spec.checkpoint.keep_last, best_step)?;
    emit(TrainEvent::Checkpoint(CheckpointRecord {
        step: state.step,
        path,
        size_bytes,
        best: best_step == Some(state.step),
        removed,
    }));
    Ok(())
}
