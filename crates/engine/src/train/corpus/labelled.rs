//! Labelled text as tokens: a classifier's examples, their classes, and what is held out of each class.

use super::{Classes, Corpus, Part, Progress, TRAIN, VALIDATION, given_tokenizer};
use crate::EngineError;
use crate::files::{self, DurableFile};
use crate::model::ModelConfig;
use crate::random::Keyed;
use crate::setup::base_model;
use crate::tokenizer::Tokenizer;
use crate::train::token_cache::TokenWriter;
use amoozgar_data::{DataError, Example, Examples, HeldOut, class_names};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::LoadingStage;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Raised when the preparation changes what it makes of the same rows.
const VERSION: u32 = 1;

/// Rows and, of each, its class.
struct Rows {
    texts: Vec<String>,
    classes: Vec<u32>,
}

/// Reads, holds out and tokenizes. Labelled text is small beside plain text: its rows are in memory
/// while they are tokenized, and tokens are made anew at every start.
pub(super) fn prepare(
    spec: &TrainSpec,
    cache_dir: &Path,
    progress: &mut Progress<'_>,
) -> Result<Corpus, EngineError> {
    let mut hash = blake3::Hasher::new();
    let train_path = Path::new(&spec.dataset.train);
    let train = read(train_path, &mut hash, progress)?;
    let own_validation = match &spec.dataset.validation {
        Some(path) => Some((path, read(Path::new(path), &mut hash, progress)?)),
        None => None,
    };
    let names = names(spec, &train)?;
    let train = rows(train_path, train, &names)?;
    let (train, validation) = match own_validation {
        Some((path, examples)) => (train, rows(Path::new(path), examples, &names)?),
        None => hold_out(train, names.len(), spec)?,
    };

    progress.at(LoadingStage::Tokenizer, 0.0)?;
    let context = spec.model.context_length;
    let (tokenizer, source) = if let Some(given) = given_tokenizer(spec)? {
        given
    } else {
        let texts = train.texts.clone().into_iter();
        let size = spec.tokenizer.vocab_size;
        (Tokenizer::train(texts, size)?, size.to_string())
    };
    progress.at(LoadingStage::Tokenizer, 1.0)?;
    let settings = (
        VERSION,
        source,
        context,
        spec.dataset.validation.is_some(),
        spec.dataset.validation_fraction.to_bits(),
        spec.seed,
        &names,
    );
    hash.update(format!("classes {settings:?}").as_bytes());
    let key = hash.finalize().to_hex().to_string();

    let folder = cache_dir.join(key.get(..32).unwrap_or(&key));
    files::create_dir(&folder)?;
    let tokenizer_file = folder.join("tokenizer.json");
    let mut written = DurableFile::create(&tokenizer_file)?;
    written.write(tokenizer.to_json()?.as_bytes())?;
    written.finish()?;
    let encoder = tokenizer.for_examples(context)?;
    let n_val_bytes = validation.texts.iter().map(|text| text.len() as u64).sum();
    progress.at(LoadingStage::Encoding, 0.0)?;
    let corpus = Corpus {
        key,
        train: encode(&encoder, &train.texts, &folder, TRAIN)?,
        validation: encode(&encoder, &validation.texts, &folder, VALIDATION)?,
        tokenizer,
        tokenizer_file,
        n_val_bytes,
        classes: Some(Classes {
            names,
            train: train.classes,
            validation: validation.classes,
        }),
        chat: None,
        conversations: None,
        pairs: None,
    };
    progress.at(LoadingStage::Encoding, 1.0)?;
    Ok(corpus)
}

/// Every row of a file, hashed.
fn read(
    path: &Path,
    hash: &mut blake3::Hasher,
    progress: &mut Progress<'_>,
) -> Result<Vec<Example>, EngineError> {
    let mut examples = Examples::open(path)?;
    let mut all = Vec::new();
    progress.at(LoadingStage::Reading, 0.0)?;
    while let Some(example) = examples.next() {
        let example = example?;
        hash.update(example.text.as_bytes());
        hash.update(&[0]);
        hash.update(example.label.as_bytes());
        hash.update(&[0]);
        all.push(example);
        progress.at(LoadingStage::Reading, examples.share_read())?;
    }
    hash.update(&[1]);
    if all.is_empty() {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        }
        .into());
    }
    Ok(all)
}

/// The classes, by their ids: as the model knows them that the run goes on from, where it knows the
/// same ones.
fn names(spec: &TrainSpec, train: &[Example]) -> Result<Vec<String>, EngineError> {
    let found = class_names(train.iter().map(|example| example.label.clone()));
    if found.len() < 2 {
        return Err(EngineError::InvalidSpec {
            field: "dataset.train",
            detail: format!("every row is labelled `{}`", found.join("")),
        });
    }
    let Some(base) = base_model(spec)? else {
        return Ok(found);
    };
    let known = ModelConfig::load(base)?.labels;
    let same = class_names(known.iter().cloned()) == found && known.len() == found.len();
    Ok(if same { known } else { found })
}

/// Rows with their classes' ids.
fn rows(path: &Path, examples: Vec<Example>, names: &[String]) -> Result<Rows, EngineError> {
    let ids: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let mut rows = Rows {
        texts: Vec::with_capacity(examples.len()),
        classes: Vec::with_capacity(examples.len()),
    };
    for Example { text, label, line } in examples {
        let unknown = || DataError::InvalidRow {
            path: path.to_path_buf(),
            line,
            detail: format!("the label `{label}` is none of the model's"),
        };
        let id = ids.get(label.as_str()).copied().ok_or_else(unknown)?;
        rows.classes.push(id);
        rows.texts.push(text);
    }
    Ok(rows)
}

/// Parts off the same share of every class; of one with two rows or more, one at least and not all.
fn hold_out(all: Rows, n_classes: usize, spec: &TrainSpec) -> Result<(Rows, Rows), EngineError> {
    let stream = Keyed::new(spec.seed, "held out");
    let fraction = spec.dataset.validation_fraction;
    let held_out = HeldOut::of_each_class(&all.classes, n_classes, fraction, |class, n| {
        stream.child(u64::from(class)).permutation(n)
    });
    let held_out = held_out.ok_or_else(|| EngineError::InvalidSpec {
        field: "dataset.train",
        detail: "no class has two rows: nothing can be held out".to_owned(),
    })?;
    let empty = || Rows {
        texts: Vec::new(),
        classes: Vec::new(),
    };
    let (mut train, mut validation) = (empty(), empty());
    for (row, (text, class)) in all.texts.into_iter().zip(all.classes).enumerate() {
        let part = if held_out.contains(row) {
            &mut validation
        } else {
            &mut train
        };
        part.texts.push(text);
        part.classes.push(class);
    }
    Ok((train, validation))
}

/// Tokenizes on all threads of the pool and writes the tokens, in order.
fn encode(
    tokenizer: &Tokenizer,
    texts: &[String],
    folder: &Path,
    name: &str,
) -> Result<Part, EngineError> {
    let encoded: Vec<Vec<u32>> = texts
        .par_iter()
        .map(|text| tokenizer.encode_example(text))
        .collect::<Result<_, _>>()?;
    let path = super::tokens_file(folder, name);
    let mut writer = TokenWriter::create(&path, tokenizer.vocab_size())?;
    for tokens in &encoded {
        writer.write(tokens)?;
    }
    writer.finish()?;
    let tokens = super::TokenCache::open(&path, tokenizer.vocab_size())?;
    Ok(Part {
        tokens: Arc::new(tokens),
        documents: encoded.iter().map(|tokens| tokens.len() as u32).collect(),
        trained: None,
    })
}

/// A file's examples as a classifier of `names` reads them: tokens, and the classes' ids.
pub(crate) fn encode_examples(
    path: &Path,
    tokenizer: &Tokenizer,
    names: &[String],
) -> Result<(Vec<Vec<u32>>, Vec<u32>), EngineError> {
    let examples: Vec<Example> = Examples::open(path)?.collect::<Result<_, _>>()?;
    let rows = rows(path, examples, names)?;
    if rows.texts.is_empty() {
        return Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        }
        .into());
    }
    let encoded = rows.texts.par_iter();
    let encoded = encoded.map(|text| tokenizer.encode_example(text));
    Ok((encoded.collect::<Result<_, _>>()?, rows.classes))
}
