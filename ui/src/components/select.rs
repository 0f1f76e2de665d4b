//! Choosing one of many, where a row of options would be too long.

use super::field::{Frame, described_by};
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// One option of [`Select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// What the page knows it by.
    pub value: AttrValue,
    /// Its words.
    pub label: AttrValue,
}

impl SelectOption {
    /// An option.
    pub fn new(value: impl Into<AttrValue>, label: impl Into<AttrValue>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// Props of [`Select`].
#[derive(Properties, PartialEq)]
pub struct SelectProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What is chosen.
    pub label: AttrValue,
    /// The options.
    pub options: Vec<SelectOption>,
    /// The value of the chosen one.
    pub value: AttrValue,
    /// Called with the value of the newly chosen one.
    pub onchange: Callback<String>,
    /// A sentence below, while there is no error.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// A longer explanation behind a small button beside the label.
    #[prop_or_default]
    pub explain: Option<AttrValue>,
    /// What is wrong with the choice.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`, on the select.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// The webview's own list, which the keyboard and screen readers know.
#[component]
pub fn Select(props: &SelectProps) -> Html {
    let onchange = {
        let onchange = props.onchange.clone();
        move |event: Event| {
            let chosen = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
            if let Some(select) = chosen {
                onchange.emit(select.value());
            }
        }
    };
    html! {
        <Frame
            id={props.id.clone()}
            label={props.label.clone()}
            help={props.help.clone()}
            explain={props.explain.clone()}
            error={props.error.clone()}
        >
            <select
                id={props.id.clone()}
                class={classes!("input", "select", props.error.is_some().then_some("is-invalid"))}
                disabled={props.disabled}
                aria-invalid={props.error.is_some().then_some("true")}
                aria-describedby={described_by(&props.id)}
                data-testid={props.testid.clone()}
                {onchange}
            >
                { for props.options.iter().map(|option| html! {
                    <option
                        key={option.value.to_string()}
                        value={option.value.clone()}
                        selected={option.value == props.value}
                    >
                        { &option.label }
                    </option>
                }) }
            </select>
        </Frame>
    }
}
