//! Letting the run's model continue a prompt.

use crate::api;
use crate::components::{Button, ErrorNote, IconName, NumberField, TextField, Variant};
use crate::i18n::parameters::Parameter;
use crate::i18n::training as words;
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{Generate, Generated, InferenceGenerate, InferenceStop, TextPiece};
use amoozgar_types::limits::form as limits;
use std::rc::Rc;
use yew::prelude::*;

/// Longest continuation.
const MAX_TOKENS: u32 = 160;

/// What the model has written so far.
#[derive(Debug, Clone, Default, PartialEq)]
enum Writing {
    /// Nothing was asked.
    #[default]
    Idle,
    /// It writes.
    Under(Text),
    /// It ended; the continuation is whole.
    Done(Text, Generated),
    /// It failed.
    Failed(ApiError),
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Text {
    prompt: String,
    continuation: String,
}

enum WritingAction {
    Begin(String),
    Piece(TextPiece),
    Ended(Result<Generated, ApiError>),
}

impl Reducible for Writing {
    type Action = WritingAction;

    fn reduce(self: Rc<Self>, action: WritingAction) -> Rc<Self> {
        let next = match (&*self, action) {
            (_, WritingAction::Begin(prompt)) => Self::Under(Text {
                prompt,
                continuation: String::new(),
            }),
            (Self::Under(text), WritingAction::Piece(piece)) => Self::Under(Text {
                prompt: text.prompt.clone(),
                continuation: format!("{}{}", text.continuation, piece.text),
            }),
            (Self::Under(text), WritingAction::Ended(Ok(made))) => Self::Done(
                Text {
                    prompt: text.prompt.clone(),
                    continuation: made.text.clone(),
                },
                made,
            ),
            (Self::Under(_), WritingAction::Ended(Err(error))) => Self::Failed(error),
            // A piece that came after the end.
            (_, WritingAction::Piece(_) | WritingAction::Ended(_)) => return self,
        };
        Rc::new(next)
    }
}

/// Props of [`WriteBox`].
#[derive(Properties, PartialEq)]
pub struct WriteBoxProps {
    /// Whose model.
    pub id: Option<JobId>,
}

/// A prompt, a temperature, a button, and the text as it comes.
#[component]
pub fn WriteBox(props: &WriteBoxProps) -> Html {
    let prompt = use_state(|| words::PROMPT_DEFAULT.to_owned());
    let temperature = use_state(|| number::format_decimal(0.8, 1));
    let writing = use_reducer(Writing::default);
    let busy = matches!(*writing, Writing::Under(_));
    let wanted =
        number::parse_number(&temperature).filter(|value| limits::TEMPERATURE.contains(value));
    let onsubmit = {
        let (id, prompt, writing) = (props.id.clone(), (*prompt).clone(), writing.dispatcher());
        move |event: SubmitEvent| {
            event.prevent_default();
            let (Some(job_id), Some(temperature), false) = (id.clone(), wanted, busy) else {
                return;
            };
            generate(job_id, prompt.clone(), temperature, writing.clone());
        }
    };
    let set = |state: &UseStateHandle<String>| {
        let state = state.setter();
        Callback::from(move |text: String| state.set(text))
    };
    html! {
        <form class="write" novalidate=true {onsubmit}>
            <div class="write__fields">
                <TextField
                    id="write-prompt"
                    label={words::PROMPT}
                    value={(*prompt).clone()}
                    oninput={set(&prompt)}
                    help={words::PROMPT_HELP}
                    testid="write-prompt"
                />
                <NumberField
                    id="write-temperature"
                    label={words::TEMPERATURE}
                    value={(*temperature).clone()}
                    oninput={set(&temperature)}
                    help={words::TEMPERATURE_HELP}
                    explain={Parameter::Temperature.text()}
                    error={wanted.is_none().then_some(AttrValue::Static(words::TEMPERATURE_ERROR))}
                    testid="write-temperature"
                />
                <div class="write__buttons">
                    <Button
                        label={words::WRITE}
                        variant={Variant::Primary}
                        icon={IconName::Sparkle}
                        loading={busy}
                        disabled={wanted.is_none()}
                        testid="write-start"
                    />
                    if busy {
                        <Button label={words::STOP_WRITING} icon={IconName::Stop} onclick={|_| stop()} testid="write-stop" />
                    }
                </div>
            </div>
            { written(&writing) }
        </form>
    }
}

fn written(writing: &Writing) -> Html {
    let (text, note) = match writing {
        Writing::Idle => return html! {},
        Writing::Failed(error) => return html! { <ErrorNote error={error.clone()} /> },
        Writing::Under(text) => (text, None),
        Writing::Done(text, made) => (text, Some(words::written(made.n_tokens, made.tokens_per_s))),
    };
    let state = if note.is_some() { "done" } else { "writing" };
    html! {
        <div class="write__page" data-testid="write-output" data-state={state} aria-live="polite">
            <p class="model-text" dir="auto">
                <span class="model-text__prompt">{ &text.prompt }</span>
                <span data-testid="write-text">{ &text.continuation }</span>
                if note.is_none() { <span class="model-text__caret" aria-hidden="true" /> }
            </p>
            if let Some(note) = note { <p class="write__note">{ note }</p> }
        </div>
    }
}

fn generate(
    job_id: JobId,
    prompt: String,
    temperature: f64,
    writing: UseReducerDispatcher<Writing>,
) {
    writing.dispatch(WritingAction::Begin(prompt.clone()));
    let request = Generate {
        job_id,
        prompt,
        max_tokens: MAX_TOKENS,
        temperature,
        // Another text at every press.
        seed: (js_sys::Math::random() * f64::from(u32::MAX)) as u64,
    };
    let on_piece = {
        let writing = writing.clone();
        Callback::from(move |piece: TextPiece| writing.dispatch(WritingAction::Piece(piece)))
    };
    wasm_bindgen_futures::spawn_local(async move {
        let outcome = api::call_with_channel::<InferenceGenerate, TextPiece>(request, on_piece);
        writing.dispatch(WritingAction::Ended(outcome.await));
    });
}

fn stop() {
    wasm_bindgen_futures::spawn_local(async {
        if let Err(error) = api::call::<InferenceStop>(()).await {
            api::log(&format!("the writing could not be stopped: {error}"));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Text, Writing, WritingAction};
    use amoozgar_types::ipc::{Generated, TextPiece};
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn pieces_are_joined_and_the_whole_text_has_the_last_word() {
        let piece = |text: &str| WritingAction::Piece(TextPiece { text: text.into() });
        let made = Generated {
            text: " ساقی بیا".into(),
            n_tokens: 2,
            tokens_per_s: 1.0,
            stopped: false,
        };
        let state = Rc::new(Writing::Idle)
            .reduce(WritingAction::Begin("ای دل".into()))
            .reduce(piece(" ساقی"));
        let text = |continuation: &str| Text {
            prompt: "ای دل".into(),
            continuation: continuation.into(),
        };
        assert_eq!(*state, Writing::Under(text(" ساقی")), "as far as it came");
        let state = state
            .reduce(WritingAction::Ended(Ok(made.clone())))
            .reduce(piece(" دیر"));
        assert_eq!(
            *state,
            Writing::Done(text(" ساقی بیا"), made),
            "a late piece changes nothing"
        );
    }
}
