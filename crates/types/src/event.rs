//! What a run says while it works: one JSON object a line on the worker's standard output.
//!
//! Order: `Loading`*, `Conversations` or `Pairs` where those are learnt, `Started`, then any of `Step`, `Validation`,
//! `Sample`, `Saving`, `Checkpoint`, `Paused`, `Resumed`, `RolledBack`, `ChosenFell`, and exactly one of `Finished`,
//! `Stopped`, `Failed` as the last line.

use crate::dataset::FaultCount;
use crate::{ApiError, Loss};
use serde::{Deserialize, Serialize};

/// One line of a worker's standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainEvent {
    /// Work before the first step.
    Loading {
        /// What is being done.
        stage: LoadingStage,
        /// Share done, 0 to 1.
        fraction: f64,
    },
    /// The conversations are read and tokenized; said once, before `Started`.
    Conversations(ConversationsRead),
    /// The pairs are read and tokenized; said once, before `Started`.
    Pairs(PairsRead),
    /// The plan is made; the first step follows.
    Started(RunPlan),
    /// One optimizer step is done.
    Step(StepRecord),
    /// The held-out text was measured.
    Validation(ValidationRecord),
    /// The model continued a prompt.
    Sample(SampleRecord),
    /// A checkpoint or the final model is being written; told about once a second, as a sign of life.
    Saving {
        /// Steps done.
        step: u64,
        /// Share written, 0 to 1.
        fraction: f64,
    },
    /// A checkpoint is on the disk.
    Checkpoint(CheckpointRecord),
    /// The loop waits for `resume`; a checkpoint was saved before.
    Paused {
        /// Steps done.
        step: u64,
    },
    /// The loop goes on.
    Resumed {
        /// Steps done.
        step: u64,
    },
    /// The loss was no number: the run went back to its last checkpoint and goes on at a lower rate.
    /// Steps after `to_step` are told again. It happens once; the next time the run fails.
    RolledBack {
        /// The step, counted from 1, whose loss or gradient was no number.
        diverged_step: u64,
        /// Steps done at the checkpoint that it went back to; 0 is the beginning.
        to_step: u64,
        /// What the schedule's rates are multiplied by from here on.
        lr_scale: f64,
    },
    /// The likelihood of the better answers has collapsed: the model prefers them to the worse ones by
    /// writing both less and less. Said once, where a token of theirs was less likely than at the start by
    /// [`COLLAPSE_NATS`] in each of [`COLLAPSE_STEPS`] steps.
    ChosenFell {
        /// Steps done.
        step: u64,
        /// How much the mean log-probability of a token has fallen, in nats.
        nats: f64,
    },
    /// The run is complete and the final model is written.
    Finished(Outcome),
    /// The run was stopped and can be resumed.
    Stopped {
        /// Steps done.
        step: u64,
        /// Folder of the checkpoint that was saved; absent before the first step.
        checkpoint: Option<String>,
    },
    /// The run cannot go on.
    Failed {
        /// Why.
        error: ApiError,
    },
}

/// What a run learns of conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationsRead {
    /// Conversations to learn.
    pub n_train: u64,
    /// Conversations held out.
    pub n_validation: u64,
    /// Answers to learn, held-out ones not counted.
    pub n_answers: u64,
    /// Their tokens.
    pub n_answer_tokens: u64,
    /// Answers of both parts that the context cuts.
    pub n_cut: u64,
    /// Answers of both parts that lie beyond the context as a whole.
    pub n_beyond: u64,
    /// Answers of both parts whose thoughts the model's template leaves out.
    #[serde(default)]
    pub n_unthought: u64,
    /// Rows that are not learnt.
    pub faults: Vec<FaultCount>,
}

/// By how many nats the mean log-probability of a better answer's token must have fallen to count as
/// collapsed: it is 0.6 times as likely as it was.
pub const COLLAPSE_NATS: f64 = 0.5;
/// In how many steps, one after the other.
pub const COLLAPSE_STEPS: u64 = 5;

/// What a run learns of pairs of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairsRead {
    /// Pairs to learn.
    pub n_train: u64,
    /// Pairs held out.
    pub n_validation: u64,
    /// Tokens of both answers of the pairs to learn.
    pub n_answer_tokens: u64,
    /// Better answers of both parts that the context cuts.
    pub n_cut_chosen: u64,
    /// Worse answers of both parts that the context cuts.
    pub n_cut_rejected: u64,
    /// Rows that are not learnt.
    pub faults: Vec<FaultCount>,
}

/// How well a model tells better answers from worse ones: means over pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PreferenceScores {
    /// Reward of the better answers: `beta` times what their log-probability has gained over the reference;
    /// with ORPO, which has none, `beta` times the mean log-probability of their tokens.
    pub chosen_reward: f64,
    /// The same of the worse answers.
    pub rejected_reward: f64,
    /// Share of pairs whose better answer has the higher reward.
    pub accuracy: f64,
    /// Mean log-probability of a better answer's token, in nats.
    pub chosen_logp: f64,
    /// The same of a worse answer's.
    pub rejected_logp: f64,
}

impl PreferenceScores {
    /// By how much the better answers' reward is higher.
    pub fn margin(&self) -> f64 {
        self.chosen_reward - self.rejected_reward
    }
}

/// The work before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadingStage {
    /// Reading and normalizing text.
    Reading,
    /// Training the tokenizer.
    Tokenizer,
    /// Turning text into tokens.
    Encoding,
    /// Building the model.
    Model,
    /// Measuring the answers of pairs by the model as it is before training.
    Reference,
    /// Restoring a checkpoint.
    Restoring,
}

/// What the run is going to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Optimizer steps in all.
    pub total_steps: u64,
    /// Optimizer steps in one epoch.
    pub steps_per_epoch: u64,
    /// The step of the checkpoint that the run goes on from; 0 from scratch.
    pub start_step: u64,
    /// Trained weights.
    pub n_parameters: u64,
    /// Size of the vocabulary.
    pub vocab_size: usize,
    /// Tokens of training text.
    pub n_train_tokens: u64,
    /// Tokens of held-out text.
    pub n_val_tokens: u64,
    /// UTF-8 bytes of held-out text, normalized.
    pub n_val_bytes: u64,
    /// Threads of the compute pool.
    pub threads: usize,
    /// What is kept from a forward pass for its backward pass, chosen by the free memory.
    #[serde(default)]
    pub kept: KeptActivations,
}

/// What is kept from a forward pass for its backward pass. The results are the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptActivations {
    /// Everything.
    #[default]
    All,
    /// All but what costs little to compute again.
    Costly,
    /// The input of each block.
    BlockInputs,
    /// The input of each group of blocks.
    GroupInputs,
}

/// One optimizer step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Steps done, counted from 1.
    pub step: u64,
    /// Epochs done, as a fraction.
    pub epoch: f64,
    /// Mean loss of the step's tokens before the update.
    pub loss: Loss,
    /// Learning rate of the step.
    pub lr: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// Tokens per second, smoothed over recent steps.
    pub tokens_per_s: f64,
    /// Seconds until the run's end, validations included; absent at first.
    pub eta_s: Option<f64>,
    /// How well the step's pairs were told apart before the update; absent where none are learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<PreferenceScores>,
}

/// One pass over the held-out text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationRecord {
    /// Steps done.
    pub step: u64,
    /// Mean loss in nats per token; per text for a classifier, per pair where pairs are learnt.
    pub val_loss: Loss,
    /// Loss in bits per UTF-8 byte of the normalized held-out text; 0 for a classifier and for pairs.
    pub bits_per_byte: f64,
    /// Whether it is the lowest so far.
    pub best: bool,
    /// How many of the held-out texts a classifier sorted right; absent for every other model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassScores>,
    /// How well the held-out pairs are told apart; absent where none are learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<PreferenceScores>,
}

/// How well a classifier sorts held-out texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Share of texts that it sorted right.
    pub accuracy: f64,
    /// Mean of the classes' F1, each class counting as much as any other.
    pub macro_f1: f64,
    /// The accuracy of always naming the most frequent class.
    pub majority_accuracy: f64,
}

/// A prompt and what the model made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleRecord {
    /// Steps done.
    pub step: u64,
    /// The prompt.
    pub prompt: String,
    /// The continuation, without the prompt.
    pub text: String,
}

/// A saved checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// Steps done.
    pub step: u64,
    /// Its folder.
    pub path: String,
    /// Size on disk.
    pub size_bytes: u64,
    /// Whether it holds the lowest validation loss so far.
    pub best: bool,
    /// Folders of older checkpoints that were removed to make room.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Steps done.
    pub step: u64,
    /// Folder of the final model, in the Hub's form.
    pub model_dir: String,
    /// Loss of the last step.
    pub train_loss: Loss,
    /// Lowest validation loss, which is the final model's.
    pub val_loss: Loss,
    /// The same in bits per byte.
    pub bits_per_byte: f64,
    /// The step at which it was reached.
    pub best_step: u64,
    /// Whether the run ended before its last step because validation stopped improving.
    pub early_stopped: bool,
    /// Seconds spent in this process.
    pub elapsed_s: f64,
}

/// A line on the worker's standard input. When standard input closes, the worker saves and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerCommand {
    /// Save a checkpoint and wait.
    Pause,
    /// Go on.
    Resume,
    /// Save a checkpoint and end.
    Stop,
    /// Save a checkpoint and go on.
    Checkpoint,
}

impl WorkerCommand {
    /// The line's text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Checkpoint => "checkpoint",
        }
    }

    /// Reads a line; `None` where it is no command.
    pub fn parse(line: &str) -> Option<Self> {
        [Self::Pause, Self::Resume, Self::Stop, Self::Checkpoint]
            .into_iter()
            .find(|command| command.as_str() == line.trim())
    }
}
