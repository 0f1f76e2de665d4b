//! What a model on this machine is, as its page tells; what a check of its files finds; for which programs a
//! run's settings are written.

use serde::{Deserialize, Serialize};

/// What a model's own files say of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// The family, by its `model_type`, or by its name in a GGUF file.
    pub architecture: Option<String>,
    /// Weights.
    pub n_parameters: u64,
    /// Tokens that the model sees at once.
    pub context_length: u64,
    /// Size of the vocabulary.
    pub vocab_size: u64,
    /// Transformer blocks.
    pub n_layers: u64,
    /// How its weights are stored, those with the most bytes first.
    pub weights: Vec<StoredAs>,
    /// Whether it has a form of its own for conversations.
    pub has_chat_template: bool,
    /// The classes that it sorts into; empty where it continues texts.
    pub labels: Vec<String>,
    /// The licence's short name, where a file of the model says so.
    pub licence: Option<String>,
    /// The repository of the Hub that it was made from, where its card says so.
    pub base_repo: Option<String>,
    /// How it cuts Persian; absent where its tokenizer cannot be read.
    pub fertility: Option<Fertility>,
}

/// Weights of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAs {
    /// The type, as in `BF16` or `Q4_K`.
    pub name: String,
    /// How many tensors.
    pub n_tensors: u64,
    /// Their bytes.
    pub n_bytes: u64,
}

/// How a tokenizer cuts the program's own Persian text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fertility {
    /// Words of the text, parted by white space.
    pub n_words: u64,
    /// Tokens that the tokenizer makes of them.
    pub n_tokens: u64,
}

impl Fertility {
    /// Tokens a word.
    pub fn tokens_per_word(self) -> f64 {
        self.n_tokens as f64 / self.n_words.max(1) as f64
    }
}

/// What a check of a model's files found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckReport {
    /// Files of weights that were read.
    pub n_weight_files: u64,
    /// Tensors whose every value was read.
    pub n_tensors: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// Files whose checksum is known and was computed.
    pub n_checksums: u64,
    /// What is wrong; the first hundred.
    pub faults: Vec<CheckFault>,
    /// How many there are in all.
    pub n_faults: u64,
    /// Whether `models_transfer_stop` ended it, so that it says nothing of the rest.
    #[serde(default)]
    pub stopped: bool,
}

impl CheckReport {
    /// Faults that are listed.
    pub const LISTED: usize = 100;

    /// Notes what is wrong.
    pub fn add(&mut self, fault: CheckFault) {
        self.n_faults += 1;
        if self.faults.len() < Self::LISTED {
            self.faults.push(fault);
        }
    }

    /// Joins what another part of the check found.
    pub fn join(&mut self, other: Self) {
        self.n_weight_files += other.n_weight_files;
        self.n_tensors += other.n_tensors;
        self.n_bytes += other.n_bytes;
        self.n_checksums += other.n_checksums;
        let unlisted = other.n_faults - other.faults.len() as u64;
        for fault in other.faults {
            self.add(fault);
        }
        self.n_faults += unlisted;
        self.stopped |= other.stopped;
    }
}

/// Something that is wrong with a model's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFault {
    /// The file, by its place in the model's folder.
    pub file: String,
    /// The weight, where it is one's.
    pub weight: Option<String>,
    /// What is wrong.
    pub kind: FaultKind,
    /// More about it, in the words of who found it; numbers and names only.
    pub detail: String,
}

/// What can be wrong with a file of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is not there.
    Missing,
    /// Its length is another than its source says.
    WrongSize,
    /// Its bytes are others than its source says.
    WrongChecksum,
    /// It cannot be read, or its header contradicts itself.
    Unreadable,
    /// A value is infinite or none.
    NotFinite,
    /// A weight that the configuration asks for is in no file.
    MissingWeight,
    /// A weight has another shape than the configuration asks for.
    WrongShape,
    /// The configuration cannot be used.
    Config,
    /// The tokenizer cannot be used.
    Tokenizer,
    /// The form of conversations cannot be used.
    ChatTemplate,
}

/// A file of a model whose length and bytes its source has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFile {
    /// Its place in the model's folder.
    pub path: String,
    /// Where it is on this computer.
    pub absolute: String,
    /// The Hub's name of its content: the SHA-256 of a large file, git's SHA-1 of another one.
    pub oid: String,
}

/// A program for GPU servers in whose form a run's settings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipeProgram {
    /// Axolotl.
    Axolotl,
    /// LLaMA-Factory.
    LlamaFactory,
}

impl RecipeProgram {
    /// Every one, in the order of forms.
    pub const ALL: &'static [Self] = &[Self::Axolotl, Self::LlamaFactory];

    /// What its makers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Axolotl => "Axolotl",
            Self::LlamaFactory => "LLaMA-Factory",
        }
    }
}

/// A folder with a run's settings and data for another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The folder.
    pub path: String,
    /// Its files.
    pub files: Vec<String>,
    /// Settings that the program has no counterpart of, by their names in the specification; each is said in
    /// a comment.
    pub without_counterpart: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::{CheckFault, CheckReport, FaultKind};

    #[test]
    fn a_report_lists_a_hundred_faults_and_counts_all() {
        let fault = CheckFault {
            file: "model.safetensors".to_owned(),
            weight: None,
            kind: FaultKind::NotFinite,
            detail: String::new(),
        };
        let (mut report, mut other) = (CheckReport::default(), CheckReport::default());
        for _ in 0..70 {
            report.add(fault.clone());
            other.add(fault.clone());
            other.add(fault.clone());
        }
        assert_eq!((other.faults.len(), other.n_faults), (100, 140));
        report.join(other);
        assert_eq!((report.faults.len(), report.n_faults), (100, 210));
    }
}
