//! A job's record: what the database keeps of a run and the pages show.

use crate::event::{CheckpointRecord, ClassScores, PreferenceScores, SampleRecord};
use crate::id::{DatasetId, JobId};
use crate::spec::{Method, SizePreset, Task, TrainSpec};
use crate::{ApiError, Loss, UtcMs};
use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for its turn.
    Queued,
    /// Its process is being started.
    Starting,
    /// Reads data, trains the tokenizer, builds the model.
    Loading,
    /// Trains.
    Running,
    /// Its process waits; a checkpoint is saved.
    Paused,
    /// Done; the final model is written.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended by the user; can be resumed.
    Stopped,
    /// Its process or the machine died; can be resumed.
    Interrupted,
}

impl JobStatus {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Starting,
        Self::Loading,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Stopped,
        Self::Interrupted,
    ];

    /// The name that the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Loading => "loading",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == name)
    }

    /// Whether a process belongs to the job.
    pub fn is_live(self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Loading | Self::Running | Self::Paused
        )
    }

    /// Whether the job has ended, well or not.
    pub fn has_ended(self) -> bool {
        !self.is_live() && self != Self::Queued
    }

    /// Whether `next` may follow. Every writer of a status asks this first.
    pub fn may_become(self, next: Self) -> bool {
        use JobStatus::{
            Completed, Failed, Interrupted, Loading, Paused, Queued, Running, Starting, Stopped,
        };
        match (self, next) {
            (Queued, Starting | Stopped | Failed)
            | (Starting, Loading)
            | (Loading | Paused, Running)
            | (Running, Paused | Completed)
            | (Stopped | Interrupted | Failed, Queued) => true,
            (from, Failed | Stopped | Interrupted) => from.is_live(),
            _ => false,
        }
    }
}

/// One run as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its id; also the name of its folder.
    pub job_id: JobId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Place in the queue, from 0, while queued.
    pub queue_position: Option<u32>,
    /// The dataset it learns; absent once that is deleted.
    pub dataset_id: Option<DatasetId>,
    /// The dataset's name at the time of creation.
    pub dataset_name: String,
    /// The size chosen in the form.
    pub preset: SizePreset,
    /// What it learns to do.
    #[serde(default)]
    pub task: Task,
    /// Which weights it trains.
    #[serde(default)]
    pub method: Method,
    /// The name of the model that it goes on from, at the time of creation.
    #[serde(default)]
    pub base_name: Option<String>,
    /// 0 to 100.
    pub progress: f64,
    /// Epochs done, as a fraction.
    pub epoch: f64,
    /// Optimizer steps done.
    pub step: u64,
    /// Optimizer steps in all; 0 until the plan is made.
    pub total_steps: u64,
    /// Trained weights; 0 until the plan is made.
    pub n_parameters: u64,
    /// Latest training loss.
    pub loss: Option<Loss>,
    /// Latest validation loss.
    pub val_loss: Option<Loss>,
    /// Latest validation in bits per byte.
    pub bits_per_byte: Option<f64>,
    /// Latest speed.
    pub tokens_per_s: Option<f64>,
    /// Seconds until the end.
    pub eta_s: Option<f64>,
    /// The step whose loss was no number, after which the run went back and on at a lower rate.
    pub diverged_step: Option<u64>,
    /// The step at which the likelihood of better answers was found to have collapsed.
    #[serde(default)]
    pub chosen_fell_step: Option<u64>,
    /// Why it failed.
    pub error: Option<ApiError>,
    /// Process id while live.
    pub pid: Option<u32>,
    /// Folder of the final model, once completed.
    pub model_dir: Option<String>,
    /// When it was made.
    pub created_ms: UtcMs,
    /// When it was last started.
    pub started_ms: Option<UtcMs>,
    /// When the row last changed.
    pub updated_ms: UtcMs,
    /// When it ended.
    pub finished_ms: Option<UtcMs>,
}

impl JobRecord {
    /// A run that was just made: QUEUED, nothing done, made and changed at `now_ms`.
    pub fn queued(
        job_id: JobId,
        name: &str,
        dataset_name: &str,
        preset: SizePreset,
        now_ms: UtcMs,
    ) -> Self {
        Self {
            job_id,
            name: name.to_owned(),
            status: JobStatus::Queued,
            queue_position: None,
            dataset_id: None,
            dataset_name: dataset_name.to_owned(),
            preset,
            task: Task::default(),
            method: Method::default(),
            base_name: None,
            progress: 0.0,
            epoch: 0.0,
            step: 0,
            total_steps: 0,
            n_parameters: 0,
            loss: None,
            val_loss: None,
            bits_per_byte: None,
            tokens_per_s: None,
            eta_s: None,
            diverged_step: None,
            chosen_fell_step: None,
            error: None,
            pid: None,
            model_dir: None,
            created_ms: now_ms,
            started_ms: None,
            updated_ms: now_ms,
            finished_ms: None,
        }
    }
}

/// One run with everything its page shows beside the curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobDetail {
    /// The row.
    pub job: JobRecord,
    /// The specification it runs by.
    pub spec: TrainSpec,
    /// Kept checkpoints, latest first.
    pub checkpoints: Vec<CheckpointRecord>,
    /// Samples, latest first.
    pub samples: Vec<SampleRecord>,
}

/// One point of the training curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: f64,
    /// Training loss.
    pub loss: Loss,
    /// Learning rate.
    pub lr: f64,
    /// Gradient norm before clipping.
    pub grad_norm: f64,
    /// Tokens per second.
    pub tokens_per_s: f64,
    /// How well the step's pairs were told apart; absent where none are learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<PreferenceScores>,
}

/// One point of the validation curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValidationPoint {
    /// Steps done.
    pub step: u64,
    /// Validation loss in nats per token.
    pub val_loss: Loss,
    /// Bits per UTF-8 byte.
    pub bits_per_byte: f64,
    /// How well a classifier sorts; absent for every other model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassScores>,
    /// How well held-out pairs are told apart; absent where none are learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<PreferenceScores>,
}

/// The curves of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Training points, in order of step.
    pub train: Vec<MetricPoint>,
    /// Validation points, in order of step.
    pub validation: Vec<ValidationPoint>,
}

/// Which of the user's runs to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobQuery {
    /// A part of the run's or its dataset's name; everything where empty.
    pub search: String,
    /// Of which states.
    pub group: JobGroup,
    /// How many of the matching runs to leave out, from the latest on.
    pub offset: u32,
    /// How many to answer at most; 1 to 200.
    pub limit: u32,
}

/// States that a list shows together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobGroup {
    /// Every state.
    #[default]
    All,
    /// Waits for its turn, or has a process.
    Active,
    /// Complete.
    Completed,
    /// Ended without being complete.
    Unfinished,
}

impl JobGroup {
    /// Every group.
    pub const ALL: &'static [Self] = &[Self::All, Self::Active, Self::Completed, Self::Unfinished];

    /// Whether a run of this state belongs to it.
    pub fn contains(self, status: JobStatus) -> bool {
        match self {
            Self::All => true,
            Self::Active => !status.has_ended(),
            Self::Completed => status == JobStatus::Completed,
            Self::Unfinished => status.has_ended() && status != JobStatus::Completed,
        }
    }
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JobPage {
    /// The runs of the page, latest first.
    pub jobs: Vec<JobRecord>,
    /// How many match in all.
    pub n_matching: u32,
    /// How many runs the user has, matching or not.
    pub n_all: u32,
    /// How many of those are complete.
    pub n_completed: u32,
    /// How many runs of any user wait in the queue.
    pub n_queued: u32,
}

#[cfg(test)]
mod tests {
    use super::JobStatus;

    #[test]
    fn an_ended_job_changes_only_by_being_queued_again() {
        for from in JobStatus::ALL.iter().filter(|status| status.has_ended()) {
            for to in JobStatus::ALL {
                let allowed = *to == JobStatus::Queued && *from != JobStatus::Completed;
                assert_eq!(from.may_become(*to), allowed, "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn every_live_job_can_be_interrupted_because_any_process_can_die() {
        for from in JobStatus::ALL {
            assert_eq!(
                from.may_become(JobStatus::Interrupted),
                from.is_live(),
                "{from:?}"
            );
        }
    }

    #[test]
    fn names_in_the_database_read_back() {
        for status in JobStatus::ALL {
            assert_eq!(
                JobStatus::parse(status.as_str()),
                Some(*status),
                "{status:?}"
            );
        }
    }
}
