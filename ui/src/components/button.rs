//! Buttons.

use super::{IconName, Spinner};
use yew::prelude::*;

/// How much weight a button has on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// The page's main action; at most one in sight.
    Primary,
    /// Every other action.
    #[default]
    Secondary,
    /// An action without a frame.
    Ghost,
    /// What cannot be undone.
    Danger,
}

impl Variant {
    /// Its CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button--primary",
            Self::Secondary => "button button--secondary",
            Self::Ghost => "button button--ghost",
            Self::Danger => "button button--danger",
        }
    }
}

/// Props of [`Button`].
#[derive(Properties, PartialEq)]
pub struct ButtonProps {
    /// Its words.
    pub label: AttrValue,
    /// Its weight.
    #[prop_or_default]
    pub variant: Variant,
    /// A picture before the words.
    #[prop_or_default]
    pub icon: Option<IconName>,
    /// Called on click; a button without it submits its form.
    #[prop_or_default]
    pub onclick: Option<Callback<MouseEvent>>,
    /// Cannot be pressed.
    #[prop_or_default]
    pub disabled: bool,
    /// Its action is under way: shows a spinner and cannot be pressed.
    #[prop_or_default]
    pub loading: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A button with words, and a picture where wanted.
#[component]
pub fn Button(props: &ButtonProps) -> Html {
    let kind = if props.onclick.is_some() {
        "button"
    } else {
        "submit"
    };
    let onclick = props.onclick.clone();
    html! {
        <button
            type={kind}
            class={props.variant.class()}
            disabled={props.disabled || props.loading}
            aria-busy={props.loading.then_some("true")}
            data-testid={props.testid.clone()}
            onclick={move |event| if let Some(onclick) = &onclick { onclick.emit(event) }}
        >
            if props.loading {
                <Spinner />
            } else if let Some(icon) = props.icon {
                { icon.svg() }
            }
            <span>{ &props.label }</span>
        </button>
    }
}

/// Props of [`IconButton`].
#[derive(Properties, PartialEq)]
pub struct IconButtonProps {
    /// The picture.
    pub icon: IconName,
    /// What it does, for screen readers and as a tooltip.
    pub label: AttrValue,
    /// Called on click.
    pub onclick: Callback<MouseEvent>,
    /// Cannot be pressed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A button that is only a picture.
#[component]
pub fn IconButton(props: &IconButtonProps) -> Html {
    html! {
        <button
            type="button"
            class="icon-button"
            disabled={props.disabled}
            aria-label={props.label.clone()}
            title={props.label.clone()}
            data-testid={props.testid.clone()}
            onclick={props.onclick.clone()}
        >
            { props.icon.svg() }
        </button>
    }
}
