//! Taking a model along: to other programs as GGUF, safetensors or an adapter, and to this program on
//! another computer as an offline bundle with its manifest of hashes.

use super::taken::Taken;
use super::transfer::Transfer;
use crate::api;
use crate::components::{
    Button, ChoiceCard, CodeBlock, Dialog, ErrorNote, IconName, Ltr, TextField, Variant,
};
use crate::i18n::{common, export as words, hub};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{ExportForm, ModelExport, ModelExported, ModelsExport, TransferProgress};
use yew::prelude::*;

const BUNDLES: [ExportForm; 2] = [ExportForm::Zip, ExportForm::Folder];

/// Props of [`TakeAlong`].
#[derive(Properties, PartialEq)]
pub struct TakeAlongProps {
    /// What.
    pub taken: Taken,
}

/// The button of a finished run, and its dialog.
#[component]
pub fn TakeAlong(props: &TakeAlongProps) -> Html {
    let is_open = use_state(|| false);
    let set = |open: bool| {
        let is_open = is_open.setter();
        Callback::from(move |()| is_open.set(open))
    };
    html! {
        <>
            <Button
                label={words::TAKE}
                icon={IconName::Upload}
                variant={Variant::Primary}
                onclick={set(true).reform(|_: MouseEvent| ())}
                testid="job-take"
            />
            if *is_open {
                <ExportDialog taken={props.taken.clone()} on_close={set(false)} />
            }
        </>
    }
}

/// Where the dialog stands.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Asking,
    Writing(Option<TransferProgress>),
    Written(ModelExported),
}

/// Props of [`ExportDialog`].
#[derive(Properties, PartialEq)]
pub struct ExportDialogProps {
    /// What.
    pub taken: Taken,
    /// It is done, or was left.
    pub on_close: Callback<()>,
}

/// Where to and in which form; then how far it is; then where it is.
#[component]
pub fn ExportDialog(props: &ExportDialogProps) -> Html {
    let taken = &props.taken;
    let form = use_state(|| taken.first);
    let folder = use_state(String::new);
    let name = use_state(|| file_name(&taken.name));
    let tried = use_state(|| false);
    let phase = use_state(|| Phase::Asking);
    let failure = use_state(|| None::<ApiError>);
    let write = use_write(&phase, &failure, &props.on_close);
    let begin = {
        let (tried, taken, form) = (tried.clone(), taken.clone(), *form);
        let path = target(&folder, &name, form);
        move |_: MouseEvent| {
            tried.set(true);
            if let Some(path) = path.clone() {
                write.emit(ModelExport {
                    model: taken.model.clone(),
                    path,
                    form,
                });
            }
        }
    };
    let title = if taken.programs.is_empty() {
        words::TITLE_OF_DATASET
    } else {
        words::TITLE
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    let actions = match &*phase {
        Phase::Asking => html! {
            <>
                <Button label={common::CANCEL} onclick={close} testid="dialog-cancel" />
                <Button label={words::DO} variant={Variant::Primary} onclick={begin} testid="export-start" />
            </>
        },
        Phase::Writing(_) => html! {},
        Phase::Written(_) => html! {
            <Button label={common::CLOSE} variant={Variant::Primary} onclick={close} testid="export-close" />
        },
    };
    html! {
        <Dialog
            {title}
            on_close={props.on_close.clone()}
            busy={matches!(*phase, Phase::Writing(_))}
            testid="export-dialog"
            {actions}
        >
            { match &*phase {
                Phase::Asking => html! {
                    <>
                        { forms(taken, &form) }
                        <Place {folder} {name} tried={*tried} on_failure={fail(&failure)} />
                        if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
                    </>
                },
                Phase::Writing(progress) => html! {
                    <Transfer label={words::WRITING} progress={progress.clone()} />
                },
                Phase::Written(done) => written(*form, done),
            } }
        </Dialog>
    }
}

fn fail(failure: &UseStateHandle<Option<ApiError>>) -> Callback<ApiError> {
    let failure = failure.setter();
    Callback::from(move |error| failure.set(Some(error)))
}

/// Has the shell write, and follows it.
#[hook]
fn use_write(
    phase: &UseStateHandle<Phase>,
    failure: &UseStateHandle<Option<ApiError>>,
    on_close: &Callback<()>,
) -> Callback<ModelExport> {
    let toasts = use_toasts();
    let (phase, failure, on_close) = (phase.setter(), failure.setter(), on_close.clone());
    Callback::from(move |request: ModelExport| {
        let (phase, failure) = (phase.clone(), failure.clone());
        let (toasts, on_close) = (toasts.clone(), on_close.clone());
        let is_bundle = BUNDLES.contains(&request.form);
        phase.set(Phase::Writing(None));
        failure.set(None);
        wasm_bindgen_futures::spawn_local(async move {
            let hear = phase.clone();
            let heard = Callback::from(move |told| hear.set(Phase::Writing(Some(told))));
            match api::call_with_channel::<ModelsExport, TransferProgress>(request, heard).await {
                Ok(done) if done.stopped => {
                    toasts.info(words::STOPPED);
                    phase.set(Phase::Asking);
                }
                Ok(done) if is_bundle => {
                    toasts.success(words::exported(done.n_files, done.size_bytes));
                    on_close.emit(());
                }
                Ok(done) => phase.set(Phase::Written(done)),
                Err(error) => {
                    failure.set(Some(error));
                    phase.set(Phase::Asking);
                }
            }
        });
    })
}

/// The forms, each with what it is for.
fn forms(taken: &Taken, chosen: &UseStateHandle<ExportForm>) -> Html {
    let card = |&form: &ExportForm| {
        let set = chosen.setter();
        html! {
            <ChoiceCard
                key={words::form(form)}
                group="export-form"
                title={words::form(form)}
                text={words::purpose(form)}
                selected={**chosen == form}
                onselect={Callback::from(move |()| set.set(form))}
                testid={format!("export-as-{}", format!("{form:?}").to_lowercase())}
            />
        }
    };
    let group = |title: &'static str, forms: &[ExportForm]| {
        html! {
            <section class="export-forms" aria-label={title}>
                <h3>{ title }</h3>
                <div class="export-forms__cards">{ for forms.iter().map(card) }</div>
            </section>
        }
    };
    html! {
        <div role="radiogroup" aria-label={words::FORM}>
            if !taken.programs.is_empty() { { group(words::FOR_PROGRAMS, &taken.programs) } }
            { group(words::FOR_AMOOZGAR, &BUNDLES) }
        </div>
    }
}

/// Props of [`Place`].
#[derive(Properties, PartialEq)]
pub struct PlaceProps {
    /// The folder as it is written.
    pub folder: UseStateHandle<String>,
    /// The name as it is written.
    pub name: UseStateHandle<String>,
    /// Whether it was to begin already.
    pub tried: bool,
    /// A folder could not be picked.
    pub on_failure: Callback<ApiError>,
}

/// The folder and the name.
#[component]
pub fn Place(props: &PlaceProps) -> Html {
    let (folder, name) = (&props.folder, &props.name);
    let set = |state: &UseStateHandle<String>| {
        let state = state.setter();
        Callback::from(move |text| state.set(text))
    };
    let pick = {
        let (folder, on_failure) = (folder.setter(), props.on_failure.clone());
        move |_| {
            let (folder, on_failure) = (folder.clone(), on_failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::pick_folder(words::FOLDER).await {
                    Ok(Some(path)) => folder.set(path),
                    Ok(None) => {}
                    Err(error) => on_failure.emit(error),
                }
            });
        }
    };
    html! {
        <>
            <div class="with-button">
                <TextField
                    id="export-folder"
                    label={words::FOLDER}
                    dir="ltr"
                    value={(**folder).clone()}
                    oninput={set(folder)}
                    error={(props.tried && folder.trim().is_empty()).then_some(hub::PATH_NEEDED)}
                    testid="export-folder"
                />
                <Button label={hub::PICK_FOLDER} icon={IconName::Folder} onclick={pick} testid="export-pick" />
            </div>
            <TextField
                id="export-name"
                label={words::NAME}
                dir="ltr"
                value={(**name).clone()}
                oninput={set(name)}
                error={(!is_name(name)).then_some(words::NAME_NEEDED)}
                testid="export-name"
            />
        </>
    }
}

/// Where it is, and what can be done with it.
fn written(form: ExportForm, done: &ModelExported) -> Html {
    let file = done.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.strip_suffix(".gguf").unwrap_or(file);
    html! {
        <div class="export-done" data-testid="export-done" role="status">
            <p>{ words::DONE }</p>
            <p class="export-done__path"><Ltr text={done.path.clone()} /></p>
            { match form {
                ExportForm::GgufAdapter => html! { <p>{ words::DONE_GGUF_ADAPTER }</p> },
                form if form.is_gguf() => html! {
                    <>
                        <p>{ words::DONE_GGUF }</p>
                        <CodeBlock label={words::OLLAMA} code={format!("ollama create NAME -f \"{stem}.Modelfile\"")} />
                    </>
                },
                ExportForm::Peft => html! { <p>{ words::DONE_PEFT }</p> },
                _ => html! {},
            } }
            if let Some(most) = &done.lossiest {
                <p data-testid="export-lossiest">{ words::lossiest(most.relative_rmse) }</p>
            }
        </div>
    }
}

/// A name that can stand on a disk: `owner/name` becomes `owner--name`.
pub fn file_name(name: &str) -> String {
    name.trim().replace(['/', '\\'], "--")
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && !name.contains(['/', '\\']) && !matches!(name, "." | "..")
}

/// Folder and name as one path, in the manner of the folder.
pub fn joined(folder: &str, name: &str) -> Option<String> {
    let (folder, name) = (folder.trim(), name.trim());
    if folder.is_empty() || !is_name(name) {
        return None;
    }
    let is_windows = folder.contains('\\') && !folder.contains('/');
    let between = if is_windows { '\\' } else { '/' };
    Some(format!(
        "{}{between}{name}",
        folder.trim_end_matches(between)
    ))
}

/// That path of an export: a file ends as its form does.
fn target(folder: &str, name: &str, form: ExportForm) -> Option<String> {
    let mut path = joined(folder, name)?;
    let ending = match form {
        ExportForm::Zip => ".zip",
        form if form.is_gguf() => ".gguf",
        _ => "",
    };
    if !path.to_lowercase().ends_with(ending) {
        path.push_str(ending);
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
        assert_eq!(
            target("/a", "b", ExportForm::GgufQ8).as_deref(),
            Some("/a/b.gguf")
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
