//! Writing under a temporary name, reading back, and only then putting into place.

use crate::EngineError;
use crate::files;
use crate::tokenizer::Tokenizer;
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The folder or file.
    pub path: PathBuf,
    /// What was read again and found as it was.
    pub checked: Vec<String>,
    /// Where values were rounded to a few bits, the tensor that lost most by it.
    pub lossiest: Option<Lossiest>,
}

/// What a tensor lost by being rounded to a few bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Lossiest {
    /// Its name.
    pub tensor: String,
    /// How it is stored, by llama.cpp's name.
    pub kind: &'static str,
    /// The root of the mean squared difference over that of its values: 0.07 is seven percent.
    pub relative_rmse: f64,
}

/// Texts whose tokens must come out the same.
const TEXTS: [&str; 8] = [
    "سلام دنیا! این یک آزمایش است.",
    "می‌خواهم کتاب‌هایم را بخوانم؛ تو چه‌طور؟",
    "Hello, world!  Two spaces,\n\nthree lines\tand a tab.",
    "قیمت ۱۲۳۴۵ تومان است (about $3.14) و 2026/11/30.",
    "مُحَمَّد ۲۵٪ - café naïve — 你好 🙂👍🏽",
    "def f(x):\n    return x ** 2  # مربع",
    "   ",
    "<|im_end|> <eos> </s> are words here.",
];

/// Writes what `put` puts under a temporary name and then to `out`; of a failure nothing stays.
pub(super) fn durably(
    out: &Path,
    put: impl FnOnce(&Path) -> Result<Vec<String>, EngineError>,
) -> Result<Exported, EngineError> {
    remove_unfinished(out)?;
    let temporary = files::temporary_name(out);
    let checked = put(&temporary).and_then(|checked| {
        files::put_new(&temporary, out)?;
        Ok(checked)
    });
    match checked {
        Ok(checked) => Ok(Exported {
            path: out.to_path_buf(),
            checked,
            lossiest: None,
        }),
        Err(failure) => {
            remove_unfinished(out)?;
            Err(failure)
        }
    }
}

/// Removes what an export to `out` that was killed left beside it.
///
/// # Errors
/// Where something is there that cannot be removed.
pub fn remove_unfinished(out: &Path) -> Result<(), EngineError> {
    let temporary = files::temporary_name(out);
    // A GGUF file is itself written under a temporary name first.
    files::remove_any(&files::temporary_name(&temporary))?;
    files::remove_any(&temporary)
}

/// Holds the tokens of [`TEXTS`] against each other; the error is the text where they differ.
pub(super) fn same_tokens(one: &Tokenizer, other: &Tokenizer) -> Result<String, String> {
    let tokens = |tokenizer: &Tokenizer, text| tokenizer.encode(text).ok();
    match TEXTS
        .iter()
        .find(|text| tokens(one, text) != tokens(other, text))
    {
        Some(text) => Err((*text).to_owned()),
        None => Ok(format!("the tokens of {} texts", TEXTS.len())),
    }
}

/// What was written is not what was to be.
pub(super) fn differs(path: &Path, what: &str) -> EngineError {
    EngineError::InvalidModel {
        path: path.to_path_buf(),
        detail: format!("{what} was read back and is another than was written"),
    }
}
