//! The run's data beside its settings: a .jsonl file of messages or of texts, normalized as the run reads
//! them. Of conversations the held-out ones are the run's own; of texts the program draws others.

use crate::EngineError;
use crate::files::DurableFile;
use crate::train::held_out_conversations;
use amoozgar_data::{Conversations, Documents, HeldOut, shape_of};
use amoozgar_types::TrainSpec;
use amoozgar_types::dataset::Guess;
use serde_json::json;
use std::path::Path;

/// The file of what is learnt.
pub(super) const TRAIN: &str = "train.jsonl";
/// The file of what is held out.
pub(super) const VALIDATION: &str = "validation.jsonl";

/// What was written.
pub(super) struct Data {
    /// Names of the files.
    pub(super) files: Vec<String>,
    /// Whether the rows are `messages`; they are `text` otherwise.
    pub(super) has_messages: bool,
    /// Whether what is held out has a file of its own.
    pub(super) has_validation: bool,
    /// Rows that the run does not learn, and which are left out.
    pub(super) n_faulty: u64,
}

/// Writes the data of a run into `folder`.
pub(super) fn write(
    spec: &TrainSpec,
    guess: Option<&Guess>,
    folder: &Path,
) -> Result<Data, EngineError> {
    let train = Path::new(&spec.dataset.train);
    let validation = spec.dataset.validation.as_deref().map(Path::new);
    let mut data = Data {
        files: vec![TRAIN.to_owned()],
        has_messages: guess.is_some(),
        has_validation: guess.is_some() || validation.is_some(),
        n_faulty: 0,
    };
    if data.has_validation {
        data.files.push(VALIDATION.to_owned());
    }
    let (train_file, validation_file) = (folder.join(TRAIN), folder.join(VALIDATION));
    let Some(guess) = guess else {
        texts(train, &train_file)?;
        if let Some(validation) = validation {
            texts(validation, &validation_file)?;
        }
        return Ok(data);
    };
    let mut out = DurableFile::create(&train_file)?;
    let mut held = DurableFile::create(&validation_file)?;
    let held_out = match validation {
        Some(_) => HeldOut::none(),
        None => held_out_conversations(spec, guess)?,
    };
    data.n_faulty = conversations(train, guess, &held_out, &mut out, &mut held)?;
    if let Some(path) = validation {
        let guess = shape_of(path, spec.dataset.shape, &spec.dataset.mapping)?;
        let none = HeldOut::none();
        data.n_faulty += conversations(path, &guess, &none, &mut held, &mut out)?;
    }
    out.finish()?;
    held.finish()?;
    Ok(data)
}

/// Writes rows to the one file, those that are held out to the other, and answers with how many are no
/// conversations.
fn conversations(
    path: &Path,
    guess: &Guess,
    held_out: &HeldOut,
    out: &mut DurableFile,
    held: &mut DurableFile,
) -> Result<u64, EngineError> {
    let (mut index, mut n_faulty) = (0, 0);
    for row in Conversations::open(path, guess)? {
        let Ok(row) = row? else {
            n_faulty += 1;
            continue;
        };
        let messages: Vec<_> = row
            .messages
            .iter()
            .map(|message| json!({ "role": message.role.as_str(), "content": message.content }))
            .collect();
        let line = format!("{}\n", json!({ "messages": messages }));
        let file = if held_out.contains(index) {
            &mut *held
        } else {
            &mut *out
        };
        file.write(line.as_bytes())?;
        index += 1;
    }
    Ok(n_faulty)
}

/// Writes the documents of a file, a line each; no more than a part of one is in memory.
fn texts(path: &Path, out: &Path) -> Result<(), EngineError> {
    let mut file = DurableFile::create(out)?;
    for part in Documents::open(path)? {
        let part = part?;
        if part.is_first {
            file.write(b"{\"text\":\"")?;
        }
        let quoted = json!(part.text).to_string();
        let inner = quoted.get(1..quoted.len().saturating_sub(1));
        file.write(inner.unwrap_or_default().as_bytes())?;
        file.write(if part.is_last { b"\"}\n" } else { b"\\n" })?;
    }
    file.finish()
}
