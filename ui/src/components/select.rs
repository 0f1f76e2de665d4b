//! A list to choose one from.

use super::{Icon, IconName};
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// One option of [`Select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// What is reported.
    pub value: AttrValue,
    /// What people read.
    pub label: AttrValue,
}

/// Props of [`Select`].
#[derive(Properties, PartialEq)]
pub struct SelectProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What is chosen.
    pub label: AttrValue,
    /// A sentence below.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// The options.
    pub options: Vec<SelectOption>,
    /// The chosen option's value.
    pub value: AttrValue,
    /// Called with a value.
    pub onchange: Callback<String>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// The system's drop-down list with a label.
#[component]
pub fn Select(props: &SelectProps) -> Html {
    let onchange = {
        let onchange = props.onchange.clone();
        move |event: Event| {
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
            if let Some(select) = target {
                onchange.emit(select.value());
            }
        }
    };
    html! {
        <div class="field">
            <label class="field__label" for={props.id.clone()}>{ &props.label }</label>
            <div class="select">
                <select
                    id={props.id.clone()}
                    class="select__input"
                    disabled={props.disabled}
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
                <Icon name={IconName::ChevronDown} />
            </div>
            if let Some(help) = &props.help {
                <p class="field__help">{ help }</p>
            }
        </div>
    }
}
