//! What a run does where nothing is said: the one place for numbers that follow from its task and method.

use super::{Method, Objective, SizePreset, Task};

/// The context that is proposed for a finished model that sees more: what a computer at home can bear.
pub const PROPOSED_CONTEXT: u32 = 256;

/// Settings whose defaults follow from task and method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// Passes over the training text.
    pub epochs: u32,
    /// Sequences in one optimizer step.
    pub batch_size: u32,
    /// Peak learning rate.
    pub lr: f64,
    /// Decoupled decay of matrices.
    pub weight_decay: f64,
}

impl Defaults {
    /// Minutes of work that a crash may cost, of any task and method.
    pub const CHECKPOINT_MINUTES: u32 = 10;

    /// Continued pre-training: [`Method::Full`] on plain text in bulk, which is seen once and at a higher
    /// rate than a task's few examples.
    pub const CONTINUED: Self = Self {
        epochs: 1,
        batch_size: 8,
        lr: 1e-4,
        weight_decay: 0.01,
    };

    /// What suits a task and a method.
    pub fn of(task: Task, method: Method) -> Self {
        let (epochs, batch_size, lr, weight_decay) = match (method, task) {
            (Method::Scratch, _) => (8, 16, 2e-3, 0.1),
            (Method::Full, Task::CausalLm) => (3, 8, 2e-5, 0.01),
            (Method::Full, Task::SequenceClassification) => (3, 8, 5e-5, 0.01),
            (Method::Lora, _) => (3, 8, 2e-4, 0.0),
        };
        Self {
            epochs,
            batch_size,
            lr,
            weight_decay,
        }
    }

    /// What suits what is learnt of the text as well: of pairs once over them, at rates that are lower by far,
    /// since a preference is learnt by moving little from where the model was (trl's rate; ten times as much for
    /// adapters; ORPO, which learns to write the answers too, goes further and more often).
    pub fn learning(task: Task, method: Method, objective: Option<Objective>) -> Self {
        let all = Self::of(task, method);
        let (epochs, lr) = match (objective, method) {
            (Some(Objective::Dpo), Method::Lora) => (1, 1e-5),
            (Some(Objective::Dpo), _) => (1, 1e-6),
            (Some(Objective::Orpo), Method::Lora) => (3, 5e-5),
            (Some(Objective::Orpo), _) => (3, 5e-6),
            (None | Some(Objective::Sft), _) => return all,
        };
        Self { epochs, lr, ..all }
    }
}

/// Tokens in one sequence: what suits the size of a model of fresh weights, else [`PROPOSED_CONTEXT`] or as
/// much as the finished model sees, `longest`, where that is less.
pub fn default_context(method: Method, preset: SizePreset, longest: Option<u32>) -> u32 {
    match method {
        Method::Scratch => preset.context_length(),
        Method::Full | Method::Lora => longest.unwrap_or(u32::MAX).min(PROPOSED_CONTEXT),
    }
}

/// `LoRA`'s `alpha` that suits a rank: twice as much.
pub fn default_alpha(rank: f64) -> f64 {
    2.0 * rank
}
