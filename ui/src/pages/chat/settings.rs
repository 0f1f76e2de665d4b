//! How answers are made: the folded fields.

use super::form::{Change, Field, Form};
use crate::components::{IconName, NumberField, Steps, TextArea};
use crate::i18n::chat as words;
use yew::prelude::*;

/// Props of [`SettingsPanel`].
#[derive(Properties, PartialEq)]
pub struct SettingsPanelProps {
    /// The form.
    pub form: UseReducerHandle<Form>,
}

/// The system prompt and how tokens are drawn.
#[component]
pub fn SettingsPanel(props: &SettingsPanelProps) -> Html {
    let form = &props.form;
    let on_system = {
        let form = form.dispatcher();
        move |text: String| form.dispatch(Change::System(text))
    };
    html! {
        <details class="chat-settings" data-testid="chat-settings">
            <summary class="chat-settings__summary" data-testid="chat-settings-open">
                <span>{ words::SETTINGS }</span>
                { IconName::ChevronDown.svg() }
            </summary>
            <TextArea
                id="chat-system"
                label={words::SYSTEM}
                value={form.system.clone()}
                oninput={on_system}
                lines={2}
                placeholder={words::SYSTEM_PLACEHOLDER}
                help={words::SYSTEM_HELP}
                testid="chat-system"
            />
            <div class="chat-settings__numbers">
                { for Field::ALL.into_iter().map(|field| number(form, field)) }
            </div>
        </details>
    }
}

fn number(form: &UseReducerHandle<Form>, field: Field) -> Html {
    let (id, label) = names(field);
    let (least, most) = field.range().into_inner();
    let oninput = {
        let form = form.dispatcher();
        move |text: String| form.dispatch(Change::Number(field, text))
    };
    let placeholder = match field {
        Field::Seed => Some(words::EVERY_TIME),
        _ if field.is_optional() => Some(words::UNLIMITED),
        _ => None,
    };
    let error = form
        .number(field)
        .is_err()
        .then(|| AttrValue::from(words::range(least, most, field.decimals())));
    let step = if field.decimals() == 0 { 1.0 } else { 0.05 };
    html! {
        <NumberField
            key={id}
            {id}
            {label}
            value={form.text(field).to_owned()}
            {oninput}
            steps={Steps { least, most, step }}
            placeholder={placeholder.map(AttrValue::Static)}
            {error}
            testid={id}
        />
    }
}

fn names(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Temperature => ("chat-temperature", words::TEMPERATURE),
        Field::MaxTokens => ("chat-max-tokens", words::MAX_TOKENS),
        Field::TopK => ("chat-top-k", words::TOP_K),
        Field::TopP => ("chat-top-p", words::TOP_P),
        Field::MinP => ("chat-min-p", words::MIN_P),
        Field::RepetitionPenalty => ("chat-repetition-penalty", words::REPETITION_PENALTY),
        Field::Seed => ("chat-seed", words::SEED),
    }
}
