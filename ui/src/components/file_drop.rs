//! Where files are dropped or chosen.

use super::{Button, IconName};
use crate::api;
use yew::prelude::*;

/// Props of [`FileDrop`].
#[derive(Properties, PartialEq)]
pub struct FileDropProps {
    /// What is wanted, such as «فایل متنی را اینجا رها کنید».
    pub title: AttrValue,
    /// Which kinds of files are understood.
    #[prop_or_default]
    pub text: Option<AttrValue>,
    /// The words of the button that opens the system's dialog.
    pub pick: AttrValue,
    /// Opens the system's dialog.
    pub on_pick: Callback<()>,
    /// Called with the paths of what was dropped anywhere on the window.
    pub on_files: Callback<Vec<String>>,
    /// A file is being read.
    #[prop_or_default]
    pub busy: bool,
    /// `data-testid`, on the button.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A place for files. Dropping needs a mouse, so the button beside it does the same.
#[component]
pub fn FileDrop(props: &FileDropProps) -> Html {
    let latest = use_mut_ref(Callback::noop);
    *latest.borrow_mut() = props.on_files.clone();
    use_effect_with((), move |()| {
        let guard = api::listen_file_drop(Callback::from(move |paths: Vec<String>| {
            let on_files = latest.borrow().clone();
            on_files.emit(paths);
        }));
        move || drop(guard)
    });
    html! {
        <div class="file-drop">
            <span class="file-drop__icon">{ IconName::Import.svg() }</span>
            <p class="file-drop__title">{ &props.title }</p>
            if let Some(text) = &props.text {
                <p class="file-drop__text">{ text }</p>
            }
            <Button
                label={props.pick.clone()}
                icon={IconName::Folder}
                loading={props.busy}
                onclick={props.on_pick.reform(|_: MouseEvent| ())}
                testid={props.testid.clone()}
            />
        </div>
    }
}
