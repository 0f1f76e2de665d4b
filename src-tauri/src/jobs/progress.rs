//! What a run's events do to its row: pure, so that every order of events can be tested.

use amoozgar_types::UtcMs;
use amoozgar_types::event::{CheckpointRecord, LoadingStage, SampleRecord, TrainEvent};
use amoozgar_types::ipc::JobUpdate;
use amoozgar_types::job::{JobRecord, JobStatus, MetricPoint, ValidationPoint};
use amoozgar_types::{ApiError, Loss};
use std::mem;

/// What the supervisor has to do about an event, beside keeping what it brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing at once.
    Keep,
    /// The status changed: write the row and tell the pages.
    StatusChanged,
    /// The run goes on from this step: what was recorded after it never happened.
    Planned {
        /// The step of the checkpoint.
        start_step: u64,
    },
    /// The worker has said its last word.
    Last,
}

/// What came in since it was last taken.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The row at each change of status, for the store checks every step of the way.
    pub rows: Vec<JobRecord>,
    /// Training points.
    pub train: Vec<MetricPoint>,
    /// Validation points.
    pub validation: Vec<ValidationPoint>,
    /// Samples.
    pub samples: Vec<SampleRecord>,
    /// Checkpoints.
    pub checkpoints: Vec<CheckpointRecord>,
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Last {
    /// With its model written.
    Finished {
        /// The folder.
        model_dir: String,
        /// The final model's validation loss.
        val_loss: Loss,
        /// The same in bits per byte.
        bits_per_byte: f64,
    },
    /// On request, with a checkpoint.
    Stopped,
    /// With an error.
    Failed(ApiError),
}

/// A live run: its row, and what has not been stored or shown yet.
#[derive(Debug)]
pub struct Progress {
    /// The row.
    pub job: JobRecord,
    /// The worker's last word, once said.
    pub last: Option<Last>,
    /// Steps done at the latest checkpoint.
    pub saved_step: u64,
    /// The share of a checkpoint that is on the disk, while one is being written.
    pub saving: Option<f64>,
    loading: Option<(LoadingStage, f64)>,
    to_store: Batch,
    to_show: Batch,
    unstored: bool,
    unshown: bool,
}

impl Progress {
    /// Follows a run from the row it has now.
    pub fn new(job: JobRecord) -> Self {
        Self {
            job,
            last: None,
            saved_step: 0,
            saving: None,
            loading: None,
            to_store: Batch::default(),
            to_show: Batch::default(),
            unstored: false,
            unshown: false,
        }
    }

    /// Moves the row to `next`, if the state machine allows it.
    pub fn become_status(&mut self, next: JobStatus, now: UtcMs) -> bool {
        let from = self.job.status;
        if from == next {
            return false;
        }
        if !from.may_become(next) {
            tracing::warn!(job_id = %self.job.job_id, ?from, ?next, "a status change was refused");
            return false;
        }
        self.job.status = next;
        if next.has_ended() {
            self.job.pid = None;
            self.job.eta_s = None;
            self.job.tokens_per_s = None;
            self.job.finished_ms = Some(now);
        }
        self.touch(now);
        self.to_store.rows.push(self.job.clone());
        true
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: TrainEvent, now: UtcMs) -> Effect {
        self.touch(now);
        self.saving = None;
        match event {
            TrainEvent::Loading { stage, fraction } => {
                self.loading = Some((stage, fraction));
                return self.status_effect(JobStatus::Loading, now);
            }
            // The run's log says it.
            TrainEvent::Conversations(_) | TrainEvent::Pairs(_) => {}
            TrainEvent::ChosenFell { step, .. } => self.job.chosen_fell_step = Some(step),
            TrainEvent::Started(plan) => {
                self.loading = None;
                self.become_status(JobStatus::Loading, now);
                self.become_status(JobStatus::Running, now);
                self.job.total_steps = plan.total_steps;
                self.job.n_parameters = plan.n_parameters;
                self.job.step = plan.start_step;
                self.job.chosen_fell_step = self
                    .job
                    .chosen_fell_step
                    .filter(|step| *step <= plan.start_step);
                self.saved_step = plan.start_step;
                self.job.progress = percent(plan.start_step, plan.total_steps);
                return Effect::Planned {
                    start_step: plan.start_step,
                };
            }
            TrainEvent::Step(step) => {
                self.job.step = step.step;
                self.job.epoch = step.epoch;
                self.job.loss = Some(step.loss);
                self.job.tokens_per_s = Some(step.tokens_per_s);
                self.job.eta_s = step.eta_s;
                self.job.progress = percent(step.step, self.job.total_steps);
                let point = MetricPoint {
                    step: step.step,
                    epoch: step.epoch,
                    loss: step.loss,
                    lr: step.lr,
                    grad_norm: step.grad_norm,
                    tokens_per_s: step.tokens_per_s,
                    preference: step.preference,
                };
                self.to_store.train.push(point);
                self.to_show.train.push(point);
            }
            TrainEvent::Validation(record) => {
                self.job.val_loss = Some(record.val_loss);
                self.job.bits_per_byte = Some(record.bits_per_byte);
                let point = ValidationPoint {
                    step: record.step,
                    val_loss: record.val_loss,
                    bits_per_byte: record.bits_per_byte,
                    classes: record.classes,
                    preference: record.preference,
                };
                self.to_store.validation.push(point);
                self.to_show.validation.push(point);
            }
            TrainEvent::Sample(record) => {
                self.to_store.samples.push(record.clone());
                self.to_show.samples.push(record);
            }
            TrainEvent::Saving { fraction, .. } => self.saving = Some(fraction),
            TrainEvent::Checkpoint(record) => {
                self.saved_step = record.step;
                self.to_store.checkpoints.push(record.clone());
                self.to_show.checkpoints.push(record);
            }
            TrainEvent::Paused { step } => {
                self.job.step = step;
                self.job.eta_s = None;
                return self.status_effect(JobStatus::Paused, now);
            }
            TrainEvent::Resumed { step } => {
                self.job.step = step;
                return self.status_effect(JobStatus::Running, now);
            }
            TrainEvent::RolledBack {
                diverged_step,
                to_step,
                ..
            } => {
                self.job.diverged_step = Some(diverged_step);
                // What fell after the checkpoint is found again, or not.
                self.job.chosen_fell_step =
                    self.job.chosen_fell_step.filter(|step| *step <= to_step);
                self.job.step = to_step;
                self.saved_step = to_step;
                self.job.progress = percent(to_step, self.job.total_steps);
                return Effect::Planned {
                    start_step: to_step,
                };
            }
            TrainEvent::Finished(outcome) => {
                self.job.step = outcome.step;
                self.last = Some(Last::Finished {
                    model_dir: outcome.model_dir,
                    val_loss: outcome.val_loss,
                    bits_per_byte: outcome.bits_per_byte,
                });
                return Effect::Last;
            }
            TrainEvent::Stopped { step, .. } => {
                self.job.step = step;
                self.last = Some(Last::Stopped);
                return Effect::Last;
            }
            TrainEvent::Failed { error } => {
                self.last = Some(Last::Failed(error));
                return Effect::Last;
            }
        }
        Effect::Keep
    }

    /// Puts the row into the state that the worker's last word, or its silence, means.
    pub fn end(&mut self, quitting: bool, died: impl FnOnce() -> ApiError, now: UtcMs) {
        let status = match self.last.take() {
            Some(Last::Finished {
                model_dir,
                val_loss,
                bits_per_byte,
            }) => {
                self.job.model_dir = Some(model_dir);
                self.job.val_loss = Some(val_loss);
                self.job.bits_per_byte = Some(bits_per_byte);
                self.job.progress = 100.0;
                // A run that ends while it is paused, or before its first step, was running last.
                if self.job.status != JobStatus::Running {
                    self.become_status(JobStatus::Loading, now);
                    self.become_status(JobStatus::Running, now);
                }
                JobStatus::Completed
            }
            Some(Last::Stopped) if quitting => JobStatus::Interrupted,
            Some(Last::Stopped) => JobStatus::Stopped,
            Some(Last::Failed(error)) => {
                self.job.error = Some(error);
                JobStatus::Failed
            }
            None => {
                if !quitting {
                    self.job.error = Some(died());
                }
                JobStatus::Interrupted
            }
        };
        self.become_status(status, now);
    }

    /// What waits to be stored; `None` where nothing does.
    pub fn take_to_store(&mut self) -> Option<Batch> {
        mem::take(&mut self.unstored).then(|| mem::take(&mut self.to_store))
    }

    /// Puts back what could not be stored, before what came meanwhile.
    pub fn put_back(&mut self, mut batch: Batch) {
        batch.rows.append(&mut self.to_store.rows);
        batch.train.append(&mut self.to_store.train);
        batch.validation.append(&mut self.to_store.validation);
        batch.samples.append(&mut self.to_store.samples);
        batch.checkpoints.append(&mut self.to_store.checkpoints);
        self.to_store = batch;
        self.unstored = true;
    }

    /// What waits to be shown; `None` where nothing does.
    pub fn take_to_show(&mut self) -> Option<JobUpdate> {
        if !mem::take(&mut self.unshown) {
            return None;
        }
        let batch = mem::take(&mut self.to_show);
        Some(JobUpdate {
            job: self.job.clone(),
            loading: self.loading,
            train: batch.train,
            validation: batch.validation,
            samples: batch.samples,
            checkpoints: batch.checkpoints,
        })
    }

    fn status_effect(&mut self, next: JobStatus, now: UtcMs) -> Effect {
        if self.become_status(next, now) {
            Effect::StatusChanged
        } else {
            Effect::Keep
        }
    }

    fn touch(&mut self, now: UtcMs) {
        // Pages take the later row for the newer one, also where the clock was set back.
        self.job.updated_ms = now.max(self.job.updated_ms);
        self.unstored = true;
        self.unshown = true;
    }
}

fn percent(step: u64, total_steps: u64) -> f64 {
    if total_steps == 0 {
        0.0
    } else {
        (step as f64 / total_steps as f64 * 100.0).clamp(0.0, 100.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Effect, Progress};
    use amoozgar_types::event::TrainEvent;
    use amoozgar_types::job::{JobRecord, JobStatus};
    use amoozgar_types::{ApiError, ErrorCode};
    use serde_json::json;

    fn queued() -> JobRecord {
        serde_json::from_value(json!({
            "job_id": "j", "name": "n", "status": "queued", "dataset_name": "d", "preset": "tiny",
            "progress": 0.0, "epoch": 0.0, "step": 0, "total_steps": 0, "n_parameters": 0,
            "created_ms": 1, "updated_ms": 1
        }))
        .unwrap()
    }

    fn event(value: serde_json::Value) -> TrainEvent {
        serde_json::from_value(value).unwrap()
    }

    fn started(start_step: u64) -> TrainEvent {
        event(json!({
            "event": "started", "total_steps": 10, "steps_per_epoch": 5, "start_step": start_step,
            "n_parameters": 7, "vocab_size": 300, "n_train_tokens": 1, "n_val_tokens": 1,
            "n_val_bytes": 1, "threads": 1
        }))
    }

    fn running() -> Progress {
        let mut progress = Progress::new(queued());
        progress.become_status(JobStatus::Starting, 2);
        assert_eq!(
            progress.apply(started(4), 3),
            Effect::Planned { start_step: 4 },
            "what came after the checkpoint has to go"
        );
        progress
    }

    fn silence() -> ApiError {
        ApiError::detail(ErrorCode::WorkerDied, "signal 9")
    }

    #[test]
    fn every_hop_of_the_state_machine_reaches_the_store() {
        let mut progress = running();
        let rows = progress.take_to_store().unwrap().rows;
        let hops: Vec<JobStatus> = rows.iter().map(|row| row.status).collect();
        assert_eq!(
            hops,
            [JobStatus::Starting, JobStatus::Loading, JobStatus::Running],
            "a run that never said `loading` still passes through it"
        );
        assert!(progress.take_to_store().is_none(), "nothing waits now");
    }

    #[test]
    fn progress_counts_from_the_checkpoint_on() {
        let mut progress = running();
        assert!((progress.job.progress - 40.0).abs() < 1e-9, "4 of 10");
        progress.apply(
            event(
                json!({"event": "step", "step": 5, "epoch": 1.0, "loss": "diverged", "lr": 0.1,
                "grad_norm": 1.0, "tokens_per_s": 1.0, "eta_s": null}),
            ),
            4,
        );
        assert!((progress.job.progress - 50.0).abs() < 1e-9, "5 of 10");
        let batch = progress.take_to_store().unwrap();
        progress.put_back(batch);
        assert_eq!(
            progress.take_to_store().unwrap().train.len(),
            1,
            "what could not be stored waits for the next time"
        );
    }

    #[test]
    fn a_run_that_goes_back_forgets_what_came_after_and_keeps_the_reason() {
        let mut progress = running();
        let back = event(json!({
            "event": "rolled_back", "diverged_step": 6, "to_step": 5, "lr_scale": 0.5
        }));
        assert_eq!(
            progress.apply(back, 4),
            Effect::Planned { start_step: 5 },
            "points after the checkpoint have to go"
        );
        assert_eq!(progress.job.diverged_step, Some(6), "the page can say why");
        assert!((progress.job.progress - 50.0).abs() < 1e-9, "5 of 10");
        assert_eq!(progress.job.status, JobStatus::Running, "it goes on");
    }

    #[test]
    fn better_answers_that_fell_are_told_of_until_the_run_goes_back_before_it() {
        let mut progress = running();
        progress.apply(
            event(json!({"event": "chosen_fell", "step": 7, "nats": 0.6})),
            4,
        );
        assert_eq!(
            progress.job.chosen_fell_step,
            Some(7),
            "the page can say it"
        );
        progress.apply(started(8), 5);
        assert_eq!(progress.job.chosen_fell_step, Some(7), "goes on after it");
        progress.apply(started(4), 6);
        assert_eq!(progress.job.chosen_fell_step, None, "goes on before it");
    }

    #[test]
    fn a_run_that_stops_because_the_program_quits_is_interrupted_and_not_stopped() {
        for (quitting, status) in [(true, JobStatus::Interrupted), (false, JobStatus::Stopped)] {
            let mut progress = running();
            let stopped = event(json!({"event": "stopped", "step": 5, "checkpoint": null}));
            assert_eq!(progress.apply(stopped, 4), Effect::Last, "the last word");
            progress.end(quitting, silence, 5);
            assert_eq!(progress.job.status, status, "quitting: {quitting}");
            assert!(progress.job.error.is_none(), "and nothing went wrong");
        }
    }

    #[test]
    fn silence_is_an_interruption_and_an_error_a_failure() {
        let mut silent = running();
        silent.end(false, silence, 5);
        assert_eq!(silent.job.status, JobStatus::Interrupted, "no last word");
        assert_eq!(silent.job.error, Some(silence()), "how the process ended");

        let mut failed = running();
        let error = ApiError::new(ErrorCode::DiskFull);
        failed.apply(
            TrainEvent::Failed {
                error: error.clone(),
            },
            4,
        );
        failed.end(false, silence, 5);
        assert_eq!(failed.job.status, JobStatus::Failed, "it said why");
        assert_eq!(failed.job.error, Some(error), "in its own words");
        assert_eq!(failed.job.finished_ms, Some(5), "and when");
    }
}
