//! Choosing one of a few, and switching on or off.

use super::IconName;
use super::ids::{focus_child, moved};
use yew::prelude::*;

/// One option of [`SegmentedChoice`].
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentedOption {
    /// Its words.
    pub label: AttrValue,
    /// A picture.
    pub icon: Option<IconName>,
    /// `data-testid`.
    pub testid: Option<AttrValue>,
}

/// Props of [`SegmentedChoice`].
#[derive(Properties, PartialEq)]
pub struct SegmentedChoiceProps {
    /// What is chosen, for screen readers.
    pub label: AttrValue,
    /// The options.
    pub options: Vec<SegmentedOption>,
    /// The index of the chosen one.
    pub selected: usize,
    /// Called with an index.
    pub onselect: Callback<usize>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
}

/// A row of options of which one is chosen. Arrow keys move the choice.
#[component]
pub fn SegmentedChoice(props: &SegmentedChoiceProps) -> Html {
    let count = props.options.len();
    let selected = props.selected;
    let onkeydown = {
        let onselect = props.onselect.clone();
        move |event: KeyboardEvent| {
            if let Some(next) = moved(&event.key(), selected, count) {
                event.prevent_default();
                focus_child(&event, next);
                onselect.emit(next);
            }
        }
    };
    html! {
        <div class="segmented" role="radiogroup" aria-label={props.label.clone()} {onkeydown}>
            { for props.options.iter().enumerate().map(|(index, option)| {
                let chosen = index == selected;
                let onselect = props.onselect.clone();
                html! {
                    <button
                        key={index}
                        type="button"
                        role="radio"
                        class={classes!("segmented__option", chosen.then_some("is-selected"))}
                        aria-checked={if chosen { "true" } else { "false" }}
                        tabindex={if chosen { "0" } else { "-1" }}
                        disabled={props.disabled}
                        data-testid={option.testid.clone()}
                        onclick={move |_| onselect.emit(index)}
                    >
                        if let Some(icon) = option.icon { { icon.svg() } }
                        <span>{ &option.label }</span>
                    </button>
                }
            }) }
        </div>
    }
}

/// Props of [`ChoiceCard`].
#[derive(Properties, PartialEq)]
pub struct ChoiceCardProps {
    /// Groups the cards of one choice: the same for all of them.
    pub group: AttrValue,
    /// Its name.
    pub title: AttrValue,
    /// A sentence about it.
    #[prop_or_default]
    pub text: Option<AttrValue>,
    /// Small facts below the sentence.
    #[prop_or_default]
    pub meta: Html,
    /// A picture.
    #[prop_or_default]
    pub icon: Option<IconName>,
    /// Whether it is the chosen one.
    pub selected: bool,
    /// Called when it is chosen.
    pub onselect: Callback<()>,
    /// Cannot be chosen.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`, on the radio input's label.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A card that is a radio button.
#[component]
pub fn ChoiceCard(props: &ChoiceCardProps) -> Html {
    let onselect = props.onselect.clone();
    html! {
        <label
            class={classes!(
                "choice-card",
                props.selected.then_some("is-selected"),
                props.disabled.then_some("is-disabled"),
            )}
            data-testid={props.testid.clone()}
        >
            <input
                type="radio"
                class="visually-hidden"
                name={props.group.clone()}
                checked={props.selected}
                disabled={props.disabled}
                onchange={move |_| onselect.emit(())}
            />
            if let Some(icon) = props.icon {
                <span class="choice-card__icon">{ icon.svg() }</span>
            }
            <span class="choice-card__body">
                <span class="choice-card__title" dir="auto">{ &props.title }</span>
                if let Some(text) = &props.text {
                    <span class="choice-card__text">{ text }</span>
                }
                { props.meta.clone() }
            </span>
            <span class="choice-card__mark" aria-hidden="true">{ IconName::Check.svg() }</span>
        </label>
    }
}

/// Props of [`Switch`].
#[derive(Properties, PartialEq)]
pub struct SwitchProps {
    /// What it switches.
    pub label: AttrValue,
    /// A sentence about it.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// Whether it is on.
    pub checked: bool,
    /// Called with what it shall become.
    pub onchange: Callback<bool>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A switch with its label and a sentence.
#[component]
pub fn Switch(props: &SwitchProps) -> Html {
    let onchange = props.onchange.clone();
    let next = !props.checked;
    html! {
        <label class="switch">
            <span class="switch__text">
                <span class="switch__label">{ &props.label }</span>
                if let Some(help) = &props.help {
                    <span class="switch__help">{ help }</span>
                }
            </span>
            <input
                type="checkbox"
                role="switch"
                class="visually-hidden"
                checked={props.checked}
                disabled={props.disabled}
                data-testid={props.testid.clone()}
                onchange={move |_| onchange.emit(next)}
            />
            <span class="switch__track" aria-hidden="true"><span class="switch__thumb" /></span>
        </label>
    }
}
