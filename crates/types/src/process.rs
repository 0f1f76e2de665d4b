//! What the window asks its children, and what they answer: one JSON object a line in each direction,
//! requests on standard input, answers on standard output. A training run speaks in
//! [`event`](crate::event)s instead.

use crate::chat::Message;
use crate::dataset::{DatasetFormat, FaultCount, Guess, Mapping, Shape, TextEncoding};
use crate::library::{KnownFile, RecipeProgram};
use crate::sampling::{FinishReason, Sampling, TemplateKind};
use crate::spec::{Supervise, Thinking};
use crate::{ApiError, TrainSpec};
use serde::{Deserialize, Serialize};

/// The answer to one request of a child that answers each with one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply<T> {
    /// What was asked for.
    Done {
        /// The answer itself.
        answer: T,
    },
    /// It could not be done.
    Failed {
        /// Why.
        error: Box<ApiError>,
    },
}

/// What `amoozgar inspect` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum InspectRequest {
    /// Read a dataset's file as a whole; answered with a [`DatasetSummary`].
    Dataset {
        /// The file.
        path: String,
    },
    /// Read some rows of a dataset's file; answered with [`DatasetRows`], the long ones cut.
    Rows {
        /// The file.
        path: String,
        /// The first row, counted from 0.
        offset: u64,
        /// How many.
        limit: u32,
    },
    /// Show some conversations as a model would learn them; answered with a
    /// [`ConversationsPreview`](crate::chat::ConversationsPreview).
    Conversations {
        /// The dataset's file.
        path: String,
        /// The model's folder.
        model_dir: String,
        /// What the rows are; what they look like where absent.
        shape: Option<Shape>,
        /// The columns of their parts.
        mapping: Mapping,
        /// Which answers are learnt.
        supervise: Supervise,
        /// What becomes of the thoughts before them.
        thinking: Thinking,
        /// Tokens in a sequence.
        context: u32,
        /// How many.
        limit: u32,
    },
    /// Look at a model's folder without its weights; answered with a [`BaseFitness`](crate::installed::BaseFitness).
    ModelFolder {
        /// The folder.
        path: String,
    },
    /// Read what a model's files say of it; answered with [`ModelFacts`](crate::library::ModelFacts).
    About {
        /// Its folder, or a GGUF file.
        path: String,
    },
    /// Write a run's settings and its data for another program; answered with a
    /// [`Recipe`](crate::library::Recipe).
    Recipe {
        /// The run's `job.json`.
        spec: String,
        /// The program.
        program: RecipeProgram,
        /// The folder that is made.
        out: String,
    },
    /// Check a GGUF file's header; answered with the paths of all files of its model.
    Gguf {
        /// The file, or any of its parts.
        path: String,
    },
    /// Read an offline bundle's list of files; answered with `null` where it can be imported.
    Bundle {
        /// The zip file, or the folder.
        path: String,
    },
}

/// What `amoozgar convert` is asked, once; then it ends. When its input closes it stops, and leaves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvertRequest {
    /// The model's folder or GGUF file.
    pub model: String,
    /// The folder of an adapter on it.
    pub adapter: Option<String>,
    /// For which programs.
    pub form: ProgramForm,
    /// Where to.
    pub out: String,
}

/// A form in which other programs take a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramForm {
    /// A folder in the Hub's form.
    Safetensors,
    /// The adapter alone.
    Peft,
    /// A GGUF file of 16 bits a weight.
    GgufF16,
    /// A GGUF file of 8 bits a weight.
    GgufQ8,
    /// A GGUF file of mostly 5 bits a weight, `Q5_K_M`.
    GgufQ5KM,
    /// A GGUF file of mostly 4 bits a weight, `Q4_K_M`.
    GgufQ4KM,
    /// A GGUF file of 4 bits a weight, `Q4_0`.
    GgufQ4,
    /// A GGUF file of the adapter alone.
    GgufAdapter,
}

/// The tensor that lost most where values were rounded to a few bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossiestTensor {
    /// Its name.
    pub tensor: String,
    /// How it is stored, by llama.cpp's name.
    pub kind: String,
    /// The root of the mean squared difference over that of its values: 0.07 is seven percent.
    pub relative_rmse: f64,
}

/// What `amoozgar check` is asked, once; then it ends. When its input closes it stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// The model's folder.
    pub model: String,
    /// Files whose bytes the Hub has told.
    pub known: Vec<KnownFile>,
}

/// What a child says that does one thing (`amoozgar convert`, `amoozgar check`): how far it is, then one of
/// the others as its last word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum TaskReply<T> {
    /// How far it is.
    Progress {
        /// Bytes that are done: read, or written and read back.
        done_bytes: u64,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// It is done.
    Done {
        /// What came of it.
        answer: T,
    },
    /// It was stopped.
    Stopped,
    /// It could not be done.
    Failed {
        /// Why.
        error: Box<ApiError>,
    },
}

/// What a dataset's file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetSummary {
    /// The shape of the file.
    pub format: DatasetFormat,
    /// How it writes characters.
    pub encoding: TextEncoding,
    /// Documents with text in them.
    pub n_rows: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// What its rows are taken for; absent where they look like nothing that is known.
    #[serde(default)]
    pub guess: Option<Guess>,
    /// Rows that are no conversations, where the others are.
    #[serde(default)]
    pub faults: Vec<FaultCount>,
}

/// Some rows of a dataset's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRows {
    /// Their texts.
    pub rows: Vec<String>,
    /// How the file writes characters, as far as it was read.
    pub encoding: TextEncoding,
}

/// What `amoozgar measure` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum MeasureRequest {
    /// Say what a run will need; answered with an [`Estimate`](crate::plan::Estimate).
    Plan {
        /// The run.
        spec: Box<TrainSpec>,
        /// Memory that it may take.
        free_memory_bytes: u64,
        /// Room on the disk that its files will lie on.
        free_disk_bytes: u64,
    },
    /// Say what a run can do with where as little as possible is kept; answered with bytes.
    LeastMemory {
        /// The run.
        spec: Box<TrainSpec>,
    },
}

/// What `amoozgar infer` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum InferRequest {
    /// Load a model in place of the one that is there.
    Load(ModelFiles),
    /// Continue a prompt.
    Generate(Prompt),
    /// Count the tokens of a text.
    CountTokens {
        /// The text.
        text: String,
    },
    /// End the continuation under way. Heard at once, and answered by its end.
    Stop,
    /// Let go of the model.
    Unload,
}

/// Where a model lies that is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFiles {
    /// The folder, of a model or of a run's checkpoint.
    pub model_dir: String,
    /// The folder of the adapter that is put on it.
    pub adapter_dir: Option<String>,
}

/// What a loaded model is to write, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What comes before.
    pub input: PromptInput,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Same seed, same text.
    pub seed: u64,
}

/// What a model reads before it writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptInput {
    /// A text, which is continued.
    Text(String),
    /// A conversation, which is answered.
    Messages(Vec<Message>),
}

/// What a model wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The text, without the prompt.
    pub text: String,
    /// Tokens made.
    pub n_tokens: u32,
    /// Tokens per second while decoding.
    pub tokens_per_s: f64,
    /// Why it ended.
    pub finish: FinishReason,
    /// Messages of the conversation that did not fit into the model's context, the earliest ones.
    pub n_left_out: u32,
}

/// What `amoozgar infer` answers. A request is answered once, `Load` with `Loading` and `Generate` with pieces of text before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum InferReply {
    /// The model is being loaded.
    Loading {
        /// The share of its weights that is in memory, from 0 to 1.
        share: f64,
    },
    /// The model is there.
    Loaded {
        /// What its conversations are written in.
        template: TemplateKind,
    },
    /// A further piece of the continuation, in whole characters.
    Text {
        /// To be appended.
        text: String,
    },
    /// The continuation is whole.
    Generated(Continuation),
    /// The tokens were counted.
    Counted {
        /// How many.
        n_tokens: u64,
    },
    /// The model is gone.
    Unloaded,
    /// It could not be done.
    Failed {
        /// Why.
        error: Box<ApiError>,
    },
}
