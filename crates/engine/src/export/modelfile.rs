//! The Modelfile beside a GGUF file, which Ollama makes a model of its own from.

use std::fmt::Write;
use std::path::Path;

/// Tokens of the window that a Modelfile asks for at most: Ollama takes memory for all of them at once.
const LONGEST_WINDOW: usize = 8192;

/// The text for the GGUF file `gguf` of a model that sees `context` tokens and ends its texts with `ends`.
/// Ollama reads the template of conversations from the file itself.
pub(super) fn text(gguf: &Path, context: usize, ends: &[String]) -> String {
    let name = gguf.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "FROM ./{name}\nPARAMETER num_ctx {}\n",
        context.min(LONGEST_WINDOW)
    );
    for end in ends {
        let quoted = end.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "PARAMETER stop \"{quoted}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::text;
    use std::path::Path;

    #[test]
    fn it_names_the_file_beside_it_and_what_ends_a_text() {
        let ends = ["<|im_end|>".to_owned(), "a\"b".to_owned()];
        assert_eq!(
            text(Path::new("/somewhere/tuned.gguf"), 131_072, &ends),
            "FROM ./tuned.gguf\nPARAMETER num_ctx 8192\nPARAMETER stop \"<|im_end|>\"\nPARAMETER stop \"a\\\"b\"\n"
        );
    }
}
