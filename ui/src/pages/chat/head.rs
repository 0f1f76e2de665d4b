//! The head of a conversation: what it is called, whom it is with, whether two answer.

use super::form::{Change, Form, counterpart};
use crate::components::{IconButton, IconName, Select, SelectOption, Switch};
use crate::i18n::chat as words;
use amoozgar_types::chat::{ChatModel, ChatRecord, ModelChoice, ModelOffer, Side};
use amoozgar_types::model_ref::ModelRef;
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`Head`].
#[derive(Properties, PartialEq)]
pub struct HeadProps {
    /// The conversation, once it is there.
    pub chat: Option<Rc<ChatRecord>>,
    /// What it can be with.
    pub offers: Rc<Vec<ModelOffer>>,
    /// The form.
    pub form: UseReducerHandle<Form>,
    /// An answer is under way.
    pub is_under_way: bool,
    /// Asks for another name.
    pub on_rename: Callback<()>,
    /// Asks for its deletion.
    pub on_delete: Callback<()>,
}

/// The head of a conversation.
#[component]
pub fn Head(props: &HeadProps) -> Html {
    let title = props
        .chat
        .as_ref()
        .map(|chat| chat.title.clone())
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| words::UNNAMED.to_owned());
    let is_compared = props.form.compared.is_some();
    let chosen = props.form.model.as_ref();
    let has_counterpart = chosen.is_some_and(|one| counterpart(one, &props.offers).is_some());
    let on_compare = {
        let (form, offers) = (props.form.clone(), props.offers.clone());
        move |wanted: bool| {
            let chosen = form.model.as_ref().filter(|_| wanted);
            let second = chosen.and_then(|chosen| counterpart(chosen, &offers));
            form.dispatch(Change::Compared(second));
        }
    };
    html! {
        <header class="chat-head">
            <div class="chat-head__line">
                <h2 class="chat-head__title" dir="auto" data-testid="chat-title">{ title }</h2>
                <Switch
                    label={words::COMPARE}
                    checked={is_compared}
                    onchange={on_compare}
                    disabled={props.is_under_way || !(is_compared || has_counterpart)}
                    testid="chat-compare"
                />
                if props.chat.is_some() {
                    <IconButton
                        icon={IconName::Edit}
                        label={words::RENAME}
                        onclick={props.on_rename.reform(|_: MouseEvent| ())}
                        testid="chat-rename"
                    />
                    <IconButton
                        icon={IconName::Trash}
                        label={words::DELETE}
                        onclick={props.on_delete.reform(|_: MouseEvent| ())}
                        testid="chat-delete"
                    />
                }
            </div>
            <div class="chat-head__models">
                { choice(props, Side::First) }
                if is_compared { { choice(props, Side::Second) } }
            </div>
        </header>
    }
}

/// The fields of one side's model.
fn choice(props: &HeadProps, side: Side) -> Html {
    let chosen = match side {
        Side::First => props.form.model.clone(),
        Side::Second => props.form.compared.clone(),
    };
    let (id, label) = match side {
        Side::First => ("chat-model", words::MODEL),
        Side::Second => ("chat-second-model", words::SECOND_MODEL),
    };
    let set = {
        let form = props.form.dispatcher();
        Callback::from(move |choice: ModelChoice| {
            form.dispatch(match side {
                Side::First => Change::Model(choice),
                Side::Second => Change::Compared(Some(choice)),
            });
        })
    };
    let offer = chosen.as_ref().and_then(|chosen| {
        props
            .offers
            .iter()
            .find(|offer| offer.model == chosen.model)
    });
    let mut options: Vec<SelectOption> = props.offers.iter().map(option).collect();
    if let Some(gone) = chosen.as_ref().filter(|_| offer.is_none()) {
        let label = format!("{} ({})", name_of(props, side), words::MODEL_GONE);
        options.insert(0, SelectOption::new(gone.model.key(), label));
    }
    let onchange = {
        let (offers, set) = (props.offers.clone(), set.clone());
        move |key: String| {
            let found = offers.iter().find(|offer| offer.model.key() == key);
            if let Some(offer) = found {
                set.emit(ModelChoice::plain(offer.model.clone()));
            }
        }
    };
    let value = chosen
        .as_ref()
        .map_or_else(String::new, |chosen| chosen.model.key());
    html! {
        <div class="chat-head__side" key={id}>
            <Select
                {id}
                {label}
                {options}
                {value}
                {onchange}
                disabled={props.is_under_way}
                testid={id}
            />
            if let (Some(offer), Some(chosen)) = (offer, chosen) {
                { details(id, offer, &chosen, &set, props.is_under_way) }
            }
        </div>
    }
}

/// A run's checkpoint, and an adapter.
fn details(
    id: &str,
    offer: &ModelOffer,
    chosen: &ModelChoice,
    set: &Callback<ModelChoice>,
    disabled: bool,
) -> Html {
    let checkpoints = std::iter::once(SelectOption::new("", words::FINAL)).chain(
        offer.checkpoints.iter().map(|saved| {
            SelectOption::new(
                saved.step.to_string(),
                words::checkpoint(saved.step, saved.best),
            )
        }),
    );
    let adapters = std::iter::once(SelectOption::new("", words::NO_ADAPTER)).chain(
        offer
            .adapters
            .iter()
            .map(|adapter| SelectOption::new(adapter.job_id.to_string(), adapter.name.clone())),
    );
    let on_checkpoint = {
        let (chosen, set) = (chosen.clone(), set.clone());
        move |step: String| {
            set.emit(ModelChoice {
                checkpoint: step.parse().ok(),
                ..chosen.clone()
            });
        }
    };
    let on_adapter = {
        let (chosen, set, offered) = (chosen.clone(), set.clone(), offer.adapters.clone());
        move |job_id: String| {
            let adapter = offered.iter().find(|one| one.job_id.as_str() == job_id);
            set.emit(ModelChoice {
                adapter: adapter.map(|one| one.job_id.clone()),
                ..chosen.clone()
            });
        }
    };
    html! {
        <>
            if !offer.checkpoints.is_empty() {
                <Select
                    id={format!("{id}-checkpoint")}
                    label={words::CHECKPOINT}
                    options={checkpoints.collect::<Vec<_>>()}
                    value={chosen.checkpoint.map_or_else(String::new, |step| step.to_string())}
                    onchange={on_checkpoint}
                    {disabled}
                    testid={format!("{id}-checkpoint")}
                />
            }
            if !offer.adapters.is_empty() {
                <Select
                    id={format!("{id}-adapter")}
                    label={words::ADAPTER}
                    options={adapters.collect::<Vec<_>>()}
                    value={chosen.adapter.as_ref().map_or_else(String::new, ToString::to_string)}
                    onchange={on_adapter}
                    {disabled}
                    testid={format!("{id}-adapter")}
                />
            }
        </>
    }
}

fn option(offer: &ModelOffer) -> SelectOption {
    let is_trained = matches!(offer.model, ModelRef::Trained { .. });
    let label = words::model(&offer.name, offer.size_bytes, is_trained);
    SelectOption::new(offer.model.key(), label)
}

/// What the conversation's own row calls a model that is gone.
fn name_of(props: &HeadProps, side: Side) -> String {
    let chat = props.chat.as_ref();
    let model = chat.and_then(|chat| match side {
        Side::First => chat.model.clone(),
        Side::Second => chat.compared.clone(),
    });
    model.map_or_else(String::new, |ChatModel { name, .. }| name)
}
