//! What the form offers to do: a task and a method each, and the settings that suit them.

use amoozgar_types::spec::{Defaults, Method, Task};

/// What a person wants of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Goal {
    /// A model of fresh weights.
    #[default]
    Scratch,
    /// A finished model adapted in the lightest way.
    Lora,
    /// Every weight of a finished model, for a job at hand.
    Full,
    /// Every weight of a finished model, on plain text in bulk.
    Continue,
}

impl Goal {
    /// Every goal, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Scratch, Self::Lora, Self::Full, Self::Continue];

    /// What the model learns to do. The form has datasets of plain text alone.
    pub const TASK: Task = Task::CausalLm;

    /// Which weights are trained.
    pub fn method(self) -> Method {
        match self {
            Self::Scratch => Method::Scratch,
            Self::Lora => Method::Lora,
            Self::Full | Self::Continue => Method::Full,
        }
    }

    /// The settings that suit it.
    pub fn defaults(self) -> Defaults {
        match self {
            Self::Continue => Defaults::CONTINUED,
            Self::Scratch | Self::Lora | Self::Full => Defaults::of(Self::TASK, self.method()),
        }
    }

    /// Whether it goes on from a finished model.
    pub fn goes_on(self) -> bool {
        self != Self::Scratch
    }
}

impl From<Method> for Goal {
    fn from(method: Method) -> Self {
        match method {
            Method::Scratch => Self::Scratch,
            Method::Lora => Self::Lora,
            Method::Full => Self::Full,
        }
    }
}
