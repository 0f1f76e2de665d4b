//! The tokenizers that GGUF files hold, as tokenizers of the library, which give llama.cpp's tokens: a
//! byte-level BPE (`gpt2`) whose texts are split as its `pre` says, and `SentencePiece`'s BPE with scores
//! (`llama`). And back again ([`settings`]).

mod byte_level;
mod sentence_piece;
mod splits;
mod write;

use crate::gguf::{END_TOKENS, Metadata};
use std::collections::HashMap;
use tokenizers::models::bpe::Vocab;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};
pub(crate) use write::settings;

/// The kinds of tokens, by GGUF's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Unknown,
    /// It means something and is not text.
    Control,
    /// It is found in a text before anything else.
    UserDefined,
    Unused,
    /// It stands for a byte.
    Byte,
}

impl Kind {
    fn of(number: i64) -> Option<Self> {
        Some(match number {
            0 | 1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }

    fn number(self) -> i64 {
        match self {
            Self::Normal => 1,
            Self::Unknown => 2,
            Self::Control => 3,
            Self::UserDefined => 4,
            Self::Unused => 5,
            Self::Byte => 6,
        }
    }
}

/// A file's tokens.
struct Tokens<'a> {
    texts: &'a [String],
    kinds: Vec<Kind>,
    ids: HashMap<&'a str, u32>,
}

impl<'a> Tokens<'a> {
    fn of(metadata: &'a Metadata) -> Result<Self, String> {
        const TOKENS: &str = "tokenizer.ggml.tokens";
        const KINDS: &str = "tokenizer.ggml.token_type";
        let texts = metadata.texts(TOKENS)?;
        let texts = texts.ok_or_else(|| format!("the file lacks `{TOKENS}`"))?;
        let numbers = metadata.integers(KINDS)?;
        if let Some(numbers) = numbers.filter(|numbers| numbers.len() != texts.len()) {
            let (n, n_kinds) = (texts.len(), numbers.len());
            return Err(format!("`{KINDS}` has {n_kinds} entries for {n} tokens"));
        }
        let mut kinds = match numbers {
            None => vec![Kind::Normal; texts.len()],
            Some(numbers) => numbers
                .iter()
                .map(|&number| {
                    Kind::of(number).ok_or_else(|| format!("`{KINDS}` holds the unknown {number}"))
                })
                .collect::<Result<_, _>>()?,
        };
        let mut ids = HashMap::with_capacity(texts.len());
        for ((text, kind), id) in texts.iter().zip(&mut kinds).zip(0..) {
            if let Some(other) = ids.insert(text.as_str(), id) {
                return Err(format!("the tokens {other} and {id} are both `{text}`"));
            }
            if END_TOKENS.contains(&text.as_str()) {
                *kind = Kind::Control;
            }
        }
        Ok(Self { texts, kinds, ids })
    }

    fn iter(&self) -> impl Iterator<Item = (&'a str, Kind)> {
        let kinds = self.kinds.iter().copied();
        self.texts.iter().map(String::as_str).zip(kinds)
    }

    /// The vocabulary of the library's model.
    fn vocabulary(&self) -> Vocab {
        let entries = self.ids.iter();
        entries
            .map(|(text, id)| ((*text).to_owned(), *id))
            .collect()
    }

    /// Adds the tokens that are found in a text before it is split: control tokens as special ones, which
    /// a text's own words never become.
    fn add_to(&self, tokenizer: &mut Tokenizer) -> Result<(), String> {
        let added = |special: bool| {
            let wanted = move |kind: Kind| match kind {
                Kind::Control | Kind::Unknown => special,
                Kind::UserDefined => !special,
                Kind::Normal | Kind::Unused | Kind::Byte => false,
            };
            self.iter()
                .filter(move |(text, kind)| wanted(*kind) && !text.is_empty())
                .map(move |(text, _)| AddedToken::from(text, special).normalized(false))
                .collect::<Vec<_>>()
        };
        tokenizer
            .add_special_tokens(added(true))
            .and_then(|_| tokenizer.add_tokens(added(false)))
            .map(drop)
            .map_err(|failure| failure.to_string())
    }
}

/// The tokenizer of a file with these settings; the error names what is not understood.
pub(super) fn read(metadata: &Metadata) -> Result<Tokenizer, String> {
    const MODEL: &str = "tokenizer.ggml.model";
    let model = metadata.text(MODEL)?;
    let tokens = Tokens::of(metadata)?;
    let (mut tokenizer, adds_bos) = match model {
        Some("gpt2") => byte_level::read(metadata, &tokens)?,
        Some("llama") => sentence_piece::read(metadata, &tokens)?,
        Some(other) => return Err(format!("tokenizers of the kind `{other}` are not read")),
        None => return Err(format!("the file lacks `{MODEL}`")),
    };
    tokens.add_to(&mut tokenizer)?;
    let flag = |name: &str| metadata.flag(&format!("tokenizer.ggml.add_{name}_token"));
    let token = |name: &str| metadata.token(&format!("tokenizer.ggml.{name}_token_id"));
    let before = flag("bos")?.unwrap_or(adds_bos);
    let before = token("bos")?.filter(|_| before);
    let behind = flag("eos")?.unwrap_or(false);
    let behind = token("eos")?.filter(|_| behind);
    put_around(&mut tokenizer, before, behind)?;
    Ok(tokenizer)
}

/// Puts tokens before and behind every text, as transformers does by default.
fn put_around(
    tokenizer: &mut Tokenizer,
    before: Option<u32>,
    behind: Option<u32>,
) -> Result<(), String> {
    let name = |id: u32| {
        tokenizer
            .id_to_token(id)
            .map(|text| (text, id))
            .ok_or_else(|| format!("there is no token {id}"))
    };
    let before = before.map(name).transpose()?;
    let behind = behind.map(name).transpose()?;
    if before.is_none() && behind.is_none() {
        return Ok(());
    }
    let text = |token: &Option<(String, u32)>| token.as_ref().map(|(text, _)| text.clone());
    let pieces = |sequences: &[&str]| -> Vec<String> {
        let sequences = sequences.iter().map(|&sequence| sequence.to_owned());
        text(&before)
            .into_iter()
            .chain(sequences)
            .chain(text(&behind))
            .collect()
    };
    let template = TemplateProcessing::builder()
        .try_single(pieces(&["$A"]))
        .and_then(|builder| builder.try_pair(pieces(&["$A", "$B:1"])))?
        .special_tokens(before.into_iter().chain(behind).collect::<Vec<_>>())
        .build()
        .map_err(|failure| failure.to_string())?;
    tokenizer.with_post_processor(Some(template));
    Ok(())
}
