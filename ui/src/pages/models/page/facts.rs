//! What a model is, and where it came from.

use crate::components::{Card, LinkTo, Ltr};
use crate::i18n::{library as words, time};
use crate::route::Route;
use amoozgar_text::number;
use amoozgar_types::ipc::ModelDetail;
use amoozgar_types::model_ref::ModelRef;
use yew::prelude::*;

/// Props of [`About`] and [`Origin`].
#[derive(Properties, PartialEq)]
pub struct DetailProps {
    /// The model.
    pub detail: ModelDetail,
}

/// A fact's name, its value, and the end of its test id.
type Fact = (&'static str, Html, &'static str);

/// What its files say of it.
#[component]
pub fn About(props: &DetailProps) -> Html {
    let (model, facts) = (&props.detail.model, props.detail.facts.as_ref());
    let known = |value: Option<String>| value.unwrap_or_else(|| words::UNKNOWN.to_owned());
    let latin = |value: Option<&str>| match value {
        Some(value) => html! { <Ltr text={value.to_owned()} /> },
        None => html! { words::UNKNOWN },
    };
    let text = |value: String| html! { { value } };
    let architecture = facts.and_then(|facts| facts.architecture.as_deref());
    let architecture = architecture.or(model.architecture.as_deref());
    let stored = facts.map(words::stored_as);
    let mut list: Vec<Fact> = vec![
        (words::FAMILY, latin(architecture), "family"),
        (
            words::PARAMETERS,
            text(known(facts.map(|it| words::parameters(it.n_parameters)))),
            "parameters",
        ),
        (
            words::CONTEXT,
            text(known(facts.map(|it| words::tokens(it.context_length)))),
            "context",
        ),
        (
            words::VOCABULARY,
            text(known(facts.map(|it| words::tokens(it.vocab_size)))),
            "vocabulary",
        ),
        (words::WEIGHTS, latin(stored.as_deref()), "weights"),
        (
            words::FERTILITY,
            text(words::fertility(facts.and_then(|it| it.fertility))),
            "fertility",
        ),
        (
            words::LICENCE,
            latin(facts.and_then(|it| it.licence.as_deref())),
            "licence",
        ),
        (words::SIZE, text(number::bytes(model.size_bytes)), "size"),
    ];
    if let Some(facts) = facts {
        if facts.labels.is_empty() {
            let has = if facts.has_chat_template {
                words::HAS_TEMPLATE
            } else {
                words::HAS_NO_TEMPLATE
            };
            list.push((words::CHAT_TEMPLATE, html! { has }, "template"));
        } else {
            list.push((words::CLASSES, text(facts.labels.join("، ")), "classes"));
        }
    }
    html! {
        <Card title={words::ABOUT}>
            { drawn(list) }
            <p class="muted">{ words::FERTILITY_HELP }</p>
        </Card>
    }
}

/// Where it came from.
#[component]
pub fn Origin(props: &DetailProps) -> Html {
    let (model, facts) = (&props.detail.model, props.detail.facts.as_ref());
    let mut list: Vec<Fact> = Vec::new();
    match &model.model {
        ModelRef::Hub { repo, kind } => {
            let link = html! {
                <LinkTo to={Route::repo(*kind, repo)} class="table__link"><Ltr text={repo.clone()} /></LinkTo>
            };
            list.push((words::REPO, link, "repo"));
            let revision = model.revision.iter().chain(&model.commit);
            let revision: Vec<&str> = revision.map(String::as_str).collect();
            let shown = html! { <Ltr text={revision.join(" · ")} /> };
            list.push((words::REVISION, shown, "revision"));
        }
        ModelRef::Trained { job_id } => {
            let to = Route::Job {
                id: job_id.to_string(),
            };
            let link = html! {
                <LinkTo {to} class="table__link"><span dir="auto">{ &model.name }</span></LinkTo>
            };
            list.push((words::RUN, link, "run"));
        }
        ModelRef::Imported { .. } => {}
    }
    if let Some(base) = facts.and_then(|it| it.base_repo.clone()) {
        list.push((words::BASE, html! { <Ltr text={base} /> }, "base"));
    }
    let folder = html! { <Ltr text={model.path.clone()} /> };
    list.push((words::FOLDER, folder, "folder"));
    let when = time::ago(model.created_ms);
    list.push((words::CAME, html! { { when } }, "came"));
    html! {
        <Card title={words::ORIGIN}>
            <dl class="origin">
                { for list.into_iter().map(|(name, value, id)| html! {
                    <div class="origin__item" key={name}>
                        <dt>{ name }</dt>
                        <dd data-testid={format!("model-{id}")}>{ value }</dd>
                    </div>
                }) }
            </dl>
        </Card>
    }
}

fn drawn(list: Vec<Fact>) -> Html {
    html! {
        <dl class="facts">
            { for list.into_iter().map(|(name, value, id)| html! {
                <div class="facts__item" key={name}>
                    <dt>{ name }</dt>
                    <dd data-testid={format!("model-{id}")}>{ value }</dd>
                </div>
            }) }
        </dl>
    }
}
