//! Text and number fields with label, help and error.

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
    html! {
        <Frame
            id={props.id.clone()}
            label={props.label.clone()}
            help={props.help.clone()}
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
                />
                if let Some(unit) = &props.unit {
                    <span class="input-group__unit">{ unit }</span>
                }
            </div>
        </Frame>
    }
}

#[derive(Properties, PartialEq)]
struct FrameProps {
    id: AttrValue,
    label: AttrValue,
    help: Option<AttrValue>,
    error: Option<AttrValue>,
    children: Html,
}

/// Label above, help or error below.
#[component]
fn Frame(props: &FrameProps) -> Html {
    let note_id = described_by(&props.id);
    html! {
        <div class="field">
            <label class="field__label" for={props.id.clone()}>{ &props.label }</label>
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

fn described_by(id: &AttrValue) -> String {
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
