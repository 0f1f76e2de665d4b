//! Several lines of text, and a box to tick.

use super::field::{Frame, described_by};
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Props of [`TextArea`].
#[derive(Properties, PartialEq)]
pub struct TextAreaProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What it is for.
    pub label: AttrValue,
    /// What was typed.
    pub value: AttrValue,
    /// Called with the whole text at every change.
    pub oninput: Callback<String>,
    /// How many lines are in sight.
    #[prop_or(4)]
    pub lines: u32,
    /// A sentence below, while there is no error.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// A longer explanation behind a small button beside the label.
    #[prop_or_default]
    pub explain: Option<AttrValue>,
    /// What is wrong with the text.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Shown while it is empty.
    #[prop_or_default]
    pub placeholder: Option<AttrValue>,
    /// The text's direction.
    #[prop_or(AttrValue::Static("auto"))]
    pub dir: AttrValue,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`, on the text area.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// Several lines of text.
#[component]
pub fn TextArea(props: &TextAreaProps) -> Html {
    let oninput = {
        let oninput = props.oninput.clone();
        move |event: InputEvent| {
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok());
            if let Some(area) = target {
                oninput.emit(area.value());
            }
        }
    };
    let empty = props.value.is_empty() && props.dir == "auto";
    html! {
        <Frame
            id={props.id.clone()}
            label={props.label.clone()}
            help={props.help.clone()}
            explain={props.explain.clone()}
            error={props.error.clone()}
        >
            <textarea
                id={props.id.clone()}
                class={classes!("textarea", props.error.is_some().then_some("is-invalid"))}
                rows={props.lines.to_string()}
                dir={if empty { AttrValue::Static("rtl") } else { props.dir.clone() }}
                value={props.value.clone()}
                placeholder={props.placeholder.clone()}
                disabled={props.disabled}
                aria-invalid={props.error.is_some().then_some("true")}
                aria-describedby={described_by(&props.id)}
                data-testid={props.testid.clone()}
                {oninput}
            />
        </Frame>
    }
}

/// Props of [`Checkbox`].
#[derive(Properties, PartialEq)]
pub struct CheckboxProps {
    /// What it says yes to.
    pub label: AttrValue,
    /// Whether it is ticked.
    pub checked: bool,
    /// Called with what it shall become.
    pub onchange: Callback<bool>,
    /// Shows the box alone; the label is for screen readers, as in a row of a table.
    #[prop_or_default]
    pub bare: bool,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A box to tick, for choosing several of a list.
#[component]
pub fn Checkbox(props: &CheckboxProps) -> Html {
    let (onchange, next) = (props.onchange.clone(), !props.checked);
    html! {
        <label class="checkbox">
            <input
                type="checkbox"
                class="checkbox__input"
                checked={props.checked}
                disabled={props.disabled}
                aria-label={props.bare.then(|| props.label.clone())}
                data-testid={props.testid.clone()}
                onchange={move |_| onchange.emit(next)}
            />
            if !props.bare { <span>{ &props.label }</span> }
        </label>
    }
}
