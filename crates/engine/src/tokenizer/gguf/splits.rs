//! How texts are split before a byte-level BPE, by the `pre` of GGUF files. The expressions are those of the
//! models' own tokenizers, in the form that llama.cpp gives them (`llama-vocab.cpp`).

use serde_json::Value;
use tokenizers::SplitDelimiterBehavior;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};

/// A way of splitting texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splitting {
    /// The names of it in GGUF files, the first of which is written.
    names: &'static [&'static str],
    /// Applied one after the other, each to the pieces of those before.
    expressions: &'static [&'static str],
    /// Whether a word that is a token becomes it, whatever the merges say.
    pub(super) ignores_merges: bool,
    /// Whether a text begins with a token of its own where a file does not say.
    pub(super) adds_bos: bool,
    /// What transformers' own files have in its place.
    in_transformers: &'static [&'static str],
}

/// GPT-2's words.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
/// Llama 3's words.
const LLAMA3: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen's words.
const QWEN2: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What is not named otherwise is split so.
const DEFAULT: Splitting = Splitting {
    names: &["default"],
    expressions: &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"],
    ignores_merges: false,
    adds_bos: false,
    in_transformers: &[],
};

const ALL: [Splitting; 6] = [
    Splitting {
        names: &["gpt-2", "phi-2", "mpt", "olmo", "exaone4", "trillion"],
        expressions: &[GPT2],
        ignores_merges: false,
        adds_bos: false,
        in_transformers: &[r#"{"type":"ByteLevel","use_regex":true}"#],
    },
    Splitting {
        names: &[
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b",
        ],
        expressions: &[r"\p{N}", GPT2],
        ignores_merges: false,
        adds_bos: false,
        in_transformers: &[
            r#"{"pretokenizers":[{"individual_digits":true,"type":"Digits"},{"type":"ByteLevel","use_regex":true}],"type":"Sequence"}"#,
        ],
    },
    Splitting {
        names: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "pixtral",
            "lfm2",
        ],
        expressions: &[LLAMA3],
        ignores_merges: true,
        adds_bos: true,
        in_transformers: &[
            r#"{"pretokenizers":[{"behavior":"Isolated","invert":false,"pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"type":"Split"},{"type":"ByteLevel","use_regex":false}],"type":"Sequence"}"#,
        ],
    },
    Splitting {
        names: &["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"],
        expressions: &[LLAMA3],
        ignores_merges: false,
        adds_bos: false,
        in_transformers: &[],
    },
    Splitting {
        names: &[
            "qwen2",
            "deepseek-r1-qwen",
            "stablelm2",
            "hunyuan",
            "megrez",
        ],
        expressions: &[QWEN2],
        ignores_merges: false,
        adds_bos: false,
        in_transformers: &[
            r#"{"pretokenizers":[{"behavior":"Isolated","invert":false,"pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"type":"Split"},{"type":"ByteLevel","use_regex":false}],"type":"Sequence"}"#,
        ],
    },
    DEFAULT,
];

impl Splitting {
    /// The one that GGUF files call `name`; a file that names none means the default.
    pub(super) fn of(name: Option<&str>) -> Result<Self, String> {
        let Some(name) = name else {
            return Ok(DEFAULT);
        };
        ALL.into_iter()
            .find(|splitting| splitting.names.contains(&name))
            .ok_or_else(|| {
                format!("texts are split as `{name}` (`tokenizer.ggml.pre`), which is not known")
            })
    }

    /// The one of a `tokenizer.json` with this part before its model.
    pub(super) fn of_json(pre_tokenizer: &Value, ignores_merges: bool) -> Option<Self> {
        let found = plain(pre_tokenizer);
        ALL.into_iter().find(|splitting| {
            let own = serde_json::to_value(splitting.pre_tokenizer().ok()).ok();
            let theirs = splitting.in_transformers.iter();
            let mut known = theirs.filter_map(|text| serde_json::from_str(text).ok());
            splitting.ignores_merges == ignores_merges
                && (own.as_ref().map(plain).as_ref() == Some(&found)
                    || known.any(|known: Value| known == found))
        })
    }

    /// Its name in GGUF files.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The library's part before the model.
    pub(super) fn pre_tokenizer(&self) -> Result<Sequence, String> {
        let mut parts = Vec::new();
        for expression in self.expressions {
            let pattern = SplitPattern::Regex((*expression).to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            let split = split.map_err(|failure| failure.to_string())?;
            parts.push(PreTokenizerWrapper::Split(split));
        }
        let bytes = ByteLevel::new(false, false, false);
        parts.push(PreTokenizerWrapper::ByteLevel(bytes));
        Ok(Sequence::new(parts))
    }
}

/// The part without what changes no token: what a byte-level part trims of offsets, and a space that it does
/// not put before a text.
fn plain(part: &Value) -> Value {
    let mut part = part.clone();
    if let Some(fields) = part.as_object_mut() {
        fields.remove("trim_offsets");
        if fields.get("add_prefix_space") == Some(&Value::Bool(false)) {
            fields.remove("add_prefix_space");
        }
        if let Some(Value::Array(parts)) = fields.get_mut("pretokenizers") {
            for inner in parts {
                *inner = plain(inner);
            }
        }
    }
    part
}
