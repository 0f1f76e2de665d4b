//! Bringing in what is on this computer already: a GGUF file, a model's folder, an offline bundle,
//! another program's cache of the Hub. By the system's dialog, by its path, or dropped on the window.

use super::elsewhere::Elsewhere;
use super::transfer::Transfer;
use crate::api;
use crate::components::{Button, Dialog, ErrorNote, FileDrop, IconName, TextField, Variant};
use crate::i18n::{common, hub as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::elsewhere::FoundModel;
use amoozgar_types::ipc::{ModelImport, ModelsImport, TransferProgress};
use yew::prelude::*;

/// Props of [`ImportDialog`].
#[derive(Properties, PartialEq)]
pub struct ImportDialogProps {
    /// It is done, or was left.
    pub on_close: Callback<()>,
}

/// The path, then how far it is.
#[component]
pub fn ImportDialog(props: &ImportDialogProps) -> Html {
    let path = use_state(String::new);
    let name = use_state(|| None::<String>);
    let tried = use_state(|| false);
    let busy = use_state(|| false);
    let progress = use_state(|| None::<TransferProgress>);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let set_path = {
        let (path, name, failure) = (path.clone(), name.clone(), failure.clone());
        Callback::from(move |text: String| {
            path.set(text);
            name.set(None);
            failure.set(None);
        })
    };
    let on_found = {
        let (path, name, failure) = (path.clone(), name.clone(), failure.clone());
        Callback::from(move |found: FoundModel| {
            path.set(found.path);
            name.set(Some(found.name));
            failure.set(None);
        })
    };
    let on_files = {
        let set_path = set_path.clone();
        Callback::from(move |paths: Vec<String>| {
            if let Some(first) = paths.into_iter().next() {
                set_path.emit(first);
            }
        })
    };
    let took = {
        let (set_path, failure) = (set_path.clone(), failure.clone());
        move |picked: Result<Option<String>, ApiError>| match picked {
            Ok(Some(path)) => set_path.emit(path),
            Ok(None) => {}
            Err(error) => failure.set(Some(error)),
        }
    };
    let pick_folder = {
        let took = took.clone();
        Callback::from(move |()| {
            let took = took.clone();
            wasm_bindgen_futures::spawn_local(async move {
                took(api::pick_folder(words::IMPORT_TITLE).await);
            });
        })
    };
    let pick_file = move |_| {
        let took = took.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let filters = vec![api::FileFilter {
                name: words::FILE_FILTER.to_owned(),
                extensions: vec!["gguf".to_owned(), "zip".to_owned()],
            }];
            took(api::pick_file(words::IMPORT_TITLE, filters).await);
        });
    };
    let begin = {
        let (path, name) = (path.clone(), name.clone());
        let (tried, busy) = (tried.clone(), busy.clone());
        let (progress, failure) = (progress.clone(), failure.clone());
        let on_close = props.on_close.clone();
        move |_| {
            tried.set(true);
            let chosen = path.trim().to_owned();
            if chosen.is_empty() {
                return;
            }
            busy.set(true);
            progress.set(None);
            failure.set(None);
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (progress, on_close) = (progress.clone(), on_close.clone());
            let name = (*name).clone();
            wasm_bindgen_futures::spawn_local(async move {
                let heard = Callback::from(move |told| progress.set(Some(told)));
                let request = ModelImport { path: chosen, name };
                match api::call_with_channel::<ModelsImport, TransferProgress>(request, heard).await
                {
                    Ok(done) if done.stopped => {
                        toasts.info(words::IMPORT_STOPPED);
                        busy.set(false);
                    }
                    Ok(done) => {
                        let names: Vec<_> =
                            done.models.into_iter().map(|model| model.name).collect();
                        toasts.success(words::imported(&names));
                        on_close.emit(());
                    }
                    Err(error) => {
                        failure.set(Some(error));
                        busy.set(false);
                    }
                }
            });
        }
    };
    html! {
        <Dialog
            title={words::IMPORT_TITLE}
            on_close={props.on_close.clone()}
            busy={*busy}
            testid="import-dialog"
            actions={if *busy { html! {} } else { html! {
                <>
                    <Button label={common::CANCEL} onclick={props.on_close.reform(|_: MouseEvent| ())} testid="dialog-cancel" />
                    <Button label={words::IMPORT} variant={Variant::Primary} onclick={begin} testid="import-start" />
                </>
            } }}
        >
            if *busy {
                <Transfer label={words::IMPORTING} progress={(*progress).clone()} />
            } else {
                <FileDrop
                    title={words::IMPORT_DROP}
                    text={words::IMPORT_HELP}
                    pick={words::PICK_FOLDER}
                    on_pick={pick_folder}
                    {on_files}
                    testid="import-pick-folder"
                />
                <div class="with-button">
                    <TextField
                        id="model-import-path"
                        label={words::IMPORT_PATH}
                        dir="ltr"
                        value={(*path).clone()}
                        oninput={set_path}
                        error={(*tried && path.trim().is_empty()).then_some(words::PATH_NEEDED)}
                        testid="import-path"
                    />
                    <Button label={words::PICK_FILE} icon={IconName::File} onclick={pick_file} testid="import-pick-file" />
                </div>
                <Elsewhere chosen={(*path).clone()} on_choose={on_found} />
                if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
            }
        </Dialog>
    }
}
