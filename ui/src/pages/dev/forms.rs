//! Buttons, fields, choices.

use super::options;
use crate::components::{
    Button, Card, Checkbox, ChoiceCard, IconButton, IconName, NumberField, SegmentedChoice, Select,
    SelectOption, Slider, Steps, Switch, Tab, Tabs, TextArea, TextField, Variant, tab_id,
};
use crate::i18n::{common, dev as words};
use amoozgar_text::number;
use yew::prelude::*;

const VARIANTS: [Variant; 4] = [
    Variant::Primary,
    Variant::Secondary,
    Variant::Ghost,
    Variant::Danger,
];

/// Every weight of a button, as it is, disabled and at work.
#[component]
pub fn Buttons() -> Html {
    let nothing = Callback::from(|_: MouseEvent| ());
    let row = |(variant, label): (&Variant, &'static str)| {
        let (variant, onclick) = (*variant, nothing.clone());
        html! {
            <div class="dev__row" key={label}>
                <Button {label} {variant} onclick={onclick.clone()} />
                <Button {label} {variant} icon={IconName::Play} onclick={onclick.clone()} />
                <Button label={words::DISABLED} {variant} disabled={true} onclick={onclick.clone()} />
                <Button label={words::BUSY} {variant} loading={true} {onclick} />
            </div>
        }
    };
    html! {
        <Card title={words::BUTTONS}>
            { for VARIANTS.iter().zip(words::VARIANTS).map(row) }
            <div class="dev__row">
                <IconButton icon={IconName::Edit} label={words::VARIANTS[1]} onclick={nothing.clone()} />
                <IconButton icon={IconName::Trash} label={words::DISABLED} disabled={true} onclick={nothing} />
            </div>
        </Card>
    }
}

/// Every field: as it is, with an error, disabled.
#[component]
pub fn FieldsPart() -> Html {
    let text = use_state(String::new);
    let number = use_state(|| "۱۲".to_owned());
    let city = use_state(|| words::CITIES[0].to_owned());
    let slider = use_state(|| 4.0_f64);
    let set = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |value| state.set(value))
    };
    let slide = {
        let slider = slider.clone();
        Callback::from(move |value| slider.set(value))
    };
    let cities: Vec<_> = words::CITIES
        .iter()
        .map(|city| SelectOption::new(*city, *city))
        .collect();
    html! {
        <Card title={words::FIELDS}>
            <div class="field-grid">
                <TextField
                    id="dev-text"
                    label={words::TEXT}
                    value={(*text).clone()}
                    oninput={set(&text)}
                    help={words::TEXT_HELP}
                    explain={words::EXPLAIN}
                />
                <TextField
                    id="dev-text-error"
                    label={words::TEXT}
                    value={(*text).clone()}
                    oninput={set(&text)}
                    error={words::TEXT_ERROR}
                />
                <TextField
                    id="dev-path"
                    label={words::PATH}
                    value="/home/sara/hafez.txt"
                    dir="ltr"
                    oninput={Callback::noop()}
                />
                <TextField
                    id="dev-text-disabled"
                    label={words::DISABLED}
                    value={words::TEXT}
                    disabled={true}
                    oninput={Callback::noop()}
                />
                <NumberField
                    id="dev-number"
                    label={words::NUMBER}
                    value={(*number).clone()}
                    oninput={set(&number)}
                    unit={words::UNIT}
                    steps={Steps::whole(1, 1000)}
                    help={words::NUMBER_HELP}
                />
                <NumberField
                    id="dev-rate"
                    label={words::NUMBER}
                    value="2e-3"
                    dir="ltr"
                    oninput={Callback::noop()}
                />
                <Select
                    id="dev-select"
                    label={words::SELECT}
                    options={cities.clone()}
                    value={(*city).clone()}
                    onchange={set(&city)}
                    help={words::TEXT_HELP}
                />
                <Select
                    id="dev-select-disabled"
                    label={words::DISABLED}
                    options={cities}
                    value={words::CITIES[1]}
                    disabled={true}
                    onchange={Callback::noop()}
                />
                <Slider
                    id="dev-slider"
                    label={words::SLIDER}
                    value={*slider}
                    min={1.0}
                    max={16.0}
                    words={number::format_decimal(*slider, 0)}
                    oninput={slide}
                />
                <TextArea
                    id="dev-area"
                    label={words::LONG_TEXT}
                    value={(*text).clone()}
                    oninput={set(&text)}
                    help={words::TEXT_HELP}
                />
            </div>
        </Card>
    }
}

/// Switches, boxes, segments, cards, tabs.
#[component]
pub fn Choices() -> Html {
    let on = use_state_eq(|| true);
    let chosen = use_state_eq(|| 0_usize);
    let set_on = {
        let on = on.clone();
        Callback::from(move |next| on.set(next))
    };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |index| chosen.set(index))
    };
    let tabs: Vec<_> = words::CITIES
        .iter()
        .map(|label| Tab {
            label: (*label).into(),
            testid: None,
        })
        .collect();
    html! {
        <Card title={words::CHOICES}>
            <Switch label={words::SWITCH} help={words::TEXT_HELP} checked={*on} onchange={set_on.clone()} />
            <Switch label={words::DISABLED} checked={false} disabled={true} onchange={Callback::noop()} />
            <div class="dev__row">
                <Checkbox label={words::CHECKBOX} checked={*on} onchange={set_on} />
                <Checkbox label={words::DISABLED} checked={false} disabled={true} onchange={Callback::noop()} />
                <SegmentedChoice
                    label={words::CHOICES}
                    options={options(&words::CITIES)}
                    selected={*chosen}
                    onselect={choose.clone()}
                />
            </div>
            <div class="choice-grid choice-grid--three" role="radiogroup" aria-label={words::CARD}>
                { for (0..3).map(|index| {
                    let choose = choose.clone();
                    html! {
                        <ChoiceCard
                            key={index}
                            group="dev-card"
                            title={format!("{} {}", words::CARD, common::count(index as u64 + 1))}
                            text={words::CARD_TEXT}
                            icon={IconName::Book}
                            selected={*chosen == index}
                            onselect={move |()| choose.emit(index)}
                        />
                    }
                }) }
            </div>
            <Tabs label={words::TABS} panel="dev-panel" {tabs} selected={*chosen} onselect={choose} />
            <p id="dev-panel" role="tabpanel" aria-labelledby={tab_id("dev-panel", *chosen)}>
                { words::CITIES.get(*chosen).copied().unwrap_or_default() }
            </p>
        </Card>
    }
}
