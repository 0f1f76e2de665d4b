//! Making a downloaded dataset's files datasets of this program, where their form is one that it
//! reads; where it is not, saying so.

use crate::api;
use crate::components::{
    Badge, Button, Dialog, ErrorNote, ErrorState, IconName, Ltr, Skeleton, Tone,
};
use crate::hooks::use_query;
use crate::i18n::{common, datasets, errors, hub as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::installed::{InstalledFile, InstalledModel};
use amoozgar_types::ipc::{DatasetImport, DatasetsImport, ModelsFiles, ModelsOpenFolder};
use std::collections::BTreeSet;
use yew::prelude::*;

/// Props of [`UseDatasetDialog`].
#[derive(Properties, PartialEq)]
pub struct UseDatasetDialogProps {
    /// The dataset.
    pub model: InstalledModel,
    /// It was left.
    pub on_close: Callback<()>,
}

/// The files that can be read, each with its button.
#[component]
pub fn UseDatasetDialog(props: &UseDatasetDialogProps) -> Html {
    let query = use_query::<ModelsFiles>(props.model.model.clone());
    let toasts = use_toasts();
    let open = {
        let target = props.model.model.clone();
        move |_| {
            let (target, toasts) = (target.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<ModelsOpenFolder>(target).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        }
    };
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
        (Some(files), None) => {
            let usable: Vec<_> = files
                .iter()
                .filter(|file| is_text(&file.path))
                .cloned()
                .collect();
            if usable.is_empty() {
                html! { <p class="dialog__text" data-testid="use-none">{ words::USE_DATASET_NONE }</p> }
            } else {
                html! {
                    <>
                        <p class="dialog__text">{ words::USE_DATASET_HELP }</p>
                        <Usable dataset={props.model.name.clone()} files={usable} />
                    </>
                }
            }
        }
    };
    html! {
        <Dialog
            title={words::USE_DATASET_TITLE}
            on_close={props.on_close.clone()}
            testid="use-dialog"
            actions={html! {
                <>
                    <Button label={words::OPEN_FOLDER} icon={IconName::Folder} onclick={open} testid="use-folder" />
                    <Button label={common::CLOSE} onclick={props.on_close.reform(|_: MouseEvent| ())} testid="dialog-cancel" />
                </>
            }}
        >
            { body }
        </Dialog>
    }
}

/// What the import of datasets reads.
fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, ending)| {
        ["txt", "jsonl"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// `poems` of `owner/name` is «name / poems».
fn dataset_name(repo: &str, path: &str) -> String {
    let repo = repo.rsplit('/').next().unwrap_or(repo);
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    // The longest name that a dataset may have.
    format!("{repo} / {stem}").chars().take(80).collect()
}

#[derive(Properties, PartialEq)]
struct UsableProps {
    dataset: String,
    files: Vec<InstalledFile>,
}

#[component]
fn Usable(props: &UsableProps) -> Html {
    let busy = use_state(|| None::<String>);
    let done = use_state(BTreeSet::<String>::new);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let bring = {
        let (busy, done, failure) = (busy.clone(), done.clone(), failure.clone());
        let repo = props.dataset.clone();
        Callback::from(move |file: InstalledFile| {
            busy.set(Some(file.path.clone()));
            failure.set(None);
            let (busy, done, failure) = (busy.clone(), done.clone(), failure.clone());
            let (toasts, repo) = (toasts.clone(), repo.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let request = DatasetImport {
                    name: Some(dataset_name(&repo, &file.path)),
                    path: file.absolute,
                };
                match api::call::<DatasetsImport>(request).await {
                    Ok(imported) => {
                        toasts.success(datasets::imported(&imported));
                        let mut next = (*done).clone();
                        next.insert(file.path);
                        done.set(next);
                    }
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(None);
            });
        })
    };
    html! {
        <>
            <ul class="usable">
                { for props.files.iter().map(|file| {
                    let (bring, wanted) = (bring.clone(), file.clone());
                    html! {
                        <li key={file.path.clone()} class="usable__row">
                            <span class="usable__name"><Ltr text={file.path.clone()} /></span>
                            <span class="muted">{ number::bytes(file.size_bytes) }</span>
                            if done.contains(&file.path) {
                                <Badge label={words::USED} tone={Tone::Success} icon={IconName::Check} />
                            } else {
                                <Button
                                    label={words::USE_FILE}
                                    loading={busy.as_deref() == Some(file.path.as_str())}
                                    disabled={busy.is_some()}
                                    onclick={move |_| bring.emit(wanted.clone())}
                                    testid={format!("use-{}", file.path)}
                                />
                            }
                        </li>
                    }
                }) }
            </ul>
            if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::{dataset_name, is_text};

    #[test]
    fn only_forms_that_the_import_reads_are_offered() {
        for (path, usable) in [
            ("poems.jsonl", true),
            ("data/TRAIN.TXT", true),
            ("data/train.parquet", false),
            ("train.json", false),
            ("txt", false),
        ] {
            assert_eq!(is_text(path), usable, "`{path}`");
        }
    }

    #[test]
    fn a_file_becomes_a_dataset_of_its_repository_s_name() {
        assert_eq!(
            dataset_name("kakooch/ganjoor-processed", "data/poems.jsonl"),
            "ganjoor-processed / poems"
        );
        let long = dataset_name("a/b", &"x".repeat(300));
        assert_eq!(long.chars().count(), 80, "no longer than a name may be");
    }
}
