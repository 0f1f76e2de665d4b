//! What the environment says to every program that uses the Hub: where its cache is, which token and
//! which address to use. Variables are read as the Python client reads them (`constants.py` and
//! `utils/_auth.py` of `huggingface_hub` 1.0), so that both find the same files: `~` and `$NAME` are
//! replaced in paths, and line ends and spaces around a value do not count. An empty variable is none.

use crate::Sensitive;
use crate::endpoint::Access;
use std::env;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// A file with a token is far shorter.
const TOKEN_LIMIT_BYTES: u64 = 64 << 10;

/// The cache that the environment names for all programs, if it names one: `HF_HUB_CACHE`, else
/// `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`.
pub fn named_cache() -> Option<PathBuf> {
    path("HF_HUB_CACHE")
        .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| path("HF_HOME").map(|home| home.join("hub")))
}

/// The token of `HF_TOKEN` or `HUGGING_FACE_HUB_TOKEN`, else of the file that `HF_TOKEN_PATH` names,
/// else of the one that signing in on the command line leaves in the Hub's home. None where the
/// environment says that no token is to be taken unasked. Reads a file.
pub fn named_token() -> Option<Sensitive> {
    if is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
        return None;
    }
    ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]
        .into_iter()
        .find_map(|name| clean_token(&variable(name)?))
        .or_else(|| {
            let place = path("HF_TOKEN_PATH").or_else(|| home().map(|home| home.join("token")))?;
            token_of_file(place)
        })
        .map(Sensitive::new)
}

/// The address of the Hub that `HF_ENDPOINT` names, if it names one.
pub fn named_endpoint() -> Option<String> {
    variable("HF_ENDPOINT")
}

/// Offline where `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` says so.
pub fn named_access() -> Access {
    if is_true("HF_HUB_OFFLINE") || is_true("TRANSFORMERS_OFFLINE") {
        Access::Offline
    } else {
        Access::Online
    }
}

/// A token without the line ends and spaces that a file or a shell left in it; `None` where nothing
/// remains.
pub(crate) fn clean_token(text: &str) -> Option<String> {
    let token = text.replace(['\r', '\n'], "");
    let token = token.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    (!token.is_empty()).then(|| token.to_owned())
}

fn token_of_file(place: PathBuf) -> Option<String> {
    // What is no plain file may never end.
    if !place.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(place)
        .ok()?
        .take(TOKEN_LIMIT_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    clean_token(&text)
}

/// Where everything of the Hub is: `HF_HOME`, else `huggingface` in `XDG_CACHE_HOME`, else in the
/// user's own cache folder.
fn home() -> Option<PathBuf> {
    path("HF_HOME").or_else(|| {
        let caches = path("XDG_CACHE_HOME").or_else(|| Some(env::home_dir()?.join(".cache")))?;
        Some(caches.join("huggingface"))
    })
}

/// A variable that is set to something, without white space around it.
fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// A variable that names a folder or a file. A name that is no Unicode is taken as it is.
fn path(name: &str) -> Option<PathBuf> {
    match env::var(name) {
        Err(env::VarError::NotUnicode(raw)) => Some(raw.into()),
        _ => variable(name).map(|value| expanded(&value)),
    }
}

fn is_true(name: &str) -> bool {
    variable(name).is_some_and(|value| {
        ["1", "on", "yes", "true"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
    })
}

/// A path with `~`, `~user`, `$NAME` and `${NAME}` replaced, on Windows `%NAME%` too; what has no
/// value stays as it is written. As `os.path.expandvars(os.path.expanduser(…))`.
fn expanded(text: &str) -> PathBuf {
    PathBuf::from(with_variables(&with_home(text)))
}

fn with_home(text: &str) -> String {
    let is_separator = |c: char| c == '/' || (cfg!(windows) && c == '\\');
    let Some(rest) = text.strip_prefix('~') else {
        return text.to_owned();
    };
    let (user, rest) = rest.split_at(rest.find(is_separator).unwrap_or(rest.len()));
    let home = if user.is_empty() {
        env::home_dir()
    } else {
        home_of(user)
    };
    match home.and_then(|home| home.into_os_string().into_string().ok()) {
        Some(home) if home.trim_end_matches(is_separator).is_empty() && rest.is_empty() => home,
        Some(home) => format!("{}{rest}", home.trim_end_matches(is_separator)),
        None => text.to_owned(),
    }
}

/// The home of another user, where the system has a list of its users in a file.
fn home_of(user: &str) -> Option<PathBuf> {
    let users = if cfg!(unix) {
        std::fs::read_to_string("/etc/passwd").ok()?
    } else {
        return None;
    };
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [name, _, _, _, _, home, ..] if *name == user => Some(PathBuf::from(home)),
            _ => None,
        }
    })
}

fn with_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| c == '$' || (cfg!(windows) && c == '%')) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let written = reference(from);
        let value = written.and_then(|(name, _)| env::var(name).ok());
        let length = written.map_or(1, |(_, length)| length);
        let (whole, after) = from.split_at(length);
        out.push_str(value.as_deref().unwrap_or(whole));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The variable's name at the start of `text`, and how long its mention is in bytes.
fn reference(text: &str) -> Option<(&str, usize)> {
    if let Some(rest) = text.strip_prefix("${") {
        let end = rest.find('}')?;
        return Some((rest.get(..end)?, end + 3));
    }
    if let Some(rest) = text.strip_prefix('%') {
        let end = rest.find('%')?;
        return Some((rest.get(..end)?, end + 2));
    }
    let rest = text.strip_prefix('$')?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then(|| rest.get(..end).map(|name| (name, end + 1)))?
}
