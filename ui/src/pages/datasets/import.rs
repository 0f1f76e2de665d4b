//! Importing a file: by its path, by the system's dialog, or dropped on the window.

use crate::api;
use crate::components::{Button, Card, ErrorNote, IconName, TextField, Variant};
use crate::i18n::datasets;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{DatasetImport, DatasetsImport};
use yew::prelude::*;

/// Props of [`ImportCard`].
#[derive(Properties, PartialEq)]
pub struct ImportCardProps {
    /// A file was imported.
    pub on_imported: Callback<()>,
}

/// The path, and what the shell says about it.
#[component]
pub fn ImportCard(props: &ImportCardProps) -> Html {
    let path = use_state(String::new);
    let missing = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let toasts = use_toasts();
    let set_path = {
        let (path, missing, failure) = (path.clone(), missing.clone(), failure.clone());
        Callback::from(move |text: String| {
            path.set(text);
            missing.set(false);
            failure.set(None);
        })
    };
    {
        let set_path = set_path.clone();
        use_effect_with((), move |()| {
            let guard = api::listen_file_drop(Callback::from(move |paths: Vec<String>| {
                if let Some(first) = paths.into_iter().next() {
                    set_path.emit(first);
                }
            }));
            move || drop(guard)
        });
    }
    let pick = {
        let (set_path, failure) = (set_path.clone(), failure.clone());
        move |_| {
            let (set_path, failure) = (set_path.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let filters = vec![api::FileFilter {
                    name: datasets::FILTER.to_owned(),
                    extensions: ["txt", "jsonl", "json", "csv"].map(str::to_owned).to_vec(),
                }];
                match api::pick_file(datasets::IMPORT_TITLE, filters).await {
                    Ok(Some(chosen)) => set_path.emit(chosen),
                    Ok(None) => {}
                    Err(error) => failure.set(Some(error)),
                }
            });
        }
    };
    let onsubmit = {
        let (path, missing, busy, failure) =
            (path.clone(), missing.clone(), busy.clone(), failure.clone());
        let on_imported = props.on_imported.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let chosen = path.trim().to_owned();
            if chosen.is_empty() {
                missing.set(true);
                return;
            }
            busy.set(true);
            failure.set(None);
            let (path, busy, failure) = (path.clone(), busy.clone(), failure.clone());
            let (toasts, on_imported) = (toasts.clone(), on_imported.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let request = DatasetImport {
                    path: chosen,
                    name: None,
                };
                match api::call::<DatasetsImport>(request).await {
                    Ok(imported) => {
                        path.set(String::new());
                        toasts.success(datasets::imported(&imported));
                        on_imported.emit(());
                    }
                    Err(error) => failure.set(Some(error)),
                }
                busy.set(false);
            });
        }
    };
    html! {
        <Card title={datasets::IMPORT_TITLE} class="import">
            <p class="muted">{ datasets::IMPORT_TEXT }</p>
            <form class="import__form" {onsubmit} novalidate={true}>
                <TextField
                    id="import-path"
                    label={datasets::PATH}
                    dir="ltr"
                    value={(*path).clone()}
                    oninput={set_path}
                    placeholder={datasets::PATH_PLACEHOLDER}
                    error={missing.then_some(datasets::PATH_NEEDED)}
                    testid="dataset-import-path"
                />
                <div class="import__actions">
                    <Button
                        label={datasets::PICK}
                        icon={IconName::Folder}
                        onclick={pick}
                        testid="dataset-import-pick"
                    />
                    <Button
                        label={datasets::IMPORT}
                        icon={IconName::Import}
                        variant={Variant::Primary}
                        loading={*busy}
                        testid="dataset-import-submit"
                    />
                </div>
            </form>
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
        </Card>
    }
}
