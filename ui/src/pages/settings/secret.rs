//! A secret that the shell keeps: set, replaced, deleted. What was kept never comes back; only that
//! there is one, where it is kept, and of a token its last four characters.

use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, ErrorNote, ErrorState, IconName, Ltr, Skeleton, TextField, Variant,
};
use crate::hooks::use_query;
use crate::i18n::network;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{NewSecret, SecretDelete, SecretSet, SecretStatus, SecretStatusGet};
use amoozgar_types::secret::SecretName;
use yew::prelude::*;

/// The words about one secret.
#[derive(Clone, Copy)]
pub struct SecretWords {
    /// The card.
    pub title: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// The field.
    pub field: &'static str,
    /// What one looks like.
    pub placeholder: Option<&'static str>,
    /// Keeps the first one.
    pub save: &'static str,
    /// Keeps another one.
    pub replace: &'static str,
    /// Deletes it.
    pub delete: &'static str,
    /// There is none.
    pub none: Option<&'static str>,
    /// There is one.
    pub kept: fn(&SecretStatus) -> String,
    /// The question before it is deleted, where one is asked.
    pub ask: Option<(&'static str, &'static str)>,
    /// It is kept now.
    pub saved: &'static str,
    /// It is gone.
    pub deleted: &'static str,
    /// Names its parts for tests: `-field`, `-save`, `-delete`, `-state`.
    pub testid: &'static str,
}

impl PartialEq for SecretWords {
    /// One secret has one set of words.
    fn eq(&self, other: &Self) -> bool {
        self.testid == other.testid
    }
}

/// Props of [`SecretCard`].
#[derive(Properties, PartialEq)]
pub struct SecretCardProps {
    /// Which.
    pub secret: SecretName,
    /// Its words.
    pub words: SecretWords,
}

/// What is known of it, and the form.
#[component]
pub fn SecretCard(props: &SecretCardProps) -> Html {
    let words = props.words;
    let query = use_query::<SecretStatusGet>(props.secret);
    let took = {
        let query = query.clone();
        Callback::from(move |status: SecretStatus| query.update(move |known| *known = status))
    };
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={2} /> },
        (Some(status), None) => html! {
            <>
                { known(words, &status) }
                <SecretForm secret={props.secret} {words} kept={status.kept.is_some()} {took} />
            </>
        },
    };
    html! {
        <Card title={words.title} class="secret">
            <p class="muted">{ words.text }</p>
            { body }
        </Card>
    }
}

/// What may be said of it.
fn known(words: SecretWords, status: &SecretStatus) -> Html {
    let state = format!("{}-state", words.testid);
    html! {
        <>
            if status.kept.is_some() {
                <p class="secret__state" data-testid={state} data-kept="true">
                    { IconName::Key.svg() }
                    <span>{ (words.kept)(status) }</span>
                    if let Some(tail) = &status.tail { <Ltr text={format!("…{tail}")} /> }
                </p>
            } else if let Some(none) = words.none {
                <p class="secret__state is-none" data-testid={state} data-kept="false">{ none }</p>
            }
            if !status.keyring {
                <p class="note note--warning" data-testid="no-keyring">
                    { IconName::Alert.svg() }
                    <span>{ network::NO_KEYRING }</span>
                </p>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct SecretFormProps {
    secret: SecretName,
    words: SecretWords,
    kept: bool,
    took: Callback<SecretStatus>,
}

#[component]
fn SecretForm(props: &SecretFormProps) -> Html {
    let words = props.words;
    let kept = props.kept;
    let typed = use_state(String::new);
    let busy = use_state(|| false);
    let asking = use_state(|| false);
    let failure = use_state(|| None::<ApiError>);
    let toasts = use_toasts();
    let run = {
        let (typed, busy, asking) = (typed.clone(), busy.clone(), asking.clone());
        let (failure, took, secret) = (failure.clone(), props.took.clone(), props.secret);
        Callback::from(move |value: Option<String>| {
            busy.set(true);
            failure.set(None);
            let (typed, busy, asking) = (typed.clone(), busy.clone(), asking.clone());
            let (failure, took, toasts) = (failure.clone(), took.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let said = if value.is_some() {
                    words.saved
                } else {
                    words.deleted
                };
                let answer = match value {
                    Some(value) => api::call::<SecretSet>(NewSecret { secret, value }).await,
                    None => api::call::<SecretDelete>(secret).await,
                };
                match answer {
                    Ok(status) => {
                        typed.set(String::new());
                        took.emit(status);
                        toasts.success(said);
                    }
                    Err(error) => failure.set(Some(error)),
                }
                asking.set(false);
                busy.set(false);
            });
        })
    };
    let value = typed.trim().to_owned();
    let onsubmit = {
        let (run, value) = (run.clone(), value.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if !value.is_empty() {
                run.emit(Some(value.clone()));
            }
        }
    };
    let delete = {
        let (run, asking) = (run.clone(), asking.clone());
        move |_| {
            if words.ask.is_some() {
                asking.set(true);
            } else {
                run.emit(None);
            }
        }
    };
    let leave = {
        let asking = asking.clone();
        Callback::from(move |()| asking.set(false))
    };
    html! {
        <>
            <form class="secret__form" {onsubmit} novalidate={true}>
                <TextField
                    id={words.testid}
                    label={words.field}
                    kind="password"
                    dir="ltr"
                    placeholder={words.placeholder}
                    value={(*typed).clone()}
                    oninput={move |text| typed.set(text)}
                    testid={format!("{}-field", words.testid)}
                />
                <Button
                    label={if kept { words.replace } else { words.save }}
                    variant={Variant::Secondary}
                    disabled={value.is_empty()}
                    loading={*busy}
                    testid={format!("{}-save", words.testid)}
                />
                if kept {
                    <Button
                        label={words.delete}
                        variant={Variant::Ghost}
                        disabled={*busy}
                        onclick={delete}
                        testid={format!("{}-delete", words.testid)}
                    />
                }
            </form>
            if let Some(error) = (*failure).clone() { <ErrorNote {error} /> }
            if let Some((title, text)) = words.ask.filter(|_| *asking) {
                <ConfirmDialog
                    {title}
                    {text}
                    confirm={words.delete}
                    busy={*busy}
                    on_confirm={run.reform(|()| None)}
                    on_cancel={leave}
                />
            }
        </>
    }
}
