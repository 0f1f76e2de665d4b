//! Where runs, models and datasets lie: the folder, moving them to another one, and letting go of what
//! a move left behind. Moving and letting go are the administrators'.

use super::task::use_task;
use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, Dialog, ErrorNote, ErrorState, IconName, Ltr, Skeleton, TextField,
    Variant,
};
use crate::hooks::{Query, use_kept_query, use_session};
use crate::i18n::{common, hub, place as words, preferences, settings};
use crate::pages::models::Transfer;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{
    AppInfo, FilePlace, Folder, PlaceCheck, PlaceLetGo, PlaceLook, PlaceMove, PlaceMoved,
    SystemAppInfo, SystemOpenFolder, TransferProgress,
};
use amoozgar_types::user::Role;
use std::rc::Rc;
use yew::prelude::*;

/// The folder and what can be done about it.
#[component]
pub fn PlaceCard() -> Html {
    let query = use_kept_query::<SystemAppInfo>(());
    let body = match (query.data(), query.error()) {
        (Some(info), _) => html! { <Inside {info} on_change={changed(&query)} /> },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={3} /> },
    };
    html! { <Card title={preferences::FOLDERS}>{ body }</Card> }
}

fn changed(query: &Query<AppInfo>) -> Callback<AppInfo> {
    let query = query.clone();
    Callback::from(move |info| query.update(move |kept| *kept = info))
}

#[derive(Properties, PartialEq)]
struct InsideProps {
    info: Rc<AppInfo>,
    on_change: Callback<AppInfo>,
}

#[component]
fn Inside(props: &InsideProps) -> Html {
    let info = &props.info;
    let is_administrator = use_session()
        .user()
        .is_some_and(|user| user.role == Role::Administrator);
    let moving = use_state_eq(|| false);
    let task = use_task();
    let open = move |_| {
        task.run(async {
            api::call::<SystemOpenFolder>(Folder::Data).await?;
            Ok(None)
        });
    };
    let begin = {
        let moving = moving.clone();
        move |_| moving.set(true)
    };
    html! {
        <>
            <p class="muted">{ preferences::FOLDERS_HELP }</p>
            <p class="settings__path" data-testid="storage-place"><Ltr text={info.place.clone()} /></p>
            if !info.place_is_there {
                <p class="note note--warning" data-testid="storage-missing">{ words::MISSING }</p>
            }
            if info.place_is_there && !info.place_is_private {
                <p class="note note--warning" data-testid="storage-open-to-others">{ words::OPEN_TO_OTHERS }</p>
            }
            if info.place != info.data_dir {
                <p class="muted">{ words::DATABASE_STAYS }{ " " }<Ltr text={info.data_dir.clone()} /></p>
            }
            <div class="about__actions">
                <Button
                    label={settings::OPEN_DATA}
                    icon={IconName::Folder}
                    onclick={open}
                    testid="storage-open"
                />
                if is_administrator && info.place_is_there && info.place_left.is_none() {
                    <Button
                        label={words::MOVE}
                        icon={IconName::Disk}
                        onclick={begin}
                        testid="storage-move"
                    />
                }
            </div>
            if let Some(left) = info.place_left.clone().filter(|_| is_administrator && info.place_is_there) {
                <Left {left} on_change={props.on_change.clone()} />
            }
            if *moving {
                <MoveDialog
                    home={(info.place != info.data_dir).then(|| info.data_dir.clone())}
                    on_close={let moving = moving.clone(); move |()| moving.set(false)}
                />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct LeftProps {
    left: String,
    on_change: Callback<AppInfo>,
}

/// What a move left behind, until its owner lets go of it.
#[component]
fn Left(props: &LeftProps) -> Html {
    let task = use_task();
    let asking = use_state_eq(|| false);
    let let_go = {
        let (task, asking, on_change) = (task.clone(), asking.clone(), props.on_change.clone());
        move |()| {
            let (asking, on_change) = (asking.clone(), on_change.clone());
            task.run(async move {
                let answer = api::call::<PlaceLetGo>(()).await;
                asking.set(false);
                on_change.emit(answer?);
                Ok(Some(words::LET_GO_DONE.to_owned()))
            });
        }
    };
    html! {
        <div class="note" data-testid="storage-left">
            <div>
                <p>{ words::LEFT }</p>
                <p class="settings__path"><Ltr text={props.left.clone()} /></p>
                <Button
                    label={words::LET_GO}
                    icon={IconName::Trash}
                    onclick={let asking = asking.clone(); move |_| asking.set(true)}
                    testid="storage-let-go"
                />
            </div>
            if *asking {
                <ConfirmDialog
                    title={words::LET_GO_TITLE}
                    text={words::LET_GO_TEXT}
                    confirm={words::LET_GO}
                    busy={task.is_busy()}
                    on_confirm={let_go}
                    on_cancel={move |()| asking.set(false)}
                />
            }
        </div>
    }
}

/// Where a move stands.
#[derive(Clone, PartialEq)]
enum Stage {
    /// The folder is named.
    Choosing,
    /// It was looked at, and can be moved to.
    Asking(PlaceCheck),
    /// It is being copied.
    Moving(Option<TransferProgress>),
    /// The program starts again.
    Done,
}

#[derive(Properties, PartialEq)]
struct MoveProps {
    /// The data folder, where things lie elsewhere now and can go back.
    home: Option<String>,
    on_close: Callback<()>,
}

#[component]
fn MoveDialog(props: &MoveProps) -> Html {
    let path = use_state_eq(String::new);
    let stage = use_state(|| Stage::Choosing);
    let failure = use_state(|| None::<ApiError>);
    let looking = use_state_eq(|| false);
    let pick = {
        let (path, failure) = (path.clone(), failure.clone());
        move |_| {
            let (path, failure) = (path.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::pick_folder(words::PICK).await {
                    Ok(Some(chosen)) => path.set(chosen),
                    Ok(None) => {}
                    Err(error) => failure.set(Some(error)),
                }
            });
        }
    };
    let look = {
        let (path, stage, failure, looking) = (
            path.clone(),
            stage.clone(),
            failure.clone(),
            looking.clone(),
        );
        move |_| {
            let (stage, failure, looking) = (stage.clone(), failure.clone(), looking.clone());
            let path = path.trim().to_owned();
            looking.set(true);
            failure.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<PlaceLook>(FilePlace { path }).await {
                    Ok(check) => stage.set(Stage::Asking(check)),
                    Err(error) => failure.set(Some(error)),
                }
                looking.set(false);
            });
        }
    };
    let begin = {
        let (stage, failure) = (stage.clone(), failure.clone());
        move |path: String| {
            stage.set(Stage::Moving(None));
            let (stage, failure) = (stage.clone(), failure.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let told = stage.clone();
                let heard = Callback::from(move |progress| told.set(Stage::Moving(Some(progress))));
                let moved = api::call_with_channel::<PlaceMove, TransferProgress>(
                    FilePlace { path },
                    heard,
                );
                match moved.await {
                    Ok(PlaceMoved::Done) => stage.set(Stage::Done),
                    Ok(PlaceMoved::Stopped) => stage.set(Stage::Choosing),
                    Err(error) => {
                        failure.set(Some(error));
                        stage.set(Stage::Choosing);
                    }
                }
            });
        }
    };
    let busy = matches!(*stage, Stage::Moving(_) | Stage::Done);
    let close = props.on_close.reform(|_: MouseEvent| ());
    let cancel = html! { <Button label={common::CANCEL} onclick={close} testid="dialog-cancel" /> };
    let (body, actions) = match &*stage {
        Stage::Choosing => {
            let go_home = props.home.clone().map(|home| {
                let path = path.clone();
                html! {
                    <Button
                        label={words::HOME}
                        icon={IconName::Refresh}
                        onclick={move |_| path.set(home.clone())}
                        testid="place-home"
                    />
                }
            });
            let set = path.clone();
            (
                html! {
                    <>
                        <p class="dialog__text">{ words::MOVE_TEXT }</p>
                        <div class="with-button">
                            <TextField
                                id="place-path"
                                label={words::TARGET}
                                dir="ltr"
                                value={(*path).clone()}
                                oninput={Callback::from(move |text| set.set(text))}
                                testid="place-path"
                            />
                            <Button label={hub::PICK_FOLDER} icon={IconName::Folder} onclick={pick} testid="place-pick" />
                        </div>
                        { go_home }
                        if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
                    </>
                },
                html! {
                    <>
                        { cancel }
                        <Button
                            label={words::LOOK}
                            variant={Variant::Primary}
                            disabled={path.trim().is_empty()}
                            loading={*looking}
                            onclick={look}
                            testid="place-look"
                        />
                    </>
                },
            )
        }
        Stage::Asking(check) => {
            let path = check.path.clone();
            (
                html! {
                    <>
                        <p class="dialog__text" data-testid="place-summary">{ words::summary(check) }</p>
                        <p class="settings__path"><Ltr text={check.path.clone()} /></p>
                        if !check.is_private {
                            <p class="note note--warning" data-testid="place-open-to-others">{ words::WOULD_BE_OPEN }</p>
                        }
                    </>
                },
                html! {
                    <>
                        { cancel }
                        <Button
                            label={words::MOVE_DO}
                            variant={Variant::Primary}
                            onclick={move |_| begin(path.clone())}
                            testid="place-start"
                        />
                    </>
                },
            )
        }
        Stage::Moving(progress) => (
            html! { <Transfer label={words::MOVING} progress={progress.clone()} /> },
            Html::default(),
        ),
        Stage::Done => (
            html! { <p class="dialog__text" data-testid="place-done">{ words::DONE }</p> },
            Html::default(),
        ),
    };
    html! {
        <Dialog title={words::MOVE_TITLE} on_close={props.on_close.clone()} {busy} {actions} testid="place-dialog">
            { body }
        </Dialog>
    }
}
