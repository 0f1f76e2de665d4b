//! What the environment says to every program that uses the Hub: where its cache is, and where the
//! command line's token lies. The places are `hf-hub`'s.

use crate::Sensitive;
use std::env;
use std::fs;
use std::path::PathBuf;

/// The cache that the environment names for all programs, if it names one.
pub fn named_cache() -> Option<PathBuf> {
    if ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]
        .iter()
        .any(|name| variable(name).is_some())
    {
        let cache = hf_hub::resolve_cache_dir();
        // The first of them may be set to nothing.
        return Some(cache).filter(|path| !path.as_os_str().is_empty());
    }
    variable("HF_HOME").map(|_| hf_hub::hf_home().join("hub"))
}

/// The token of `HF_TOKEN`, else of the file that `HF_TOKEN_PATH` names, else of the one that
/// signing in on the command line leaves in `hf-hub`'s home. None where the environment says that
/// no token is to be taken unasked. Reads a file.
pub fn named_token() -> Option<Sensitive> {
    if variable("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some() {
        return None;
    }
    let from_file = |path: PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        let token = text.trim();
        (!token.is_empty()).then(|| token.to_owned())
    };
    variable("HF_TOKEN")
        .or_else(|| variable("HF_TOKEN_PATH").and_then(|path| from_file(path.into())))
        .or_else(|| from_file(home()?.join("token")))
        .map(Sensitive::new)
}

/// Where the environment says that everything of the Hub is, else below the user's own folder, which
/// `hf-hub` looks for in `HOME` alone: Windows calls it otherwise.
fn home() -> Option<PathBuf> {
    let is_said = ["HF_HOME", "XDG_CACHE_HOME"]
        .iter()
        .any(|name| variable(name).is_some());
    if is_said {
        return Some(hf_hub::hf_home());
    }
    env::home_dir().map(|home| home.join(".cache").join("huggingface"))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
