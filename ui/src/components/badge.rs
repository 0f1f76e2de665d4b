//! A word with a colour, and words that appear beside what they explain.

use super::IconName;
use super::ids::use_id;
use crate::i18n::common;
use yew::prelude::*;

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// Under way.
    Live,
    /// Well.
    Success,
    /// Wants attention.
    Warning,
    /// Went wrong.
    Danger,
    /// A kind or a label, no state.
    Label,
}

/// Props of [`Badge`].
#[derive(Properties, PartialEq)]
pub struct BadgeProps {
    /// Its word.
    pub label: AttrValue,
    /// What its colour says; never the colour alone.
    #[prop_or_default]
    pub tone: Tone,
    /// A picture before the word.
    #[prop_or_default]
    pub icon: Option<IconName>,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A word in a coloured pill.
#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    let tone = match props.tone {
        Tone::Neutral => "badge",
        Tone::Live => "badge badge--live",
        Tone::Success => "badge badge--success",
        Tone::Warning => "badge badge--warning",
        Tone::Danger => "badge badge--danger",
        Tone::Label => "badge badge--label",
    };
    html! {
        <span class={tone} data-testid={props.testid.clone()}>
            if let Some(icon) = props.icon { { icon.svg() } }
            { &props.label }
        </span>
    }
}

/// Props of [`Tooltip`].
#[derive(Properties, PartialEq)]
pub struct TooltipProps {
    /// The words that appear.
    pub text: AttrValue,
    /// What they explain: one control or a short text.
    pub children: Html,
}

/// Words that appear over what they explain while the pointer or the focus is there; Escape takes
/// them away. Whoever needs more than a line uses an explanation of the field instead.
#[component]
pub fn Tooltip(props: &TooltipProps) -> Html {
    let id = use_id("tooltip");
    let dismissed = use_state_eq(|| false);
    let onkeydown = {
        let dismissed = dismissed.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                dismissed.set(true);
            }
        }
    };
    let back = |dismissed: UseStateHandle<bool>| move || dismissed.set(false);
    let (left, blurred) = (back(dismissed.clone()), back(dismissed.clone()));
    html! {
        <span
            class={classes!("tooltip", dismissed.then_some("is-dismissed"))}
            {onkeydown}
            onmouseleave={move |_| left()}
            onfocusout={move |_| blurred()}
        >
            <span class="tooltip__on" aria-describedby={id.clone()}>{ props.children.clone() }</span>
            <span class="tooltip__words" role="tooltip" {id}>{ &props.text }</span>
        </span>
    }
}

/// Props of [`Explain`].
#[derive(Properties, PartialEq)]
pub struct ExplainProps {
    /// What is explained, for the button's name.
    pub about: AttrValue,
    /// Whether the explanation is shown.
    pub open: bool,
    /// The id of the explanation.
    pub controls: AttrValue,
    /// Called by the button.
    pub onclick: Callback<MouseEvent>,
}

/// The small button beside a label that shows and hides an explanation.
#[component]
pub fn Explain(props: &ExplainProps) -> Html {
    html! {
        <button
            type="button"
            class="explain"
            aria-label={common::explain(&props.about)}
            aria-expanded={if props.open { "true" } else { "false" }}
            aria-controls={props.controls.clone()}
            data-testid={format!("{}-button", props.controls)}
            onclick={props.onclick.clone()}
        >
            { IconName::Help.svg() }
        </button>
    }
}
