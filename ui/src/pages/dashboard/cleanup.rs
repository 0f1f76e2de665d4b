//! The clean-up assistant: what could go, with its size; what is chosen goes after a question.

use crate::api;
use crate::components::{
    Badge, Button, Checkbox, ConfirmDialog, Dialog, EmptyState, ErrorState, IconName, Place,
    Skeleton, Tone, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{common, dashboard as words, errors};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{CleanupAdopt, CleanupList, CleanupRemove, UnlistedRun};
use amoozgar_types::storage::{Caution, CleanupItem, CleanupTarget};
use std::collections::HashSet;
use yew::prelude::*;

/// Props of [`CleanupDialog`].
#[derive(Properties, PartialEq)]
pub struct CleanupDialogProps {
    /// It is left.
    pub on_close: Callback<()>,
}

/// The list and its buttons.
#[component]
pub fn CleanupDialog(props: &CleanupDialogProps) -> Html {
    let query = use_query::<CleanupList>(());
    let chosen = use_state(HashSet::<CleanupTarget>::new);
    let asking = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let items = query.data();
    let picked: Vec<CleanupItem> = items
        .iter()
        .flat_map(|items| items.iter())
        .filter(|item| chosen.contains(&item.target))
        .cloned()
        .collect();
    let bytes: u64 = picked.iter().map(|item| item.size_bytes).sum();
    let n_cautioned = picked.iter().filter(|item| item.caution.is_some()).count();
    let remove = {
        let (busy, failure, asking) = (busy.clone(), failure.clone(), asking.clone());
        let targets: Vec<_> = picked.iter().map(|item| item.target.clone()).collect();
        let on_close = props.on_close.clone();
        Callback::from(move |()| {
            busy.set(true);
            failure.set(None);
            let (busy, failure, asking) = (busy.clone(), failure.clone(), asking.clone());
            let (targets, on_close, toasts) = (targets.clone(), on_close.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<CleanupRemove>(targets).await {
                    Ok(outcome) => {
                        toasts.success(words::removed(outcome.freed_bytes, outcome.n_skipped));
                        asking.set(false);
                        on_close.emit(());
                    }
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        })
    };
    let remove_label = if picked.is_empty() {
        common::DELETE.to_owned()
    } else {
        words::remove(picked.len(), bytes)
    };
    let set_asking = {
        let asking = asking.clone();
        Callback::from(move |wanted| asking.set(wanted))
    };
    let body = match (items, query.error()) {
        (Some(items), _) if items.is_empty() => html! {
            <EmptyState
                icon={IconName::Sparkle}
                title={words::NOTHING_TO_CLEAN}
                text={words::NOTHING_TO_CLEAN_TEXT}
            />
        },
        (Some(items), _) => html! {
            <Items
                items={(*items).clone()}
                chosen={(*chosen).clone()}
                choose={
                    let chosen = chosen.clone();
                    Callback::from(move |next| chosen.set(next))
                }
                on_adopted={
                    let query = query.clone();
                    Callback::from(move |()| query.reload())
                }
            />
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={5} /> },
    };
    html! {
        <>
            <Dialog
                title={words::CLEAN_UP_TITLE}
                place={Place::Wide}
                on_close={props.on_close.clone()}
                testid="cleanup"
                actions={html! {
                    <>
                        <Button
                            label={common::CLOSE}
                            onclick={props.on_close.reform(|_: MouseEvent| ())}
                            testid="cleanup-close"
                        />
                        <Button
                            label={remove_label}
                            variant={Variant::Danger}
                            icon={IconName::Trash}
                            disabled={picked.is_empty()}
                            onclick={set_asking.reform(|_: MouseEvent| true)}
                            testid="cleanup-remove"
                        />
                    </>
                }}
            >
                { body }
            </Dialog>
            if *asking {
                <ConfirmDialog
                    title={words::CONFIRM_TITLE}
                    text={words::confirm_text(picked.len(), bytes, n_cautioned)}
                    confirm={common::DELETE}
                    busy={*busy}
                    error={(*failure).clone()}
                    on_confirm={remove}
                    on_cancel={set_asking.reform(|()| false)}
                />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ItemsProps {
    items: Vec<CleanupItem>,
    chosen: HashSet<CleanupTarget>,
    choose: Callback<HashSet<CleanupTarget>>,
    on_adopted: Callback<()>,
}

#[component]
fn Items(props: &ItemsProps) -> Html {
    let safe: HashSet<_> = props
        .items
        .iter()
        .filter(|item| item.caution.is_none())
        .map(|item| item.target.clone())
        .collect();
    let toggle = {
        let (chosen, choose) = (props.chosen.clone(), props.choose.clone());
        Callback::from(move |target: CleanupTarget| {
            let mut next = chosen.clone();
            if !next.remove(&target) {
                next.insert(target);
            }
            choose.emit(next);
        })
    };
    html! {
        <div class="cleanup">
            <p class="muted">{ words::CLEAN_UP_TEXT }</p>
            <div class="cleanup__choose">
                <Button
                    label={words::CHOOSE_SAFE}
                    disabled={safe.is_empty()}
                    onclick={props.choose.reform(move |_: MouseEvent| safe.clone())}
                    testid="cleanup-safe"
                />
                <Button
                    label={words::CHOOSE_NONE}
                    variant={Variant::Ghost}
                    disabled={props.chosen.is_empty()}
                    onclick={props.choose.reform(|_: MouseEvent| HashSet::new())}
                    testid="cleanup-none"
                />
            </div>
            <ul class="cleanup__list" data-testid="cleanup-list">
                { for props.items.iter().enumerate().map(|(index, item)| {
                    let what = words::target(&item.target);
                    let target = item.target.clone();
                    html! {
                        <li class="cleanup__item" key={index}>
                            <Checkbox
                                label={words::choose_label(&what, &item.name)}
                                checked={props.chosen.contains(&item.target)}
                                bare={true}
                                onchange={toggle.reform(move |_: bool| target.clone())}
                                testid={format!("cleanup-item-{index}")}
                            />
                            <div class="cleanup__what">
                                <span>{ what }</span>
                                <span class="muted" dir="auto">{ &item.name }</span>
                            </div>
                            if let Some(caution) = item.caution {
                                <Badge label={words::caution(caution)} tone={Tone::Warning} />
                            }
                            if let Some(folder) = unlisted(item) {
                                <Adopt
                                    {index}
                                    {folder}
                                    name={item.name.clone()}
                                    on_adopted={props.on_adopted.clone()}
                                />
                            }
                            <span class="cleanup__size">{ number::bytes(item.size_bytes) }</span>
                        </li>
                    }
                }) }
            </ul>
        </div>
    }
}

/// The folder of an item that is a run of no list.
fn unlisted(item: &CleanupItem) -> Option<String> {
    match (&item.target, item.caution) {
        (CleanupTarget::OrphanFolder { folder }, Some(Caution::UnlistedRun)) => {
            Some(folder.clone())
        }
        _ => None,
    }
}

#[derive(Properties, PartialEq)]
struct AdoptProps {
    index: usize,
    folder: String,
    name: String,
    on_adopted: Callback<()>,
}

/// Puts a run on the list again.
#[component]
fn Adopt(props: &AdoptProps) -> Html {
    let busy = use_state(|| false);
    let toasts = use_toasts();
    let onclick = {
        let busy = busy.clone();
        let (folder, name, on_adopted) = (
            props.folder.clone(),
            props.name.clone(),
            props.on_adopted.clone(),
        );
        Callback::from(move |_: MouseEvent| {
            busy.set(true);
            let (busy, toasts) = (busy.clone(), toasts.clone());
            let (folder, name, on_adopted) = (folder.clone(), name.clone(), on_adopted.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<CleanupAdopt>(UnlistedRun { folder }).await {
                    Ok(_) => {
                        toasts.success(words::adopted(&name));
                        on_adopted.emit(());
                    }
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
                busy.set(false);
            });
        })
    };
    html! {
        <Button
            label={words::ADOPT}
            icon={IconName::Refresh}
            loading={*busy}
            {onclick}
            testid={format!("cleanup-adopt-{}", props.index)}
        />
    }
}
