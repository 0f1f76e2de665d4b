//! The program's version, folders and machine.

use crate::api;
use crate::components::{Button, Card, ErrorState, IconName, Ltr, Skeleton};
use crate::hooks::use_kept_query;
use crate::i18n::{errors, settings as words};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::ipc::{AppInfo, Folder, SystemAppInfo, SystemOpenFolder};
use yew::prelude::*;

/// Facts with their own skeleton and failure.
#[component]
pub fn AboutSection() -> Html {
    let query = use_kept_query::<SystemAppInfo>(());
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={4} /> },
        (Some(info), None) => html! { <About info={(*info).clone()} /> },
    };
    html! { <Card title={words::ABOUT}>{ body }</Card> }
}

#[derive(Properties, PartialEq)]
struct AboutProps {
    info: AppInfo,
}

#[component]
fn About(props: &AboutProps) -> Html {
    let info = &props.info;
    let toasts = use_toasts();
    let open = |folder: Folder| {
        let toasts = toasts.clone();
        move |_| {
            let (toasts, folder) = (toasts.clone(), folder.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<SystemOpenFolder>(folder).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        }
    };
    html! {
        <>
            if let Some(path) = &info.database_set_aside {
                <div class="note note--warning">
                    { IconName::Alert.svg() }
                    <p>{ words::SET_ASIDE }{ " " }<Ltr text={path.clone()} /></p>
                </div>
            }
            <dl class="about">
                <dt>{ words::VERSION }</dt>
                <dd><Ltr text={info.version.clone()} /></dd>
                <dt>{ words::PROCESSOR }</dt>
                <dd>{ words::cores(info.n_cpus) }{ " · " }<Ltr text={info.cpu.clone()} /></dd>
                <dt>{ words::MEMORY }</dt>
                <dd>{ number::bytes(info.memory_bytes) }</dd>
                <dt>{ words::DATA_DIR }</dt>
                <dd><Ltr text={info.data_dir.clone()} /></dd>
            </dl>
            <div class="about__actions">
                <Button
                    label={words::OPEN_DATA}
                    icon={IconName::Folder}
                    onclick={open(Folder::Data)}
                    testid="settings-open-data"
                />
                <Button
                    label={words::OPEN_LOGS}
                    icon={IconName::Lines}
                    onclick={open(Folder::Logs)}
                    testid="settings-open-logs"
                />
            </div>
        </>
    }
}
