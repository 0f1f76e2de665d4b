//! A number between two ends, by eye.

use super::field::{Frame, described_by};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Props of [`Slider`].
#[derive(Properties, PartialEq)]
pub struct SliderProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What it sets.
    pub label: AttrValue,
    /// The value.
    pub value: f64,
    /// The right end.
    pub min: f64,
    /// The left end.
    pub max: f64,
    /// The distance of two values.
    #[prop_or(1.0)]
    pub step: f64,
    /// The value in words and Persian digits, such as «۴ ریسه».
    pub words: AttrValue,
    /// Called with each value on the way.
    pub oninput: Callback<f64>,
    /// Called with the value where the slider is let go, for what is worth saving.
    #[prop_or_default]
    pub onchange: Option<Callback<f64>>,
    /// A sentence below.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// A longer explanation behind a small button beside the label.
    #[prop_or_default]
    pub explain: Option<AttrValue>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`, on the input.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A slider that grows from the right, with its value in words beside it.
#[component]
pub fn Slider(props: &SliderProps) -> Html {
    let oninput = {
        let oninput = props.oninput.clone();
        move |event: InputEvent| {
            if let Some(value) = value_of(&event) {
                oninput.emit(value);
            }
        }
    };
    let onchange = {
        let onchange = props.onchange.clone();
        move |event: Event| {
            if let Some((onchange, value)) = onchange.as_ref().zip(value_of(&event)) {
                onchange.emit(value);
            }
        }
    };
    // To the left is more here; the webview's own arrow keys do not know that.
    let onkeydown = {
        let (oninput, onchange) = (props.oninput.clone(), props.onchange.clone());
        let (value, step, min, max) = (props.value, props.step, props.min, props.max);
        move |event: KeyboardEvent| {
            let by = match event.key().as_str() {
                "ArrowLeft" => step,
                "ArrowRight" => -step,
                _ => return,
            };
            event.prevent_default();
            let next = (value + by).clamp(min, max);
            oninput.emit(next);
            if let Some(onchange) = &onchange {
                onchange.emit(next);
            }
        }
    };
    let span = (props.max - props.min).max(f64::EPSILON);
    let filled = 100.0 * ((props.value - props.min) / span).clamp(0.0, 1.0);
    html! {
        <Frame
            id={props.id.clone()}
            label={props.label.clone()}
            help={props.help.clone()}
            explain={props.explain.clone()}
        >
            <div class="slider">
                <input
                    id={props.id.clone()}
                    class="slider__input"
                    type="range"
                    min={props.min.to_string()}
                    max={props.max.to_string()}
                    step={props.step.to_string()}
                    value={props.value.to_string()}
                    style={format!("--filled:{filled:.1}%")}
                    disabled={props.disabled}
                    aria-valuetext={props.words.clone()}
                    aria-describedby={described_by(&props.id)}
                    data-testid={props.testid.clone()}
                    {oninput}
                    {onchange}
                    {onkeydown}
                />
                <output class="slider__words" for={props.id.clone()}>{ &props.words }</output>
            </div>
        </Frame>
    }
}

fn value_of(event: &Event) -> Option<f64> {
    let input = event.target()?.dyn_into::<HtmlInputElement>().ok()?;
    input.value().parse().ok()
}
