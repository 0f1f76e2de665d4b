//! Which files of a repository are needed: weights in a form that can only be data, configuration,
//! tokenizer. Pickle is refused, since loading it runs whatever program it carries (CVE-2025-32434).

use crate::HubError;
use crate::api::{ListedFile, RemoteFile};
use crate::repo::{Repo, RepoKind};

/// What to download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    /// What is needed to use it here.
    #[default]
    Needed,
    /// The files that match one of these patterns (`*` any text, `?` any character), pickle excepted.
    Matching(Vec<String>),
}

/// Why a file comes, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It comes: the weights.
    Weights,
    /// It comes: configuration.
    Configuration,
    /// It comes: the tokenizer.
    Tokenizer,
    /// It comes: card and licence.
    Words,
    /// It comes: data of a dataset.
    Data,
    /// It does not: other weights of the same model.
    OtherWeights,
    /// It does not: pickle, which can run programs.
    Pickle,
    /// It does not: nothing here needs it.
    NotNeeded,
}

/// The form of a repository's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weights {
    Safetensors,
    Gguf,
}

/// Which of several quantizations is taken where the user names none: about the best there is for
/// its size first, then the nearest ones.
const QUANTIZATIONS: [&str; 8] = [
    "q4_k_m", "q5_k_m", "q4_k_s", "q4_0", "q8_0", "q6_k", "f16", "bf16",
];

/// The files of `files` that are needed.
///
/// # Errors
/// [`HubError::OnlyPickle`] where weights would have to be pickle, [`HubError::UnsafePath`] where a
/// file that is needed has a name that not every system can write, and
/// [`HubError::NothingSelected`] where nothing is left.
pub(crate) fn choose(
    repo: &Repo,
    files: &[ListedFile],
    selection: &Selection,
) -> Result<Vec<RemoteFile>, HubError> {
    let pickle = files
        .iter()
        .find(|file| is_pickle(repo.kind(), file.path.as_str()))
        .map(|file| file.path.to_string());
    let safe = files
        .iter()
        .filter(|file| !is_pickle(repo.kind(), file.path.as_str()));
    let chosen: Vec<&ListedFile> = match selection {
        Selection::Matching(patterns) => safe
            .filter(|file| {
                patterns
                    .iter()
                    .any(|pattern| matches(pattern, file.path.as_str()))
            })
            .collect(),
        Selection::Needed => match repo.kind() {
            RepoKind::Dataset => safe.filter(|file| is_data(file.path.as_str())).collect(),
            RepoKind::Model => {
                let safe: Vec<_> = safe.collect();
                match (weights_of(&safe), &pickle) {
                    (None, Some(example)) => return Err(only_pickle(repo, example)),
                    (weights, _) => needed_of_model(safe, weights),
                }
            }
        },
    };
    match (chosen.is_empty(), pickle) {
        // A name is judged only here: what nobody needs stops nothing.
        (false, _) => chosen.into_iter().map(ListedFile::to_remote).collect(),
        (true, Some(example)) => Err(only_pickle(repo, &example)),
        (true, None) => Err(HubError::NothingSelected {
            repo: repo.to_string(),
        }),
    }
}

/// Why a file of a repository is among the chosen ones, or is not.
pub(crate) fn reason(kind: RepoKind, path: &str, is_chosen: bool) -> Reason {
    const WEIGHTS: [&str; 7] = [
        "safetensors",
        "gguf",
        "h5",
        "msgpack",
        "onnx",
        "ot",
        "tflite",
    ];
    const TOKENIZERS: [&str; 4] = ["token", "vocab", "merges", "spiece"];
    let name = file_name(path).to_ascii_lowercase();
    let is_weights = WEIGHTS.iter().any(|ending| has_extension(path, ending))
        || name.ends_with(".safetensors.index.json");
    if is_pickle(kind, path) {
        return Reason::Pickle;
    }
    if !is_chosen {
        return if is_weights && kind == RepoKind::Model {
            Reason::OtherWeights
        } else {
            Reason::NotNeeded
        };
    }
    if ["readme", "licen", "notice"]
        .iter()
        .any(|word| name.starts_with(word))
    {
        Reason::Words
    } else if kind == RepoKind::Dataset {
        Reason::Data
    } else if is_weights {
        Reason::Weights
    } else if TOKENIZERS.iter().any(|word| name.contains(word))
        || has_extension(path, "model")
        || name.starts_with("chat_template")
    {
        Reason::Tokenizer
    } else {
        Reason::Configuration
    }
}

fn only_pickle(repo: &Repo, example: &str) -> HubError {
    only_pickle_of(repo.id(), example)
}

fn only_pickle_of(label: &str, example: &str) -> HubError {
    HubError::OnlyPickle {
        repo: label.to_owned(),
        example: example.to_owned(),
    }
}

fn weights_of(files: &[&ListedFile]) -> Option<Weights> {
    let has = |ending: &str| {
        files
            .iter()
            .map(|file| file.path.as_str())
            .any(|path| is_at_root(path) && has_extension(path, ending))
    };
    if has("safetensors") {
        Some(Weights::Safetensors)
    } else if files
        .iter()
        .any(|file| has_extension(file.path.as_str(), "gguf"))
    {
        Some(Weights::Gguf)
    } else {
        None
    }
}

fn needed_of_model(files: Vec<&ListedFile>, weights: Option<Weights>) -> Vec<&ListedFile> {
    let names: Vec<String> = files
        .iter()
        .map(|file| file.path.as_str().to_owned())
        .collect();
    let quantization = match weights {
        Some(Weights::Gguf) => quantization_of(&files),
        _ => None,
    };
    let is_weights = |path: &str| match weights {
        Some(Weights::Safetensors) => is_at_root(path) && is_wanted_safetensors(path, &names),
        Some(Weights::Gguf) => {
            quantization.as_deref() == gguf_set(path).as_deref() && has_extension(path, "gguf")
        }
        None => false,
    };
    files
        .into_iter()
        .filter(|file| is_weights(file.path.as_str()) || is_companion(file.path.as_str()))
        .collect()
}

/// Weights that are not another form of the same: Mistral's `consolidated` beside `model`, halved
/// precision as `model.fp16` beside `model`.
fn is_wanted_safetensors(name: &str, names: &[String]) -> bool {
    if name.ends_with(".safetensors.index.json") {
        return !name.starts_with("consolidated") || !has_model(names);
    }
    let Some(stem) = name.strip_suffix(".safetensors") else {
        return false;
    };
    let is_variant = stem.rsplit_once('.').is_some_and(|(base, _)| {
        names
            .iter()
            .any(|other| *other == format!("{base}.safetensors"))
    });
    let is_double = stem.starts_with("consolidated") && has_model(names);
    !is_variant && !is_double
}

fn has_model(names: &[String]) -> bool {
    names.iter().any(|name| {
        name.starts_with("model") && name.ends_with(".safetensors") && !name.contains('/')
    })
}

/// The set of GGUF files to take, where there are several: named in [`QUANTIZATIONS`], else the
/// smallest.
fn quantization_of(files: &[&ListedFile]) -> Option<String> {
    let sets = files
        .iter()
        .filter(|file| has_extension(file.path.as_str(), "gguf"));
    let sets: Vec<(String, u64)> = sets
        .filter_map(|file| Some((gguf_set(file.path.as_str())?, file.size_bytes)))
        // What sees pictures is a companion of a language model, not one.
        .filter(|(set, _)| !set.contains("mmproj"))
        .collect();
    QUANTIZATIONS
        .iter()
        .find_map(|name| sets.iter().find(|(set, _)| set.contains(name)))
        .or_else(|| sets.iter().min_by_key(|(_, size_bytes)| *size_bytes))
        .map(|(set, _)| set.clone())
}

/// The name that the parts of one GGUF model share: `m-q8_0-00001-of-00003.gguf` is of `m-q8_0`.
fn gguf_set(path: &str) -> Option<String> {
    let name = path.to_ascii_lowercase();
    let stem = name.strip_suffix(".gguf")?;
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = stem.rsplit_once("-of-").and_then(|(rest, of)| {
        let (base, number) = rest.rsplit_once('-')?;
        (digits(of) && digits(number)).then(|| base.to_owned())
    });
    Some(part.unwrap_or_else(|| stem.to_owned()))
}

/// Configuration, tokenizer, and the words of those who made it.
fn is_companion(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "config.json",
        "generation_config.json",
        "adapter_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "spiece.model",
        "sentencepiece.bpe.model",
        "tokenizer.model",
        "chat_template.jinja",
        "chat_template.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "preprocessor_config.json",
        "1_Pooling/config.json",
        "README.md",
        "NOTICE",
    ];
    NAMES.contains(&name) || (is_at_root(name) && name.to_ascii_uppercase().starts_with("LICENSE"))
}

/// Everything of a dataset but what git needs and programs that would load it.
fn is_data(path: &str) -> bool {
    !matches!(file_name(path), ".gitattributes" | ".gitignore") && !has_extension(path, "py")
}

pub(crate) fn is_pickle(kind: RepoKind, path: &str) -> bool {
    let always = ["pkl", "pickle", "pt", "pth", "ckpt", "joblib"]
        .iter()
        .any(|ending| has_extension(path, ending));
    // `.bin` of a dataset is any data; of a model it is what torch.save wrote.
    always || (kind == RepoKind::Model && has_extension(path, "bin"))
}

/// Leaves out of `files` what can run a program when it is loaded: pickle, and programs themselves.
///
/// # Errors
/// [`HubError::OnlyPickle`] where the weights are among what is left out, or nothing else is there;
/// it names them as those of `label`.
pub(crate) fn without_programs<T>(
    kind: RepoKind,
    label: &str,
    files: Vec<T>,
    path_of: impl Fn(&T) -> &str,
) -> Result<Vec<T>, HubError> {
    let can_run = |file: &T| is_pickle(kind, path_of(file)) || has_extension(path_of(file), "py");
    let is_weights = |file: &T| {
        let path = path_of(file);
        has_extension(path, "safetensors") || has_extension(path, "gguf")
    };
    let (out, kept): (Vec<T>, Vec<T>) = files.into_iter().partition(can_run);
    let lacks_weights = kind == RepoKind::Model && !kept.iter().any(is_weights);
    let pickle = out.iter().find(|file| is_pickle(kind, path_of(file)));
    let example = match (pickle, kept.is_empty()) {
        (Some(pickle), is_empty) if is_empty || lacks_weights => Some(pickle),
        (None, true) => out.first(),
        _ => None,
    };
    match example {
        Some(example) => Err(only_pickle_of(label, path_of(example))),
        None => Ok(kept),
    }
}

fn is_at_root(path: &str) -> bool {
    !path.contains('/')
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn has_extension(path: &str, extension: &str) -> bool {
    file_name(path)
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending.eq_ignore_ascii_case(extension))
}

/// Whether `text` matches `pattern`. As on the Hub's own command line, `*` also spans `/`, and a
/// pattern that ends in `/` is the folder.
fn matches(pattern: &str, text: &str) -> bool {
    let folder;
    let pattern = if pattern.ends_with('/') {
        folder = format!("{pattern}*");
        folder.as_str()
    } else {
        pattern
    };
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: after the last star, and the first character it has not taken.
    let mut back = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after_star, taken)) = back else {
                    return false;
                };
                back = Some((after_star, taken + 1));
                p = after_star;
                t = taken + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Selection, choose, matches};
    use crate::HubError;
    use crate::api::ListedFile;
    use crate::repo::{ListedPath, Oid, Repo, RepoKind};

    fn chosen(
        kind: RepoKind,
        names: &[&str],
        selection: &Selection,
    ) -> Result<Vec<String>, HubError> {
        let repo = Repo::new(kind, "a/b").unwrap();
        let files = names.iter().enumerate().map(|(number, name)| ListedFile {
            path: ListedPath::new(name).unwrap(),
            size_bytes: 1000 + number as u64,
            oid: Oid::git_sha1(&"a".repeat(40)).unwrap(),
        });
        let files: Vec<ListedFile> = files.collect();
        let chosen = choose(&repo, &files, selection)?;
        Ok(chosen.iter().map(|file| file.path.to_string()).collect())
    }

    fn needed(names: &[&str]) -> Vec<String> {
        chosen(RepoKind::Model, names, &Selection::Needed).unwrap()
    }

    #[test]
    fn of_a_model_one_form_of_the_weights_is_taken_with_what_they_need() {
        assert_eq!(
            needed(&[
                ".gitattributes",
                "README.md",
                "config.json",
                "consolidated.safetensors",
                "flax_model.msgpack",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
                "onnx/model.onnx",
                "onnx/model.safetensors",
                "pytorch_model.bin",
                "tf_model.h5",
                "tokenizer.json",
                "LICENSE.txt",
            ]),
            [
                "README.md",
                "config.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
                "tokenizer.json",
                "LICENSE.txt"
            ]
        );
        assert_eq!(
            needed(&["config.json", "model.fp16.safetensors", "model.safetensors"]),
            ["config.json", "model.safetensors"],
            "a variant beside the whole is left out"
        );
        assert_eq!(
            needed(&["consolidated.safetensors", "params.json"]),
            ["consolidated.safetensors"],
            "the only weights are taken whatever their name"
        );
    }

    #[test]
    fn of_many_quantizations_one_is_taken_with_all_its_parts() {
        assert_eq!(
            needed(&[
                "m-Q2_K.gguf",
                "m-Q4_K_M-00001-of-00002.gguf",
                "m-Q4_K_M-00002-of-00002.gguf",
                "m-Q8_0.gguf"
            ]),
            [
                "m-Q4_K_M-00001-of-00002.gguf",
                "m-Q4_K_M-00002-of-00002.gguf"
            ]
        );
        assert_eq!(
            needed(&["m-IQ2.gguf", "m-IQ3.gguf"]),
            ["m-IQ2.gguf"],
            "else the smallest"
        );
    }

    #[test]
    fn pickle_is_refused_also_when_asked_for_by_name() {
        let names = ["config.json", "pytorch_model.bin", "training_args.bin"];
        let by_name = Selection::Matching(vec!["*.bin".into()]);
        for selection in [Selection::Needed, by_name] {
            let error = chosen(RepoKind::Model, &names, &selection).unwrap_err();
            assert!(
                matches!(&error, HubError::OnlyPickle { example, .. } if example == "pytorch_model.bin"),
                "{error}"
            );
        }
    }

    #[test]
    fn every_file_says_why_it_comes_or_does_not() {
        use super::{Reason, reason};
        for (kind, name, is_chosen, why) in [
            (
                RepoKind::Model,
                "model-00001-of-00002.safetensors",
                true,
                Reason::Weights,
            ),
            (
                RepoKind::Model,
                "model.safetensors.index.json",
                true,
                Reason::Weights,
            ),
            (
                RepoKind::Model,
                "tokenizer_config.json",
                true,
                Reason::Tokenizer,
            ),
            (RepoKind::Model, "tokenizer.model", true, Reason::Tokenizer),
            (RepoKind::Model, "config.json", true, Reason::Configuration),
            (RepoKind::Model, "README.md", true, Reason::Words),
            (RepoKind::Model, "pytorch_model.bin", false, Reason::Pickle),
            (RepoKind::Model, "tf_model.h5", false, Reason::OtherWeights),
            (
                RepoKind::Model,
                "onnx/model.onnx",
                false,
                Reason::OtherWeights,
            ),
            (RepoKind::Model, "logo.png", false, Reason::NotNeeded),
            (RepoKind::Dataset, "data/train.parquet", true, Reason::Data),
            (RepoKind::Dataset, "labels.bin", true, Reason::Data),
            (RepoKind::Dataset, "load.py", false, Reason::NotNeeded),
        ] {
            assert_eq!(reason(kind, name, is_chosen), why, "`{name}`");
        }
    }

    #[test]
    fn of_a_dataset_the_data_is_taken_and_not_its_program() {
        let names = [
            ".gitattributes",
            "README.md",
            "data.py",
            "data/train.parquet",
            "labels.bin",
        ];
        assert_eq!(
            chosen(RepoKind::Dataset, &names, &Selection::Needed).unwrap(),
            ["README.md", "data/train.parquet", "labels.bin"]
        );
        let none = chosen(
            RepoKind::Dataset,
            &names,
            &Selection::Matching(vec!["*.csv".into()]),
        );
        assert!(
            matches!(none, Err(HubError::NothingSelected { .. })),
            "nothing matches"
        );
    }

    #[test]
    fn patterns_match_as_on_the_command_line_of_the_hub() {
        for (pattern, text, is_match) in [
            ("*.json", "config.json", true),
            ("*.json", "1_Pooling/config.json", true),
            ("data/", "data/a/b", true),
            ("m?del*", "model-1", true),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*.json", "config.jsonl", false),
            ("config.json", "a/config.json", false),
            ("", "a", false),
            ("*", "هر چه", true),
        ] {
            assert_eq!(matches(pattern, text), is_match, "`{pattern}` on `{text}`");
        }
    }
}
