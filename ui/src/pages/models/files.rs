//! A repository's files: which come, which do not, and why. A person may choose others.

use crate::components::{Checkbox, Ltr};
use crate::i18n::hub as words;
use amoozgar_text::number;
use amoozgar_types::repo::{FileReason, RepoFile};
use std::collections::BTreeSet;
use yew::prelude::*;

/// Files that are shown before one asks for all of them.
const FIRST: usize = 60;

/// The paths of the files that shall come.
pub type Chosen = BTreeSet<String>;

/// The files that come where a person changes nothing: those that match `include`, where the
/// catalog names some, else those that the shell chose.
pub fn proposed(files: &[RepoFile], include: &[String]) -> Chosen {
    files
        .iter()
        .filter(|file| {
            if include.is_empty() {
                file.chosen
            } else {
                file.why != FileReason::Pickle
                    && include.iter().any(|pattern| matches(pattern, &file.path))
            }
        })
        .map(|file| file.path.clone())
        .collect()
}

/// Bytes of the chosen files.
pub fn size_of(files: &[RepoFile], chosen: &Chosen) -> u64 {
    files
        .iter()
        .filter(|file| chosen.contains(&file.path))
        .map(|file| file.size_bytes)
        .sum()
}

/// Whether a path matches a pattern in which `*` is any text.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut ends_open = false;
    for part in parts {
        ends_open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.is_empty() || ends_open
}

/// Props of [`FileTable`].
#[derive(Properties, PartialEq)]
pub struct FileTableProps {
    /// The files.
    pub files: Vec<RepoFile>,
    /// Those that shall come.
    pub chosen: Chosen,
    /// Called when a person chose otherwise.
    pub onchange: Callback<Chosen>,
    /// Nothing can be chosen.
    #[prop_or_default]
    pub disabled: bool,
}

/// What comes stands first.
#[component]
pub fn FileTable(props: &FileTableProps) -> Html {
    let all = use_state(|| false);
    let mut files: Vec<&RepoFile> = props.files.iter().collect();
    files.sort_by_key(|file| (rank(file.why), file.path.clone()));
    let hidden = if *all {
        0
    } else {
        files.len().saturating_sub(FIRST)
    };
    let shown = files.len() - hidden;
    html! {
        <>
            <div class="table-frame table-frame--flat">
                <table class="table files" data-testid="repo-files">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">{ words::COLUMN_BRING }</span></th>
                            <th scope="col">{ words::COLUMN_FILE }</th>
                            <th scope="col">{ words::COLUMN_SIZE }</th>
                            <th scope="col">{ words::COLUMN_WHY }</th>
                        </tr>
                    </thead>
                    <tbody>{ for files.into_iter().take(shown).map(|file| row(props, file)) }</tbody>
                </table>
            </div>
            if hidden > 0 {
                <button
                    type="button"
                    class="text-link files__more"
                    onclick={move |_| all.set(true)}
                    data-testid="repo-files-more"
                >
                    { words::more_files(hidden) }
                </button>
            }
        </>
    }
}

fn rank(why: FileReason) -> u8 {
    match why {
        FileReason::Weights | FileReason::Data => 0,
        FileReason::Configuration => 1,
        FileReason::Tokenizer => 2,
        FileReason::Words => 3,
        FileReason::OtherWeights => 4,
        FileReason::NotNeeded => 5,
        FileReason::Pickle => 6,
    }
}

fn row(props: &FileTableProps, file: &RepoFile) -> Html {
    let chosen = props.chosen.contains(&file.path);
    let refused = file.why == FileReason::Pickle;
    let onchange = {
        let (path, before, changed) = (
            file.path.clone(),
            props.chosen.clone(),
            props.onchange.clone(),
        );
        Callback::from(move |on: bool| {
            let mut next = before.clone();
            if on {
                next.insert(path.clone());
            } else {
                next.remove(&path);
            }
            changed.emit(next);
        })
    };
    html! {
        <tr
            key={file.path.clone()}
            class={(!chosen).then_some("is-left")}
            data-testid={format!("repo-file-{}", file.path)}
        >
            <td class="files__check">
                <Checkbox
                    label={words::label(words::COLUMN_BRING, &file.path)}
                    bare={true}
                    checked={chosen}
                    disabled={refused || props.disabled}
                    {onchange}
                    testid={format!("repo-choose-{}", file.path)}
                />
            </td>
            <td><Ltr text={file.path.clone()} /></td>
            <td class="files__size">{ number::bytes(file.size_bytes) }</td>
            <td class="files__why">
                <span class={refused.then_some("files__refused")}>{ words::reason(file.why) }</span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::{matches, proposed, size_of};
    use amoozgar_types::repo::{FileReason, RepoFile};

    fn file(path: &str, chosen: bool, why: FileReason) -> RepoFile {
        RepoFile {
            path: path.into(),
            size_bytes: 10,
            chosen,
            why,
        }
    }

    #[test]
    fn the_catalog_s_patterns_go_before_what_is_chosen_by_rule() {
        let files = [
            file("20231101.fa/train.parquet", true, FileReason::Data),
            file("20231101.en/train.parquet", true, FileReason::Data),
            file("20231101.fa/x.pkl", false, FileReason::Pickle),
        ];
        let by_rule = proposed(&files, &[]);
        assert_eq!(by_rule.len(), 2, "{by_rule:?}");
        let persian = proposed(&files, &["20231101.fa/*".to_owned()]);
        assert_eq!(
            persian.iter().collect::<Vec<_>>(),
            ["20231101.fa/train.parquet"],
            "and never pickle"
        );
        assert_eq!(size_of(&files, &persian), 10);
    }

    #[test]
    fn a_star_is_any_text_and_everything_else_is_itself() {
        for (pattern, path, is) in [
            ("*", "a/b", true),
            ("*.json", "a/b.json", true),
            ("*.json", "a/b.jsonl", false),
            ("a/*", "a/b/c", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*c*", "abcd", true),
            ("b*", "ab", false),
        ] {
            assert_eq!(matches(pattern, path), is, "`{pattern}` and `{path}`");
        }
    }
}
