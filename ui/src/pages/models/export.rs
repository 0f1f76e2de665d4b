//! Taking a model along: an offline bundle as a folder or a zip file, with its manifest of hashes.

use super::transfer::Transfer;
use crate::api;
use crate::components::{
    Button, Dialog, ErrorNote, IconName, SegmentedChoice, SegmentedOption, TextField, Variant,
};
use crate::i18n::{common, hub as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::{ExportForm, ModelExport, ModelsExport, TransferProgress};
use yew::prelude::*;

const FORMS: [ExportForm; 2] = [ExportForm::Zip, ExportForm::Folder];

/// Props of [`ExportDialog`].
#[derive(Properties, PartialEq)]
pub struct ExportDialogProps {
    /// Which.
    pub model: InstalledModel,
    /// It is done, or was left.
    pub on_close: Callback<()>,
}

/// Where to and in which form; then how far it is.
#[component]
pub fn ExportDialog(props: &ExportDialogProps) -> Html {
    let form = use_state(|| 0_usize);
    let folder = use_state(String::new);
    let name = {
        let suggested = file_name(&props.model.name);
        use_state(move || suggested)
    };
    let tried = use_state(|| false);
    let busy = use_state(|| false);
    let progress = use_state(|| None::<TransferProgress>);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let chosen = FORMS.get(*form).copied().unwrap_or(ExportForm::Zip);
    let target = target(&folder, &name, chosen);
    let pick = {
        let (folder, failure) = (folder.clone(), failure.clone());
        move |_| {
            let (folder, failure) = (folder.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::pick_folder(words::EXPORT_FOLDER).await {
                    Ok(Some(path)) => folder.set(path),
                    Ok(None) => {}
                    Err(error) => failure.set(Some(error)),
                }
            });
        }
    };
    let begin = {
        let (tried, busy, progress, failure) = (
            tried.clone(),
            busy.clone(),
            progress.clone(),
            failure.clone(),
        );
        let (model, on_close) = (props.model.model.clone(), props.on_close.clone());
        let target = target.clone();
        move |_| {
            tried.set(true);
            let Some(path) = target.clone() else { return };
            busy.set(true);
            progress.set(None);
            failure.set(None);
            let request = ModelExport {
                model: model.clone(),
                path,
                form: chosen,
            };
            let (busy, failure, toasts) = (busy.clone(), failure.clone(), toasts.clone());
            let (progress, on_close) = (progress.clone(), on_close.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let heard = Callback::from(move |told| progress.set(Some(told)));
                match api::call_with_channel::<ModelsExport, TransferProgress>(request, heard).await
                {
                    Ok(done) if done.stopped => {
                        toasts.info(words::EXPORT_STOPPED);
                        busy.set(false);
                    }
                    Ok(done) => {
                        toasts.success(words::exported(done.n_files, done.size_bytes));
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
    let options: Vec<_> = FORMS
        .iter()
        .map(|&form| SegmentedOption {
            label: words::export_form(form).into(),
            icon: None,
            testid: Some(format!("export-as-{}", format!("{form:?}").to_lowercase()).into()),
        })
        .collect();
    let set = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |text| state.set(text))
    };
    html! {
        <Dialog
            title={words::EXPORT_TITLE}
            on_close={props.on_close.clone()}
            busy={*busy}
            testid="export-dialog"
            actions={if *busy { html! {} } else { html! {
                <>
                    <Button label={common::CANCEL} onclick={props.on_close.reform(|_: MouseEvent| ())} testid="dialog-cancel" />
                    <Button label={words::EXPORT_DO} variant={Variant::Primary} onclick={begin} testid="export-start" />
                </>
            } }}
        >
            if *busy {
                <Transfer label={words::EXPORTING} progress={(*progress).clone()} />
            } else {
                <p class="dialog__text">{ words::EXPORT_HELP }</p>
                <SegmentedChoice
                    label={words::EXPORT_FORM}
                    {options}
                    selected={*form}
                    onselect={let form = form.clone(); Callback::from(move |index| form.set(index))}
                />
                <div class="with-button">
                    <TextField
                        id="export-folder"
                        label={words::EXPORT_FOLDER}
                        dir="ltr"
                        value={(*folder).clone()}
                        oninput={set(&folder)}
                        error={(*tried && folder.trim().is_empty()).then_some(words::PATH_NEEDED)}
                        testid="export-folder"
                    />
                    <Button label={words::PICK_FOLDER} icon={IconName::Folder} onclick={pick} testid="export-pick" />
                </div>
                <TextField
                    id="export-name"
                    label={words::EXPORT_NAME}
                    dir="ltr"
                    value={(*name).clone()}
                    oninput={set(&name)}
                    error={(!is_name(&name)).then_some(words::NAME_NEEDED)}
                    testid="export-name"
                />
                if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
            }
        </Dialog>
    }
}

/// A name that can stand on a disk: `owner/name` becomes `owner--name`.
fn file_name(name: &str) -> String {
    name.trim().replace(['/', '\\'], "--")
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && !name.contains(['/', '\\']) && !matches!(name, "." | "..")
}

/// Folder and name as one path, in the manner of the folder; a zip file ends in `.zip`.
fn target(folder: &str, name: &str, form: ExportForm) -> Option<String> {
    let (folder, name) = (folder.trim(), name.trim());
    if folder.is_empty() || !is_name(name) {
        return None;
    }
    let is_windows = folder.contains('\\') && !folder.contains('/');
    let between = if is_windows { '\\' } else { '/' };
    let mut path = folder.trim_end_matches(between).to_owned();
    path.push(between);
    path.push_str(name);
    if form == ExportForm::Zip && !name.to_lowercase().ends_with(".zip") {
        path.push_str(".zip");
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::{file_name, target};
    use amoozgar_types::ipc::ExportForm;

    #[test]
    fn a_bundle_gets_a_path_of_the_folder_s_kind() {
        let name = file_name("Qwen/Qwen3-0.6B");
        assert_eq!(
            target("/media/usb/", &name, ExportForm::Zip).as_deref(),
            Some("/media/usb/Qwen--Qwen3-0.6B.zip")
        );
        assert_eq!(
            target("E:\\", &name, ExportForm::Folder).as_deref(),
            Some("E:\\Qwen--Qwen3-0.6B")
        );
        assert_eq!(
            target("/", "a.zip", ExportForm::Zip).as_deref(),
            Some("/a.zip"),
            "the ending is not doubled"
        );
    }

    #[test]
    fn without_a_folder_or_with_a_name_that_leads_elsewhere_there_is_no_path() {
        for (folder, name) in [
            ("", "a"),
            ("/a", ""),
            ("/a", ".."),
            ("/a", "b/c"),
            ("/a", "b\\c"),
        ] {
            assert_eq!(
                target(folder, name, ExportForm::Folder),
                None,
                "`{folder}` `{name}`"
            );
        }
    }
}
