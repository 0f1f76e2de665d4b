//! Text and number fields with label, help and error, and the frame that all fields share.

use super::badge::Explain;
use crate::markdown;
use amoozgar_text::number;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Props of [`TextField`].
#[derive(Properties, PartialEq)]
pub struct TextFieldProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What it is for.
    pub label: AttrValue,
    /// What was typed.
    pub value: AttrValue,
    /// Called with the whole text at every change.
    pub oninput: Callback<String>,
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
    /// The input's type, `text` or `password`.
    #[prop_or(AttrValue::Static("text"))]
    pub kind: AttrValue,
    /// The text's direction: `auto`, or `ltr` for paths and code.
    #[prop_or(AttrValue::Static("auto"))]
    pub dir: AttrValue,
    /// Takes the keyboard when the page opens.
    #[prop_or_default]
    pub autofocus: bool,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `autocomplete`.
    #[prop_or(AttrValue::Static("off"))]
    pub autocomplete: AttrValue,
    /// `data-testid`, on the input.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// One line of text.
#[component]
pub fn TextField(props: &TextFieldProps) -> Html {
    let input = use_node_ref();
    {
        let (input, wanted) = (input.clone(), props.autofocus);
        use_effect_with((), move |()| {
            if let Some(input) = input.cast::<HtmlInputElement>().filter(|_| wanted) {
                // A field that cannot be focused is still a field.
                let _ = input.focus();
            }
        });
    }
    html! {
        <Frame
            id={props.id.clone()}
            label={props.label.clone()}
            help={props.help.clone()}
            explain={props.explain.clone()}
            error={props.error.clone()}
        >
            <input
                ref={input}
                id={props.id.clone()}
                class={classes!("input", props.error.is_some().then_some("is-invalid"))}
                type={props.kind.clone()}
                dir={direction(&props.dir, &props.value)}
                value={props.value.clone()}
                placeholder={props.placeholder.clone()}
                disabled={props.disabled}
                autocomplete={props.autocomplete.clone()}
                spellcheck="false"
                aria-invalid={props.error.is_some().then_some("true")}
                aria-describedby={described_by(&props.id)}
                data-testid={props.testid.clone()}
                oninput={text_of(&props.oninput)}
            />
        </Frame>
    }
}

/// What the arrow keys do to a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// The least number.
    pub least: f64,
    /// The greatest number.
    pub most: f64,
    /// What one press adds or takes away.
    pub step: f64,
}

impl Steps {
    /// Whole numbers from `least` to `most`.
    pub fn whole(least: u32, most: u32) -> Self {
        Self {
            least: least.into(),
            most: most.into(),
            step: 1.0,
        }
    }

    fn next(self, text: &str, key: &str) -> Option<f64> {
        let by = match key {
            "ArrowUp" => self.step,
            "ArrowDown" => -self.step,
            _ => return None,
        };
        let now = number::parse_number(text).unwrap_or(self.least);
        // Multiples of the step, so that 0.1 + 0.2 reads 0.3.
        let steps = ((now + by) / self.step).round();
        let digits = (1.0 / self.step).log10().ceil().max(0.0) as i32;
        let scale = 10_f64.powi(digits);
        let next = (steps * self.step * scale).round() / scale;
        Some(next.clamp(self.least, self.most))
    }
}

/// Props of [`NumberField`].
#[derive(Properties, PartialEq)]
pub struct NumberFieldProps {
    /// Names the field within the page; also its DOM id.
    pub id: AttrValue,
    /// What it is for.
    pub label: AttrValue,
    /// What was typed, in whatever digits; `amoozgar_text::number::parse_number` reads it.
    pub value: AttrValue,
    /// Called with the whole text at every change.
    pub oninput: Callback<String>,
    /// A sentence below, while there is no error.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// A longer explanation behind a small button beside the label.
    #[prop_or_default]
    pub explain: Option<AttrValue>,
    /// What the arrow keys change it by, between the two ends.
    #[prop_or_default]
    pub steps: Option<Steps>,
    /// What is wrong with the number.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// What stands after the number.
    #[prop_or_default]
    pub unit: Option<AttrValue>,
    /// `ltr` for rates such as 2e-3.
    #[prop_or(AttrValue::Static("rtl"))]
    pub dir: AttrValue,
    /// Shown while it is empty.
    #[prop_or_default]
    pub placeholder: Option<AttrValue>,
    /// Cannot be changed.
    #[prop_or_default]
    pub disabled: bool,
    /// `data-testid`, on the input.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A number, in Persian, Arabic or ASCII digits. It is a text input, because a browser's number
/// input refuses Persian digits; whoever uses it checks the text as it is typed.
#[component]
pub fn NumberField(props: &NumberFieldProps) -> Html {
    let onkeydown = {
        let (steps, value, oninput) = (props.steps, props.value.clone(), props.oninput.clone());
        let latin = props.dir == "ltr";
        move |event: KeyboardEvent| {
            let next = steps.and_then(|steps| steps.next(&value, &event.key()));
            if let Some(next) = next {
                event.prevent_default();
                let text = next.to_string();
                oninput.emit(if latin { text } else { number::as_typed(&text) });
            }
        }
    };
    // Digits of other kinds become Persian when the field is left, not under the typing hand.
    let onchange = {
        let (value, oninput) = (props.value.clone(), props.oninput.clone());
        let latin = props.dir == "ltr";
        move |_: Event| {
            let persian = number::as_typed(&value);
            if !latin && persian != *value && number::parse_number(&value).is_some() {
                oninput.emit(persian);
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
            <div class="input-group">
                <input
                    id={props.id.clone()}
                    class={classes!(
                        "input",
                        props.unit.is_some().then_some("input--with-unit"),
                        props.error.is_some().then_some("is-invalid"),
                    )}
                    type="text"
                    inputmode="decimal"
                    dir={props.dir.clone()}
                    value={props.value.clone()}
                    placeholder={props.placeholder.clone()}
                    disabled={props.disabled}
                    autocomplete="off"
                    aria-invalid={props.error.is_some().then_some("true")}
                    aria-describedby={described_by(&props.id)}
                    data-testid={props.testid.clone()}
                    oninput={text_of(&props.oninput)}
                    {onkeydown}
                    {onchange}
                />
                if let Some(unit) = &props.unit {
                    <span class="input-group__unit">{ unit }</span>
                }
            </div>
        </Frame>
    }
}

/// Props of [`Frame`].
#[derive(Properties, PartialEq)]
pub struct FrameProps {
    /// The field's DOM id.
    pub id: AttrValue,
    /// What it is for.
    pub label: AttrValue,
    /// A sentence below, while there is no error.
    #[prop_or_default]
    pub help: Option<AttrValue>,
    /// A longer explanation behind a small button beside the label.
    #[prop_or_default]
    pub explain: Option<AttrValue>,
    /// What is wrong.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// The field.
    pub children: Html,
}

/// Label above, help or error below.
#[component]
pub fn Frame(props: &FrameProps) -> Html {
    let open = use_state_eq(|| false);
    let toggle = {
        let open = open.clone();
        move |_| open.set(!*open)
    };
    let note_id = described_by(&props.id);
    let explain_id = format!("{}-explain", props.id);
    html! {
        <div class="field">
            <div class="field__head">
                <label class="field__label" for={props.id.clone()}>{ &props.label }</label>
                if props.explain.is_some() {
                    <Explain
                        about={props.label.clone()}
                        open={*open}
                        controls={explain_id.clone()}
                        onclick={toggle}
                    />
                }
            </div>
            if let Some(text) = props.explain.as_ref().filter(|_| *open) {
                <p class="field__explain" id={explain_id}>{ markdown::line(text) }</p>
            }
            { props.children.clone() }
            if let Some(error) = &props.error {
                <p class="field__error" id={note_id} role="alert">{ error }</p>
            } else if let Some(help) = &props.help {
                <p class="field__help" id={note_id}>{ help }</p>
            }
        </div>
    }
}

/// An empty field says nothing about its direction: it reads from the right like the page.
fn direction(wanted: &AttrValue, value: &AttrValue) -> AttrValue {
    if wanted == "auto" && value.is_empty() {
        AttrValue::Static("rtl")
    } else {
        wanted.clone()
    }
}

/// The id of the sentence below a field.
pub fn described_by(id: &AttrValue) -> String {
    format!("{id}-note")
}

fn text_of(oninput: &Callback<String>) -> Callback<InputEvent> {
    let oninput = oninput.clone();
    Callback::from(move |event: InputEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = target {
            oninput.emit(input.value());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Steps, number};

    #[test]
    fn arrow_keys_step_within_the_limits() {
        let steps = Steps::whole(1, 10);
        assert_eq!(steps.next("۹", "ArrowUp"), Some(10.0), "Persian digits");
        assert_eq!(steps.next("10", "ArrowUp"), Some(10.0), "the end holds");
        assert_eq!(steps.next("", "ArrowDown"), Some(1.0), "nothing typed");
        assert_eq!(steps.next("3", "a"), None, "letters are typed");
        let tenths = Steps {
            least: 0.0,
            most: 2.0,
            step: 0.1,
        };
        assert_eq!(tenths.next("۰٫۲", "ArrowUp"), Some(0.3), "not 0.30000001");
    }

    #[test]
    fn a_number_is_shown_in_persian_digits() {
        assert_eq!(number::as_typed("0.25"), "۰٫۲۵", "digits and decimal mark");
    }
}
