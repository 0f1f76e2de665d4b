//! How a tokenizer cuts Persian: tokens a word of a fixed text of our own, in six manners of writing. What
//! is compared are tokenizers, so the text never changes; another text would be another measure.

use crate::EngineError;
use crate::tokenizer::Tokenizer;
use amoozgar_types::library::Fertility;

/// A story, school, science, instructions, a chat, prose.
const TEXT: &str = include_str!("persian.txt");

/// Tokens that a tokenizer makes of the text as training would read it: normalized, a line at a time.
pub(super) fn of(tokenizer: &Tokenizer) -> Result<Fertility, EngineError> {
    let text = amoozgar_text::normalize(TEXT);
    let (mut n_words, mut n_tokens) = (0, 0);
    for line in text.lines() {
        n_words += line.split_whitespace().count() as u64;
        n_tokens += tokenizer.encode(line)?.len() as u64;
    }
    Ok(Fertility { n_words, n_tokens })
}
