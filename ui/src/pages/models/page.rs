//! One model of this machine: what it is, from where, how it was trained, and everything that can be done
//! with it.

mod check;
mod facts;
mod of_run;

use super::delete::DeleteModel;
use super::export::ExportDialog;
use super::taken::Taken;
use crate::api;
use crate::components::{
    Button, Card, ErrorNote, ErrorState, IconName, LinkTo, PageHeader, Skeleton, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{errors, export, hub, library as words, methods};
use crate::pages::training::address_on;
use crate::route::Route;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::chat::{ChatSettings, ModelChoice};
use amoozgar_types::ipc::{ChatCreate, ModelDetail, ModelsDetail, ModelsOpenFolder, NewChat};
use amoozgar_types::model_ref::ModelRef;
use check::CheckDialog;
use facts::{About, Origin};
use of_run::OfRun;
use yew::prelude::*;
use yew_router::prelude::*;

/// Props of [`ModelPage`].
#[derive(Properties, PartialEq)]
pub struct ModelPageProps {
    /// Which.
    pub model: ModelRef,
}

/// One model.
#[component]
pub fn ModelPage(props: &ModelPageProps) -> Html {
    let query = use_query::<ModelsDetail>(props.model.clone());
    match (query.data(), query.error()) {
        (_, Some(error)) => html! {
            <>
                <BackLink />
                <ErrorState {error} on_retry={query.on_retry()} />
            </>
        },
        (None, None) => html! { <><BackLink /><Card><Skeleton lines={8} /></Card></> },
        (Some(detail), None) => html! {
            <div class="model-page" data-testid="model-page">
                <Head detail={(*detail).clone()} />
                <About detail={(*detail).clone()} />
                if let Some(error) = detail.unread.clone() {
                    <Card title={words::UNREAD}><ErrorNote {error} /></Card>
                }
                <Origin detail={(*detail).clone()} />
                if let ModelRef::Trained { job_id } = &detail.model.model {
                    <OfRun id={job_id.clone()} />
                }
            </div>
        },
    }
}

#[component]
fn BackLink() -> Html {
    html! {
        <LinkTo to={Route::Models} class="back-link">
            { IconName::Back.svg() }
            <span>{ hub::TITLE }</span>
        </LinkTo>
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Export,
    Check,
    Delete,
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    detail: ModelDetail,
}

/// The name, the actions, and the dialog of the one that was asked for.
#[component]
fn Head(props: &HeadProps) -> Html {
    let model = &props.detail.model;
    let asking = use_state(|| None::<Asking>);
    let navigator = use_navigator();
    let ask = |what: Asking| {
        let asking = asking.setter();
        Callback::from(move |_: MouseEvent| asking.set(Some(what)))
    };
    let close = {
        let asking = asking.setter();
        Callback::from(move |()| asking.set(None))
    };
    let on_deleted = Callback::from(move |()| {
        if let Some(navigator) = &navigator {
            navigator.replace(&Route::Models);
        }
    });
    let writes = props
        .detail
        .facts
        .as_ref()
        .is_some_and(|facts| facts.labels.is_empty());
    let may_delete = model.may_delete || matches!(model.model, ModelRef::Trained { .. });
    let actions = html! {
        <div class="job__actions">
            if writes {
                <TalkButton model={model.model.clone()} />
                <a
                    href={format!("#{}", address_on(&model.model))}
                    class={Variant::Secondary.class()}
                    data-testid="model-train"
                >
                    { IconName::Training.svg() }
                    <span>{ methods::TRAIN_ON_THIS }</span>
                </a>
            }
            <Button label={export::EXPORT} icon={IconName::Upload} onclick={ask(Asking::Export)} testid="model-export" />
            <Button label={words::CHECK} icon={IconName::Check} onclick={ask(Asking::Check)} testid="model-check" />
            <OpenFolder model={model.model.clone()} />
            if may_delete {
                <Button
                    label={words::DELETE} variant={Variant::Ghost} icon={IconName::Trash}
                    onclick={ask(Asking::Delete)} testid="model-delete"
                />
            }
        </div>
    };
    let dialog = match *asking {
        None => html! {},
        Some(Asking::Export) => {
            html! { <ExportDialog taken={Taken::listed(model)} on_close={close} /> }
        }
        Some(Asking::Check) => {
            html! { <CheckDialog model={model.model.clone()} on_close={close} /> }
        }
        Some(Asking::Delete) => html! {
            <DeleteModel
                model={model.clone()}
                frees_bytes={Some(props.detail.frees_bytes)}
                on_cancel={close}
                {on_deleted}
            />
        },
    };
    html! {
        <>
            <PageHeader
                title={model.name.clone()}
                subtitle={hub::source(&model.model)}
                before={html! { <BackLink /> }}
                {actions}
            />
            { dialog }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct OfModelProps {
    model: ModelRef,
}

/// Begins a conversation with the model and opens it.
#[component]
fn TalkButton(props: &OfModelProps) -> Html {
    let (busy, toasts, navigator) = (use_state(|| false), use_toasts(), use_navigator());
    let onclick = {
        let (model, busy) = (props.model.clone(), busy.setter());
        move |_| {
            let (model, busy, toasts) = (model.clone(), busy.clone(), toasts.clone());
            let navigator = navigator.clone();
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                let request = NewChat {
                    model: ModelChoice {
                        model,
                        checkpoint: None,
                        adapter: None,
                    },
                    compared: None,
                    settings: ChatSettings::default(),
                };
                match (api::call::<ChatCreate>(request).await, navigator) {
                    (Ok(chat), Some(navigator)) => navigator.push(&Route::OneChat {
                        id: chat.chat_id.to_string(),
                    }),
                    (Ok(_), None) => busy.set(false),
                    (Err(error), _) => {
                        busy.set(false);
                        toasts.error(errors::describe(&error).message);
                    }
                }
            });
        }
    };
    html! {
        <Button
            label={words::TALK}
            icon={IconName::Chat}
            variant={Variant::Primary}
            loading={*busy}
            {onclick}
            testid="model-talk"
        />
    }
}

/// Shows the folder in the system's file manager.
#[component]
fn OpenFolder(props: &OfModelProps) -> Html {
    let toasts = use_toasts();
    let onclick = {
        let model = props.model.clone();
        move |_| {
            let (model, toasts) = (model.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = api::call::<ModelsOpenFolder>(model).await {
                    toasts.error(errors::describe(&error).message);
                }
            });
        }
    };
    html! {
        <Button label={hub::OPEN_FOLDER} icon={IconName::Folder} {onclick} testid="model-open-folder" />
    }
}
